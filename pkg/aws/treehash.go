package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// leafBytes is the length of what a leaf of a tree hash covers.
const leafBytes = 1 << 20

// treeHash is Glacier's checksum: the SHA-256 of each MiB, and of each two neighbours on every level above; one that is left over goes up as it is.
// See "Computing Checksums" in the Amazon S3 Glacier developer guide.
type treeHash struct {
	leaves [][]byte
	open   hash.Hash // of the MiB that has begun
	filled int
}

// Write adds bytes. It never fails.
func (t *treeHash) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		if t.open == nil {
			t.open = sha256.New()
		}
		n := min(len(p), leafBytes-t.filled)
		t.open.Write(p[:n])
		p, t.filled = p[n:], t.filled+n
		if t.filled == leafBytes {
			t.leaves, t.open, t.filled = append(t.leaves, t.open.Sum(nil)), nil, 0
		}
	}
	return written, nil
}

// root is the checksum of all that was written, in hexadecimal. Nothing written is the sha256 of nothing.
func (t *treeHash) root() string {
	level := append([][]byte(nil), t.leaves...)
	if t.open != nil {
		level = append(level, t.open.Sum(nil))
	}
	if len(level) == 0 {
		level = [][]byte{sha256.New().Sum(nil)}
	}
	for len(level) > 1 {
		above := make([][]byte, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			both := sha256.Sum256(append(append(make([]byte, 0, 2*sha256.Size), level[i]...), level[i+1]...))
			above = append(above, both[:])
		}
		if len(level)%2 == 1 {
			above = append(above, level[len(level)-1])
		}
		level = above
	}
	return hex.EncodeToString(level[0])
}
