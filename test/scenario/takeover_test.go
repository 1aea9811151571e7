package scenario

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// asleep makes a worker stand still for a moment after it has annotated and before it writes its result.
const asleep = "GAS_FAILPOINT=results.Put.before:sleep@1"

// handed is a job that waits, with the process of pages that its owner asks.
type handed struct {
	w     *program.World
	pages *program.Server
	token string
	id    string
}

func hand(t *testing.T, env ...string) *handed {
	t.Helper()
	w := program.New(t, append([]string{"GAS_TEST=1", "GAS_LIMIT_API=0"}, env...)...)
	h := &handed{w: w, pages: w.Serve("--role=web"), token: w.Token("ada", "premium_user")}
	h.id = h.submit(t, "x.vcf")
	return h
}

func (h *handed) submit(t *testing.T, name string) string {
	t.Helper()
	r := h.w.GasWith(h.pages.As(h.token), nil, "submit", h.w.Write(name, program.Mitochondrial(t, 100)))
	require.Zero(t, r.Code, r.Err)
	return strings.TrimSpace(r.Out)
}

func (h *handed) job(t *testing.T, id string) program.Job {
	t.Helper()
	var j program.Job
	require.NoError(t, json.Unmarshal([]byte(h.pages.Get(h.token, "/api/v1/jobs/"+id)), &j))
	return j
}

// until waits for a job to be as wanted, and tells how long that took.
func (h *handed) until(t *testing.T, id string, wanted func(program.Job) bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for j := h.job(t, id); !wanted(j); j = h.job(t, id) {
		require.Less(t, time.Since(begun), program.Patience, "job %s is %s, attempt %d", id, j.Status, j.Attempt)
		time.Sleep(50 * time.Millisecond) // another process: no clock of ours moves it
	}
	return time.Since(begun)
}

func running(j program.Job) bool       { return j.Status == "RUNNING" }
func takenOver(j program.Job) bool     { return j.Attempt >= 2 }
func completed(j program.Job) bool     { return j.Status == "COMPLETED" }
func failedForGood(j program.Job) bool { return j.Status == "FAILED" }

func TestAJobOfAKilledProcessIsTakenOverWithinTenSeconds(t *testing.T) {
	t.Parallel()
	h := hand(t)
	doomed, _ := h.w.With(asleep).Start("--role=annotator,archive")
	h.until(t, h.id, running)
	doomed.Kill()
	begun := time.Now()
	next := h.w.Serve("--role=annotator,archive")
	h.until(t, h.id, takenOver)
	took := time.Since(begun)
	require.Less(t, took, 10*time.Second, "the start of the next process included")
	h.until(t, h.id, completed)
	t.Logf("taken over after %v", took)
	next.Stop()
	require.Zero(t, h.w.Gas("fsck").Code)
}

// A process that stands still, as one on another machine that was cut off does, keeps its job until the lease is over. Awake again, it changes nothing.
func TestAJobOfAProcessThatStandsStillIsTakenOverWhenItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	h := hand(t)
	frozen, _ := h.w.With(asleep).Start("--role=annotator")
	h.until(t, h.id, running)
	require.NoError(t, frozen.Cmd.Process.Signal(syscall.SIGSTOP))
	next := h.w.Serve("--role=annotator,archive")
	took := h.until(t, h.id, takenOver)
	require.Less(t, took, 35*time.Second)
	h.until(t, h.id, completed)
	t.Logf("taken over after %v", took)
	done := h.job(t, h.id)
	require.NoError(t, frozen.Cmd.Process.Signal(syscall.SIGCONT))
	frozen.Stop()
	require.Equal(t, done, h.job(t, h.id))
	next.Stop()
	require.Zero(t, h.w.Gas("fsck", "--read-data", "--repair").Code, "what the first attempt left is cleared away")
	require.Zero(t, h.w.Gas("fsck").Code)
}

func TestAJobThatKillsItsWorkerThreeTimesFailsAndOthersGoOn(t *testing.T) {
	t.Parallel()
	h := hand(t, "GAS_QUEUE_VISIBILITY=2s", "GAS_SWEEP_EVERY=1s")
	for range 3 {
		doomed, _ := h.w.With("GAS_FAILPOINT=results.Put.before:crash@1").Start("--role=annotator,archive")
		select {
		case <-doomed.Ended:
		case <-time.After(program.Patience):
			t.Fatalf("the job did not kill its worker:\n%s", doomed.Log)
		}
		require.True(t, doomed.WasKilled(), "it ended by itself:\n%s", doomed.Log)
	}
	other := h.submit(t, "other.vcf")
	h.w.Serve("--role=annotator,archive")
	h.until(t, other, completed)
	h.until(t, h.id, failedForGood)
	require.Equal(t, "poison", h.job(t, h.id).Error.Code)
}

func TestAskingAProcessToStopCountsNoDeath(t *testing.T) {
	t.Parallel()
	h := hand(t, "GAS_DRAIN=1s", "GAS_QUEUE_VISIBILITY=2s", "GAS_SWEEP_EVERY=1s")
	for range 4 { // one more than the deaths that make a job fail
		worker, _ := h.w.With(asleep).Start("--role=annotator")
		h.until(t, h.id, running)
		begun := time.Now()
		worker.Stop()
		require.Less(t, time.Since(begun), 25*time.Second)
	}
	h.w.Serve("--role=annotator,archive")
	h.until(t, h.id, func(j program.Job) bool { return completed(j) || failedForGood(j) })
	require.Equal(t, "COMPLETED", h.job(t, h.id).Status)
}

func TestAProcessUnderLoadStopsWithinItsDrain(t *testing.T) {
	t.Parallel()
	h := hand(t)
	for range 8 {
		h.submit(t, "more.vcf")
	}
	worker, _ := h.w.With(asleep).Start("--role=annotator,notify,archive")
	h.until(t, h.id, running)
	begun := time.Now()
	worker.Stop()
	took := time.Since(begun)
	require.Less(t, took, 25*time.Second)
	t.Logf("stopped after %v", took)
}
