package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAFileGoesInAndAnAnnotatedFileComesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.serve()
	require.Contains(t, s.signIn, s.url+"/login/once?t=")
	token := w.token("ada", "free_user")
	input := mitochondrial(t, 200)
	path := w.write("small.vcf", input)

	j, r := s.submit(token, path)
	require.Zero(t, r.code, r.err)
	require.Equal(t, "COMPLETED", j.Status)
	require.EqualValues(t, 200, j.Counts.Records)
	require.Equal(t, j.Counts.Records, j.Counts.Annotated+j.Counts.PassedThrough+j.Counts.Rejected)

	out := strings.TrimSpace(w.gasWith(s.as(token), nil, "jobs", "download", j.ID).out)
	require.Equal(t, "small.annot.vcf.gz", filepath.Base(out))
	downloaded, err := os.ReadFile(filepath.Join(w.home, out))
	require.NoError(t, err)
	text := inflate(t, downloaded)
	require.Equal(t, beginnings(records(string(input)), 7), beginnings(records(text), 7), "every record comes back, in order")

	w.must("annotate", path, "-o", filepath.Join(w.home, "direct.vcf.gz"))
	direct, err := os.ReadFile(filepath.Join(w.home, "direct.vcf.gz"))
	require.NoError(t, err)
	require.Equal(t, inflate(t, direct), text, "the command and the service give the same text")
	require.FileExists(t, filepath.Join(w.home, "direct.vcf.gz.tbi"))

	genes := 0
	for _, record := range records(text) {
		if strings.Contains(record, "|Transcript|") {
			genes++
		}
	}
	require.GreaterOrEqual(t, genes, 160, "at least 80 %% of the records touch a gene")

	log := w.gasWith(s.as(token), nil, "jobs", "log", j.ID)
	require.Zero(t, log.code, log.err)
	require.Contains(t, log.out, "200")
}

func TestTwoProcessesShareADataFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	workers := w.serve("--role=annotator,notify,archive,thaw,restore")
	pages := w.serve("--role=web")
	require.Empty(t, workers.signIn)
	j, r := pages.submit(w.token("ada", "premium_user"), w.write("x.vcf", mitochondrial(t, 50)))
	require.Zero(t, r.code, r.err)
	require.Equal(t, "COMPLETED", j.Status)
	require.Zero(t, w.gas("healthcheck").code)
	require.Zero(t, w.gas("fsck").code)
}

// Wherever a process is killed, the next one finishes its work, once.
func TestAJobEndsOnceWhereverAProcessIsKilled(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		"claim.before@1", "claim.after@1", "results.Put.before@1", "results.Put.after@1", "results.Put.after@3",
		"complete.before@1", "complete.after@1", "queue.Ack.before@1", "queue.Ack.after@1", "mailer.Send.before@1", "mailer.Send.after@1",
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "GAS_QUEUE_VISIBILITY=2s", "GAS_SWEEP_EVERY=1s")
			pages := w.serve("--role=web")
			w.must("user", "add", "ada", "--plan=premium_user", "--email=ada@example.org")
			token := w.token("ada", "premium_user")
			submitted := w.gasWith(pages.as(token), nil, "submit", w.write("x.vcf", mitochondrial(t, 100)))
			require.Zero(t, submitted.code, submitted.err)
			id := strings.TrimSpace(submitted.out)

			at, n, _ := strings.Cut(step, "@")
			doomed, _ := w.with("GAS_TEST=1", "GAS_FAILPOINT="+at+":crash@"+n).start("--role=annotator,notify,archive")
			select {
			case <-doomed.ended:
			case <-time.After(patience):
				t.Fatalf("the failpoint was not reached:\n%s", doomed.log)
			}
			require.True(t, doomed.wasKilled(), "it ended by itself:\n%s", doomed.log)
			w.serve("--role=annotator,notify,archive")
			watched := w.gasWith(pages.as(token), nil, "jobs", "watch", id, "--timeout", "100s")
			require.Zero(t, watched.code, watched.err)
			require.Equal(t, 1, strings.Count(pages.get(token, "/api/v1/jobs"), `"job_id"`), "one submission is one job")
			require.Zero(t, w.gas("fsck", "--read-data", "--repair").code, "what was left behind is cleared away") // else the collector does it in its time
			require.Zero(t, w.gas("fsck").code)
		})
	}
}

func TestAServerThatIsKilledLosesNoAcceptedJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.serve()
	token := w.token("ada", "premium_user")
	path := w.write("x.vcf", mitochondrial(t, 2000))
	var ids []string
	for range 5 {
		r := w.gasWith(s.as(token), nil, "submit", path)
		require.Zero(t, r.code, r.err)
		ids = append(ids, strings.TrimSpace(r.out))
	}
	s.kill()
	s = w.serve()
	for _, id := range ids {
		r := w.gasWith(s.as(token), nil, "jobs", "watch", id, "--timeout", "100s")
		require.Zero(t, r.code, r.err)
	}
}
