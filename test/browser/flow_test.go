package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// writeFile puts a file where the browser can choose it.
func writeFile(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

func TestAPersonUploadsAFileWatchesItAndReadsTheResult(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	text := manyVariants(t)
	_, link := s.person("owner", user.Premium)
	p := openTab(t)
	p.signIn(link)

	p.do(chromedp.Navigate(s.server.URL+"/annotate"), chromedp.SetUploadFiles("#file", []string{writeFile(t, "many.vcf", text)}))
	p.waitFor(`document.querySelector("#preview .good")?.textContent.includes("2 samples")`)
	require.Contains(t, run(p, chromedp.TextContent("#preview .good")), "rCRS")
	p.do(chromedp.Click("#send"))
	p.waitFor(`location.pathname.startsWith("/annotations/")`)
	p.waitFor(`document.querySelector("#sentence")?.textContent.includes("First in the queue")`)

	id := strings.TrimPrefix(run(p, chromedp.Evaluate[string]("location.pathname")), "/annotations/")
	waiting, err := s.deps.Store.Job(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, job.Pending, waiting.Status)
	go func() { time.Sleep(100 * time.Millisecond); s.finish(waiting, text) }()
	p.waitFor(`document.querySelector("#sentence")?.textContent.startsWith("Done in")`)
	p.waitFor(`document.querySelectorAll(".chart svg").length >= 3`)

	for _, tab := range []string{"Variants", "Genes", "Files", "Log", "Details"} {
		p.do(chromedp.Click(`//nav[@class="tabs"]/a[text()="` + tab + `"]`))
		p.waitFor(`document.querySelector(".tabs [aria-current]")?.textContent === "` + tab + `"`)
	}
	got := run(p, chromedp.Evaluate[string](`fetch("/api/v1/jobs/`+id+`/files/result").then(r => r.ok + " " + r.headers.get("content-disposition"))`, chromedp.EvalAwaitPromise))
	require.Equal(t, `true attachment; filename="many.annot.vcf.gz"`, got)
	p.quiet()
}

func TestARunningJobMovesWithoutReloading(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	owner, link := s.person("owner", user.Premium)
	j := s.submit(owner, "a.vcf", exampleText(t))
	j, err := s.flow.Claim(t.Context(), j.ID)
	require.NoError(t, err)
	p := openTab(t)
	p.signIn(link)
	p.do(chromedp.Navigate(s.server.URL + "/annotations/" + j.ID))
	run(p, chromedp.Evaluate[bool](`window.same = true`))
	for _, percent := range []float64{20, 55} {
		require.NoError(t, s.deps.Store.PutProgress(t.Context(), job.Progress{JobID: j.ID, Attempt: j.Attempt, Stage: "annotating", Percent: percent, Records: 10, Contig: "MT", At: s.deps.Now()}))
		p.waitFor(`document.querySelector("#bar")?.value === ` + map[float64]string{20: "20", 55: "55"}[percent])
	}
	require.True(t, run(p, chromedp.Evaluate[bool](`window.same`)))
	_, err = s.flow.Fail(t.Context(), j.ID, flow.FenceOf(j), job.Failure{Code: "bad_input", Line: 7, Text: "The position is not a number."})
	require.NoError(t, err)
	p.waitFor(`document.querySelector("#sentence")?.textContent.includes("Failed at line 7")`)
	p.quiet()
}

func TestTheListOfJobsMovesWithoutReloading(t *testing.T) {
	t.Parallel()
	s, owner, p := signedIn(t, user.Premium)
	jobs := []job.Job{s.submit(owner, "a.vcf", exampleText(t)), s.submit(owner, "b.vcf", exampleText(t))}
	p.do(chromedp.Navigate(s.server.URL + "/annotations"))
	run(p, chromedp.Evaluate[bool](`window.same = true`))
	for i, j := range jobs {
		_, err := s.flow.Cancel(t.Context(), owner, j.ID)
		require.NoError(t, err)
		p.waitFor(fmt.Sprintf(`document.querySelectorAll("#jobs .state-cancelled").length === %d`, i+1))
	}
	require.True(t, run(p, chromedp.Evaluate[bool](`window.same`)))
	p.quiet()
}

func TestAWrongFileIsSaidBeforeItIsSent(t *testing.T) {
	t.Parallel()
	s, _, p := signedIn(t, user.Free)
	for name, file := range map[string]struct{ text, want string }{
		"too large":  {strings.Repeat("x", 200_000), "your plan allows 150 KiB"},
		"empty":      {"", "The file is empty"},
		"not a VCF":  {"hello\nworld\n", "does not begin like a VCF"},
		"UTF-16":     {"#\x00#\x00f\x00", "NUL bytes"},
		"no columns": {"##fileformat=VCFv4.2\n##a=b\n", "#CHROM is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			p.do(chromedp.Navigate(s.server.URL+"/annotate"), chromedp.SetUploadFiles("#file", []string{writeFile(t, "x.vcf", []byte(file.text))}))
			p.waitFor(`document.querySelector("#preview .bad")?.textContent.includes(` + "`" + file.want + "`" + `)`)
		})
	}
	p.quiet()
}

func TestWithoutScriptsAFileIsUploadedAndTheJobRead(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, link := s.person("owner", user.Free)
	p := openTab(t)
	p.withoutScripts()
	p.do(chromedp.Navigate(link), chromedp.Click("main button"), chromedp.WaitVisible("#file"))
	p.do(chromedp.Navigate(s.server.URL+"/annotate"), chromedp.SetUploadFiles("#file", []string{writeFile(t, "plain.vcf", exampleText(t))}), chromedp.Click("#send"), chromedp.WaitVisible("#sentence"))
	require.Contains(t, run(p, chromedp.TextContent("h1")), "plain.vcf")
	p.do(chromedp.Click(`//nav[@class="tabs"]/a[text()="Files"]`), chromedp.WaitVisible(`//th[text()="Input"]`))
	p.do(chromedp.Navigate(s.server.URL+"/subscribe"), chromedp.Click(`//button[text()="Upgrade to Premium"]`), chromedp.Click(`//button[@value="pay"]`), chromedp.WaitVisible(`//p[text()="You are premium now."]`))
	p.quiet()
}

func TestALargeUploadGoesOnWhereItWasStopped(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	owner, link := s.person("owner", user.Premium)
	text := append(exampleText(t), []byte(strings.Repeat("MT\t8993\t.\tT\tG\t.\tPASS\t.\tGT\t1/1\n", 600_000))...) // three parts
	path := writeFile(t, "large.vcf", text)
	p := openTab(t)
	p.signIn(link)
	choose := func() {
		p.do(chromedp.Navigate(s.server.URL+"/annotate"), chromedp.SetUploadFiles("#file", []string{path}))
		p.waitFor(`document.querySelector("#preview .good") !== null`)
	}
	choose()
	// The second part is held back, as a connection that stands still would.
	run(p, chromedp.Evaluate[bool](`(() => { const send = fetch; window.fetch = (url, o) => String(url).endsWith("/parts/2") ? new Promise((_, no) => o.signal.addEventListener("abort", () => no(new DOMException("", "AbortError")))) : send(url, o); return true; })()`))
	p.do(chromedp.Click("#send"))
	p.waitFor(`document.querySelector("#sent").textContent.includes("8.0 MiB of")`)
	p.do(chromedp.Click("#stop"))
	p.waitFor(`document.querySelector("#sent").textContent.startsWith("Stopped.")`)

	choose()
	p.do(chromedp.Click("#send"))
	p.waitFor(`location.pathname.startsWith("/annotations/")`)
	page, err := s.deps.Store.JobsOf(t.Context(), owner, port.JobQuery{})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total, "the same upload went on")
	require.EqualValues(t, len(text), page.Jobs[0].Input.Size)
	p.quiet()
}

func TestWhoSendsNothingIsToldWhatToChoose(t *testing.T) {
	t.Parallel()
	s, _, p := signedIn(t, user.Free)
	p.do(chromedp.Navigate(s.server.URL+"/annotate"), chromedp.WaitReady("footer"), chromedp.Click("#send"))
	p.waitFor(`document.querySelector("#preview .bad")?.textContent === "Choose a file, paste records, or use the example."`)
	require.Equal(t, "file", run(p, chromedp.Evaluate[string](`document.activeElement.id`)))
	run(p, chromedp.Evaluate[bool](`document.querySelector("details:has(#paste)").open = true`))
	p.do(chromedp.SendKeys("#paste", "MT 8993 . T G"), chromedp.Click("#send"))
	p.waitFor(`location.pathname.startsWith("/annotations/")`)
	p.quiet()
}

func TestTablesOfTheSummaryFitAPhoneWithTheNamesOfRealGenes(t *testing.T) {
	t.Parallel()
	s, owner, p := signedIn(t, user.Premium)
	j := s.finish(s.submit(owner, "a.vcf", exampleText(t)), exampleText(t))
	p.do(chromedp.EmulateViewport(390, 844), chromedp.Navigate(s.server.URL+"/annotations/"+j.ID), chromedp.WaitReady("footer"))
	require.True(t, run(p, chromedp.Evaluate[bool](`[...document.querySelectorAll(".tables tbody tr")].every(row => {
  row.children[0].textContent = "AP000233.42-AS1";
  for (const cell of [...row.children].slice(1)) cell.textContent = "12,345";
  return true;
})`)))
	require.Empty(t, run(p, chromedp.Evaluate[[]string](overflow)))
}

func TestTheListCountsWhatIsSelectedAndOffersNothingForNone(t *testing.T) {
	t.Parallel()
	s, owner, p := signedIn(t, user.Premium)
	for _, name := range []string{"a.vcf", "b.vcf", "c.vcf"} {
		s.finish(s.submit(owner, name, exampleText(t)), exampleText(t))
	}
	p.do(chromedp.Navigate(s.server.URL+"/annotations"), chromedp.WaitReady("footer"))
	stands := func(text string, disabled, all, some bool) {
		t.Helper()
		p.waitFor(fmt.Sprintf(`(() => { const all = document.querySelector("#all"); return document.querySelector("#picked").textContent === %q &&
  [...document.querySelectorAll("#picked ~ button")].every(b => b.disabled === %t) && all.checked === %t && all.indeterminate === %t; })()`, text, disabled, all, some))
	}
	stands("None selected:", true, false, false)
	p.do(chromedp.Click("#all"))
	stands("3 selected:", false, true, false)
	p.do(chromedp.Click(`tbody tr:nth-child(2) input`))
	stands("2 selected:", false, false, true)
	p.do(chromedp.Click(`button[formaction="/annotations/rerun"]`))
	p.waitFor(`document.querySelectorAll("tbody tr").length === 5`)
	p.quiet()
}
