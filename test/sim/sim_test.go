package sim

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gas/test/volume"
)

// moves is how many moves a storm has.
const moves = 400

// seeds is how many seeds are run: SEEDS, or 20,000, or 400 with the race detector.
func seeds() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("SEEDS"), 10, 64); err == nil {
		return n
	}
	switch {
	case volume.Raced:
		return 400
	case testing.Short():
		return 2000
	}
	return 20_000
}

// tempDir is where attempts keep their files: in memory, where the machine has such a place.
func tempDir(t *testing.T) string {
	if dir, err := os.MkdirTemp("/dev/shm", "gas-sim-"); err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}

// player runs one world and returns what broke.
type player func(t *testing.T, src *source, tmp string, trace bool) *world

// play is a storm of everything.
func play(t *testing.T, src *source, tmp string, trace bool) (w *world) {
	synctest.Test(t, func(*testing.T) {
		w = newWorld(src, tmp, trace)
		w.storm(moves)
		w.settle()
	})
	return w
}

// firstSeed is where a long run goes on: FROM, or 0.
func firstSeed() uint64 {
	n, _ := strconv.ParseUint(os.Getenv("FROM"), 10, 64)
	return n
}

// playPlans is a storm of upgrades and cancellations.
func playPlans(t *testing.T, src *source, tmp string, trace bool) (w *world) {
	synctest.Test(t, func(*testing.T) {
		w = newWorld(src, tmp, trace)
		w.plansOnly = true
		w.storm(moves)
		w.settle()
	})
	return w
}

func TestNoSeedBreaksAnInvariant(t *testing.T) {
	found := search(t, play, firstSeed(), seeds())
	if found.broken != nil {
		t.Fatal(report(t, play, found.seed))
	}
	t.Logf("%d seeds, %d moves each; edges covered: %s", found.ran, moves, strings.Join(found.edges(), " "))
}

// interleavings is how many storms of plans are played.
func interleavings() uint64 {
	if volume.Raced {
		return 200
	}
	return 10_000
}

func TestNoInterleavingOfPlansBreaksAnInvariant(t *testing.T) {
	found := search(t, playPlans, 0, interleavings())
	if found.broken != nil {
		t.Fatal(report(t, playPlans, found.seed))
	}
	for _, edge := range []string{"HOT>ARCHIVING", "ARCHIVING>ARCHIVED", "ARCHIVED>THAWING", "THAWING>HOT"} {
		if found.covered[edge] == 0 {
			t.Errorf("no storm went %s; edges covered: %s", edge, strings.Join(found.edges(), " "))
		}
	}
	t.Logf("%d storms; edges covered: %s", found.ran, strings.Join(found.edges(), " "))
}

// finding is what a search over seeds ended with.
type finding struct {
	mu      sync.Mutex
	seed    uint64
	broken  error
	ran     uint64
	covered map[string]int
}

func (f *finding) edges() []string {
	var edges []string
	for edge, n := range f.covered {
		edges = append(edges, fmt.Sprintf("%s:%d", edge, n))
	}
	slices.Sort(edges)
	return edges
}

// search plays seeds on all processors until one breaks an invariant.
func search(t *testing.T, play player, first, n uint64) *finding {
	f := &finding{covered: map[string]int{}}
	workers := uint64(runtime.GOMAXPROCS(0))
	t.Run("seeds", func(t *testing.T) {
		for worker := range workers {
			t.Run(fmt.Sprintf("share %d", worker), func(t *testing.T) {
				t.Parallel()
				tmp := tempDir(t)
				for seed := first + worker; seed < first+n && !f.over(); seed += workers {
					f.note(seed, play(t, fromSeed(seed), tmp, false))
				}
			})
		}
	})
	return f
}

func (f *finding) over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken != nil
}

func (f *finding) note(seed uint64, w *world) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ran++
	for edge := range w.covered {
		f.covered[edge]++
	}
	if w.broken != nil && (f.broken == nil || seed < f.seed) {
		f.seed, f.broken = seed, w.broken
	}
}

// report plays a seed that breaks an invariant again, shrinks what it drew, and tells the story.
func report(t *testing.T, play player, seed uint64) string {
	tmp := tempDir(t)
	whole := play(t, fromSeed(seed), tmp, false)
	if whole.broken == nil {
		return fmt.Sprintf("seed %d broke an invariant once and not again: the world is not deterministic", seed)
	}
	rule, _, _ := strings.Cut(whole.broken.Error(), ":")
	deadline := time.Now().Add(20 * time.Second)
	least := shrink(whole.src.drawn, 2000, func(choices []int) bool {
		if time.Now().After(deadline) {
			return false
		}
		w := play(t, fromList(choices), tmp, false)
		return w.broken != nil && strings.HasPrefix(w.broken.Error(), rule+":")
	})
	w := play(t, fromList(least), tmp, true)
	return fmt.Sprintf("seed %d: %v\nshrunk to %d of %d choices: %v\n%v\n%s", seed, whole.broken, len(least), len(whole.src.drawn), least, w.broken, strings.Join(w.trace, "\n"))
}

func TestASeedGivesTheSameWorldTwice(t *testing.T) {
	tmp := tempDir(t)
	for seed := range uint64(20) {
		a, b := play(t, fromSeed(seed), tmp, true), play(t, fromSeed(seed), tmp, true)
		if strings.Join(a.trace, "\n") != strings.Join(b.trace, "\n") {
			t.Fatalf("seed %d gives two worlds:\n%s", seed, cmp.Diff(a.trace, b.trace))
		}
	}
}
