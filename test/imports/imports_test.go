// Package imports keeps the table of who may import whom.
package imports

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// engine is ordered: each of these packages may import those before it.
var engine = []string{"pkg/vcf", "pkg/genome", "pkg/hgvs", "pkg/consequence", "pkg/overlay", "pkg/results", "pkg/annotate"}

// free stand outside the table: the top, and what helps tests.
var free = []string{"", "pkg/cli", "roles", "test"}

// allowed is the table: by package, or by the folder that holds it, what it may import of ours. "engine" stands for all of the engine.
var allowed = map[string][]string{
	"pkg/job":       {},
	"pkg/user":      {},
	"pkg/fault":     {},
	"config":        {"pkg/fault"},
	"templates":     {},
	"static":        {},
	"pkg/port":      {"pkg/job", "pkg/user", "pkg/fault"},
	"pkg/flow":      {"pkg/job", "pkg/user", "pkg/port", "pkg/fault"},
	"pkg/aws":       {"pkg/job", "pkg/user", "pkg/port", "pkg/fault"},
	"pkg/local":     {"pkg/job", "pkg/user", "pkg/port", "pkg/fault"},
	"pkg/memory":    {"pkg/job", "pkg/user", "pkg/port", "pkg/fault"},
	"pkg/billing":   {"pkg/job", "pkg/user", "pkg/port", "pkg/fault"},
	"pkg/signin":    {"pkg/job", "pkg/user", "pkg/port", "pkg/fault"},
	"pkg/telemetry": {"pkg/job", "pkg/port", "pkg/fault", "config"},
	"pkg/client":    {"pkg/job", "pkg/fault"},
	"pkg/role":      {"pkg/job", "pkg/user", "pkg/port", "pkg/flow", "pkg/fault", "pkg/telemetry", "config"},
	"pkg/backend":   {"pkg/job", "pkg/user", "pkg/fault", "pkg/port", "config", "pkg/aws", "pkg/local", "pkg/memory", "pkg/billing", "pkg/signin"},
	"roles/":        {"pkg/job", "pkg/user", "pkg/port", "pkg/flow", "pkg/fault", "pkg/telemetry", "config", "pkg/role", "templates", "static"},
}

// more adds to a row of the table for one package.
var more = map[string][]string{
	"roles/annotator": engine,
	"roles/web":       engine,
}

// sdks are modules that only adapters may import.
var sdks = []string{"github.com/aws/", "github.com/stripe/", "github.com/markbates/goth", "modernc.org/sqlite", "github.com/wneessen/go-mail"}

// adapters may import SDKs, and nobody but backend and cli may import them.
var adapters = []string{"pkg/aws", "pkg/local", "pkg/memory", "pkg/billing", "pkg/signin"}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "gas"), "/")
		if within(name, free) {
			continue
		}
		may, known := row(name)
		if !known {
			t.Errorf("%s has no row in the table of imports", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, "gas/")
			if isOurs && !within(ours, may) && !within(ours, []string{parentOf(name)}) {
				t.Errorf("%s may not import %s", p.ImportPath, imported)
			}
		}
	}
}

func TestOnlyAdaptersImportAnSDK(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "gas/")
		if within(name, adapters) || within(name, []string{"test"}) {
			continue
		}
		for _, imported := range p.Imports {
			for _, sdk := range sdks {
				if strings.HasPrefix(imported, sdk) && !(name == "pkg/cli" && strings.HasPrefix(imported, "github.com/aws/aws-lambda-go")) {
					t.Errorf("%s may not import %s", p.ImportPath, imported)
				}
			}
		}
	}
}

func TestMainCallsTheCommandsAndNothingElse(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath == "gas" {
			require.Equal(t, []string{"gas/pkg/cli", "os"}, p.Imports)
		}
	}
}

// row finds what a package may import: its own row, that of its folder, or its place in the engine.
func row(name string) ([]string, bool) {
	for i, e := range engine {
		if within(name, []string{e}) {
			return append([]string{"pkg/fault"}, engine[:i]...), true
		}
	}
	for key, may := range allowed {
		if within(name, []string{key}) || strings.HasSuffix(key, "/") && strings.HasPrefix(name, key) {
			return append(slices.Clone(may), more[name]...), true
		}
	}
	return nil, false
}

// within tells whether a package is one of the list or lies below one of it.
func within(name string, list []string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		return name == entry || entry != "" && entry != "roles" && strings.HasPrefix(name, strings.TrimSuffix(entry, "/")+"/")
	})
}

// parentOf is the package of the table that a deeper package belongs to: pkg/port/porttest belongs to pkg/port.
func parentOf(name string) string {
	parts := strings.Split(name, "/")
	if len(parts) > 2 {
		parts = parts[:2]
	}
	return strings.Join(parts, "/")
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	require.NoError(t, program.Sources(filepath.Join("..", "..")))
	command := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	command.Dir = filepath.Join("..", "..")
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	var list []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p goPackage
		require.NoError(t, decoder.Decode(&p))
		list = append(list, p)
	}
	require.NotEmpty(t, list)
	return list
}
