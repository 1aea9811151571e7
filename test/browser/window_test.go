package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"gas/test/program"
)

func TestTheFreeWindowIsCountedDownAndThenThePageSaysWhatBecomesOfTheResult(t *testing.T) {
	t.Parallel()
	w := program.New(t, "GAS_FREE_WINDOW=12s", "GAS_SWEEP_EVERY=1s", "GAS_LIMIT_API=0")
	s := w.Serve()
	token := w.Token("ada", "free_user")
	p := openTab(t)
	p.signIn(strings.TrimSpace(w.Must("user", "link", "ada")))
	j, r := s.Submit(token, w.Write("x.vcf", program.Mitochondrial(t, 20)))
	require.Zero(t, r.Code, r.Err)
	p.do(chromedp.Navigate(s.URL + "/annotations/" + j.ID))
	first := run(p, chromedp.Evaluate[string](`document.querySelector(".life .left").textContent`))
	require.Regexp(t, `^in [0-9]+ s$`, first)
	p.waitFor(`parseInt(document.querySelector(".life .left").textContent.slice(3)) < parseInt("` + first + `".slice(3))`)
	p.waitFor(`document.querySelector(".life .left") === null && document.body.textContent.includes("The free window of this result ended")`)
}
