package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"gas/pkg/user"
)

// controls numbers everything on a page that a mouse could use, and returns where each stands: the elements around it.
const controls = `(() => {
  let n = 0;
  const places = [];
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
    const r = e.getBoundingClientRect();
    if (e.disabled || !e.checkVisibility({visibilityProperty: true}) || e.matches(".skip") || e.type === "radio" && !e.checked || r.width === 0 && e.type !== "file") continue;
    e.dataset.control = n++;
    let place = "";
    for (let at = e; at !== document.body; at = at.parentElement) place = at.tagName + "." + at.className + " " + place;
    places.push(place);
  }
  window.reached = new Set();
  window.bare = new Set();
  document.addEventListener("focusin", e => {
    if (e.target.dataset.control !== undefined) window.reached.add(e.target.dataset.control);
  });
  document.addEventListener("keydown", () => { // the ring may need a moment, so one looks when the next key comes
    const e = document.activeElement;
    if (e?.dataset.control === undefined || e.labels?.length) return;
    for (const a of e.getAnimations()) a.finish();
    const s = getComputedStyle(e);
    if (s.outlineStyle === "none" && s.boxShadow === "none") window.bare.add(e.outerHTML.slice(0, 120));
  });
  return places;
})()`

// unreached lists what the keyboard did not come to.
const unreached = `[...document.querySelectorAll("[data-control]")].filter(e => !window.reached.has(e.dataset.control)).map(e => e.outerHTML.slice(0, 120))`

// The tabulator comes to everything that a mouse could use, on every page, and one sees where it is. A page on which everything stands where it stood on others is not
// walked through again.
func TestTheKeyboardAloneReachesEverything(t *testing.T) {
	t.Parallel()
	s, parts := sceneStage(t)
	p := openTab(t)
	p.do(chromedp.EmulateViewport(1280, 800))
	walked := map[string]bool{}
	for _, part := range parts {
		if part.who != "" {
			p.signIn(s.link(user.ID(user.Local, part.who)))
		}
		for _, page := range part.shots {
			p.do(chromedp.Navigate(s.server.URL+page.path), chromedp.WaitReady("footer"))
			p.perform(page.name)
			places := run(p, chromedp.Evaluate[[]string](controls))
			if !anyNew(walked, places) {
				continue
			}
			p.do(chromedp.KeyEvent(strings.Repeat(kb.Tab, len(places)+5)))
			require.Empty(t, run(p, chromedp.Evaluate[[]string](unreached)), "%s: %d controls", page.path, len(places))
			require.Empty(t, run(p, chromedp.Evaluate[[]string](`[...window.bare]`)), "%s: no sign of where one is", page.path)
		}
	}
}

// anyNew adds to what is known, and tells whether one of them was not.
func anyNew(known map[string]bool, list []string) bool {
	before := len(known)
	for _, one := range list {
		known[one] = true
	}
	return len(known) > before
}

// tabTo presses the tabulator until an element has the focus.
func (p *tab) tabTo(selector string) {
	p.t.Helper()
	for range 200 {
		if run(p, chromedp.Evaluate[bool](fmt.Sprintf(`document.activeElement?.matches(%q) ?? false`, selector))) {
			return
		}
		p.do(chromedp.KeyEvent(kb.Tab))
	}
	require.Fail(p.t, "the keyboard never comes to "+selector)
}

// From the link of the sign-in to the result and its filtered variants, without a mouse.
func TestAJobIsDoneByKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	owner, link := s.person("owner", user.Premium)
	p := openTab(t)
	p.do(chromedp.Navigate(link), chromedp.WaitReady("main button"))
	p.tabTo("main button")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.waitFor(`location.pathname === "/"`)
	p.tabTo(`a[href="/annotate"]`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.waitFor(`location.pathname === "/annotate"`)
	p.tabTo(`form[action="/annotate/example"] button, button[formaction="/annotate/example"]`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.waitFor(`location.pathname.startsWith("/annotations/")`)
	id := strings.TrimPrefix(run(p, chromedp.Evaluate[string]("location.pathname")), "/annotations/")
	waiting, err := s.deps.Store.Job(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, owner, waiting.UserID)
	s.finish(waiting, exampleText(t))
	p.waitFor(`document.querySelector("#sentence")?.textContent.startsWith("Done in")`)
	p.tabTo(`.tabs a[href$="/variants"]`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.waitFor(`location.pathname.endsWith("/variants")`)
	p.tabTo(`#filter, [name="filter"]`)
	p.do(chromedp.KeyEvent("impact >= LOW"), chromedp.KeyEvent(kb.Enter))
	p.waitFor(`new URLSearchParams(location.search).get("filter") === "impact >= LOW"`)
	p.tabTo(`tbody th a`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.waitFor(`/\/variants\/\d+$/.test(location.pathname)`)
	p.quiet()
}
