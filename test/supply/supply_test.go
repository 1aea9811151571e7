// Package supply looks at what the program is made of: that a build can be repeated byte for byte, that the modules are those of go.sum, and that
// each is under a licence that the list in docs names.
package supply

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite docs/licences.md")

var root = filepath.Join("..", "..")

// command runs the go command in a folder of the sources.
func command(t *testing.T, dir string, env []string, args ...string) []byte {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), append([]string{"CGO_ENABLED=0", "GOFLAGS="}, env...)...)
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), problems.String())
	return out
}

// build builds the program as make build does and returns its path.
func build(t *testing.T, dir string, env ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gas")
	command(t, dir, env, "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X gas/pkg/cli.version=reproduced", "-o", path, ".")
	return path
}

// notSources are folders of the working copy that no build reads.
var notSources = []string{".git", "bin", "testdata", "screenshots", "node_modules"}

// copied is a copy of the sources in another folder.
func copied(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	from := os.DirFS(root)
	require.NoError(t, fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(notSources, entry.Name()):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, 0o644)
	}))
	return to
}

// T27: whoever builds the same sources gets the same bytes, wherever they lie, and no path of the builder is in them. GAS_REPRODUCE=1 compiles
// everything once more with an empty cache, which takes minutes; without it the second build may share what was compiled.
func TestT27TwoBuildsAreEqual(t *testing.T) {
	var env []string
	if os.Getenv("GAS_REPRODUCE") != "" {
		env = []string{"GOCACHE=" + t.TempDir()}
	}
	elsewhere := copied(t)
	here, there := build(t, root), build(t, elsewhere, env...)
	require.Equal(t, sum(t, here), sum(t, there))
	text, err := os.ReadFile(here)
	require.NoError(t, err)
	absolute, err := filepath.Abs(root)
	require.NoError(t, err)
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	for _, path := range []string{absolute, elsewhere, home + "/go/pkg", home + "/.cache"} {
		require.False(t, bytes.Contains(text, []byte(path)), "the program holds %s", path)
	}
}

func sum(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	require.NoError(t, err)
	return hex.EncodeToString(h.Sum(nil))
}

func TestT27TheModulesAreThoseOfGoSum(t *testing.T) {
	out := command(t, root, nil, "mod", "verify")
	require.Contains(t, string(out), "all modules verified")
	require.NoFileExists(t, filepath.Join(root, "vendor"))
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	require.NotRegexp(t, regexp.MustCompile(`(?m)^replace|^\s+.* => `), string(text), "no module is replaced by another")
}

// module is what go list says of one.
type module struct {
	Path string
	Main bool
	Dir  string
}

// linked lists the modules of which a package is in the program.
func linked(t *testing.T) []module {
	t.Helper()
	out := command(t, root, nil, "list", "-deps", "-json=Module", ".")
	seen := map[string]module{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var p struct{ Module *module }
		require.NoError(t, decoder.Decode(&p))
		if p.Module != nil && !p.Module.Main {
			seen[p.Module.Path] = *p.Module
		}
	}
	require.Greater(t, len(seen), 20)
	var list []module
	for _, m := range seen {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// kinds are the licences that may be in the program, each with words that only it has.
var kinds = []struct{ name, words string }{
	{"Apache-2.0", "Apache License Version 2.0"},
	{"MPL-2.0", "Mozilla Public License"},
	{"BSD-3-Clause", "Neither the name of"},
	{"BSD-3-Clause", "names of its contributors may be used to endorse"},
	{"BSD-2-Clause", "Redistributions in binary form must reproduce"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software"},
	{"ISC", "Permission to use, copy, modify, and distribute this software"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"Unlicense", "This is free and unencumbered software"},
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-.].*)?$`)

// licenceOf reads under which licence a module is.
func licenceOf(t *testing.T, m module) string {
	t.Helper()
	entries, err := os.ReadDir(m.Dir)
	require.NoError(t, err, m.Path)
	var found []string
	for _, entry := range entries {
		if entry.Type()&fs.ModeType != 0 || !licenceFile.MatchString(entry.Name()) {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(m.Dir, entry.Name()))
		require.NoError(t, err)
		text := strings.Join(strings.Fields(string(raw)), " ")
		for _, kind := range kinds {
			if strings.Contains(text, kind.words) {
				found = append(found, kind.name)
				break
			}
		}
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), ", ")
}

func TestT27EveryModuleIsListedWithItsLicence(t *testing.T) {
	var page strings.Builder
	page.WriteString("# Licences\n\nThe modules that are linked into `gas`, and their licences. The list is made by `go test ./test/supply -update`. The texts lie in each module's folder,\n" +
		"which `go list -m -f '{{.Dir}}' MODULE` prints. What GAS itself is under, and the data that it contains, is in `LICENSE` and `NOTICE`.\n\n| module | licence |\n| --- | --- |\n")
	for _, m := range linked(t) {
		licence := licenceOf(t, m)
		require.NotEmpty(t, licence, "%s has no licence that the list of kinds knows", m.Path)
		fmt.Fprintf(&page, "| %s | %s |\n", m.Path, licence)
	}
	path := filepath.Join(root, "docs", "licences.md")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page.String()), 0o644))
	}
	listed, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(listed), page.String(), "run go test ./test/supply -update")
}
