package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

func TestAProgramIsLetInByACodeThatAPersonTypes(t *testing.T) {
	w := newWorld(t)
	d := describe(t)
	ada, program := w.person("ada", user.Free), w.visitor()
	a := program.postJSON("/api/v1/device", `{"name": "gas on a cluster"}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	d.holds(t, http.MethodPost, "/api/v1/device", a)
	var begun struct {
		Device string `json:"device_code"`
		Code   string `json:"user_code"`
	}
	a.json(t, &begun)
	ask := func() answer { return program.postJSON("/api/v1/device/token", `{"device_code": "`+begun.Device+`"}`) }
	a = ask()
	require.Equal(t, http.StatusConflict, a.status)
	require.Equal(t, "2", a.header.Get("Retry-After"))
	require.Equal(t, http.StatusUnauthorized, w.visitor().post("/login/device", url.Values{"code": {begun.Code}}).status)
	require.Contains(t, ada.get("/login/device?code="+begun.Code).body, begun.Code)
	require.Equal(t, http.StatusConflict, ask().status, "opening the page agrees to nothing")
	require.Equal(t, http.StatusNotFound, ada.post("/login/device", url.Values{"code": {"WRONG"}}).status)
	shows(t, ada.post("/login/device", url.Values{"code": {begun.Code}}), "The program is let in")
	a = ask()
	require.Equal(t, http.StatusCreated, a.status)
	d.holds(t, http.MethodPost, "/api/v1/device/token", a)
	var token tokenJSON
	a.json(t, &token)
	program.token = *token.Secret
	require.Equal(t, http.StatusOK, program.get("/api/v1/me").status)
	program.token = ""
	require.Equal(t, http.StatusNotFound, ask().status, "a code is good once")
}

// begin asks for a code as a program does.
func (b *browser) begin(wish string) (device, code string) {
	b.world.t.Helper()
	a := b.postJSON("/api/v1/device", wish)
	require.Equal(b.world.t, http.StatusCreated, a.status, a.body)
	var begun struct {
		Device string `json:"device_code"`
		Code   string `json:"user_code"`
	}
	a.json(b.world.t, &begun)
	return begun.Device, begun.Code
}

func TestT25AProgramGetsTheTokenThatThePersonHasSeenAndNoOther(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Config.Admins = []string{user.ID(user.Local, "boss")} })
	ada, boss, program := w.person("ada", user.Free), w.person("boss", user.Free), w.visitor()
	token := func(device string) answer {
		return program.postJSON("/api/v1/device/token", `{"device_code": "`+device+`"}`)
	}

	device, code := program.begin(`{"name": "<b>nightly</b>", "scopes": ["read"], "days": 3}`)
	shows(t, ada.get("/login/device"), "shows a code")
	page := ada.get("/login/device?code=" + url.QueryEscape(strings.ToLower(strings.ReplaceAll(code, "-", " "))))
	for _, want := range []string{"<b>nightly</b>", "read: see jobs", "for 3 days"} {
		shows(t, page, want)
	}
	require.NotContains(t, page.body, "<b>nightly")
	require.NotContains(t, page.body, "submit, cancel")
	require.Equal(t, http.StatusNotFound, ada.get("/login/device?code=WXYZ-2345").status)
	ada.post("/login/device", url.Values{"code": {code}, "decision": {"agree"}})
	require.Equal(t, http.StatusNotFound, boss.post("/login/device", url.Values{"code": {code}}).status, "a code is agreed to once")
	a := token(device)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	var got tokenJSON
	a.json(t, &got)
	require.Equal(t, []Scope{ScopeRead}, got.Scopes)
	require.WithinDuration(t, w.deps.Now().Add(72*time.Hour), *got.Expires, time.Minute)
	require.Contains(t, said(w, ada.user), port.AuditToken)

	device, code = program.begin(`{}`)
	shows(t, ada.post("/login/device", url.Values{"code": {code}, "decision": {"refuse"}}), "It gets nothing")
	require.Equal(t, http.StatusForbidden, token(device).status)
	require.Equal(t, http.StatusNotFound, token(device).status)

	_, code = program.begin(`{"scopes": ["admin"]}`)
	require.Equal(t, http.StatusForbidden, ada.post("/login/device", url.Values{"code": {code}}).status)
	require.Equal(t, http.StatusOK, boss.post("/login/device", url.Values{"code": {code}}).status)

	device, code = program.begin(`{}`)
	w.clock.ahead += deviceLife + time.Second
	require.Equal(t, http.StatusNotFound, ada.get("/login/device?code="+code).status)
	require.Equal(t, http.StatusNotFound, token(device).status)
	require.Equal(t, http.StatusUnprocessableEntity, program.postJSON("/api/v1/device", `{"scopes": ["everything"]}`).status)
	require.Equal(t, []Scope{ScopeRead, ScopeWrite}, DefaultScopes)
}
