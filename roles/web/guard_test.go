package web

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	bootstrap "github.com/aaronland/go-http-bootstrap/static"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

func recordsOf(w *world, kind string) []port.Record {
	all, err := w.deps.Records.Of(w.t.Context(), kind, "", 100)
	require.NoError(w.t, err)
	return all
}

func TestEveryAnswerHasTheHeadersThatKeepItHarmless(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	done := w.complete(ada.submit("a.vcf").ID).ID
	for _, path := range []string{"/", "/login", "/annotations", "/annotations/" + done, "/nowhere", "/api/v1/me", "/api/v1/nowhere", "/api/v1/jobs/" + done + "/files/result", "/static/gas.css", "/docs/api"} {
		h := ada.get(path).header
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Opener-Policy"), path)
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Resource-Policy"), path)
		require.Contains(t, h.Get("Permissions-Policy"), "camera=()", path)
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", path)
		require.NotEmpty(t, h.Get("X-Request-Id"), path)
		if !strings.HasPrefix(path, "/static/") {
			require.Equal(t, "no-store", h.Get("Cache-Control"), path)
		}
	}
}

func TestOverHTTPSCookiesAreBoundToTheHostAndTheBrowserStaysOnHTTPS(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Config.BaseURL, d.Config.LocalSignin = "https://gas.example.org", "on" })
	id := user.ID(user.Local, "x")
	now := w.deps.Now()
	require.NoError(t, w.deps.Store.CreateUser(t.Context(), user.User{ID: id, Plan: user.Free, Created: now}))
	token, err := port.NewLink(t.Context(), w.deps.Records, now, id)
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/login/once", strings.NewReader("t="+token))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	w.server.Config.Handler.ServeHTTP(answer, r)
	cookie := answer.Header().Get("Set-Cookie")
	require.Contains(t, cookie, "__Host-gas_session=")
	for _, part := range []string{"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		require.Contains(t, cookie, part)
	}
	require.NotEmpty(t, answer.Header().Get("Strict-Transport-Security"))
}

func TestWhatOtherSitesMakeABrowserSendHasNoEffect(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	id := ada.submit("a.vcf").ID
	for _, r := range Routes() {
		if r.Method == http.MethodGet {
			continue
		}
		path := strings.NewReplacer(":id", id, ":provider", "x", ":token", "x", ":session", "x", ":n", "1").Replace(r.Path)
		a := ada.do(r.Method, path, nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		require.Equal(t, http.StatusForbidden, a.status, path)
	}
	require.Equal(t, http.StatusOK, ada.get("/api/v1/me").status)
	j, err := w.deps.Store.Job(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, job.Pending, j.Status)
}

func TestASessionEndsWithItsLogoutAndALinkWithItsUse(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	base, err := url.Parse(w.server.URL)
	require.NoError(t, err)
	kept := ada.client.Jar.Cookies(base)
	require.Equal(t, http.StatusOK, ada.get("/api/v1/me").status)
	ada.post("/logout", nil)
	ada.client.Jar.SetCookies(base, kept)
	require.Equal(t, http.StatusUnauthorized, ada.get("/api/v1/me").status, "a replayed cookie opens nothing")

	token, err := port.NewLink(t.Context(), w.deps.Records, w.deps.Now(), ada.user)
	require.NoError(t, err)
	a := ada.get("/login/once?t=" + token)
	require.Contains(t, a.body, "button")
	require.Equal(t, http.StatusUnauthorized, ada.get("/api/v1/me").status, "opening the link signs nobody in")
	require.Equal(t, http.StatusOK, ada.post("/login/once", url.Values{"t": {token}}).status)
	require.Equal(t, http.StatusForbidden, w.visitor().post("/login/once", url.Values{"t": {token}}).status, "a link is good once")
	w.clock.ahead += sessionIdle + time.Second
	require.Equal(t, http.StatusUnauthorized, ada.get("/api/v1/me").status, "an idle session ends")
}

func TestAfterTheSignInOneGoesToALocalPathOnly(t *testing.T) {
	for next, want := range map[string]string{
		"/annotations?page=2": "/annotations?page=2", "": "/", "https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", "javascript:alert(1)": "/", "/a\nb": "/", "annotations": "/",
	} {
		require.Equal(t, want, localPath(next), next)
	}
}

func TestTooManyRequestsAreRefusedUntilTheBucketFillsAgain(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Config.LimitAPI = 3 })
	ada, ben := w.person("ada", user.Free), w.person("ben", user.Free)
	for range 3 {
		require.Equal(t, http.StatusOK, ada.get("/api/v1/me").status)
	}
	a := ada.get("/api/v1/me")
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.Equal(t, "20", a.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, ben.get("/api/v1/me").status, "each has his own bucket")
	w.clock.ahead += 21 * time.Second
	require.Equal(t, http.StatusOK, ada.get("/api/v1/me").status)
}

func TestHostileNamesAreShownAsTextAndNeverAsPaths(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	for _, name := range []string{
		`<script>alert(1)</script>.vcf`, `"><img src=x onerror=alert(1)>`, "../../../etc/passwd", "a\r\nSet-Cookie: x=y.vcf", "\u202efcv.exe", "{{.Shell}}", "'; DROP TABLE jobs; --.vcf", strings.Repeat("ä", 300),
	} {
		id := ada.submit(name).ID
		j := w.complete(id)
		require.NotContains(t, j.Name, "/")
		require.LessOrEqual(t, len(j.Name), 255)
		for _, page := range []string{"/annotations/" + id, "/annotations", "/annotations/" + id + "/files", "/annotations/" + id + "/details"} {
			a := ada.get(page)
			require.Equal(t, http.StatusOK, a.status, page)
			require.NotContains(t, a.body, "<script>alert")
			require.NotContains(t, a.body, "<img src=x")
			require.NotContains(t, a.body, "\u202e")
		}
		a := ada.get("/api/v1/jobs/" + id + "/files/result")
		require.Empty(t, a.header.Get("Set-Cookie"))
		require.True(t, strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment; filename="))
	}
}

func TestPastTheFreeWindowNoByteOfTheResultIsRead(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	id := w.complete(ada.submit("a.vcf").ID).ID
	files := "/api/v1/jobs/" + id + "/files/"
	require.Equal(t, http.StatusOK, ada.get(files+"result").status)
	w.clock.ahead += 5*time.Minute + time.Second
	for _, kind := range []string{"result", "index"} {
		a := ada.get(files+kind, "Range", "bytes=0-3")
		require.Equal(t, http.StatusForbidden, a.status)
		var p problem
		a.json(t, &p)
		require.Equal(t, "expired", p.Code)
	}
	for _, kind := range []string{"input", "log", "summary", "manifest"} {
		require.Equal(t, http.StatusOK, ada.get(files+kind).status, kind)
	}
	shows(t, ada.get("/annotations/"+id), "Upgrade to bring it back")
}

func TestUpgradingAtTheLocalCheckoutMakesPremium(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	a := ada.post("/subscribe", nil)
	shows(t, a, "not a real payment")
	id := a.url[strings.Index(a.url, "id=")+3:]
	require.Equal(t, http.StatusNotFound, w.person("ben", user.Free).get("/checkout?id="+id).status, "another's checkout is missing")
	a = ada.post("/checkout", url.Values{"id": {id}, "decision": {"pay"}})
	shows(t, a, "You are premium now.")
	a = ada.post("/subscribe/portal", nil)
	shows(t, a, "Here you can cancel it")
	id = a.url[strings.Index(a.url, "id=")+3:]
	ada.post("/checkout", url.Values{"id": {id}, "decision": {"cancel"}})
	shows(t, ada.get("/subscribe"), "Upgrade to Premium")
	require.Equal(t, http.StatusForbidden, w.visitor().postJSON("/webhooks/stripe", `{"id":"evt_1"}`).status)
}

func TestTokensOpenWhatTheirScopesSayUntilTheyAreRevoked(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	a := ada.post("/profile/tokens", url.Values{"name": {"laptop"}, "days": {"1"}, "scope": {"read"}})
	_, rest, ok := strings.Cut(a.body, `<pre id="secret">`)
	require.True(t, ok)
	program := w.visitor()
	program.token, _, _ = strings.Cut(rest, "<")
	require.Equal(t, http.StatusOK, program.get("/api/v1/me").status)
	require.NotContains(t, ada.get("/profile").body, program.token, "the secret is shown once")
	require.Equal(t, http.StatusForbidden, program.postJSON("/api/v1/jobs/delete", `{"ids":["x"]}`).status)
	for _, r := range recordsOf(w, tokenKind) {
		require.NotContains(t, string(r.Value), strings.Split(program.token, "_")[2], "the secret is not kept")
		ada.post("/profile/tokens/"+r.ID+"/revoke", nil)
	}
	require.Equal(t, http.StatusUnauthorized, program.get("/api/v1/me").status)
}

func TestAPanicIsAnErrorPageAndALogLine(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(d *role.Deps) { d.Log = zerolog.New(&log); d.Inputs = nil })
	ada := w.person("ada", user.Free)
	a := ada.upload("/api/v1/jobs", nil, field{"file", "a.vcf", smallVCF})
	require.Equal(t, http.StatusInternalServerError, a.status)
	var p problem
	a.json(t, &p)
	require.Equal(t, string(fault.Internal), p.Code)
	require.Contains(t, log.String(), p.RequestID)
}

func TestTheLogHasNoQueries(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(d *role.Deps) { d.Log = zerolog.New(&log) })
	w.visitor().get("/login/once?t=topsecret")
	require.Contains(t, log.String(), "/login/once")
	require.NotContains(t, log.String(), "topsecret")
}

func TestBootstrapIsTheOneThatWasLookedAt(t *testing.T) {
	raw, err := bootstrap.FS.ReadFile("css/bootstrap.min.css")
	require.NoError(t, err)
	sum := sha512.Sum384(raw)
	require.Equal(t, "QWTKZyjpPEjISv5WaRU9OFeRpok6YctnYmDr5pNlyT2bRjXh0JMhjY6hW+ALEwIH", base64.StdEncoding.EncodeToString(sum[:]), "5.3.3, as its makers publish it")
}
