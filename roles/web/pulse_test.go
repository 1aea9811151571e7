package web

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

func TestEveryPageSaysWhichRoleIsDownAndWhatItHoldsUp(t *testing.T) {
	w := newWorld(t)
	beat := func(names ...string) {
		for _, name := range names {
			value, err := json.Marshal(role.Heartbeat{Instance: "here", Role: name, At: w.deps.Now()})
			require.NoError(t, err)
			require.NoError(t, w.deps.Records.Create(t.Context(), port.Record{Kind: role.HeartbeatKind, ID: "here/" + name, Value: value, Created: w.deps.Now(), Expires: w.deps.Now().Add(time.Hour)}))
		}
		w.clock.ahead += 2 * pulseLasts
	}
	const annotator, notify = "The role annotator is down: jobs wait until it is back.", "The role notify is down: mails wait until it is back."
	beat("web", "archive", "thaw")
	page := w.visitor().get("/docs")
	shows(t, page, annotator)
	require.NotContains(t, page.body, notify, "nothing waits for it")

	beat("annotator")
	require.NotContains(t, w.visitor().get("/docs").body, "is down")

	ada := w.person("ada", user.Free)
	w.complete(ada.submit("a.vcf").ID)
	require.NoError(t, w.deps.Bus.Publish(t.Context(), job.Message{ID: "m1", Topic: job.Results, JobID: "1", Body: json.RawMessage(`{"job_id":"1"}`)}))
	w.clock.ahead += 2 * pulseLasts
	shows(t, ada.get("/annotations"), notify)

	beat("notify")
	require.NotContains(t, ada.get("/annotations").body, "is down")
	status := w.visitor().get("/status")
	shows(t, status, "No process of restore has been heard of for 35 s.")
	shows(t, status, "not in the last 35 s")
	require.Regexp(t, `disk: [0-9.]+ .iB of [0-9.]+ .iB free`, status.body)
}
