package peers

import (
	"os/exec"
	"testing"
)

// StripeMock starts a payment server that checks every call against the published interface and keeps nothing.
func StripeMock(t testing.TB) *Peer {
	t.Helper()
	addr := FreeAddr(t)
	command := exec.Command(Installed(t, "bin", "stripe-mock"), "-http-addr", addr, "-https-addr", FreeAddr(t), // else it listens on all interfaces
		"-strict-version-check")
	return start(t, "stripe-mock", addr, command, "/", 401)
}
