package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gas/pkg/consequence"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
	"gas/roles/web"
)

// shot is one page in one state.
type shot struct{ name, path string }

// part is what one person looks at; whoever has no name is a visitor.
type part struct {
	who   string
	shots []shot
}

// act is what happens on a page before it is looked at, and how one knows that it has.
type act struct{ do, until string }

const chooseFile = `(text => { const given = new DataTransfer(); given.items.add(new File([text], "sample.vcf")); const file = document.querySelector("#file"); file.files = given.files; file.dispatchEvent(new Event("change")); return true; })(%q)`

// prepared are the acts by the name of the shot.
var prepared = map[string]act{
	"job-variants-saved":   {`document.querySelector("details.fold").open = true`, `true`},
	"job-variants-columns": {`document.querySelector(".menu:has(.columns)").open = true`, `true`},
	"profile":              {`[...document.querySelectorAll("main details")].every(d => d.open = true)`, `true`},
	"annotate-options":     {`[...document.querySelectorAll("main details")].every(d => d.open = true)`, `true`},
	"annotate-file":        {fmt.Sprintf(chooseFile, "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1\nMT\t73\t.\tA\tG\t50\tPASS\t.\tGT\t1/1\n"), `!!document.querySelector("#preview .good")`},
	"annotate-wrong":       {fmt.Sprintf(chooseFile, "a letter"), `!!document.querySelector("#preview .bad")`},
}

// perform lets happen on a page what its picture shows.
func (p *tab) perform(name string) {
	if a, ok := prepared[name]; ok {
		require.True(p.t, run(p, chromedp.Evaluate[bool](a.do)), name)
		p.waitFor(a.until)
	}
}

// overflow lists what stands out of the window to the right, as it would be cut off or make the page scroll sideways.
const overflow = `(() => {
  const wide = [];
  for (const e of document.querySelectorAll(".charts .table-wrap")) if (e.scrollWidth > e.clientWidth + 1) wide.push("a table is cut off: " + e.scrollWidth + " in " + e.clientWidth);
  for (const e of document.querySelectorAll(".chart svg text")) {
    const r = e.getBoundingClientRect();
    if (r.height && r.height < 12) wide.push("letters of a chart are too small to be read: " + e.textContent + " " + r.height);
    if (r.height && r.left < e.closest("figure").getBoundingClientRect().left - 1) wide.push("a name stands out of its chart: " + e.textContent);
  }
  for (const e of document.querySelectorAll("table.stacked.compact td.named")) if (e.getClientRects().length && !e.textContent && innerWidth < 600) { wide.push("a label without a value: " + e.dataset.label); break; }
  for (const e of document.body.querySelectorAll("*")) {
    const r = e.getBoundingClientRect();
    if (r.width && r.right > innerWidth + 1 && !e.closest("details:not([open]), .table-wrap, .sr, .skip, svg, pre, table.stacked thead, .menu > div")) wide.push(e.tagName + "." + e.className + " " + Math.round(r.right));
  }
  if (document.scrollingElement.scrollWidth > innerWidth + 1) wide.push("the page scrolls sideways: " + document.scrollingElement.scrollWidth);
  return wide.slice(0, 5);
})()`

// themed lets a page be as the server gives it to one who has chosen a theme, without asking the server again.
const themed = `(theme => {
  document.documentElement.dataset.theme = theme;
  for (const b of document.querySelectorAll(".themes button")) b.setAttribute("aria-pressed", b.value === theme);
  for (const a of document.getAnimations()) a.finish();
  return document.documentElement.outerHTML;
})(%q)`

// TestEveryPageFitsItsWindow opens every page in every state, wide and narrow, light and dark. With GAS_SCREENSHOTS=FOLDER it also keeps the pictures.
// axe-core judges each page in both themes.
func TestEveryPageFitsItsWindow(t *testing.T) {
	t.Parallel()
	s, parts := sceneStage(t)
	p := openTab(t)
	script := axe(t)
	for _, part := range parts {
		if part.who != "" {
			p.signIn(s.link(user.ID(user.Local, part.who)))
		}
		for _, page := range part.shots {
			if page.name == troubled {
				s.trouble()
			}
			p.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(s.server.URL+page.path), chromedp.WaitReady("footer"))
			p.perform(page.name)
			p.install(script)
			for _, size := range [][2]int64{{1280, 800}, {390, 844}} {
				p.do(chromedp.EmulateViewport(size[0], size[1]))
				for _, theme := range []string{"light", "dark"} {
					run(p, chromedp.Evaluate[string](fmt.Sprintf(themed, theme)))
					require.Empty(t, run(p, chromedp.Evaluate[[]string](overflow)), "%s at %d, %s", page.path, size[0], theme)
					switch {
					case theme == "light":
						assert.Empty(t, p.judge(script), "%s at %d, %s", page.path, size[0], theme)
					case size[0] == 1280: // the colours are the same at both widths, and all that a theme changes
						assert.Empty(t, p.judge(script, colourRules...), "%s, %s", page.path, theme)
					}
					p.shoot(fmt.Sprintf("%s-%d-%s", page.name, size[0], theme))
				}
			}
		}
	}
	for _, fault := range p.complaints() { // pages of errors are answered with their status, which chromium notes
		require.Contains(t, fault, "Failed to load resource")
	}
}

// The theme that one has chosen is in every page that the server gives, and nothing else differs: the pages of the other tests are switched in the browser.
func TestAChosenThemeIsInEveryPageThatFollows(t *testing.T) {
	t.Parallel()
	s, _, p := signedIn(t, user.Free)
	page := func() string {
		p.do(chromedp.Navigate(s.server.URL+"/docs"), chromedp.WaitReady("footer"))
		return run(p, chromedp.Evaluate[string](`document.documentElement.outerHTML`))
	}
	for _, theme := range []string{"light", "dark"} {
		page()
		switched := run(p, chromedp.Evaluate[string](fmt.Sprintf(themed, theme)))
		run(p, chromedp.Evaluate[bool](`window.before = true`)) // the theme is there already: only the answer's own document tells that it came
		p.do(chromedp.Click(".menu summary"), chromedp.Click(fmt.Sprintf(`.themes button[value=%q]`, theme)))
		p.waitFor(fmt.Sprintf(`!window.before && document.readyState === "complete" && document.documentElement.dataset.theme === %q`, theme))
		require.Equal(t, switched, page())
		require.Equal(t, theme, run(p, chromedp.Evaluate[string](`getComputedStyle(document.documentElement).colorScheme`)))
	}
	p.quiet()
}

// contrast is that of text on a surface, both by the names of variables, in the theme of the page.
const contrast = `((text, surface) => {
  const probe = document.body.appendChild(document.createElement("p"));
  probe.style.color = "var(" + text + ")";
  probe.style.backgroundColor = "var(" + surface + ")";
  const light = colour => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const style = getComputedStyle(probe), [a, b] = [light(style.color), light(style.backgroundColor)];
  probe.remove();
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
})(%q, %q)`

// Bootstrap has surfaces of its own, such as that of a button under the pointer, which no picture shows.
func TestBootstrapsSurfacesFollowTheTheme(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := openTab(t)
	p.do(chromedp.Navigate(s.server.URL+"/docs"), chromedp.WaitReady("footer"))
	for _, theme := range []string{"light", "dark"} {
		run(p, chromedp.Evaluate[string](fmt.Sprintf(themed, theme)))
		for _, surface := range []string{"--bs-body-bg", "--bs-secondary-bg", "--bs-tertiary-bg", "--ground", "--paper", "--sunk", "--accent-weak"} {
			for _, text := range []string{"--bs-body-color", "--bs-emphasis-color", "--bs-secondary-color", "--muted", "--accent"} {
				require.GreaterOrEqual(t, run(p, chromedp.Evaluate[float64](fmt.Sprintf(contrast, text, surface))), 4.5, "%s on %s, %s", text, surface, theme)
			}
		}
	}
}

// shoot keeps a picture of the whole page where GAS_SCREENSHOTS is a folder.
func (p *tab) shoot(name string) {
	p.t.Helper()
	if folder := os.Getenv("GAS_SCREENSHOTS"); folder != "" {
		require.NoError(p.t, os.MkdirAll(folder, 0o755))
		require.NoError(p.t, os.WriteFile(filepath.Join(folder, name+".png"), run(p, chromedp.FullScreenshot(100)), 0o644))
	}
}

// happened adds events to a job's life, so long ago.
func (s *stage) happened(id string, ago time.Duration, steps ...job.Step) {
	s.t.Helper()
	_, err := s.deps.Store.UpdateJob(s.t.Context(), id, func(c *port.Change) error {
		for _, step := range steps {
			c.Events = append(c.Events, job.Event{Name: string(step), At: c.Now.Add(-ago)})
		}
		return nil
	})
	require.NoError(s.t, err)
}

// troubled is the shot of a page while the operator has something to say and a role is down.
const troubled = "jobs-troubled"

func (s *stage) trouble() {
	s.t.Helper()
	require.NoError(s.t, s.deps.Records.Delete(s.t.Context(), role.HeartbeatKind, "here/annotator"))
	require.NoError(s.t, s.deps.Records.Create(s.t.Context(), port.Record{Kind: "banner", ID: "all", Value: []byte("On Sunday from 8 to 10 UTC the service is renewed; jobs wait meanwhile."), Created: s.deps.Now()}))
	s.clock += 5 * time.Second // the pages look again
}

// bury puts a message with the dead letters.
func (s *stage) bury(id string) {
	s.t.Helper()
	ctx := s.t.Context()
	require.NoError(s.t, s.deps.Bus.Publish(ctx, job.Hint("m-"+id, job.Thaws, job.Job{ID: id, UserID: "u"})))
	got, err := s.deps.Queue.Receive(ctx, job.Thaws, 1, 0, time.Minute)
	require.NoError(s.t, err)
	require.Len(s.t, got, 1)
	require.NoError(s.t, s.deps.Queue.Bury(ctx, got[0], "received 16 times and never acked"))
}

// sceneStage is a stage with the scene.
func sceneStage(t *testing.T) (*stage, []part) {
	t.Helper()
	f := filesOfScene(t)
	s := newStage(t, func(_ string, d *role.Deps) { d.Config.References = f.references })
	return s, setScene(t, s, f)
}

// setScene makes jobs in every state and lists the pages of each who looks.
func setScene(t *testing.T, s *stage, f sceneFiles) []part {
	t.Helper()
	ctx := t.Context()
	s.heartbeats("web", "annotator", "notify", "archive", "thaw")
	owner, _ := s.person("owner", user.Free)
	_, err := s.deps.Store.UpdateUser(ctx, owner, func(c *port.Change) error { c.User.FreeSince = c.Now.Add(-48 * time.Hour); return nil })
	require.NoError(t, err)
	s.person(longName, user.Premium)
	curator, _ := s.person("curator", user.Premium)
	many, example := manyVariants(t), exampleText(t)

	archived := s.finish(s.submit(owner, f.cohort.name, f.cohort.text), f.cohort.text)
	s.edit(archived.ID, func(j *job.Job) {
		j.Storage, j.Gen, j.StartTime, j.CompleteTime = job.Archived, 2, j.StartTime.Add(-3*time.Hour), j.CompleteTime.Add(-3*time.Hour)
		j.Archive = job.Archive{Ref: "archive/1/x/2", Gen: 2}
	})
	s.happened(archived.ID, 0, job.StepArchived)
	over := s.finish(s.submit(owner, "window-over.vcf", example), example)
	s.edit(over.ID, func(j *job.Job) {
		j.StartTime, j.CompleteTime = j.StartTime.Add(-3*time.Hour), j.CompleteTime.Add(-3*time.Hour)
	})
	damaged := s.finish(s.submit(owner, "damaged.vcf", example), example)
	s.edit(damaged.ID, func(j *job.Job) { j.Storage = job.Damaged })
	s.happened(damaged.ID, 0, job.StepDamage)
	s.bury(damaged.ID)
	for name, days := range map[string]int{"laptop": 90, "a script on the cluster of the institute": 7} {
		_, _, err := web.NewToken(ctx, s.deps.Records, owner, name, nil, s.deps.Now(), s.deps.Now().AddDate(0, 0, days))
		require.NoError(t, err)
	}
	thawing := s.finish(s.submit(owner, "trio.vcf", example), example)
	s.edit(thawing.ID, func(j *job.Job) {
		j.Storage, j.Gen = job.Thawing, 3
		j.Retrieval = job.Retrieval{ID: "r1", Tier: port.Expedited, AskedAt: s.deps.Now(), ExpectedAt: s.deps.Now().Add(3 * time.Hour)}
	})
	known := s.finishOn(f.known.reference, s.submit(curator, f.known.name, f.known.text), f.known.text, consequence.Options{})
	done := s.finishOn(f.sample.reference, s.submit(owner, f.sample.name, f.sample.text), f.sample.text, consequence.Options{})
	s.happened(thawing.ID, 0, job.StepArchived, job.StepThaw)
	again, err := s.flow.Rerun(ctx, owner, done.ID, "again", nil)
	require.NoError(t, err)
	again = s.finishOn(f.sample.reference, again, f.sample.text, consequence.Options{Distance: 100})
	failed := s.submit(owner, "exome-without-a-column-and-with-a-rather-long-name-that-has-to-break-somewhere.vcf", []byte("x"))
	j, err := s.flow.Claim(ctx, failed.ID)
	require.NoError(t, err)
	_, err = s.flow.Fail(ctx, failed.ID, flow.FenceOf(j), job.Failure{Code: "bad_input", Line: 1204, Text: "The position is not a number."})
	require.NoError(t, err)
	cancelled := s.submit(owner, "wrong-file.vcf", example)
	_, err = s.flow.Cancel(ctx, owner, cancelled.ID)
	require.NoError(t, err)
	running := s.submit(owner, "genome.vcf.gz", many)
	j, err = s.flow.Claim(ctx, running.ID)
	require.NoError(t, err)
	require.NoError(t, s.deps.Store.PutProgress(ctx, job.Progress{JobID: j.ID, Attempt: j.Attempt, Stage: "annotating", Percent: 62, Records: 2_841_204, Contig: "chr7", At: s.deps.Now()}))
	s.edit(running.ID, func(j *job.Job) {
		j.StartTime = j.StartTime.Add(-65 * time.Second)
		j.LeaseUntil = s.deps.Now().Add(time.Hour)
	})
	waiting := s.submit(owner, "second-sample.vcf", example)
	arriving, err := s.flow.Intend(ctx, flow.Intent{UserID: owner, UploadID: "u1", Name: "still-arriving.vcf.gz", Options: job.Options{Reference: "auto"}})
	require.NoError(t, err)
	err = s.deps.Mailer.Send(ctx, port.Mail{ID: "m1", To: "owner@example.org", Subject: "Your annotation is ready", Text: "It took 4.1 s.\n\n445 records, 445 annotated.", UserID: owner, At: s.deps.Now()})
	require.NoError(t, err)

	code := askForToken(t, s)
	pages := []shot{
		{"device", "/login/device"}, {"device-code", "/login/device?code=" + code}, {"confirm", "/confirm?t=x"},
		{"home", "/"}, {"annotate", "/annotate"}, {"jobs", "/annotations"}, {"jobs-none", "/annotations?q=nothing"}, {"profile", "/profile"}, {"subscribe", "/subscribe"}, {"usage", "/usage"},
		{"inbox", "/inbox"}, {"admin", "/admin"}, {"admin-jobs", "/admin/jobs"}, {"admin-job", "/admin/jobs/" + done.ID}, {"admin-user", "/admin/users/" + owner}, {"not-found", "/annotations/0190a1b2-0000-7000-8000-000000000000"},
		{"job-done", "/annotations/" + done.ID}, {"job-files", "/annotations/" + done.ID + "/files"}, {"job-log", "/annotations/" + done.ID + "/log"}, {"job-details", "/annotations/" + done.ID + "/details"},
	}
	base := "/annotations/" + done.ID
	candidates := "impact >= LOW and gt." + f.person + " = het"
	saveFilters(t, s, owner, candidates)
	pages = append(pages,
		shot{"job-variants-saved", base + "/variants?filter=" + url.QueryEscape(candidates)},
		shot{"job-changes", "/annotations/" + again.ID + "/changes"},
		shot{"job-variants", base + "/variants"}, shot{"job-variants-filtered", base + "/variants?filter=" + url.QueryEscape(candidates+" and filter = PASS") + "&sort=-pos"},
		shot{"job-variants-mistake", base + "/variants?filter=impakt+%3D+HIGH"}, shot{"job-genes", base + "/genes"}, shot{"variant", base + "/variants/120"}, shot{"job-archived-variants", "/annotations/" + archived.ID + "/variants"})
	for name, id := range map[string]string{
		"archived": archived.ID, "thawing": thawing.ID, "failed": failed.ID, "cancelled": cancelled.ID, "running": running.ID, "waiting": waiting.ID, "over": over.ID, "damaged": damaged.ID,
		"arriving": arriving.ID,
	} {
		pages = append(pages, shot{"job-" + name, "/annotations/" + id})
	}
	pages = append(pages, shot{"job-failed-files", "/annotations/" + failed.ID + "/files"}, shot{"job-failed-log", "/annotations/" + failed.ID + "/log"}, shot{"job-failed-variants", "/annotations/" + failed.ID + "/variants"},
		shot{"job-archived-files", "/annotations/" + archived.ID + "/files"}, shot{"job-variants-columns", base + "/variants"}, shot{"job-variants-none", base + "/variants?filter=pos+%3E+99999"},
		shot{"annotate-options", "/annotate"}, shot{"annotate-file", "/annotate"}, shot{"annotate-wrong", "/annotate"})
	others := []shot{{"home-first", "/"}, {"jobs-first", "/annotations"}, {"inbox-first", "/inbox"}, {"subscribe-premium", "/subscribe"}, {"denied", "/admin"}, {"not-taken", "/annotate/example"}, {troubled, "/annotations"}}
	visitors := []shot{{"visitor", "/"}, {"login", "/login?next=/annotations"}, {"login-once", "/login/once?t=abc"}, {"status", "/status"}, {"nowhere", "/nowhere"}}
	for _, page := range []string{"", "/input", "/results", "/filters", "/api", "/errors", "/privacy"} {
		visitors = append(visitors, shot{"docs" + strings.ReplaceAll(page, "/", "-"), "/docs" + page})
	}
	base = "/annotations/" + known.ID
	large := []shot{{"job-known", base}, {"job-known-variants", base + "/variants"}, {"job-known-genes", base + "/genes"}}
	return []part{{"", visitors}, {"owner", pages}, {"curator", large}, {longName, others}}
}

const longName = "Somebody with quite a long name"

// saveFilters keeps filters for a user: one that is asked, a long one, and one of a database that the results have not.
func saveFilters(t *testing.T, s *stage, owner, candidates string) {
	t.Helper()
	for name, text := range map[string]string{
		"Candidates": candidates, "ClinVar, pathogenic or likely": `clinvar.CLNSIG ~ "(^|[,&|/])(Pathogenic|Likely_pathogenic)"`,
		"Genes of the respiratory chain that somebody has in mind": "gene in (ND1, ND2, ND3, ND4, ND4L, ND5, ND6, CYTB, COX1, COX2, COX3, ATP6, ATP8) and impact >= LOW and not (qual < 20 or filter != PASS)",
	} {
		value, err := json.Marshal(map[string]string{"name": name, "filter": text})
		require.NoError(t, err)
		require.NoError(t, s.deps.Records.Create(t.Context(), port.Record{Kind: "filter", ID: strings.ToLower(name[:9]), Owner: owner, Value: value, Created: s.deps.Now()}))
	}
}

// askForToken is a program that waits to be let in; it gives the code that it shows.
func askForToken(t *testing.T, s *stage) string {
	t.Helper()
	response, err := http.Post(s.server.URL+"/api/v1/device", "application/json", strings.NewReader(`{"name": "gas on a cluster"}`))
	require.NoError(t, err)
	defer response.Body.Close()
	var asked struct {
		Code string `json:"user_code"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&asked))
	return asked.Code
}
