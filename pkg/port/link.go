package port

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// LinkKind is the kind of the records of one-time sign-in links.
const LinkKind = "link"

// LinkLife is how long a one-time link can be used.
const LinkLife = 10 * time.Minute

// NewLink makes the token of a link that signs a user in once. Only its hash is kept.
func NewLink(ctx context.Context, r Records, now time.Time, userID string) (token string, err error) {
	token = rand.Text()
	record := Record{Kind: LinkKind, ID: linkID(token), Owner: userID, Created: now, Expires: now.Add(LinkLife)}
	if err := r.Create(ctx, record); err != nil {
		return "", fmt.Errorf("keep a one-time link: %w", err)
	}
	return token, nil
}

// TakeLink uses a link up and tells whom it signs in. ErrNotFound when it was used, has expired or never was.
func TakeLink(ctx context.Context, r Records, token string) (userID string, err error) {
	record, err := r.Take(ctx, LinkKind, linkID(token))
	if err != nil {
		return "", fmt.Errorf("take a one-time link: %w", err)
	}
	return record.Owner, nil
}

// linkID is the hash under which a link's token is kept.
func linkID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
