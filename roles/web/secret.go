package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

// newSecret returns 256 random bits in lower-case base32, which needs no escaping anywhere.
func newSecret() string {
	return randomText(32)
}

// randomText returns n random bytes in lower-case base32 without padding.
func randomText(n int) string {
	raw := make([]byte, n)
	rand.Read(raw) // never fails: it ends the program instead
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}

// digest is what is stored of a secret: whoever reads the store can't sign in with it. The secrets have 256 bits, so a plain hash is enough.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
