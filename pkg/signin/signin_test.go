package signin_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/pkg/signin"
	"gas/test/peers/openid"
)

// newIdentity is sign-in by the given providers, called p0, p1 and so on.
func newIdentity(t *testing.T, providers ...*openid.Provider) port.Identity {
	t.Helper()
	o := signin.Options{BaseURL: "https://gas.example.org/", Now: time.Now}
	for i, p := range providers {
		o.Providers = append(o.Providers, signin.Provider{Name: "p" + string(rune('0'+i)), Issuer: p.URL, ClientID: openid.ClientID, Secret: openid.ClientSecret})
	}
	identity, err := signin.New(o)
	require.NoError(t, err)
	return identity
}

// visit goes to the provider as a browser does, and returns where and with what it is sent back.
func visit(t *testing.T, to string) (*url.URL, map[string]string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(to)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusFound, response.StatusCode)
	back, err := response.Location()
	require.NoError(t, err)
	query := map[string]string{}
	for name, values := range back.Query() {
		query[name] = values[0]
	}
	return back, query
}

// signIn goes all the way.
func signIn(t *testing.T, identity port.Identity, name string) (port.Claims, string, error) {
	t.Helper()
	login, to, err := identity.Begin(t.Context(), name, "/annotations")
	require.NoError(t, err)
	back, query := visit(t, to)
	require.Equal(t, "https://gas.example.org/auth/callback", back.Scheme+"://"+back.Host+back.Path, "the redirect is fixed")
	return identity.Finish(t.Context(), login, query)
}

func TestAProviderVouchesForAPerson(t *testing.T) {
	for _, algorithm := range []string{"RS256", "RS512"} {
		t.Run(algorithm, func(t *testing.T) {
			p := openid.Start(t)
			p.Signs = algorithm
			claims, hint, err := signIn(t, newIdentity(t, p), "p0")
			require.NoError(t, err)
			require.Equal(t, port.Claims{Issuer: p.URL, Subject: openid.Subject, Name: "Ada Lovelace", Email: "ada@example.org", EmailVerified: true, Institution: "Analytical Engines"}, claims)
			require.NotEmpty(t, hint)
		})
	}
}

func TestStateNonceAndChallengeAreNewForEachSignIn(t *testing.T) {
	identity := newIdentity(t, openid.Start(t))
	seen := map[string]bool{}
	for range 20 {
		login, to, err := identity.Begin(t.Context(), "p0", "/x")
		require.NoError(t, err)
		require.Equal(t, "/x", login.Next)
		u, err := url.Parse(to)
		require.NoError(t, err)
		for _, secret := range []string{login.State, login.Nonce, login.Verifier} {
			require.GreaterOrEqual(t, len(secret), 43, "32 random bytes")
			require.False(t, seen[secret])
			seen[secret] = true
		}
		require.NotContains(t, to, login.Verifier, "the verifier stays here")
		require.Equal(t, "S256", u.Query().Get("code_challenge_method"))
		require.Equal(t, login.State, u.Query().Get("state"))
		require.Equal(t, login.Nonce, u.Query().Get("nonce"))
	}
}

func TestAnAddressCountsAsVerifiedOnlyWhenTheProviderOrTheSettingsSaySo(t *testing.T) {
	for _, c := range []struct {
		name  string
		says  any // nil = nothing
		email string
		trust bool
		want  bool
	}{
		{"said true", true, "a@b.example", false, true},
		{"said true as a text", "true", "a@b.example", false, true},
		{"said false", false, "a@b.example", true, false},
		{"said nothing", nil, "a@b.example", false, false},
		{"said nothing and trusted", nil, "a@b.example", true, true},
		{"two addresses", true, "a@b.example, c@d.example", true, false},
		{"no address", true, "", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := openid.Start(t)
			p.Mutate = func(a *openid.Answer) {
				a.Claims["email"] = c.email
				a.Claims["email_verified"] = c.says
				if c.says == nil {
					delete(a.Claims, "email_verified")
				}
			}
			identity, err := signin.New(signin.Options{BaseURL: "https://gas.example.org", Now: time.Now, Providers: []signin.Provider{
				{Name: "p0", Issuer: p.URL, ClientID: openid.ClientID, Secret: openid.ClientSecret, TrustEmail: c.trust},
			}})
			require.NoError(t, err)
			claims, _, err := signIn(t, identity, "p0")
			require.NoError(t, err)
			require.Equal(t, c.want, claims.EmailVerified)
		})
	}
}

func TestClaimsThatTheTokenLacksComeFromUserInfo(t *testing.T) {
	p := openid.Start(t)
	p.Mutate = func(a *openid.Answer) {
		delete(a.Claims, "name")
		delete(a.Claims, "organization")
		a.UserInfo = map[string]any{"sub": openid.Subject, "name": "Ada \u202eK.\r\nBcc: eve", "organization": "AE", "email": "other@example.org"}
	}
	claims, _, err := signIn(t, newIdentity(t, p), "p0")
	require.NoError(t, err)
	require.Equal(t, "Ada K.Bcc: eve", claims.Name, "one line, in one direction")
	require.Equal(t, "AE", claims.Institution)
	require.Equal(t, "ada@example.org", claims.Email, "the signed claim wins")
}

func TestAProviderThatIsDownHoldsNobodyElseUpAndComesBack(t *testing.T) {
	p := openid.Start(t)
	identity, err := signin.New(signin.Options{BaseURL: "https://gas.example.org", Now: time.Now, Providers: []signin.Provider{
		{Name: "down", Issuer: "http://127.0.0.1:1", ClientID: "x"},
		{Name: "p0", Issuer: p.URL, ClientID: openid.ClientID, Secret: openid.ClientSecret},
	}})
	require.NoError(t, err, "nothing is discovered at the start")
	_, _, err = identity.Begin(t.Context(), "down", "/")
	require.ErrorIs(t, err, port.ErrUnavailable)
	_, _, err = signIn(t, identity, "p0")
	require.NoError(t, err)
	_, _, err = identity.Begin(t.Context(), "nobody", "/")
	require.ErrorIs(t, err, port.ErrNotFound)
}

func TestSignOutLeadsToTheProvidersOwn(t *testing.T) {
	p := openid.Start(t)
	identity := newIdentity(t, p)
	u, err := url.Parse(identity.SignOut(t.Context(), "p0", "a hint", "https://gas.example.org/"))
	require.NoError(t, err)
	require.Equal(t, p.URL+"/end", u.Scheme+"://"+u.Host+u.Path)
	require.Equal(t, url.Values{"client_id": {"gas"}, "id_token_hint": {"a hint"}, "post_logout_redirect_uri": {"https://gas.example.org/"}}, u.Query())
	q := openid.Start(t)
	q.Discovery = func(d map[string]any) { delete(d, "end_session_endpoint") }
	require.Empty(t, newIdentity(t, q).SignOut(t.Context(), "p0", "", "https://gas.example.org/"))
	require.Empty(t, identity.SignOut(t.Context(), "nobody", "", "/"))
}

func TestSettingsThatCannotBeMeantAreRefused(t *testing.T) {
	for name, p := range map[string]signin.Provider{
		"an issuer without TLS":      {Name: "x", Issuer: "http://op.example.org", ClientID: "c"},
		"an issuer that is no URL":   {Name: "x", Issuer: "op.example.org", ClientID: "c"},
		"no issuer":                  {Name: "x", ClientID: "c"},
		"no client id":               {Name: "x", Kind: signin.Globus, Issuer: "https://auth.globus.org"},
		"a kind that does not exist": {Name: "x", Kind: "saml", Issuer: "https://op.example.org", ClientID: "c"},
	} {
		_, err := signin.New(signin.Options{BaseURL: "https://gas.example.org", Providers: []signin.Provider{p}, Now: time.Now})
		require.Error(t, err, name)
	}
	identity, err := signin.New(signin.Options{BaseURL: "https://gas.example.org", Now: time.Now, Providers: []signin.Provider{
		{Name: "globus", Kind: signin.Globus, Issuer: "https://auth.globus.org", ClientID: "c"}, {Name: "google", Kind: signin.Google, Issuer: "https://accounts.google.com", ClientID: "c"}, {Name: "orcid", Kind: signin.ORCID, Issuer: "https://orcid.org", ClientID: "c"}, {Name: "oidc", Issuer: "https://op.example.org", ClientID: "c"},
	}})
	require.NoError(t, err)
	require.Equal(t, []port.Provider{{Name: "globus", Label: "Sign in with Globus"}, {Name: "google", Label: "Sign in with Google"}, {Name: "orcid", Label: "Sign in with ORCID"}, {Name: "oidc", Label: "Sign in with your institution"}}, identity.Providers())
}
