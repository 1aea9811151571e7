package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

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
