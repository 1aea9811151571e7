// Package volume says how many of a large set of cases a test takes. A computation on one goroutine teaches the race detector nothing after its first rows, and takes ten times as long under it: there
// a thinner sample does, spread over the whole set. `make oracle` takes the whole of it, without the race detector.
package volume

import (
	"bytes"
	"os"
)

// Whole says whether all of every set is asked for: GAS_ORACLE is "whole".
func Whole() bool { return os.Getenv("GAS_ORACLE") == "whole" }

// Of is the number of cases to take: all of them, or raced where the race detector watches and the whole is not asked for.
func Of(all, raced int) int {
	if Raced && !Whole() {
		return raced
	}
	return all
}

// Thinned is a VCF with every n-th of its records.
func Thinned(text []byte, n int) []byte {
	var kept []byte
	records := 0
	for line := range bytes.Lines(text) {
		if line[0] != '#' {
			records++
		}
		if line[0] == '#' || records%n == 0 {
			kept = append(kept, line...)
		}
	}
	return kept
}
