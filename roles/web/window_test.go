package web

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/pkg/user"
)

// inResult is in the result alone, not in its summary.
const inResult = "467T"

// variantLink is the address of one variant, on the page of all.
var variantLink = regexp.MustCompile(`/annotations/[0-9a-f-]+/variants/[0-9]+`)

// T19: the free window ends at its millisecond, on every way to a result, also by an address that was kept.
func TestT19TheFreeWindowEndsAtItsMillisecondOnEveryWayToAResult(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	done := w.complete(ada.submit("a.vcf").ID)
	until := done.CompleteTime.Add(w.deps.Config.FreeWindow)
	api, page := "/api/v1/jobs/"+done.ID, "/annotations/"+done.ID
	programs := []string{
		api + "/files/result", api + "/files/index", api + "/variants", api + "/variants?filter=pos%20%3E%201&sort=pos", api + "/genes",
		api + "/export?format=tsv", api + "/export?format=csv", api + "/export?format=jsonl", api + "/export?format=vcf", api + "/export?format=xlsx",
	}
	pages := []string{page + "/variants", page + "/genes"}

	w.clock.stopped = until.Add(-time.Millisecond)
	for _, path := range append(programs, pages...) {
		require.Equal(t, http.StatusOK, ada.get(path).status, "%s a millisecond before the end", path)
	}
	links := variantLink.FindAllString(ada.get(page+"/variants").body, -1)
	at := slices.IndexFunc(links, func(link string) bool { return strings.Contains(ada.get(link).body, inResult) })
	require.GreaterOrEqual(t, at, 0)
	variant := links[at]
	tag := ada.get(api + "/files/result").header.Get("ETag")
	require.NotEmpty(t, tag)
	require.Equal(t, http.StatusNotModified, ada.get(api+"/files/result", "If-None-Match", tag).status)

	for _, at := range []time.Time{until, until.Add(time.Millisecond), until.Add(time.Hour)} {
		w.clock.stopped = at
		for _, path := range programs {
			for _, headers := range [][]string{nil, {"Range", "bytes=0-3"}, {"Range", "bytes=-1"}, {"If-None-Match", tag}, {"If-Range", tag, "Range", "bytes=0-0"}} {
				a := ada.get(path, headers...)
				require.Equal(t, http.StatusForbidden, a.status, "%s %v at %s", path, headers, at)
				var p problem
				a.json(t, &p)
				require.Equal(t, string(fault.Expired), p.Code)
			}
			require.Equal(t, http.StatusForbidden, ada.do(http.MethodHead, path, nil).status, path)
		}
		for _, path := range append(pages, variant, page, page+"/summary", page+"/files", page+"/details", page+"/log", "/annotations") {
			require.NotContains(t, ada.get(path).body, inResult, path)
		}
	}
	var again jobJSON
	ada.postJSON("/api/v1/jobs/"+done.ID+"/rerun", "{}").json(t, &again) // the same file once more, in a window of its own
	second := w.complete(again.ID).ID
	a := ada.get("/api/v1/jobs/" + second + "/changes?since=" + done.ID)
	require.Equal(t, http.StatusForbidden, a.status, "a comparison reads both: %.300s", a.body)
	require.NotContains(t, ada.get("/annotations/"+second+"/changes?since="+done.ID).body, inResult)
	ben := w.person("ben", user.Premium)
	other := w.complete(ben.submit("a.vcf").ID).ID
	a, missing := ada.get("/api/v1/jobs/"+second+"/changes?since="+other), ada.get("/api/v1/jobs/"+second+"/changes?since=01890000-0000-7000-8000-000000000000")
	require.Equal(t, http.StatusNotFound, a.status, "another's job is not compared with")
	require.Equal(t, missing.status, a.status)
	require.NotContains(t, ada.get("/annotations/"+ada.submit("third.vcf").ID).body, done.ID, "a result past its window is not offered again")

	_, err := w.deps.Store.UpdateUser(t.Context(), ada.user, func(c *port.Change) error { c.User.Plan = user.Premium; return nil })
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, ada.get(api+"/files/result").status, "the plan is read again for each answer")
}
