package web

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
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

// cast is who asks in the matrix of routes.
type cast struct {
	name string
	*browser
}

func castOf(w *world) (owner *browser, all []cast) {
	owner = w.person("owner", user.Premium)
	stranger := w.person("stranger", user.Premium)
	expired := w.program(owner.user, ScopeRead, ScopeWrite)
	for _, r := range recordsOf(w, tokenKind) {
		require.NoError(w.t, w.deps.Records.Delete(w.t.Context(), tokenKind, r.ID))
	}
	forged := w.visitor()
	forged.token = "gas_abcdefgh_" + newSecret()
	return owner, []cast{
		{"nobody", w.visitor()}, {"owner", owner}, {"stranger", stranger}, {"admin", w.person("boss", user.Free)},
		{"token", w.program(owner.user, ScopeRead, ScopeWrite)}, {"token that reads", w.program(owner.user, ScopeRead)}, {"stranger's token", w.program(stranger.user, ScopeRead, ScopeWrite)},
		{"revoked token", expired}, {"forged token", forged},
	}
}

func recordsOf(w *world, kind string) []port.Record {
	all, err := w.deps.Records.Of(w.t.Context(), kind, "", 100)
	require.NoError(w.t, err)
	return all
}

// allowed says whether a subject of the cast may use a route.
func allowed(r Route, who string) bool {
	token := strings.Contains(who, "token")
	bad := who == "revoked token" || who == "forged token"
	switch {
	case bad:
		return false
	case r.Who == Anyone, r.Who == Signed:
		return true
	case who == "nobody":
		return false
	case token && r.Scope == "", who == "token that reads" && r.Scope != ScopeRead:
		return false
	case r.Who == Admin:
		return who == "admin"
	case r.Who == Owner:
		return who == "owner" || strings.HasPrefix(who, "token")
	}
	return true
}

func TestEveryRouteIsOpenToWhomTheTableSaysAndToNobodyElse(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Config.Admins = []string{user.ID(user.Local, "boss")} })
	owner, everyone := castOf(w)
	kept := w.complete(owner.submit("matrix.vcf").ID).ID
	for _, r := range Routes() {
		for _, who := range everyone {
			t.Run(r.Method+" "+r.Path+" by "+who.name, func(t *testing.T) {
				path := strings.NewReplacer(":provider", "none", ":page", "api", ":file", "gas.css", ":kind", "result", ":token", "none", ":session", "none", ":key", "1", ":n", "1").Replace(r.Path)
				missing := ""
				if strings.Contains(path, ":id") {
					id := kept
					if r.Method != http.MethodGet {
						id = w.complete(owner.submit("matrix.vcf").ID).ID
					}
					path, missing = strings.ReplaceAll(path, ":id", id), strings.ReplaceAll(path, ":id", "01890000-0000-7000-8000-000000000000")
				}
				a := who.withoutRedirects(r.Method, path)
				if strings.HasPrefix(r.Path, "/api/v1/uploads/") && allowed(r, who.name) {
					return // there is no upload under the id of a job that is done; TestALargeFileArrivesInParts has them
				}
				if allowed(r, who.name) {
					require.NotContains(t, []int{http.StatusUnauthorized, http.StatusInternalServerError}, a.status, "%.300s", a.body)
					if r.Who == Owner {
						require.NotEqual(t, http.StatusNotFound, a.status, "%.300s", a.body)
					}
					return
				}
				require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusSeeOther}, a.status, "%.300s", a.body)
				if a.status == http.StatusSeeOther {
					require.Contains(t, a.header.Get("Location"), "/login?next=")
				}
				if missing != "" && a.status == http.StatusNotFound {
					b := who.withoutRedirects(r.Method, missing)
					require.Equal(t, withoutNumbers(b), withoutNumbers(a), "somebody else's job and a missing one look the same")
				}
			})
		}
	}
}

// withoutNumbers is an answer without what differs between any two requests.
func withoutNumbers(a answer) string {
	text := strings.ReplaceAll(a.body, a.header.Get("X-Request-Id"), "N")
	for _, part := range strings.Split(a.url, "/") {
		if len(part) >= 36 {
			text = strings.ReplaceAll(text, part[:36], "ID")
		}
	}
	return fmt.Sprint(a.status, text)
}

// withoutRedirects sends a request and does not follow. Streams are cut after the first bytes.
func (b *browser) withoutRedirects(method, path string) answer {
	b.world.t.Helper()
	client := *b.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Timeout = 10 * time.Second
	r, err := http.NewRequest(method, b.world.server.URL+path, nil)
	require.NoError(b.world.t, err)
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	response, err := client.Do(r)
	require.NoError(b.world.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(b.world.t, err)
	if method != http.MethodGet && path == "/logout" && b.user != "" && b.token == "" { // sign in again for the next route
		token, err := port.NewLink(b.world.t.Context(), b.world.deps.Records, b.world.deps.Now(), b.user)
		require.NoError(b.world.t, err)
		b.post("/login/once", url.Values{"t": {token}})
	}
	return answer{response.StatusCode, response.Header, string(raw), path}
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
