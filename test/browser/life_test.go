package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// short are settings by which a result's life takes seconds.
var short = []string{
	"GAS_FREE_WINDOW=6s", "GAS_SWEEP_EVERY=1s", "GAS_QUEUE_VISIBILITY=3s", "GAS_RETRIEVAL_EXPEDITED=3s", "GAS_RETRIEVAL_STANDARD=4s", "GAS_LIMIT_API=0", "GAS_LIMIT_UPLOAD=0", "GAS_TEST=1",
}

// A free user's result goes to cold storage when its window is over, an upgrade brings back the same bytes, and a cancelled subscription begins a
// new window: in one process, and in one for each role while workers are killed.
func TestAResultGoesColdAndComesBackInTheBrowser(t *testing.T) {
	t.Parallel()
	t.Run("one process", func(t *testing.T) {
		t.Parallel()
		w := program.New(t, short...)
		s := w.Serve()
		liveOnce(t, w, s, func(string) func() { return func() {} })
	})
	t.Run("six processes and a worker that is killed", func(t *testing.T) {
		t.Parallel()
		w := program.New(t, short...)
		s := w.Serve("--role=web")
		workers := map[string]*program.Server{}
		for _, role := range []string{"annotator", "notify", "archive", "thaw", "restore"} {
			workers[role], _ = w.Start("--role=" + role)
		}
		liveOnce(t, w, s, func(role string) func() {
			workers[role].Kill()
			doomed, _ := w.With("GAS_FAILPOINT=" + deadly[role] + ":crash@1").Start("--role=" + role)
			return func() {
				select {
				case <-doomed.Ended:
					require.True(t, doomed.WasKilled(), "it ended by itself:\n%s", doomed.Log)
				case <-time.After(program.Patience):
					t.Fatalf("the %s was not killed:\n%s", role, doomed.Log)
				}
				workers[role], _ = w.Start("--role=" + role)
			}
		})
	})
}

// deadly is where the worker of a role dies.
var deadly = map[string]string{"annotator": "complete.before", "archive": "vault.Store.after", "restore": "restored.before"}

// liveOnce leads a result through its life. doom lets the worker of a role die at its next work; what it gives waits for that and starts another.
func liveOnce(t *testing.T, w *program.World, s *program.Server, doom func(role string) (revive func())) {
	w.Must("user", "add", "ada", "--plan=free_user")
	p := openTab(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of what the pages' process wrote:\n%.6000s", s.Log.String()[max(0, len(s.Log.String())-6000):])
		}
	})
	p.signIn(strings.TrimSpace(w.Must("user", "link", "ada")))

	revive := doom("annotator")
	p.do(chromedp.Navigate(s.URL+"/annotate"), chromedp.SetUploadFiles("#file", []string{writeFile(t, "many.vcf", program.Mitochondrial(t, 500))}))
	p.waitFor(`document.querySelector("#preview .good") !== null`)
	p.do(chromedp.Click("#send"))
	p.waitFor(`location.pathname.startsWith("/annotations/")`)
	revive()
	id := strings.TrimPrefix(run(p, chromedp.Evaluate[string]("location.pathname")), "/annotations/")
	p.waitFor(`document.querySelector("#sentence")?.textContent.startsWith("Done in")`)
	p.settles()
	first := p.download(id)

	revive = doom("archive")
	revive()
	p.becomes(id, "ARCHIVED")
	p.goOn(s.URL + "/annotations/" + id)
	p.waitFor(`document.querySelector("main").textContent.includes("bring it back")`)
	require.Equal(t, "403", p.status("/api/v1/jobs/"+id+"/files/result"))
	require.Equal(t, "200", p.status("/api/v1/jobs/"+id+"/log"), "the log stays readable")

	revive = doom("restore")
	p.pay(s, "pay")
	revive()
	p.goOn(s.URL + "/annotations/" + id)
	p.waitFor(`/restored|brought back|Being restored/i.test(document.querySelector("main").textContent)`)
	p.becomes(id, "HOT")
	require.Equal(t, first, p.download(id), "the same bytes come back")

	p.pay(s, "cancel")
	require.Equal(t, first, p.download(id), "a fresh window has begun")
	p.becomes(id, "ARCHIVED")
	p.quietBut("403")
}

// pay goes through the local checkout.
func (p *tab) pay(s *program.Server, decision string) {
	p.t.Helper()
	p.goOn(s.URL + "/subscribe")
	p.do(chromedp.Click(map[string]string{"pay": `form[action="/subscribe"] button`, "cancel": `form[action="/subscribe/portal"] button`}[decision]))
	p.waitFor(`location.pathname === "/checkout"`)
	p.do(chromedp.Click(fmt.Sprintf(`button[name="decision"][value=%q]`, decision)))
	p.waitFor(`location.pathname === "/subscribe"`)
}

// settles waits until a job's page no longer follows its job: it loads itself again at the end, which would cut off what a test has just begun in it.
func (p *tab) settles() {
	p.t.Helper()
	p.waitFor(`document.readyState === "complete" && document.querySelector("#job")?.dataset.live === "false"`)
}

// becomes waits until a job's storage is as wanted, on a page that does not move: the job's own is loaded anew when its window ends, and what was being asked there is lost.
func (p *tab) becomes(id, storage string) {
	p.t.Helper()
	p.goOn(run(p, chromedp.Evaluate[string]("location.origin")) + "/docs")
	deadline := time.Now().Add(90 * time.Second)
	have := ""
	for ; time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		have = run(p, chromedp.Evaluate[string](`fetch("/api/v1/jobs/`+id+`").then(r => r.json()).then(j => j.storage ?? "")`, chromedp.EvalAwaitPromise))
		if have == storage {
			return
		}
	}
	require.Equal(p.t, storage, have)
}

// download gives the sha256 of a result as a browser gets it, and holds it against what the job says.
func (p *tab) download(id string) string {
	p.t.Helper()
	sum := run(p, chromedp.Evaluate[string](`fetch("/api/v1/jobs/`+id+`/files/result").then(r => r.arrayBuffer()).then(b => crypto.subtle.digest("SHA-256", b))
		.then(h => Array.from(new Uint8Array(h)).map(b => b.toString(16).padStart(2, "0")).join(""))`, chromedp.EvalAwaitPromise))
	require.Equal(p.t, run(p, chromedp.Evaluate[string](`fetch("/api/v1/jobs/`+id+`").then(r => r.json()).then(j => j.result.sha256)`, chromedp.EvalAwaitPromise)), sum)
	return sum
}

func (p *tab) status(path string) string {
	p.t.Helper()
	return run(p, chromedp.Evaluate[string](`fetch("`+path+`").then(r => String(r.status))`, chromedp.EvalAwaitPromise))
}

// quietBut fails when a page complained of anything but answers of one status.
func (p *tab) quietBut(status string) {
	p.t.Helper()
	for _, fault := range p.complaints() {
		require.Contains(p.t, fault, status)
	}
}
