package scenario

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// policies are what every answer must say, whatever it is about.
var policies = map[string]string{
	"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	"X-Frame-Options": "DENY", "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

// contentRules are parts of the policy for content that a page has, and what it may not have.
var contentRules = []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"}

// harmless fails when an answer lacks a header that keeps it harmless.
func harmless(t *testing.T, what string, a program.Answer) {
	t.Helper()
	for name, value := range policies {
		require.Equal(t, value, a.Header.Get(name), "%s: %s", what, name)
	}
	require.NotEmpty(t, a.Header.Get("X-Request-Id"), what)
	csp := a.Header.Get("Content-Security-Policy")
	require.Contains(t, csp, "default-src 'none'", what)
	require.NotContains(t, csp, "unsafe", what)
	require.NotContains(t, csp, "*", what)
	require.NotContains(t, csp, "http:", "%s: only what the settings name", what)
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if kind == "text/html" {
		for _, rule := range contentRules {
			require.Contains(t, csp, rule, what)
		}
		require.Contains(t, csp, "form-action 'self'", what)
		require.NotContains(t, a.Body, " style=", "%s has a style of its own, which the policy forbids", what)
		require.NotContains(t, a.Body, " onclick=", what)
	}
	if !strings.HasPrefix(what, "GET /static/") || a.Status != http.StatusOK {
		require.Contains(t, a.Header.Get("Cache-Control"), "no-store", "%s: what is private is not kept", what)
	}
	if attachment := a.Header.Get("Content-Disposition"); attachment != "" {
		require.True(t, strings.HasPrefix(attachment, "attachment"), what)
	}
	for _, cookie := range (&http.Response{Header: a.Header}).Cookies() {
		require.True(t, cookie.HttpOnly, what)
		require.Equal(t, http.SameSiteLaxMode, cookie.SameSite, what)
		require.Empty(t, cookie.Domain, what)
	}
}

// T29: every route and every error says what browsers may do with it.
func TestT29EveryRouteAndEveryErrorHasItsHeaders(t *testing.T) {
	t.Parallel()
	st := newAccessStage(t)
	var routes []listedRoute
	require.NoError(t, json.Unmarshal([]byte(st.w.Must("routes", "--json")), &routes))
	statuses := map[int]bool{}
	for _, r := range routes {
		w := ways[r.String()]
		if r.Path == "/logout" {
			continue // its cookie is looked at by the others that set it
		}
		ids := st.fresh(t, r, w)
		for _, who := range st.cast {
			if r.Who == "owner" && who.own && who.name != "the owner" || w.own && who.own {
				continue
			}
			a := st.ask(t, who.guest, r, w, ids)
			statuses[a.Status] = true
			harmless(t, r.String(), a)
		}
	}
	for _, wrong := range []struct{ method, path string }{
		{"GET", "/nowhere"}, {"GET", "/api/v1/nowhere"}, {"GET", "//"}, {"GET", "/annotations/../admin"}, {"GET", "/static/../gas.css"}, {"GET", "/static/%2e%2e/x"}, {"PATCH", "/"}, {"DELETE", "/api/v1/me"},
		{"TRACE", "/"}, {"OPTIONS", "/api/v1/me"}, {"HEAD", "/"}, {"POST", "/api/v1/jobs"}, {"GET", "/annotations/%00"}, {"GET", "/docs/%3Cscript%3E"},
	} {
		for _, g := range []*program.Guest{st.owner, st.s.Visitor()} {
			for _, accept := range []string{"text/html", "application/json"} {
				a := g.Do(wrong.method, wrong.path, nil, "Accept", accept)
				statuses[a.Status] = true
				harmless(t, wrong.method+" "+wrong.path, a)
			}
		}
	}
	large := st.owner.Do(http.MethodPost, "/annotate", strings.NewReader("x"), "Content-Type", "multipart/form-data; boundary=x")
	harmless(t, "a broken form", large)
	foreign := st.owner.Do(http.MethodPost, "/theme", nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	require.Equal(t, http.StatusForbidden, foreign.Status)
	harmless(t, "another site's request", foreign)
	for _, status := range []int{200, 201, 303, 401, 403, 404, 405, 422} {
		require.True(t, statuses[status], "no answer was %d", status)
	}
}
