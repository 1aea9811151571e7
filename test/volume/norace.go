//go:build !race

package volume

// Raced says whether the race detector watches.
const Raced = false
