package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"gas/pkg/port"
)

// provider is one OpenID provider, discovered at its first use. It is a goth.Provider.
type provider struct {
	Provider
	kind     Kind
	callback string
	client   *http.Client
	now      port.Clock

	mu    sync.Mutex
	found *discovered // nil until a discovery succeeded; a failure is not kept
}

// discovered is what the discovery document of a provider says.
type discovered struct {
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	document *oidc.Provider
	metadata
}

// metadata is what go-oidc does not read of the document.
type metadata struct {
	EndSession string `json:"end_session_endpoint"`
	SendsIss   bool   `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// newProvider checks a setting. Only an issuer on this machine may do without TLS.
func newProvider(setting Provider, callback string, client *http.Client, now port.Clock) (*provider, error) {
	if setting.Kind == "" {
		setting.Kind = OIDC
	}
	if err := setting.Kind.check(); err != nil {
		return nil, err
	}
	u, err := url.Parse(setting.Issuer)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read issuer: %w", err)
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return nil, fmt.Errorf("issuer %q is not https", setting.Issuer)
	case setting.ClientID == "":
		return nil, errors.New("client_id is empty")
	}
	return &provider{Provider: setting, kind: setting.Kind, callback: callback, client: client, now: now}, nil
}

// context carries the one outgoing client to go-oidc and oauth2. It does not end with a request: the keys of a provider are fetched again later.
func (p *provider) context() context.Context {
	return oidc.ClientContext(context.Background(), p.client)
}

// discover reads the discovery document once. A provider that does not answer is port.ErrUnavailable.
func (p *provider) discover() (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	document, err := oidc.NewProvider(p.context(), p.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w: %w", p.Provider.Name, port.ErrUnavailable, err)
	}
	found := &discovered{document: document}
	if err := document.Claims(&found.metadata); err != nil {
		return nil, fmt.Errorf("read discovery document of %s: %w", p.Provider.Name, err)
	}
	found.oauth = oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: document.Endpoint(), RedirectURL: p.callback, Scopes: p.kind.scopes(),
	}
	found.verifier = document.VerifierContext(p.context(), &oidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: algorithms, Now: p.now})
	p.found = found
	return found, nil
}

// signOut is the address where a browser ends its session at the provider, empty where it offers none.
func (p *provider) signOut(hint, back string) string {
	found, err := p.discover()
	if err != nil || found.EndSession == "" {
		return ""
	}
	u, err := url.Parse(found.EndSession)
	if err != nil {
		return ""
	}
	query := u.Query()
	query.Set("client_id", p.ClientID)
	query.Set("post_logout_redirect_uri", back)
	if hint != "" {
		query.Set("id_token_hint", hint)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// Name is the provider's name in the registry.
func (p *provider) Name() string { return p.Provider.Name }

// SetName renames the provider.
func (p *provider) SetName(name string) { p.Provider.Name = name }

// BeginAuth begins a sign-in under a state.
func (p *provider) BeginAuth(state string) (goth.Session, error) { return p.begin(state) }

// UnmarshalSession reads what attempt.Marshal wrote.
func (p *provider) UnmarshalSession(text string) (goth.Session, error) { return readAttempt(text) }

// FetchUser gives whom a finished attempt has signed in.
func (p *provider) FetchUser(s goth.Session) (goth.User, error) {
	a, ok := s.(*attempt)
	if !ok || a.token == nil {
		return goth.User{}, errors.New("fetch user: the sign-in is not finished")
	}
	return p.person(a)
}

// Debug does nothing: what a debug log of a sign-in holds are secrets.
func (p *provider) Debug(bool) {}

// RefreshToken is not offered: no token of a provider is kept.
func (p *provider) RefreshToken(string) (*oauth2.Token, error) {
	return nil, errors.New("refresh token: no token of a provider is kept")
}

// RefreshTokenAvailable tells that RefreshToken is not offered.
func (p *provider) RefreshTokenAvailable() bool { return false }
