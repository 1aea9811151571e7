package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/role"
	"gas/pkg/user"
)

// T25: a token is long, ends when it says so, opens nothing but by its header, and is worth nothing to who reads the store.
func TestT25ATokenEndsAndOpensNothingButByItsHeader(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	program := w.program(ada.user, ScopeRead, ScopeWrite)
	parts := strings.Split(program.token, "_")
	require.Len(t, parts, 3)
	require.GreaterOrEqual(t, len(parts[2]), 43, "256 bits are 43 characters of base64, or more of a smaller alphabet")
	require.Equal(t, http.StatusOK, program.get("/api/v1/me").status)

	for _, query := range []string{"token", "access_token", "api_key", "key", "auth", "Authorization"} {
		a := w.visitor().get("/api/v1/me?" + query + "=" + url.QueryEscape(program.token))
		require.Equal(t, http.StatusUnauthorized, a.status, "in the query %s", query)
		a = w.visitor().post("/api/v1/jobs/delete?"+query+"="+url.QueryEscape(program.token), url.Values{query: {program.token}})
		require.Equal(t, http.StatusUnauthorized, a.status, "in the form %s", query)
	}
	for _, header := range []string{"Basic " + program.token, program.token, "Bearer", "Bearer ", "Bearer " + program.token + "x", "Bearer " + program.token[:len(program.token)-1], "Bearer gas_" + parts[1] + "_", "Bearer " + strings.ToUpper(program.token)} {
		require.Equal(t, http.StatusUnauthorized, w.visitor().get("/api/v1/me", "Authorization", header).status, header)
	}
	require.Equal(t, http.StatusUnauthorized, ada.get("/api/v1/me", "Authorization", "Bearer gas_wrong_wrong").status, "a wrong token never falls back to the cookie")
	for _, r := range recordsOf(w, tokenKind) {
		stolen := w.visitor()
		var kept struct{ SHA256 string }
		require.NoError(t, json.Unmarshal(r.Value, &kept))
		stolen.token = "gas_" + parts[1] + "_" + kept.SHA256
		require.Equal(t, http.StatusUnauthorized, stolen.get("/api/v1/me").status, "what is kept opens nothing")
		require.NotContains(t, string(r.Value)+r.ID, parts[2])
	}

	w.clock.ahead += time.Hour - time.Minute
	require.Equal(t, http.StatusOK, program.get("/api/v1/me").status)
	w.clock.ahead += time.Minute + time.Second
	require.Equal(t, http.StatusUnauthorized, program.get("/api/v1/me").status, "past its end")
}

// T26: there is no administrator whom nobody has named, whatever he is called.
func TestT26NobodyIsAnAdministratorUnlessTheSettingsSaySo(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Config.Admins = []string{"", "*", "admin", user.ID(user.Local, "boss") + "x"} })
	for _, name := range []string{"admin", "root", "owner", "boss", "*"} {
		person := w.person(name, user.Premium)
		for _, path := range []string{"/admin", "/admin/jobs", "/admin/users/" + person.user} {
			require.Equal(t, http.StatusForbidden, person.get(path).status, "%s at %s", name, path)
		}
		require.Equal(t, http.StatusForbidden, person.post("/admin/plan", url.Values{"user": {person.user}, "plan": {"premium_user"}}).status)
	}
	require.Empty(t, newWorld(t).deps.Config.Admins, "none by default")
}
