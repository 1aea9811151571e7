package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gas/pkg/fault"
)

// Token is an API token as its owner sees it. Secret is there once, where it was just made.
type Token struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Scopes  []string   `json:"scopes"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires"` // nil = never
	Used    *time.Time `json:"used"`    // nil = not yet
	Secret  string     `json:"secret,omitempty"`
}

// TokenWish is what a new token shall be. Empty fields are as the server has them: read and write, for 90 days.
type TokenWish struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes,omitempty"`
	Days   *int     `json:"days,omitempty"` // 0 = without end
}

// Asked is a token that was asked for: a person opens Page, sees UserCode there, and agrees.
type Asked struct {
	Secret   string `json:"device_code"`
	UserCode string `json:"user_code"`
	Page     string `json:"verification_uri_complete"`
	Expires  int    `json:"expires_in"` // seconds
	Interval int    `json:"interval"`   // seconds between two questions
}

// AskForToken begins what RFC 8628 describes.
func (c *Client) AskForToken(ctx context.Context, wish TokenWish) (Asked, error) {
	var asked Asked
	err := c.json(ctx, call{method: http.MethodPost, path: "/device", body: jsonBody(wish), headers: jsonHeaders(), repeats: true}, &asked)
	if err == nil && !strings.HasPrefix(asked.Page, "http://") && !strings.HasPrefix(asked.Page, "https://") {
		err = fault.New(fault.Internal, "The server %s gave no page for its code.", c.Server)
	}
	return asked, err
}

// AwaitToken asks until a person has agreed, and returns the token. Denied when he refused, TimedOut when nobody agreed in time. A server that is
// away for a while is asked again.
func (c *Client) AwaitToken(ctx context.Context, asked Asked) (Token, error) {
	between := max(time.Duration(asked.Interval)*time.Second, time.Second)
	body := map[string]string{"device_code": asked.Secret}
	for left := time.Duration(asked.Expires) * time.Second; ; left -= between {
		var t Token
		err := c.json(ctx, call{method: http.MethodPost, path: "/device/token", body: jsonBody(body), headers: jsonHeaders()}, &t)
		switch {
		case fault.Is(err, fault.NotFound), left <= 0 && fault.Is(err, fault.Conflict):
			return t, fault.New(fault.TimedOut, "Nobody has agreed in time.").WithHint("begin again")
		case left > 0 && (fault.Is(err, fault.Conflict) || fault.Is(err, fault.Unavailable) || fault.Is(err, fault.RateLimited)):
		default:
			return t, err
		}
		if err := c.wait(ctx, max(between, min(fault.Of(err).RetryAfter, maxWait))); err != nil {
			return t, err
		}
	}
}

// Tokens lists the tokens of the token's owner, newest first.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	var list List[Token]
	err := c.get(ctx, "/tokens", &list)
	return list.Items, err
}

// RevokeToken ends a token at once.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.json(ctx, call{method: http.MethodDelete, path: "/tokens/" + url.PathEscape(id), repeats: true}, nil)
}

// TokenID is the id in a token's text, gas_<id>_<secret>; empty for another text.
func TokenID(text string) string {
	rest, ours := strings.CutPrefix(text, "gas_")
	id, _, whole := strings.Cut(rest, "_")
	if !ours || !whole {
		return ""
	}
	return id
}

func jsonHeaders() map[string]string { return map[string]string{"Content-Type": "application/json"} }
