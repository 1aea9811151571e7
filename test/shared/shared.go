// Package shared finds the folder of real genomes, variants and expected answers that tests read but the project does not contain.
package shared

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// variable names the environment variable that points at the folder, or is "require".
const variable = "GAS_SHARED"

// Dir returns the path of the shared folder: GAS_SHARED when it is a path, else "shared" beside the folder that holds go.mod.
// Where the folder is missing the test is skipped, or fails when GAS_SHARED is "require".
func Dir(t testing.TB) string {
	t.Helper()
	dir, found := find(t)
	if found {
		return dir
	}
	if required() {
		t.Fatalf("shared data is required (%s=require) but %s is missing", variable, dir)
	}
	t.Skipf("shared data is missing: no folder %s; set %s to its path", dir, variable)
	return ""
}

// Here tells whether the folder is there, for a test that has something else to work on. It counts as there where it is required.
func Here(t testing.TB) bool {
	t.Helper()
	_, found := find(t)
	return found || required()
}

func required() bool { return os.Getenv(variable) == "require" }

// find returns where the folder should be, and whether it is there.
func find(t testing.TB) (dir string, found bool) {
	t.Helper()
	if dir = os.Getenv(variable); dir == "" || required() {
		dir = filepath.Join(moduleRoot(t), "..", "shared")
	}
	info, err := os.Stat(dir)
	return dir, err == nil && info.IsDir()
}

// Path returns the path of a file in the shared folder, under the same rule as Dir.
func Path(t testing.TB, elements ...string) string {
	t.Helper()
	return filepath.Join(append([]string{Dir(t)}, elements...)...)
}

// Unpacked is the text of a file in the shared folder that gzip packed, under the same rule as Dir.
func Unpacked(t testing.TB, elements ...string) []byte {
	t.Helper()
	file, err := os.Open(Path(t, elements...))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// moduleRoot walks up from the test's folder to the one that holds go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("find the working folder: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
