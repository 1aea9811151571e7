package threats

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite docs/security.md")

var root = filepath.Join("..", "..")

func TestThePageIsThatOfTheTable(t *testing.T) {
	path := filepath.Join(root, "docs", "security.md")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(Page(Rows())), 0o644))
	}
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(page), Page(Rows()), "run go test ./test/threats -update")
}

func TestEveryThreatHasItsTestsAndEachOfThemExists(t *testing.T) {
	there := map[string]map[string]bool{}
	for i, row := range Rows() {
		require.Equal(t, i+1, row.Number)
		require.NotEmpty(t, row.Shown, "T%d", row.Number)
		for _, test := range row.Shown {
			if there[test.Package] == nil {
				there[test.Package] = testsOf(t, test.Package)
			}
			require.True(t, there[test.Package][test.Name], "T%d: %s has no %s", row.Number, test.Package, test.Name)
		}
	}
	require.Len(t, Rows(), 30)
}

// testsOf finds the test functions of a package by its text.
func testsOf(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*_test.go"))
	require.NoError(t, err)
	names := map[string]bool{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

// events is what go test -json says of a package with one test that passes, one that fails, one that is skipped, and one that panics.
const events = `{"Action":"start","Package":"gas/x"}
{"Action":"output","Package":"gas/x","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"gas/x","Test":"TestGood","Output":"    x_test.go:1: said by the good one\n"}
{"Action":"pass","Package":"gas/x","Test":"TestGood","Elapsed":0}
{"Action":"output","Package":"gas/x","Test":"TestBad","Output":"=== RUN   TestBad\n"}
{"Action":"output","Package":"gas/x","Test":"TestBad","Output":"    x_test.go:2: said by the bad one\n"}
{"Action":"output","Package":"gas/x","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"fail","Package":"gas/x","Test":"TestBad","Elapsed":0}
{"Action":"skip","Package":"gas/x","Test":"TestAway","Elapsed":0}
{"Action":"output","Package":"gas/x","Test":"TestPanics","Output":"panic: oh\n"}
{"Action":"output","Package":"gas/x","Output":"FAIL\tgas/x\t0.1s\n"}
{"Action":"fail","Package":"gas/x","Elapsed":0.1}
{"Action":"output","Package":"gas/y","Output":"PASS\n"}
{"Action":"output","Package":"gas/y","Output":"ok  \tgas/y\t0.1s\n"}
{"Action":"pass","Package":"gas/y","Elapsed":0.1}
{"ImportPath":"gas/z","Action":"build-output","Output":"z.go:1: undefined: z\n"}
`

func TestARunIsPrintedAsGoTestPrintsItAndEachTestIsRemembered(t *testing.T) {
	var out bytes.Buffer
	seen, err := Follow(strings.NewReader(events), &out)
	require.NoError(t, err)
	require.Equal(t, "    x_test.go:2: said by the bad one\n--- FAIL: TestBad (0.00s)\npanic: oh\nFAIL\tgas/x\t0.1s\nok  \tgas/y\t0.1s\nz.go:1: undefined: z\n", out.String())
	require.Equal(t, Seen{{"x", "TestGood"}: "pass", {"x", "TestBad"}: "fail", {"x", "TestAway"}: "skip"}, seen)
}

func TestARowIsShownOnlyByTestsThatRanAndPassed(t *testing.T) {
	seen := Seen{{"x", "TestGood"}: "pass", {"x", "TestBad"}: "fail", {"x", "TestAway"}: "skip"}
	missing, skipped := seen.Judge([]Row{{Number: 1, Shown: in("x", "TestGood", "TestAway")}, {Number: 2, Shown: all(in("x", "TestBad"), in("y", "TestNever"))}})
	require.Equal(t, []string{"T1 is not shown wholly: TestAway of x was skipped"}, skipped)
	require.Equal(t, []string{"T2 is not shown: TestBad of x did not run", "T2 is not shown: TestNever of y did not run"}, missing)
}
