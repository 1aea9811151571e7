// Package signin lets OpenID Connect providers vouch for people.
//
// goth is the registry: each provider here is a goth.Provider, and each sign-in a goth.Session. goth's own handlers and its OpenID provider are not
// used: they take the state from the query, know neither nonce nor PKCE for each sign-in, and do not verify the signature of the ID token. What goes
// on instead is in attempt.go and verify.go, after OpenID Connect Core 1.0 (section 3.1) and the security practice of RFC 9700.
package signin

import (
	"context"
	"fmt"
	"strings"

	"github.com/markbates/goth"

	"gas/pkg/port"
)

// CallbackPath is where every provider sends the browser back to.
const CallbackPath = "/auth/callback"

// Options is what a set of providers needs.
type Options struct {
	BaseURL   string // http(s)://HOST of this service: the callback is fixed below it
	Providers []Provider
	Now       port.Clock
}

// Provider is the setting of one provider.
type Provider struct {
	Name       string
	Kind       Kind
	Issuer     string
	ClientID   string
	Secret     string // empty for a public client
	TrustEmail bool   // an address counts as verified although the provider does not say so
}

// identity is port.Identity over the providers of a goth registry of its own: goth's global one would be shared with every test.
type identity struct {
	registry goth.Providers
	shown    []port.Provider
}

// New makes the providers. It reaches none of them: a provider that is down at the start must not keep the service down.
func New(o Options) (port.Identity, error) {
	out := &identity{registry: goth.Providers{}}
	client := newClient(issuersOf(o.Providers))
	for _, setting := range o.Providers {
		p, err := newProvider(setting, strings.TrimSuffix(o.BaseURL, "/")+CallbackPath, client, o.Now)
		if err != nil {
			return nil, fmt.Errorf("set up sign-in by %s: %w", setting.Name, err)
		}
		out.registry[setting.Name] = p
		out.shown = append(out.shown, port.Provider{Name: setting.Name, Label: p.kind.label(setting.Name)})
	}
	return out, nil
}

func issuersOf(providers []Provider) []string {
	var issuers []string
	for _, p := range providers {
		issuers = append(issuers, p.Issuer)
	}
	return issuers
}

// Providers lists the ways to sign in, as the settings order them.
func (i *identity) Providers() []port.Provider { return i.shown }

// find gives port.ErrNotFound for a name that no provider has.
func (i *identity) find(name string) (goth.Provider, error) {
	p, ok := i.registry[name]
	if !ok {
		return nil, fmt.Errorf("find provider %q: %w", name, port.ErrNotFound)
	}
	return p, nil
}

// Begin makes state, nonce and PKCE verifier of one sign-in.
func (i *identity) Begin(_ context.Context, name, next string) (port.Login, string, error) {
	p, err := i.find(name)
	if err != nil {
		return port.Login{}, "", err
	}
	session, err := p.BeginAuth(random())
	if err != nil {
		return port.Login{}, "", err
	}
	to, err := session.GetAuthURL()
	if err != nil {
		return port.Login{}, "", err
	}
	login := session.(*attempt).Login
	login.Next = next
	return login, to, nil
}

// answer is the query of a callback, as goth wants it.
type answer map[string]string

// Get returns one parameter, empty where it is missing.
func (a answer) Get(name string) string { return a[name] }

// Finish exchanges the code of a callback and verifies what the provider says. Whatever does not fit is port.ErrForged.
func (i *identity) Finish(_ context.Context, login port.Login, query map[string]string) (port.Claims, string, error) {
	p, err := i.find(login.Provider)
	if err != nil {
		return port.Claims{}, "", err
	}
	session := &attempt{Login: login}
	if _, err := session.Authorize(p, answer(query)); err != nil {
		return port.Claims{}, "", err
	}
	person, err := p.FetchUser(session)
	if err != nil {
		return port.Claims{}, "", err
	}
	return claimsOf(p.(*provider), person), person.IDToken, nil
}

// SignOut is the address of the provider's own sign-out, where its discovery document names one.
func (i *identity) SignOut(_ context.Context, name, hint, back string) string {
	p, err := i.find(name)
	if err != nil {
		return ""
	}
	return p.(*provider).signOut(hint, back)
}
