package web

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

func TestAnAdministratorSeesJobsUsersAndMailsButNoNamesOfFiles(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Config.Admins = []string{user.ID(user.Local, "boss")} })
	ada, boss := w.person("ada", user.Free), w.person("boss", user.Premium)
	waiting, done := ada.submit("Ada_Lovelace.vcf"), ada.submit("Ada_Lovelace-2.vcf")
	w.complete(done.ID)
	sent := job.Notice{JobID: done.ID, UserID: ada.user, Kind: job.NoticeReady, Attempt: 1, State: job.NoticeGaveUp, Reason: "the mailbox is <full>", At: w.deps.Now()}
	id, value, err := sent.Mail()
	require.NoError(t, err)
	require.NoError(t, w.deps.Records.Create(t.Context(), port.Record{Kind: job.MailKind, ID: id, Owner: ada.user, Value: value, Created: sent.At, Expires: sent.At.Add(time.Hour)}))

	t.Run("the overview lists the job in motion and the mail that was given up", func(t *testing.T) {
		a := boss.get("/admin")
		shows(t, a, waiting.ID)
		shows(t, a, "the mailbox is <full>")
		shows(t, a, "Not sent")
	})
	t.Run("a job is found by its id, with record, events and mails", func(t *testing.T) {
		a := boss.get("/admin/jobs?q=" + done.ID)
		require.Contains(t, a.url, "/admin/jobs/"+done.ID)
		shows(t, a, "Completed")
		shows(t, a, string(job.StepComplete))
		shows(t, a, "Waiting") // the mail, whose notice is still pending
		require.NotContains(t, a.body, "Lovelace")
	})
	t.Run("a user is found by id, with all jobs", func(t *testing.T) {
		a := boss.get("/admin/jobs?q=" + ada.user)
		require.Contains(t, a.url, "/admin/users/"+ada.user)
		shows(t, a, waiting.ID)
		shows(t, a, done.ID)
		shows(t, a, "2 jobs")
		require.NotContains(t, a.body, "Lovelace")
	})
	t.Run("what is not there is said", func(t *testing.T) {
		shows(t, boss.get("/admin/jobs?q=u_nobody"), "Nothing found")
		require.Equal(t, http.StatusNotFound, boss.get("/admin/users/u_nobody").status)
		require.Equal(t, http.StatusNotFound, boss.get("/admin/jobs/none").status)
	})
	t.Run("the plan can be set on the user's page", func(t *testing.T) {
		require.Equal(t, http.StatusOK, boss.post("/admin/plan", url.Values{"user": {ada.user}, "plan": {"premium_user"}}).status)
		shows(t, boss.get("/admin/users/"+ada.user), "Premium")
	})
}
