// Package sim runs the real handlers of all roles over the ports in memory, in a world whose every move is drawn from a seed: who goes on, which
// call fails and how, which message is lost, doubled or comes back from the dead, when a user upgrades, cancels or deletes, when a clock jumps and
// a process dies. After every move the invariants S1 to S12 of the life of a job must hold, and after a calm phase L1 to L7.
//
// A seed that fails prints itself and what it drew, shrunk to the least that still fails.
package sim

import "math/rand/v2"

// source gives the choices of a run and remembers them. It draws them from a seed, or replays a list: then what comes after the end of the list
// is 0, which is always the tamest choice.
type source struct {
	rng    *rand.Rand // nil = replay
	replay []int
	drawn  []int
}

func fromSeed(seed uint64) *source {
	return &source{rng: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))}
}

func fromList(choices []int) *source { return &source{replay: choices} }

// pick chooses one of n.
func (s *source) pick(n int) int {
	if n <= 1 {
		return 0
	}
	choice := 0
	switch {
	case s.rng != nil:
		choice = s.rng.IntN(n)
	case len(s.drawn) < len(s.replay):
		choice = s.replay[len(s.drawn)] % n
	}
	s.drawn = append(s.drawn, choice)
	return choice
}

// oneIn is true once in n times. The tame choice is false.
func (s *source) oneIn(n int) bool { return s.pick(n) == n-1 }

// shrink looks for a shorter and tamer list of choices that still fails, with at most tries runs.
func shrink(choices []int, tries int, fails func([]int) bool) []int {
	best := choices
	try := func(candidate []int) bool {
		if tries == 0 {
			return false
		}
		tries--
		if !fails(candidate) {
			return false
		}
		best = candidate
		return true
	}
	for size := len(best) / 2; size > 0 && tries > 0; size /= 2 {
		for at := 0; at+size <= len(best) && tries > 0; {
			without := append(append([]int{}, best[:at]...), best[at+size:]...)
			if !try(without) {
				at += size
			}
		}
	}
	for i := 0; i < len(best) && tries > 0; i++ {
		if best[i] == 0 {
			continue
		}
		tamer := append([]int{}, best...)
		tamer[i] = 0
		try(tamer)
	}
	return best
}
