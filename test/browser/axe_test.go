package browser

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"gas/test/peers"
)

const axeVersion = "4.14.1"

// axe is the script of axe-core, fetched once from npm. Empty where npm is missing or can't fetch it.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	folder := filepath.Join(cache, "gas-test", "axe-core-"+axeVersion)
	script := filepath.Join(folder, "package", "axe.min.js")
	if text, err := os.ReadFile(script); err == nil {
		return string(text)
	}
	require.NoError(t, os.MkdirAll(folder, 0o755))
	for _, command := range [][]string{{"npm", "pack", "--silent", "axe-core@" + axeVersion}, {"tar", "xzf", "axe-core-" + axeVersion + ".tgz"}} {
		run := exec.Command(command[0], command[1:]...)
		run.Dir = folder
		if out, err := run.CombinedOutput(); err != nil {
			require.False(t, peers.Required(), "axe-core is missing: %v %s", err, out)
			t.Logf("axe-core is missing, so accessibility is not judged: %v %s", err, out)
			return ""
		}
	}
	text, err := os.ReadFile(script)
	require.NoError(t, err)
	return string(text)
}

// colourRules are the rules of axe-core that look at colours.
var colourRules = []string{"color-contrast", "link-in-text-block"}

// install puts axe-core into the page that is open.
func (p *tab) install(script string) {
	p.t.Helper()
	if script != "" {
		run(p, chromedp.Evaluate[bool](script+"; true"))
	}
}

// judge runs axe-core, which was installed in the page that is open, and returns what it finds: rule, and the first elements. Without rules it looks at all
// of WCAG and of what is best practice.
func (p *tab) judge(script string, rules ...string) []string {
	p.t.Helper()
	if script == "" {
		return nil
	}
	only := `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	if len(rules) > 0 {
		names, err := json.Marshal(rules)
		require.NoError(p.t, err)
		only = `{type: "rule", values: ` + string(names) + `}`
	}
	text := run(p, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ["violations"], runOnly: `+only+`})
		.then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 140) + " " + (n.any[0]?.message ?? "")).join(" | "))))`, chromedp.EvalAwaitPromise))
	var found []string
	require.NoError(p.t, json.Unmarshal([]byte(text), &found))
	return found
}
