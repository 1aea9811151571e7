//go:build !linux && !darwin

package web

// diskOf can't tell here.
func diskOf(string) (free, size int64) { return 0, 0 }
