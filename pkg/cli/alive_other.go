//go:build !unix

package cli

// alive cannot be known here: the note of the process is believed.
func alive(int) bool { return true }
