package peers

import (
	"os/exec"
	"testing"
)

// The keys of versitygw, which checks signatures fully.
const (
	VersityAccess = "test"
	VersitySecret = "testsecret"
)

// Versity starts a server of S3 over a folder of the test: upload forms, presigned URLs, signatures, checksums, ranges, multipart.
// Its If-None-Match is not atomic.
func Versity(t testing.TB) *Peer {
	t.Helper()
	addr := FreeAddr(t)
	command := exec.Command(Installed(t, "bin", "versitygw"), "--port", addr, "--access", VersityAccess, "--secret", VersitySecret,
		"--region", "us-east-1", "--health", "/health", "--quiet", "posix", t.TempDir())
	return start(t, "versitygw", addr, command, "/health", 200)
}
