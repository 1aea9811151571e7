package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/pkg/user"
)

// payloads run a script where a page puts them in without care: as markup, in an attribute, an address, a style, a template.
var payloads = [...]string{
	`<script>pwned=1</script>`, `<img/src=x/onerror=pwned=1>`, `"><svg/onload=pwned=1>`, `'onmouseover='pwned=1`, `</title><script>pwned=1</script>`, `</pre><script>pwned=1</script>`,
	`javascript:pwned=1`, `{{constructor.constructor('pwned=1')()}}`, "`-pwned=1-`", `<a/href=javascript:pwned=1>x</a>`, `<style>@import'//x'</style>`, `<base/href=//evil.example/>`,
	`<iframe/srcdoc='<script>parent.pwned=1</script>'>`, `<form/action=//evil.example><button>`, `<meta/http-equiv=refresh/content=0;url=//evil.example>`, "\u202egnp.exe", `%3Cscript%3Epwned=1%3C/script%3E`, `&lt;script&gt;pwned=1&lt;/script&gt;`,
}

func TestNothingThatAPersonOrAFileSaysRunsInAPage(t *testing.T) {
	s := newStage(t)
	owner, link := s.person("owner", user.Premium)
	_, err := s.deps.Store.UpdateUser(t.Context(), owner, func(c *port.Change) error {
		c.User.Name, c.User.Institution, c.User.Email = payloads[0], payloads[2], payloads[1]
		return nil
	})
	require.NoError(t, err)
	p := openTab(t)
	p.signIn(link)
	for _, payload := range payloads {
		column := strings.NewReplacer(" ", "_", "\t", "_", ";", ".").Replace(payload)
		text := fmt.Sprintf("##fileformat=VCFv4.2\n##odd=%s\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t%s\nMT\t8993\t%s\tT\tG\t.\tPASS\tX=%s\tGT\t0/1\n",
			payload, column, column, column)
		j := s.finish(s.submit(owner, payload, []byte(text)), []byte(text))
		base := "/annotations/" + j.ID
		for _, path := range []string{base, base + "/variants", base + "/variants/1", base + "/files", base + "/log", base + "/details", "/annotations"} {
			p.do(chromedp.Navigate(s.server.URL+path), chromedp.WaitReady("footer"))
			require.Equal(t, path, run(p, chromedp.Evaluate[string]("location.pathname")), payload)
			require.True(t, run(p, chromedp.Evaluate[bool](`typeof pwned === "undefined" && document.querySelectorAll("main iframe, main img, main script, main base, main style, main form[action*=evil]").length === 0`)), "%s on %s", payload, path)
		}
	}
	for _, path := range []string{"/profile", "/", "/annotations?q=%3Cscript%3Epwned=1%3C/script%3E", "/login?next=%22%3E%3Cscript%3Epwned=1%3C/script%3E", "/docs/%3Cscript%3Epwned=1%3C%2Fscript%3E"} {
		p.do(chromedp.Navigate(s.server.URL+path), chromedp.WaitReady("footer"))
		require.True(t, run(p, chromedp.Evaluate[bool](`typeof pwned === "undefined"`)), path)
	}
}
