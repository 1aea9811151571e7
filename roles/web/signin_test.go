package web

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/role"
	"gas/pkg/signin"
	"gas/pkg/user"
	"gas/test/peers/openid"
)

// openWorld is a world in which providers vouch for people, called p0, p1 and so on. Its address is not known before it runs, so the base of the
// callbacks is a made-up host that the browser does not follow.
func openWorld(t *testing.T, providers ...*openid.Provider) *world {
	t.Helper()
	const base = "https://gas.example.org"
	return newWorld(t, func(d *role.Deps) {
		o := signin.Options{BaseURL: base, Now: time.Now}
		for i, p := range providers {
			name := "p" + string(rune('0'+i))
			o.Providers = append(o.Providers, signin.Provider{Name: name, Issuer: p.URL, ClientID: openid.ClientID, Secret: openid.ClientSecret})
			d.Config.Providers = append(d.Config.Providers, config.Provider{Name: name, Issuer: p.URL, ClientID: openid.ClientID})
		}
		identity, err := signin.New(o)
		require.NoError(t, err)
		d.Identity = identity
	})
}

// withoutRedirects sends a request as a browser does that stays where it is.
func (b *browser) withoutRedirects(method, path string, form url.Values) answer {
	b.world.t.Helper()
	still := *b.client
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	there := *b
	there.client = &still
	return there.do(method, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// toProvider begins a sign-in and goes to the provider, and returns the way back here.
func (b *browser) toProvider(name, next string) string {
	b.world.t.Helper()
	a := b.withoutRedirects(http.MethodPost, "/login/"+name, url.Values{"next": {next}})
	require.Equal(b.world.t, http.StatusSeeOther, a.status, a.body)
	response, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Get(a.header.Get("Location"))
	require.NoError(b.world.t, err)
	defer response.Body.Close()
	back, err := response.Location()
	require.NoError(b.world.t, err)
	require.Equal(b.world.t, "https://gas.example.org/auth/callback", back.Scheme+"://"+back.Host+back.Path)
	return back.RequestURI()
}

func TestT6AProviderSignsAPersonInOnceAndForOneBrowser(t *testing.T) {
	p := openid.Start(t)
	w := openWorld(t, p)
	ada, eve := w.visitor(), w.visitor()
	back := ada.toProvider("p0", "/usage?x=1")
	require.Equal(t, http.StatusForbidden, eve.get(back).status, "another browser has no such sign-in")
	require.Equal(t, http.StatusUnauthorized, eve.get("/api/v1/me").status)
	a := ada.withoutRedirects(http.MethodGet, back, nil)
	require.Equal(t, http.StatusSeeOther, a.status, a.body)
	require.Equal(t, "/usage?x=1", a.header.Get("Location"))
	shows(t, ada.get("/profile"), "Analytical Engines")
	require.Equal(t, http.StatusForbidden, ada.get(back).status, "a sign-in is used once")

	u, err := w.deps.Store.User(t.Context(), user.ID(p.URL, openid.Subject))
	require.NoError(t, err)
	require.Equal(t, user.Free, u.Plan)
	require.True(t, u.EmailVerified)
	require.Contains(t, ada.get("/").header.Get("Content-Security-Policy"), "form-action 'self' "+p.URL)

	out := ada.withoutRedirects(http.MethodPost, "/logout", nil)
	to, err := url.Parse(out.header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, p.URL+"/end", to.Scheme+"://"+to.Host+to.Path)
	require.NotEmpty(t, to.Query().Get("id_token_hint"))
}

func TestABrowserIsLedToAProviderByAPage(t *testing.T) {
	p := openid.Start(t)
	w := openWorld(t, p)
	ada := w.visitor()
	a := ada.do(http.MethodPost, "/login/p0", strings.NewReader("next=/usage"), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Mode", "navigate")
	require.Equal(t, http.StatusOK, a.status, a.body)
	_, to, found := strings.Cut(a.header.Get("Refresh"), "0; url=")
	require.True(t, found)
	require.True(t, strings.HasPrefix(to, p.URL+"/authorize?"), to)
	require.Contains(t, html.UnescapeString(a.body), to)
}

func TestT6AnAnswerThatIsNotTheProvidersSignsNobodyIn(t *testing.T) {
	for name, change := range map[string]func(q url.Values){
		"another state":  func(q url.Values) { q.Set("state", "x") },
		"no state":       func(q url.Values) { q.Del("state") },
		"another code":   func(q url.Values) { q.Set("code", "x") },
		"another issuer": func(q url.Values) { q.Set("iss", "https://evil.example") },
		"a refusal":      func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") },
	} {
		t.Run(name, func(t *testing.T) {
			w := openWorld(t, openid.Start(t))
			ada := w.visitor()
			u, err := url.Parse(ada.toProvider("p0", "/"))
			require.NoError(t, err)
			query := u.Query()
			change(query)
			a := ada.get(u.Path + "?" + query.Encode())
			require.Equal(t, http.StatusForbidden, a.status, a.body)
			shows(t, a, "Sign in")
			require.Equal(t, http.StatusUnauthorized, ada.get("/api/v1/me").status)
			require.Equal(t, http.StatusForbidden, ada.get(u.RequestURI()).status, "the sign-in is used up, whatever came of it")
		})
	}
}

func TestT6AnAnswerOfOneProviderDoesNotEndASignInAtAnother(t *testing.T) {
	w := openWorld(t, openid.Start(t), openid.Start(t))
	ada := w.visitor()
	first, err := url.Parse(ada.toProvider("p0", "/"))
	require.NoError(t, err)
	second, err := url.Parse(ada.toProvider("p1", "/"))
	require.NoError(t, err)
	query := first.Query()
	query.Set("state", second.Query().Get("state"))
	require.Equal(t, http.StatusForbidden, ada.get(first.Path+"?"+query.Encode()).status)
}

func TestT6ASignInThatTookTooLongIsOver(t *testing.T) {
	w := openWorld(t, openid.Start(t))
	ada := w.visitor()
	back := ada.toProvider("p0", "/")
	w.clock.ahead += loginLife + time.Second
	shows(t, ada.get(back), "in the last ten minutes")
}

func TestT7ASessionIsNewAtTheLoginAndEndsIdleOrOld(t *testing.T) {
	w := openWorld(t, openid.Start(t))
	ada := w.visitor()
	base, err := url.Parse(w.server.URL)
	require.NoError(t, err)
	cookie := func() string {
		for _, c := range ada.client.Jar.Cookies(base) {
			if strings.HasSuffix(c.Name, "gas_session") {
				return c.Value
			}
		}
		return ""
	}
	planted := newSecret()
	ada.client.Jar.SetCookies(base, []*http.Cookie{{Name: "gas_session", Value: planted, Path: "/"}})
	ada.withoutRedirects(http.MethodGet, ada.toProvider("p0", "/"), nil)
	first := cookie()
	require.NotEqual(t, planted, first, "a planted id is not taken")
	require.Len(t, first, 52, "256 bits in base32")
	for _, r := range recordsOf(w, sessionKind) {
		require.NotContains(t, r.ID+string(r.Value), first, "the store has the hash alone")
	}

	ada.withoutRedirects(http.MethodGet, ada.toProvider("p0", "/"), nil)
	require.NotEqual(t, first, cookie(), "another sign-in, another session")
	eve := w.visitor()
	eve.client.Jar.SetCookies(base, []*http.Cookie{{Name: "gas_session", Value: first, Path: "/"}})
	require.Equal(t, http.StatusUnauthorized, eve.get("/api/v1/me").status, "the one before is over")

	for range 15 { // seven and a half days, never idle for twelve hours
		if w.clock.ahead < sessionLife {
			require.Equal(t, http.StatusOK, ada.get("/api/v1/me").status, w.clock.ahead)
		}
		w.clock.ahead += 11*time.Hour + 30*time.Minute
	}
	require.Equal(t, http.StatusUnauthorized, ada.get("/api/v1/me").status, "after seven days it is over")
}

func TestT7ASessionIsEndedFromTheProfileOfAnotherBrowser(t *testing.T) {
	w := newWorld(t)
	laptop := w.person("ada", user.Free)
	library := w.visitor()
	library.signIn(laptop.user)
	require.Equal(t, http.StatusOK, library.get("/api/v1/me").status)
	sessions := recordsOf(w, sessionKind)
	require.Len(t, sessions, 2)
	page := laptop.get("/profile").body
	require.Equal(t, 3, strings.Count(page, "/profile/sessions/"), "one button for each, and one for all others")
	ben := w.person("ben", user.Free)
	for _, r := range sessions {
		require.Equal(t, http.StatusNotFound, ben.post("/profile/sessions/"+r.ID+"/end", nil).status, "somebody else's session is missing")
	}
	laptop.post("/profile/sessions/others/end", nil)
	require.Equal(t, http.StatusUnauthorized, library.get("/api/v1/me").status)
	require.Equal(t, http.StatusOK, laptop.get("/api/v1/me").status)
	require.Contains(t, said(w, laptop.user), didEndSession)
}
