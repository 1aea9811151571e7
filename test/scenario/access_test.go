package scenario

import (
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gas/pkg/user"

	"gas/test/program"
)

// listedRoute is a line of gas routes --json.
type listedRoute struct{ Method, Path, Who, Scope string }

func (r listedRoute) String() string { return r.Method + " " + r.Path }

// way says how a route is asked so that the owner gets what he wants.
type way struct {
	want int    // what the owner in his browser is answered
	body string // of a form, or JSON where it begins with a brace; FILE is a form with a file
	own  bool   // it changes a job: each who may gets a job of his own
}

// ways has a row for every route. {job}, {upload}, {token}, {session} and {owner} stand for what is the owner's.
var ways = map[string]way{
	"GET /": {want: 200}, "GET /login": {want: 303}, "GET /login/once": {want: 200}, "POST /login/once": {want: 403, body: "t=wrong"}, "POST /login/:provider": {want: 404},
	"GET /auth/callback": {want: 403}, "POST /logout": {want: 303}, "POST /theme": {want: 303, body: "theme=dark"}, "GET /docs": {want: 200}, "GET /docs/:page": {want: 200},
	"GET /status": {want: 200}, "GET /static/:file": {want: 200},
	"GET /api/v1/openapi.json": {want: 200}, "GET /api/v1/service-info": {want: 200}, "GET /api/v1/status": {want: 200}, "GET /api/v1/references": {want: 200},
	"GET /api/v1/databases": {want: 200}, "POST /api/v1/device": {want: 201, body: `{"name":"x"}`}, "POST /api/v1/device/token": {want: 404, body: `{"device_code":"x"}`},

	"GET /login/device": {want: 200}, "POST /login/device": {want: 404, body: "code=ABCD-EFGH"},
	"GET /annotate": {want: 200}, "POST /annotate": {want: 303, body: "FILE"}, "POST /annotate/example": {want: 303}, "GET /annotations": {want: 200},
	"POST /annotations/delete": {want: 303, body: "id={job}", own: true}, "POST /annotations/rerun": {want: 303, body: "id={job}"},
	"GET /profile": {want: 200}, "POST /profile": {want: 303, body: "name=ada&institution=x"}, "POST /profile/tokens": {want: 200, body: "name=x&days=1&scope=read"},
	"POST /annotations/:id/filters": {want: 303, body: "name=x&filter=qual+%3E+1"}, "POST /filters/:filter/delete": {want: 303},
	"POST /profile/confirm": {want: 409}, "GET /confirm": {want: 200}, "POST /confirm": {want: 404, body: "t=x"},
	"POST /profile/tokens/:token/revoke": {want: 303}, "POST /profile/sessions/:session/end": {want: 303}, "GET /profile/export": {want: 200},
	"POST /profile/delete": {want: 422, body: "confirm=wrong"}, "GET /usage": {want: 200},
	"GET /subscribe": {want: 200}, "POST /subscribe": {want: 303}, "POST /subscribe/portal": {want: 303}, "GET /checkout": {want: 404}, "POST /checkout": {want: 404, body: "id=x&decision=pay"}, "GET /inbox": {want: 200},
	"GET /api/v1/me": {want: 200}, "GET /api/v1/usage": {want: 200}, "GET /api/v1/tokens": {want: 200}, "POST /api/v1/tokens": {want: 201, body: `{"name":"x"}`},
	"GET /api/v1/filters": {want: 200}, "POST /api/v1/filters": {want: 201, body: `{"name":"x","filter":"qual > 1"}`}, "DELETE /api/v1/filters/:filter": {want: 204},
	"DELETE /api/v1/tokens/:token": {want: 204}, "GET /api/v1/jobs": {want: 200}, "POST /api/v1/jobs": {want: 201, body: "FILE"},
	"POST /api/v1/uploads": {want: 201, body: `{"name":"x.vcf","size":10}`}, "POST /api/v1/jobs/delete": {want: 200, body: `{"ids":["{job}"]}`, own: true}, "POST /api/v1/jobs/rerun": {want: 200, body: `{"ids":["{job}"]}`},

	"GET /annotations/:id": {want: 200}, "GET /annotations/:id/summary": {want: 200}, "GET /annotations/:id/variants": {want: 200}, "GET /annotations/:id/variants/:key": {want: 200},
	"GET /annotations/:id/genes": {want: 200}, "GET /annotations/:id/files": {want: 200}, "GET /annotations/:id/log": {want: 200}, "GET /annotations/:id/details": {want: 200},
	"POST /annotations/:id/cancel": {want: 409, own: true}, "POST /annotations/:id/rerun": {want: 303, body: "reference=rCRS"}, "POST /annotations/:id/delete": {want: 303, own: true},
	"GET /api/v1/jobs/:id": {want: 200}, "DELETE /api/v1/jobs/:id": {want: 204, own: true}, "POST /api/v1/jobs/:id/cancel": {want: 409, own: true}, "POST /api/v1/jobs/:id/rerun": {want: 201},
	"GET /api/v1/jobs/:id/events": {want: 200}, "GET /api/v1/jobs/:id/log": {want: 200}, "GET /api/v1/jobs/:id/files/:kind": {want: 200}, "GET /api/v1/jobs/:id/summary": {want: 200},
	"GET /api/v1/jobs/:id/variants": {want: 200}, "GET /api/v1/jobs/:id/genes": {want: 200}, "GET /api/v1/jobs/:id/export": {want: 200},
	"GET /annotations/:id/changes": {want: 200}, "GET /api/v1/jobs/:id/changes": {want: 409}, // it is no rerun
	"GET /api/v1/uploads/:id": {want: 200}, "PUT /api/v1/uploads/:id/parts/:n": {want: 200, body: "0123456789"}, "POST /api/v1/uploads/:id/complete": {want: 409, own: true}, "DELETE /api/v1/uploads/:id": {want: 204, own: true},

	"GET /admin": {want: 200}, "GET /admin/jobs": {want: 200}, "GET /admin/jobs/:job": {want: 200}, "GET /admin/users/:user": {want: 200},
	"POST /admin/redrive": {want: 303, body: "topic=job_requests"}, "POST /admin/plan": {want: 303, body: "user={owner}&plan=premium_user"}, "POST /admin/banner": {want: 303, body: "text="},
	"POST /webhooks/stripe": {want: 403, body: `{"id":"evt_1"}`},
}

// stage is the owner with what is his, and the nine who ask.
type accessStage struct {
	w     *program.World
	s     *program.Server
	owner *program.Guest
	ids   map[string]string // of what is the owner's, by what stands for it
	cast  []actor
}

// actor is one who asks. Own: he acts for the owner.
type actor struct {
	name  string
	guest *program.Guest
	own   bool
}

const ownersName = "ada"

func newAccessStage(t *testing.T) *accessStage {
	w := program.New(t, "GAS_LIMIT_API=0", "GAS_LIMIT_UPLOAD=0", "GAS_LIMIT_LOGIN=0", "GAS_FREE_WINDOW=1h", "GAS_ADMINS="+user.ID(user.Local, "boss"))
	for name, plan := range map[string]string{ownersName: "premium_user", "fred": "free_user", "petra": "premium_user", "boss": "free_user"} {
		w.Must("user", "add", name, "--plan", plan)
	}
	s := w.Serve()
	st := &accessStage{w: w, s: s, owner: s.Browser(ownersName), ids: map[string]string{"{owner}": user.ID(user.Local, ownersName)}}
	revoked := w.Token(ownersName, "premium_user")
	a := st.owner.Get("/api/v1/tokens")
	require.Equal(t, http.StatusOK, a.Status)
	st.owner.Do(http.MethodDelete, "/api/v1/tokens/"+tokenID(revoked), nil)
	st.cast = []actor{
		{"nobody", s.Visitor(), false}, {"another free user", s.Browser("fred"), false}, {"another premium user", s.Browser("petra"), false},
		{"another's token", s.Program(w.Token("petra", "premium_user")), false}, {"a revoked token", s.Program(revoked), false}, {"an administrator", s.Browser("boss"), false},
		{"a token that reads", s.Program(strings.TrimSpace(w.Must("token", "create", "--user", ownersName, "--scope", "read"))), true},
		{"a token that writes", s.Program(w.Token(ownersName, "premium_user")), true}, {"the owner", st.owner, true},
	}
	j, r := s.Submit(w.Token(ownersName, "premium_user"), w.Write("x.vcf", program.Mitochondrial(t, 20)))
	require.Zero(t, r.Code, r.Err)
	st.ids["{job}"] = j.ID
	return st
}

// tokenID is the public part of a token.
func tokenID(token string) string { return strings.Split(token, "_")[1] }

// fresh makes what the owner may lose: an upload, a token, a session, and a job where the route changes one.
func (st *accessStage) fresh(t *testing.T, r listedRoute, w way) map[string]string {
	ids := map[string]string{"{owner}": st.ids["{owner}"], "{job}": st.ids["{job}"], "{token}": "none", "{session}": "none", "{upload}": "none", "{filter}": "none"}
	var made struct {
		Job    string `json:"job_id"`
		Upload string `json:"upload_id"`
		ID     string `json:"id"`
	}
	make := func(into string, a program.Answer, id *string) {
		require.Less(t, a.Status, 300, a.Body)
		require.NoError(t, json.Unmarshal([]byte(a.Body), &made), a.Body)
		ids[into] = *id
	}
	switch {
	case w.own && strings.Contains(r.Path+w.body, ":id") && !strings.Contains(r.Path, "uploads"), w.own && strings.Contains(w.body, "{job}"):
		make("{job}", st.owner.Do(http.MethodPost, "/api/v1/jobs/"+st.ids["{job}"]+"/rerun", strings.NewReader("{}"), "Content-Type", "application/json"), &made.Job)
		st.owner.Eventually("/api/v1/jobs/"+ids["{job}"], func(a program.Answer) bool { return strings.Contains(a.Body, `"COMPLETED"`) })
	case strings.Contains(r.Path, "/uploads/"):
		make("{upload}", st.owner.Do(http.MethodPost, "/api/v1/uploads", strings.NewReader(`{"name":"x.vcf","size":10}`), "Content-Type", "application/json"), &made.Upload)
	case strings.Contains(r.Path, ":token"):
		make("{token}", st.owner.Do(http.MethodPost, "/api/v1/tokens", strings.NewReader(`{"name":"x"}`), "Content-Type", "application/json"), &made.ID)
	case strings.Contains(r.Path, ":filter"):
		kept := st.owner.Post("/annotations/"+st.ids["{job}"]+"/filters", url.Values{"name": {"x"}, "filter": {"qual > 1"}})
		require.Less(t, kept.Status, 400, kept.Body)
		found := regexp.MustCompile(`/filters/([^/"]+)/delete`).FindStringSubmatch(st.owner.Get("/annotations/" + st.ids["{job}"] + "/variants").Body)
		require.NotNil(t, found)
		ids["{filter}"] = found[1]
	case strings.Contains(r.Path, ":session"):
		st.s.Browser(ownersName)
		found := regexp.MustCompile(`/profile/sessions/([^/"]+)/end`).FindStringSubmatch(st.owner.Get("/profile").Body)
		require.NotNil(t, found)
		ids["{session}"] = found[1]
	}
	return ids
}

// ask sends the route's request.
func (st *accessStage) ask(t *testing.T, g *program.Guest, r listedRoute, w way, ids map[string]string) program.Answer {
	fill := func(text string) string {
		for what, id := range ids {
			text = strings.ReplaceAll(text, what, id)
		}
		return text
	}
	id := "{job}"
	if strings.Contains(r.Path, "/uploads/") {
		id = "{upload}"
	}
	path := fill(strings.NewReplacer(":id", id, ":job", "{job}", ":user", "{owner}", ":provider", "none", ":page", "api", ":file", "gas.css", ":kind", "result", ":token", "{token}", ":session", "{session}", ":filter", "{filter}", ":key", "1", ":n", "1").Replace(r.Path))
	require.NotContains(t, path, ":", "a parameter without a value")
	switch body := fill(w.body); {
	case body == "":
		return g.Do(r.Method, path, nil)
	case body == "FILE":
		var text strings.Builder
		form := multipart.NewWriter(&text)
		part, err := form.CreateFormFile("file", "y.vcf")
		require.NoError(t, err)
		_, err = part.Write([]byte(header + record))
		require.NoError(t, err)
		require.NoError(t, form.Close())
		return g.Do(r.Method, path, strings.NewReader(text.String()), "Content-Type", form.FormDataContentType())
	case body[0] == '{':
		return g.Do(r.Method, path, strings.NewReader(body), "Content-Type", "application/json")
	default:
		return g.Do(r.Method, path, strings.NewReader(body), "Content-Type", "application/x-www-form-urlencoded")
	}
}

// wanted says what a route answers to one who asks.
func wanted(r listedRoute, w way, who string) []int {
	token := strings.Contains(who, "token")
	page := r.Method == http.MethodGet && !strings.HasPrefix(r.Path, "/api/")
	switch {
	case who == "a revoked token":
		return []int{401}
	case r.Who == "signed":
		return []int{403}
	case r.Who == "anyone":
		if r.Path == "/login" && who != "the owner" { // who is signed in is led on
			return []int{200, 303}
		}
		return []int{w.want}
	case who == "nobody" && page:
		return []int{303}
	case who == "nobody":
		return []int{401}
	case token && r.Scope == "", who == "a token that reads" && r.Scope != "read":
		return []int{403}
	case r.Who == "admin" && who == "an administrator":
		return []int{w.want}
	case r.Who == "admin":
		return []int{403}
	case r.Who == "owner" && !strings.HasPrefix(who, "a token") && who != "the owner":
		return []int{404}
	case who == "the owner", strings.HasPrefix(who, "a token"):
		return []int{w.want}
	}
	// One's own part of a route that whoever is signed in may use: what it is asked about is another's, or needs another plan.
	return []int{w.want, 200, 404, 422}
}

// belongings is all that could change: what the owner sees of his jobs, tokens and himself.
func (st *accessStage) belongings(t *testing.T) string {
	st.owner.Eventually("/api/v1/jobs?limit=100", func(a program.Answer) bool { // else a job moves by itself
		return !strings.Contains(a.Body, `"PENDING"`) && !strings.Contains(a.Body, `"RUNNING"`)
	})
	all := ""
	for _, path := range []string{"/api/v1/me", "/api/v1/jobs?limit=100", "/api/v1/tokens", "/profile/export", "/api/v1/usage"} {
		a := st.owner.Get(path)
		require.Equal(t, http.StatusOK, a.Status, "%s %s", path, a.Body)
		all += a.Body
	}
	return regexp.MustCompile(`"(last_used|request_id|exported)":\s*"[^"]*"`).ReplaceAllString(all, "")
}

// T11: whoever asks for what is not his is answered as if it did not exist, on every route there is.
func TestT11EveryRouteIsOpenToWhomItsTableSaysAndNobodyElseChangesAnything(t *testing.T) {
	t.Parallel()
	st := newAccessStage(t)
	var routes []listedRoute
	require.NoError(t, json.Unmarshal([]byte(st.w.Must("routes", "--json")), &routes))
	require.Greater(t, len(routes), 60)
	for _, r := range routes {
		w, ok := ways[r.String()]
		require.True(t, ok, "%s has no row in the matrix: say how it is asked and what its owner gets", r)
		ids := st.fresh(t, r, w)
		before := st.belongings(t)
		for _, who := range st.cast {
			if !who.own {
				st.checkStranger(t, r, w, who, ids)
			}
		}
		assert.Equal(t, before, st.belongings(t), "%s by others changed what is the owner's", r)
		for _, who := range st.cast {
			if who.own {
				st.checkOwner(t, r, w, who, ids)
			}
		}
	}
	for listed := range ways {
		require.True(t, slices.ContainsFunc(routes, func(r listedRoute) bool { return r.String() == listed }), "%s is no route any more", listed)
	}
}

func (st *accessStage) checkStranger(t *testing.T, r listedRoute, w way, who actor, ids map[string]string) {
	a := st.ask(t, who.guest, r, w, ids)
	if want := wanted(r, w, who.name); !slices.Contains(want, a.Status) {
		t.Errorf("%s by %s is %d, not %v: %.300s", r, who.name, a.Status, want, a.Body)
	}
	if a.Status == http.StatusSeeOther && who.name == "nobody" && r.Who != "anyone" {
		require.True(t, strings.HasPrefix(a.Header.Get("Location"), "/login?next="), "%s leads to %s", r, a.Header.Get("Location"))
	}
	if a.Status == http.StatusNotFound && r.Who == "owner" {
		missing := map[string]string{}
		for what := range ids {
			missing[what] = "01890000-0000-7000-8000-000000000000"
		}
		b := st.ask(t, who.guest, r, w, missing)
		require.Equal(t, b.Status, a.Status, "%s by %s", r, who.name)
		require.Equal(t, withoutIDs(b, missing), withoutIDs(a, ids), "%s by %s: another's and a missing one look the same", r, who.name)
	}
	if r.Path == "/logout" && who.guest.Token == "" && who.name != "nobody" {
		who.guest.SignIn(map[string]string{"another free user": "fred", "another premium user": "petra", "an administrator": "boss"}[who.name])
	}
}

func (st *accessStage) checkOwner(t *testing.T, r listedRoute, w way, who actor, ids map[string]string) {
	want := wanted(r, w, who.name)
	if who.name != "a token that reads" && !slices.Equal(want, []int{403}) { // the one before may have used it up
		ids = st.fresh(t, r, w)
	}
	a := st.ask(t, who.guest, r, w, ids)
	if !slices.Contains(want, a.Status) {
		t.Errorf("%s by %s is %d, not %v: %.300s", r, who.name, a.Status, want, a.Body)
	}
	if r.Path == "/logout" && who.guest.Token == "" {
		who.guest.SignIn(ownersName)
	}
}

// withoutIDs is an answer without what differs between any two requests.
func withoutIDs(a program.Answer, ids map[string]string) string {
	text := strings.ReplaceAll(a.Body, a.Header.Get("X-Request-Id"), "N")
	for _, id := range ids {
		if len(id) > 20 {
			text = strings.ReplaceAll(strings.ReplaceAll(text, id, "ID"), url.QueryEscape(id), "ID")
		}
	}
	return fmt.Sprint(a.Status, a.Header.Get("Content-Type"), text)
}
