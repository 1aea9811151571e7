package browser

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/signin"
	"gas/pkg/user"
	"gas/test/peers"
	"gas/test/peers/openid"
)

// The two providers of the tests. The first signs with RS512 and gives the claims of a person at its userinfo endpoint, as Globus Auth does.
const (
	globe  = "globe"
	campus = "campus"
)

// providers are the running ones, by name.
type providers map[string]string // the issuers

// people are the accounts of both providers: the same names and addresses, and all the same different people.
var people = map[string]map[string]any{
	"ada":   {"name": "Ada Lovelace", "email": "ada@example.org", "email_verified": true, "organization": "Analytical Engines"},
	"grace": {"name": "Grace Hopper", "email": "grace@example.org", "email_verified": false},
}

// signInStage is a served data folder where two real OpenID providers vouch for people.
func signInStage(t *testing.T) (*stage, providers) {
	t.Helper()
	issuers := providers{globe: "http://" + peers.FreeAddr(t), campus: "http://" + peers.FreeAddr(t)}
	var base string
	s := newStage(t, func(url string, d *role.Deps) {
		base = url
		o := signin.Options{BaseURL: url, Now: time.Now}
		for _, name := range []string{globe, campus} {
			o.Providers = append(o.Providers, signin.Provider{Name: name, Issuer: issuers[name], ClientID: "gas", Secret: "secret of " + name})
			d.Config.Providers = append(d.Config.Providers, config.Provider{Name: name, Issuer: issuers[name], ClientID: "gas"})
		}
		identity, err := signin.New(o)
		require.NoError(t, err)
		d.Identity, d.Config.BaseURL = identity, url
	})
	for name, algorithm := range map[string]string{globe: "RS512", campus: "RS256"} {
		peers.OIDCProvider(t, peers.OpenID{
			Issuer: issuers[name], Algorithm: algorithm, InToken: name == campus, Callback: base + signin.CallbackPath, Back: base + "/",
			Client: "gas", Secret: "secret of " + name, Accounts: people,
		})
	}
	return s, issuers
}

// at waits until the browser is on a page.
func (p *tab) at(url string) {
	p.t.Helper()
	p.waitFor(`location.href === ` + "`" + url + "`")
}

// press presses a button that takes the browser to another page.
func (p *tab) press(selector string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(selector), chromedp.Click(selector))
}

// enter signs in at a provider, as an account that has to be chosen and that agrees, from the page of ways to sign in.
func (p *tab) enter(provider, account string) {
	p.t.Helper()
	p.press(`form[action="/login/` + provider + `"] button`)
	p.press("#" + account)
	p.press("#agree")
}

// leave signs out, here and at the provider.
func (p *tab) leave(s *stage) {
	p.t.Helper()
	p.do(chromedp.Click(".menu summary"))
	p.press(`form[action="/logout"] button`)
	p.press("#yes")
	p.at(s.server.URL + "/")
	p.waitFor(`document.querySelector("a[href='/login']") !== null`)
}

func TestT6APersonSignsInAtAProviderAndComesBackToThePageThatWasAskedFor(t *testing.T) {
	t.Parallel()
	s, issuers := signInStage(t)
	p := openTab(t)
	for _, provider := range []string{globe, campus} {
		t.Run(provider, func(t *testing.T) {
			p.do(chromedp.Navigate(s.server.URL + "/annotations?q=x"))
			p.waitFor(`location.pathname === "/login"`)
			p.enter(provider, "ada")
			p.at(s.server.URL + "/annotations?q=x")

			p.do(chromedp.Navigate(s.server.URL+"/profile"), chromedp.WaitVisible("#name"))
			require.Equal(t, "Ada Lovelace", run(p, chromedp.Value("#name")))
			require.Equal(t, "Analytical Engines", run(p, chromedp.Value("#institution")))
			facts := run(p, chromedp.TextContent("dl.facts"))
			require.Contains(t, facts, "ada@example.org")
			require.NotContains(t, facts, "Not verified")
			require.Contains(t, facts, issuers[provider])
			u, err := s.deps.Store.User(t.Context(), user.ID(issuers[provider], "ada"))
			require.NoError(t, err)
			require.True(t, u.EmailVerified)
			lines, err := port.AuditLines(t.Context(), s.deps.Records, u.ID, 10)
			require.NoError(t, err)
			require.Contains(t, lines[0].Detail, "by "+provider)

			kept := run(p, chromedp.Evaluate[string]("document.cookie"))
			require.Empty(t, kept, "no cookie can be read by a script")

			// A name that its owner has changed stays at the next sign-in, for which the provider asks again who it is: its session is over too.
			p.do(chromedp.SetValue("#name", "Countess"), chromedp.Click(`form[action="/profile"] button`), chromedp.WaitVisible(".note-done"))
			p.leave(s)
			p.do(chromedp.Navigate(s.server.URL+"/profile"), chromedp.WaitVisible(`form[action="/login/`+provider+`"]`))
			p.press(`form[action="/login/` + provider + `"] button`)
			p.press("#ada")
			p.press("#agree")
			p.at(s.server.URL + "/profile")
			require.Equal(t, "Countess", run(p, chromedp.Value("#name")))
			p.leave(s)
		})
	}
	p.quiet()
}

func TestT6TheSameNameAndAddressAtTwoProvidersAreTwoPeople(t *testing.T) {
	t.Parallel()
	s, issuers := signInStage(t)
	p := openTab(t)
	for _, provider := range []string{globe, campus} {
		p.do(chromedp.Navigate(s.server.URL + "/login"))
		p.enter(provider, "grace")
		p.at(s.server.URL + "/")
		p.do(chromedp.Navigate(s.server.URL+"/profile"), chromedp.WaitVisible("#name"))
		facts := run(p, chromedp.TextContent("dl.facts"))
		require.Contains(t, facts, user.ID(issuers[provider], "grace"))
		require.Contains(t, facts, "Not verified")
		p.leave(s)
	}
	users, _, err := s.deps.Store.EveryUser(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, users, 2)
	p.quiet()
}

// TestT6AProviderMayLeadToOtherHosts signs in and out where the pages of the provider are of another origin than its issuer.
func TestT6AProviderMayLeadToOtherHosts(t *testing.T) {
	t.Parallel()
	provider := openid.Start(t)
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/authorize" {
			http.Redirect(w, r, provider.URL+r.URL.RequestURI(), http.StatusFound)
		}
	}))
	t.Cleanup(pages.Close)
	provider.Discovery = func(document map[string]any) {
		document["authorization_endpoint"], document["end_session_endpoint"] = pages.URL+"/authorize", pages.URL+"/end"
	}
	s := newStage(t, func(url string, d *role.Deps) {
		identity, err := signin.New(signin.Options{BaseURL: url, Now: time.Now, Providers: []signin.Provider{{Name: globe, Issuer: provider.URL, ClientID: openid.ClientID, Secret: openid.ClientSecret}}})
		require.NoError(t, err)
		d.Identity, d.Config.BaseURL, d.Config.Providers = identity, url, []config.Provider{{Name: globe, Issuer: provider.URL, ClientID: openid.ClientID}}
	})
	p := openTab(t)
	p.do(chromedp.Navigate(s.server.URL + "/login?next=/usage"))
	p.press(`form[action="/login/` + globe + `"] button`)
	p.at(s.server.URL + "/usage")
	p.do(chromedp.Click(".menu summary"))
	p.press(`form[action="/logout"] button`)
	p.waitFor(`location.href.startsWith("` + pages.URL + `/end?")`)
	p.do(chromedp.Navigate(s.server.URL + "/"))
	p.waitFor(`document.querySelector("a[href='/login']") !== null`)
}

func TestT6WhoDoesNotAgreeAtTheProviderIsToldSoAndNobodyIsSignedIn(t *testing.T) {
	t.Parallel()
	s, _ := signInStage(t)
	p := openTab(t)
	p.do(chromedp.Navigate(s.server.URL + "/login?next=/usage"))
	p.press(`form[action="/login/` + campus + `"] button`)
	p.press("#ada")
	p.press("#deny")
	p.waitFor(`location.pathname === "/auth/callback"`)
	require.Contains(t, run(p, chromedp.TextContent("main")), "You did not agree at the provider, so nobody was signed in here.")
	users, _, err := s.deps.Store.EveryUser(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, users)
	p.do(chromedp.Reload())
	p.waitFor(`document.querySelector("main").textContent.includes("began no sign-in")`) // a sign-in is used up whatever came of it
	p.press(`main a[href="/login"]`)
	p.waitFor(`location.pathname === "/login"`)
	for _, fault := range p.complaints() { // pages of errors are answered with their status, which chromium notes
		require.Contains(t, fault, "403")
	}
}
