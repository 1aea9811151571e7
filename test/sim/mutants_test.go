//go:build mutants

package sim

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gas/pkg/flow/mutant"
)

func TestEveryPlantedBugIsFound(t *testing.T) {
	names := mutant.Names()
	slices.Sort(names)
	if len(names) < 14 {
		t.Fatalf("only %d mutants are planted", len(names))
	}
	defer mutant.Plant("")
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			mutant.Plant(name)
			found := search(t, play, 0, seeds())
			if found.broken == nil {
				t.Errorf("%s survives %d seeds", name, found.ran)
				return
			}
			t.Logf("found by seed %d after %d: %v", found.seed, found.ran, found.broken)
		})
	}
	mutant.Plant("")
	if clean := search(t, play, 0, seeds()); clean.broken != nil {
		t.Errorf("the unbroken code breaks: %v", clean.broken)
	}
}

func TestTheReleaseHoldsNoMutant(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "gas")
	build := exec.Command("go", "build", "-o", binary, "gas")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(mutant.Names(), "mutant.Plant") {
		if bytes.Contains(program, []byte(name)) {
			t.Errorf("the release binary holds %q", name)
		}
	}
	if !strings.Contains(string(program), "pkg/flow") {
		t.Error("the binary does not hold the flow at all: the search proves nothing")
	}
}
