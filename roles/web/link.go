package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gas/pkg/fault"
	"gas/pkg/port"
)

const (
	linkKind = "link"
	// LinkLife is how long a one-time sign-in link can be used.
	LinkLife = 10 * time.Minute
)

// NewLink makes a one-time sign-in link for a user and returns its path with the secret, "/login/once?t=…". Only the secret's hash is kept.
func NewLink(ctx context.Context, records port.Records, owner string, now time.Time) (string, error) {
	secret := newSecret()
	record := port.Record{Kind: linkKind, ID: digest(secret), Owner: owner, Created: now, Expires: now.Add(LinkLife)}
	if err := records.Create(ctx, record); err != nil {
		return "", fmt.Errorf("keep sign-in link: %w", err)
	}
	return "/login/once?t=" + secret, nil
}

// takeLink uses up a link: of many who try, one gets its owner.
func takeLink(ctx context.Context, records port.Records, secret string) (owner string, err error) {
	record, err := records.Take(ctx, linkKind, digest(secret))
	if errors.Is(err, port.ErrNotFound) {
		return "", fault.New(fault.Denied, "This sign-in link was used already or is older than ten minutes.").
			WithHint("Print another one with: gas user link NAME")
	}
	if err != nil {
		return "", fmt.Errorf("take sign-in link: %w", err)
	}
	return record.Owner, nil
}
