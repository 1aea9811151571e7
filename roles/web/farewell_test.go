package web

import (
	"net/http"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

func TestADeletedAccountLeavesATombstoneAndAReceipt(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	id := w.complete(ada.submit("a.vcf").ID).ID
	ada.submit("b.vcf")
	program := w.program(ada.user)
	require.Equal(t, http.StatusUnprocessableEntity, ada.post("/profile/delete", url.Values{"confirm": {"wrong"}}).status)
	a := ada.post("/profile/delete", url.Values{"confirm": {ada.user}})
	shows(t, a, "2 jobs")
	require.Equal(t, http.StatusUnauthorized, ada.get("/api/v1/me").status)
	require.Equal(t, http.StatusUnauthorized, program.get("/api/v1/me").status)
	u, err := w.deps.Store.User(t.Context(), ada.user)
	require.NoError(t, err)
	require.True(t, u.Deleted)
	require.Empty(t, u.Name+u.Subject+u.Email)
	j, err := w.deps.Store.Job(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, job.Deleted, j.Status)
	require.Empty(t, j.Name)
	require.Len(t, recordsOf(w, receiptKind), 1)
	token, err := port.NewLink(t.Context(), w.deps.Records, w.deps.Now(), ada.user)
	require.NoError(t, err)
	ada.post("/login/once", url.Values{"t": {token}})
	require.Equal(t, http.StatusUnauthorized, ada.get("/api/v1/me").status, "a tombstone signs nobody in")
}

func TestTheSameFileAgainOffersTheEarlierResult(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	first := ada.submit("a.vcf").ID
	w.complete(first)
	second := ada.submit("a.vcf").ID
	a := ada.get("/annotations/" + second)
	shows(t, a, "this very file")
	shows(t, a, "/annotations/"+first)
	require.NotContains(t, ada.get("/annotations/"+first).body, "this very file", "the earlier one is the earlier one")
	ben := w.person("ben", user.Premium)
	require.NotContains(t, ben.get("/annotations/"+ben.submit("a.vcf").ID).body, "this very file", "of one owner only")
}

func TestAJobIsRunAgainWithOtherOptions(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	id := w.complete(ada.submit("a.vcf").ID).ID
	shows(t, ada.get("/annotations/"+id+"/details"), "Run again with other options")
	a := ada.post("/annotations/"+id+"/rerun", url.Values{"reference": {"rCRS"}, "style": {"ann"}, "transcripts": {"pick"}})
	require.Equal(t, http.StatusOK, a.status)
	page, err := w.deps.Store.JobsOf(t.Context(), ada.user, port.JobQuery{})
	require.NoError(t, err)
	require.Equal(t, job.Options{Reference: "rCRS", Style: "ann", Pick: true}, page.Jobs[0].Options)
}

func TestAnAdministratorSetsPlansAndTheBanner(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Config.Admins = []string{user.ID(user.Local, "boss")} })
	boss, ada := w.person("boss", user.Free), w.person("ada", user.Free)
	boss.post("/admin/plan", url.Values{"user": {ada.user}, "plan": {"premium_user"}})
	shows(t, ada.get("/subscribe"), "An administrator gave it to you")
	boss.post("/admin/banner", url.Values{"text": {"Back at <noon>"}})
	shows(t, ada.get("/annotate"), "Back at <noon>")
	boss.post("/admin/banner", url.Values{"text": {""}})
	require.NotContains(t, ada.get("/annotate").body, "Back at")
	require.Equal(t, http.StatusForbidden, ada.post("/admin/plan", url.Values{"user": {ada.user}, "plan": {"free_user"}}).status)
}

func TestTheListOfJobsWeighsLittle(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	for range jobsOnPage + 1 {
		ada.submit("a sample with an ordinary name.vcf.gz")
	}
	weight := len(ada.get("/annotations").body)
	files, err := loadAssets()
	require.NoError(t, err)
	for _, f := range files.byName {
		weight += len(f.gzip())
	}
	require.Less(t, weight, 150<<10)
}

func TestT30TheIndexOfADeletedJobIsGoneFromTheDisk(t *testing.T) {
	folder := t.TempDir()
	w := newWorld(t, func(d *role.Deps) { d.Config.Data = folder })
	ada := w.person("ada", user.Premium)
	indexes := func() []string {
		found, err := filepath.Glob(filepath.Join(folder, "tmp", "*", "indexes", "*"))
		require.NoError(t, err)
		return found
	}
	for _, leave := range []func(id string) answer{
		func(id string) answer { return ada.do(http.MethodDelete, "/api/v1/jobs/"+id, nil) },
		func(id string) answer { return ada.post("/annotations/delete", url.Values{"id": {id}}) },
		func(string) answer { return ada.post("/profile/delete", url.Values{"confirm": {ada.user}}) },
	} {
		id := w.complete(ada.submit("a.vcf").ID).ID
		require.Equal(t, http.StatusOK, ada.get("/api/v1/jobs/"+id+"/variants").status)
		require.Len(t, indexes(), 1)
		require.Less(t, leave(id).status, 300)
		require.Empty(t, indexes())
	}
}
