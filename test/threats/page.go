package threats

import (
	"fmt"
	"strings"
)

const pageStart = `# Security

Genomes are personal health data. Whatever is not read from our own record under a consistent read is taken for a hint: bodies of messages, queries of
redirects, payloads of payments, the plan in a session, names of files, the result of an upload form.

The table below is made of ` + "`test/threats/rows.go`" + ` (` + "`go test ./test/threats -update`" + `). ` + "`make test`" + ` reads how each of these tests ended; a row
without a test that ran and passed fails it, and in CI a skipped one too. Why so: ` + "`docs/adr/0008-threats-are-shown-by-the-tests-that-ran.md`" + `.

| | threat | what the program does | shown by |
| --- | --- | --- | --- |
`

// Page is docs/security.md.
func Page(rows []Row) string {
	var page strings.Builder
	page.WriteString(pageStart)
	for _, row := range rows {
		shown := make([]string, 0, len(row.Shown))
		for _, test := range row.Shown {
			shown = append(shown, fmt.Sprintf("`%s` %s", test.Package, test.Name))
		}
		fmt.Fprintf(&page, "| T%d | %s | %s | %s |\n", row.Number, row.Threat, row.Required, strings.Join(shown, "<br>"))
	}
	return page.String()
}
