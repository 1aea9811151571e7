package web

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
)

// Scope is what an API token may be used for.
type Scope string

// The scopes. Each is its own: a token that submits can't read unless it has both.
const (
	ScopeRead  Scope = "read"  // see jobs, results and the account
	ScopeWrite Scope = "write" // submit, cancel, rerun and delete jobs
	ScopeAdmin Scope = "admin" // what an administrator may see and do, for administrators alone
)

// Scopes lists every scope.
var Scopes = []Scope{ScopeRead, ScopeWrite, ScopeAdmin}

// DefaultScopes is what a token may do where nothing else is said.
var DefaultScopes = []Scope{ScopeRead, ScopeWrite}

// DefaultTokenLife is how long a token lives where nothing else is said.
const DefaultTokenLife = 90 * 24 * time.Hour

const (
	tokenKind   = "token"
	tokenPrefix = "gas_"
)

// Token is an API token as its owner sees it. The secret is not kept.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Scopes  []Scope   `json:"scopes"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero = never
	Used    time.Time `json:"used,omitzero"`    // about when it was used last
	Owner   string    `json:"-"`
}

// tokenValue is what the record of a token keeps.
type tokenValue struct {
	Name   string    `json:"name"`
	Scopes []Scope   `json:"scopes"`
	SHA256 string    `json:"sha256"` // of the secret
	Used   time.Time `json:"used,omitzero"`
}

// NewToken makes a token for a user and returns its text, gas_<id>_<secret>, which is shown once. No scopes means DefaultScopes; expires zero means never.
func NewToken(ctx context.Context, records port.Records, owner, name string, scopes []Scope, now, expires time.Time) (Token, string, error) {
	if len(scopes) == 0 {
		scopes = DefaultScopes
	}
	if err := checkScopes(scopes); err != nil {
		return Token{}, "", err
	}
	secret := newSecret()
	value, err := json.Marshal(tokenValue{Name: name, Scopes: scopes, SHA256: digest(secret)})
	if err != nil {
		return Token{}, "", fmt.Errorf("write token: %w", err)
	}
	record := port.Record{Kind: tokenKind, ID: randomText(10), Owner: owner, Value: value, Created: now, Expires: expires}
	if err := records.Create(ctx, record); err != nil {
		return Token{}, "", fmt.Errorf("keep token: %w", err)
	}
	token, err := tokenOf(record)
	return token, tokenPrefix + record.ID + "_" + secret, err
}

func checkScopes(scopes []Scope) error {
	for _, s := range scopes {
		if !slices.Contains(Scopes, s) {
			return fault.New(fault.BadInput, "There is no scope %q.", s).WithHint("The scopes are %s.", scopeList(Scopes))
		}
	}
	return nil
}

// Tokens lists a user's tokens, newest first.
func Tokens(ctx context.Context, records port.Records, owner string) ([]Token, error) {
	found, err := records.Of(ctx, tokenKind, owner, 200)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	tokens := make([]Token, 0, len(found))
	for _, r := range found {
		token, err := tokenOf(r)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// RevokeToken deletes a user's token; another user's is not found.
func RevokeToken(ctx context.Context, records port.Records, owner, id string) error {
	record, err := records.Get(ctx, tokenKind, id)
	if errors.Is(err, port.ErrNotFound) || err == nil && record.Owner != owner {
		return fault.New(fault.NotFound, "There is no such token.")
	}
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	return records.Delete(ctx, tokenKind, id)
}

// checkToken finds the token that a bearer's text names. ErrNotFound for any text that is not a living token.
func checkToken(ctx context.Context, records port.Records, text string) (Token, error) {
	id, secret, ok := strings.Cut(strings.TrimPrefix(text, tokenPrefix), "_")
	if !ok || !strings.HasPrefix(text, tokenPrefix) || len(id) > 64 {
		return Token{}, port.ErrNotFound
	}
	record, err := records.Get(ctx, tokenKind, id)
	if err != nil {
		return Token{}, err
	}
	var value tokenValue
	if err := json.Unmarshal(record.Value, &value); err != nil {
		return Token{}, fmt.Errorf("read token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(digest(secret)), []byte(value.SHA256)) != 1 {
		return Token{}, port.ErrNotFound
	}
	return tokenOf(record)
}

// touchToken notes that a token was used, at most once a minute.
func touchToken(ctx context.Context, records port.Records, t Token, now time.Time) error {
	if now.Sub(t.Used) < time.Minute {
		return nil
	}
	_, err := records.Update(ctx, tokenKind, t.ID, func(r *port.Record) error {
		var value tokenValue
		if err := json.Unmarshal(r.Value, &value); err != nil {
			return err
		}
		value.Used = now
		raw, err := json.Marshal(value)
		r.Value = raw
		return err
	})
	return err
}

func tokenOf(r port.Record) (Token, error) {
	var value tokenValue
	if err := json.Unmarshal(r.Value, &value); err != nil {
		return Token{}, fmt.Errorf("read token: %w", err)
	}
	return Token{ID: r.ID, Name: value.Name, Scopes: value.Scopes, Created: r.Created, Expires: r.Expires, Used: value.Used, Owner: r.Owner}, nil
}

func scopeList(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

// Text is how the audit log names a token. The name that its owner gave it may be a person's, so it is not in it.
func (t Token) Text() string {
	text := t.ID + ", " + scopeList(t.Scopes)
	if t.Expires.IsZero() {
		return text + ", without end"
	}
	return text + ", until " + t.Expires.UTC().Format(time.DateOnly)
}

// tokenWish is what a new token shall be, as a form or a program says it.
type tokenWish struct {
	Name   string  `json:"name"`
	Scopes []Scope `json:"scopes"`
	Days   int     `json:"days"` // that it lives; 0 = without end
}

const (
	defaultTokenDays = int(DefaultTokenLife / (24 * time.Hour))
	maxTokenDays     = 3650
)

// defaultWish is what a token is where nothing is said.
func defaultWish() tokenWish {
	return tokenWish{Scopes: slices.Clone(DefaultScopes), Days: defaultTokenDays}
}

// check refuses a wish that no token can be made of.
func (w tokenWish) check() error {
	if w.Name == "" || len(w.Name) > 100 {
		return fault.New(fault.BadInput, "A token needs a name of at most 100 bytes, so that you know it again.")
	}
	if w.Days < 0 || w.Days > maxTokenDays {
		return fault.New(fault.BadInput, "A token lives for 1 to %d days, or 0 = without end.", maxTokenDays)
	}
	return checkScopes(w.Scopes)
}

// expires is the end of the token, zero where it has none.
func (w tokenWish) expires(now time.Time) time.Time {
	if w.Days == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(w.Days) * 24 * time.Hour)
}

// newToken makes a token for who asks.
func (s *site) newToken(c echo.Context, wish tokenWish) (Token, string, error) {
	wish.Name = strings.TrimSpace(wish.Name)
	if err := wish.check(); err != nil {
		return Token{}, "", err
	}
	now := s.Now()
	token, secret, err := NewToken(c.Request().Context(), s.Records, who(c).user.ID, wish.Name, wish.Scopes, now, wish.expires(now))
	if err == nil {
		s.note(c, port.AuditToken, token.Text())
	}
	return token, secret, err
}
