package scenario

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asleep makes a worker stand still for a moment after it has annotated and before it writes its result.
const asleep = "GAS_FAILPOINT=results.Put.before:sleep@1"

// handed is a job that waits, with the process of pages that its owner asks.
type handed struct {
	w     *world
	pages *server
	token string
	id    string
}

func hand(t *testing.T, env ...string) *handed {
	t.Helper()
	w := newWorld(t, append([]string{"GAS_TEST=1", "GAS_LIMIT_API=0"}, env...)...)
	h := &handed{w: w, pages: w.serve("--role=web"), token: w.token("ada", "premium_user")}
	h.id = h.submit(t, "x.vcf")
	return h
}

func (h *handed) submit(t *testing.T, name string) string {
	t.Helper()
	r := h.w.gasWith(h.pages.as(h.token), nil, "submit", h.w.write(name, mitochondrial(t, 100)))
	require.Zero(t, r.code, r.err)
	return strings.TrimSpace(r.out)
}

func (h *handed) job(t *testing.T, id string) shownJob {
	t.Helper()
	var j shownJob
	require.NoError(t, json.Unmarshal([]byte(h.pages.get(h.token, "/api/v1/jobs/"+id)), &j))
	return j
}

// until waits for a job to be as wanted, and tells how long that took.
func (h *handed) until(t *testing.T, id string, wanted func(shownJob) bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for j := h.job(t, id); !wanted(j); j = h.job(t, id) {
		require.Less(t, time.Since(begun), patience, "job %s is %s, attempt %d", id, j.Status, j.Attempt)
		time.Sleep(50 * time.Millisecond) // another process: no clock of ours moves it
	}
	return time.Since(begun)
}

func running(j shownJob) bool       { return j.Status == "RUNNING" }
func takenOver(j shownJob) bool     { return j.Attempt >= 2 }
func completed(j shownJob) bool     { return j.Status == "COMPLETED" }
func failedForGood(j shownJob) bool { return j.Status == "FAILED" }

func TestAJobOfAKilledProcessIsTakenOverWithinTenSeconds(t *testing.T) {
	t.Parallel()
	h := hand(t)
	doomed, _ := h.w.with(asleep).start("--role=annotator,archive")
	h.until(t, h.id, running)
	doomed.kill()
	begun := time.Now()
	next := h.w.serve("--role=annotator,archive")
	h.until(t, h.id, takenOver)
	took := time.Since(begun)
	require.Less(t, took, 10*time.Second, "the start of the next process included")
	h.until(t, h.id, completed)
	t.Logf("taken over after %v", took)
	next.stop()
	require.Zero(t, h.w.gas("fsck").code)
}

// A process that stands still, as one on another machine that was cut off does, keeps its job until the lease is over. Awake again, it changes nothing.
func TestAJobOfAProcessThatStandsStillIsTakenOverWhenItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	h := hand(t)
	frozen, _ := h.w.with(asleep).start("--role=annotator")
	h.until(t, h.id, running)
	require.NoError(t, frozen.cmd.Process.Signal(syscall.SIGSTOP))
	next := h.w.serve("--role=annotator,archive")
	took := h.until(t, h.id, takenOver)
	require.Less(t, took, 35*time.Second)
	h.until(t, h.id, completed)
	t.Logf("taken over after %v", took)
	done := h.job(t, h.id)
	require.NoError(t, frozen.cmd.Process.Signal(syscall.SIGCONT))
	frozen.stop()
	require.Equal(t, done, h.job(t, h.id))
	next.stop()
	require.Zero(t, h.w.gas("fsck", "--read-data", "--repair").code, "what the first attempt left is cleared away")
	require.Zero(t, h.w.gas("fsck").code)
}

func TestAJobThatKillsItsWorkerThreeTimesFailsAndOthersGoOn(t *testing.T) {
	t.Parallel()
	h := hand(t, "GAS_QUEUE_VISIBILITY=2s", "GAS_SWEEP_EVERY=1s")
	for range 3 {
		doomed, _ := h.w.with("GAS_FAILPOINT=results.Put.before:crash@1").start("--role=annotator,archive")
		select {
		case <-doomed.ended:
		case <-time.After(patience):
			t.Fatalf("the job did not kill its worker:\n%s", doomed.log)
		}
		require.True(t, doomed.wasKilled(), "it ended by itself:\n%s", doomed.log)
	}
	other := h.submit(t, "other.vcf")
	h.w.serve("--role=annotator,archive")
	h.until(t, other, completed)
	h.until(t, h.id, failedForGood)
	require.Equal(t, "poison", h.job(t, h.id).Error.Code)
}

func TestAskingAProcessToStopCountsNoDeath(t *testing.T) {
	t.Parallel()
	h := hand(t, "GAS_DRAIN=1s", "GAS_QUEUE_VISIBILITY=2s", "GAS_SWEEP_EVERY=1s")
	for range 4 { // one more than the deaths that make a job fail
		worker, _ := h.w.with(asleep).start("--role=annotator")
		h.until(t, h.id, running)
		begun := time.Now()
		worker.stop()
		require.Less(t, time.Since(begun), 25*time.Second)
	}
	h.w.serve("--role=annotator,archive")
	h.until(t, h.id, func(j shownJob) bool { return completed(j) || failedForGood(j) })
	require.Equal(t, "COMPLETED", h.job(t, h.id).Status)
}

func TestAProcessUnderLoadStopsWithinItsDrain(t *testing.T) {
	t.Parallel()
	h := hand(t)
	for range 8 {
		h.submit(t, "more.vcf")
	}
	worker, _ := h.w.with(asleep).start("--role=annotator,notify,archive")
	h.until(t, h.id, running)
	begun := time.Now()
	worker.stop()
	took := time.Since(begun)
	require.Less(t, took, 25*time.Second)
	t.Logf("stopped after %v", took)
}
