package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"gas/pkg/port"
)

const (
	sessionKind = "session"
	sessionIdle = 12 * time.Hour
	sessionLife = 7 * 24 * time.Hour
	// sessionStep is how stale the end of a session may get before a request moves it: a write for each page view would be too many.
	sessionStep = 10 * time.Minute
)

// session is one browser that is signed in. Its id is the hash of the cookie's secret.
type session struct {
	ID      string
	Owner   string
	Created time.Time
	Expires time.Time
	sessionValue
}

// sessionValue is what the record of a session keeps beside its owner and times.
type sessionValue struct {
	Provider string    `json:"provider"`       // who vouched; empty for a one-time link
	Hint     string    `json:"hint,omitempty"` // the id token, for signing out at the provider too
	Browser  string    `json:"browser"`
	Seen     time.Time `json:"seen"`
}

// newSession begins a session and returns the secret for its cookie.
func newSession(ctx context.Context, records port.Records, owner string, value sessionValue, now time.Time) (string, error) {
	secret := newSecret()
	value.Seen = now
	raw, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("write session: %w", err)
	}
	record := port.Record{Kind: sessionKind, ID: digest(secret), Owner: owner, Value: raw, Created: now, Expires: now.Add(sessionIdle)}
	if err := records.Create(ctx, record); err != nil {
		return "", fmt.Errorf("keep session: %w", err)
	}
	return secret, nil
}

// findSession reads the session of a cookie's secret and moves its end. ErrNotFound when it is over.
func findSession(ctx context.Context, records port.Records, secret string, now time.Time) (session, error) {
	record, err := records.Get(ctx, sessionKind, digest(secret))
	if err != nil {
		return session{}, err
	}
	found, err := sessionOf(record)
	if err != nil {
		return session{}, err
	}
	if now.Sub(found.Seen) < sessionStep {
		return found, nil
	}
	record, err = records.Update(ctx, sessionKind, record.ID, func(r *port.Record) error {
		found.Seen = now
		r.Expires = earlier(now.Add(sessionIdle), r.Created.Add(sessionLife))
		r.Value, err = json.Marshal(found.sessionValue)
		return err
	})
	if err != nil {
		return session{}, err
	}
	return sessionOf(record)
}

// sessionsOf lists a user's sessions, newest first.
func sessionsOf(ctx context.Context, records port.Records, owner string) ([]session, error) {
	found, err := records.Of(ctx, sessionKind, owner, 100)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	sessions := make([]session, 0, len(found))
	for _, r := range found {
		s, err := sessionOf(r)
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, s)
	}
	return sessions, nil
}

func sessionOf(r port.Record) (session, error) {
	s := session{ID: r.ID, Owner: r.Owner, Created: r.Created, Expires: r.Expires}
	if err := json.Unmarshal(r.Value, &s.sessionValue); err != nil {
		return session{}, fmt.Errorf("read session: %w", err)
	}
	return s, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// cookies makes the program's cookies: with the prefix __Host- and Secure, or under a plain name where pages come over http from loopback,
// because browsers drop Secure cookies there.
type cookies struct {
	secure bool
}

func (k cookies) name(short string) string {
	if k.secure {
		return "__Host-gas_" + short
	}
	return "gas_" + short
}

// set writes a cookie that scripts can't read; life zero makes it end with the browser, a negative one deletes it.
func (k cookies) set(w http.ResponseWriter, short, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: k.name(short), Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: k.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (k cookies) clear(w http.ResponseWriter, short string) { k.set(w, short, "", -time.Second) }

func (k cookies) get(r *http.Request, short string) string {
	c, err := r.Cookie(k.name(short))
	if err != nil {
		return ""
	}
	return c.Value
}
