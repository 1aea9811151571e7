package signin

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"gas/pkg/port"
)

// attempt is one sign-in, from the redirect to the provider until its answer is verified. It is a goth.Session.
type attempt struct {
	port.Login
	to    string        // where the browser goes
	token *oauth2.Token // once the code was exchanged
	id    *oidc.IDToken // once it was verified
	raw   string        // the ID token as it came
}

// random is 32 random bytes in the alphabet of URLs: a state, a nonce.
func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// begin makes nonce and PKCE verifier, which belong to this sign-in alone.
func (p *provider) begin(state string) (*attempt, error) {
	found, err := p.discover()
	if err != nil {
		return nil, err
	}
	a := &attempt{Login: port.Login{Provider: p.Provider.Name, State: state, Nonce: random(), Verifier: oauth2.GenerateVerifier()}}
	a.to = found.oauth.AuthCodeURL(state, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier))
	return a, nil
}

// GetAuthURL is where the browser goes.
func (a *attempt) GetAuthURL() (string, error) {
	if a.to == "" {
		return "", errors.New(goth.NoAuthUrlErrorMessage)
	}
	return a.to, nil
}

// Marshal writes what has to be kept until the provider answers.
func (a *attempt) Marshal() string {
	raw, err := json.Marshal(a.Login)
	if err != nil { // strings alone: cannot happen
		return ""
	}
	return string(raw)
}

func readAttempt(text string) (*attempt, error) {
	a := &attempt{}
	if err := json.Unmarshal([]byte(text), &a.Login); err != nil {
		return nil, fmt.Errorf("read sign-in: %w", err)
	}
	return a, nil
}

// Authorize verifies the provider's answer. State, nonce and PKCE verifier are those that were kept; of the query only state, code and iss are read.
func (a *attempt) Authorize(by goth.Provider, query goth.Params) (string, error) {
	p, ok := by.(*provider)
	if !ok || p.Provider.Name != a.Provider {
		return "", fmt.Errorf("authorize sign-in: %w: it was begun at another provider", port.ErrForged)
	}
	found, err := p.discover()
	if err != nil {
		return "", err
	}
	if err := a.fits(p, found, query); err != nil {
		return "", fmt.Errorf("authorize sign-in: %w: %w", port.ErrForged, err)
	}
	a.token, err = found.oauth.Exchange(p.context(), query.Get("code"), oauth2.VerifierOption(a.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode < 500:
		return "", fmt.Errorf("exchange code: %w: %w", port.ErrForged, err)
	case err != nil:
		return "", fmt.Errorf("exchange code: %w: %w", port.ErrUnavailable, err)
	}
	a.raw, _ = a.token.Extra("id_token").(string)
	if a.id, err = p.verify(found, a); err != nil {
		a.token = nil
		return "", fmt.Errorf("verify ID token: %w: %w", port.ErrForged, err)
	}
	return a.token.AccessToken, nil
}

// fits checks the query of a callback, before anything is sent.
func (a *attempt) fits(p *provider, found *discovered, query goth.Params) error {
	if a.State == "" || subtle.ConstantTimeCompare([]byte(a.State), []byte(query.Get("state"))) != 1 {
		return errors.New("the state is another one")
	}
	if query.Get("error") != "" || query.Get("code") == "" {
		return errors.New("the answer has no code")
	}
	iss := query.Get("iss")
	if iss == "" && !found.SendsIss {
		return nil
	}
	if iss != p.Issuer {
		return errors.New("the answer names another issuer")
	}
	return nil
}
