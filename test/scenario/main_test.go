package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

func TestAFileGoesInAndAnAnnotatedFileComesOut(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve()
	require.Contains(t, s.SignIn, s.URL+"/login/once?t=")
	token := w.Token("ada", "free_user")
	input := program.Mitochondrial(t, 200)
	path := w.Write("small.vcf", input)

	j, r := s.Submit(token, path)
	require.Zero(t, r.Code, r.Err)
	require.Equal(t, "COMPLETED", j.Status)
	require.EqualValues(t, 200, j.Counts.Records)
	require.Equal(t, j.Counts.Records, j.Counts.Annotated+j.Counts.PassedThrough+j.Counts.Rejected)

	out := strings.TrimSpace(w.GasWith(s.As(token), nil, "jobs", "download", j.ID).Out)
	require.Equal(t, "small.annot.vcf.gz", filepath.Base(out))
	downloaded, err := os.ReadFile(filepath.Join(w.Home, out))
	require.NoError(t, err)
	text := inflate(t, downloaded)
	require.Equal(t, beginnings(records(string(input)), 7), beginnings(records(text), 7), "every record comes back, in order")

	w.Must("annotate", path, "-o", filepath.Join(w.Home, "direct.vcf.gz"))
	direct, err := os.ReadFile(filepath.Join(w.Home, "direct.vcf.gz"))
	require.NoError(t, err)
	require.Equal(t, inflate(t, direct), text, "the command and the service give the same text")
	require.FileExists(t, filepath.Join(w.Home, "direct.vcf.gz.tbi"))

	genes := 0
	for _, record := range records(text) {
		if strings.Contains(record, "|Transcript|") {
			genes++
		}
	}
	require.GreaterOrEqual(t, genes, 160, "at least 80 %% of the records touch a gene")

	log := w.GasWith(s.As(token), nil, "jobs", "log", j.ID)
	require.Zero(t, log.Code, log.Err)
	require.Contains(t, log.Out, "200")
}

func TestTwoProcessesShareADataFolder(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	workers := w.Serve("--role=annotator,notify,archive,thaw,restore")
	pages := w.Serve("--role=web")
	require.Empty(t, workers.SignIn)
	j, r := pages.Submit(w.Token("ada", "premium_user"), w.Write("x.vcf", program.Mitochondrial(t, 50)))
	require.Zero(t, r.Code, r.Err)
	require.Equal(t, "COMPLETED", j.Status)
	require.Zero(t, w.Gas("healthcheck").Code)
	require.Zero(t, w.Gas("fsck").Code)
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
			w := program.New(t, "GAS_QUEUE_VISIBILITY=2s", "GAS_SWEEP_EVERY=1s")
			pages := w.Serve("--role=web")
			w.Must("user", "add", "ada", "--plan=premium_user", "--email=ada@example.org")
			token := w.Token("ada", "premium_user")
			submitted := w.GasWith(pages.As(token), nil, "submit", w.Write("x.vcf", program.Mitochondrial(t, 100)))
			require.Zero(t, submitted.Code, submitted.Err)
			id := strings.TrimSpace(submitted.Out)

			at, n, _ := strings.Cut(step, "@")
			doomed, _ := w.With("GAS_TEST=1", "GAS_FAILPOINT="+at+":crash@"+n).Start("--role=annotator,notify,archive")
			select {
			case <-doomed.Ended:
			case <-time.After(program.Patience):
				t.Fatalf("the failpoint was not reached:\n%s", doomed.Log)
			}
			require.True(t, doomed.WasKilled(), "it ended by itself:\n%s", doomed.Log)
			w.Serve("--role=annotator,notify,archive")
			watched := w.GasWith(pages.As(token), nil, "jobs", "watch", id, "--timeout", "100s")
			require.Zero(t, watched.Code, watched.Err)
			require.Equal(t, 1, strings.Count(pages.Get(token, "/api/v1/jobs"), `"job_id"`), "one submission is one job")
			require.Zero(t, w.Gas("fsck", "--read-data", "--repair").Code, "what was left behind is cleared away") // else the collector does it in its time
			require.Zero(t, w.Gas("fsck").Code)
		})
	}
}

func TestAServerThatIsKilledLosesNoAcceptedJob(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve()
	token := w.Token("ada", "premium_user")
	path := w.Write("x.vcf", program.Mitochondrial(t, 2000))
	var ids []string
	for range 5 {
		r := w.GasWith(s.As(token), nil, "submit", path)
		require.Zero(t, r.Code, r.Err)
		ids = append(ids, strings.TrimSpace(r.Out))
	}
	s.Kill()
	s = w.Serve()
	for _, id := range ids {
		r := w.GasWith(s.As(token), nil, "jobs", "watch", id, "--timeout", "100s")
		require.Zero(t, r.Code, r.Err)
	}
}
