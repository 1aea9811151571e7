package peers

import (
	"net"
	"os"
	"os/exec"
	"testing"
)

// MiniStack starts an emulator of DynamoDB, SQS, SNS and Step Functions (and of more). Each access key of twelve digits is an account of its own,
// so that tests may share one.
func MiniStack(t testing.TB) *Peer {
	t.Helper()
	program := Installed(t, "aws", "bin", "ministack")
	addr := FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	command := exec.Command(program)
	command.Env = append(os.Environ(), "BIND_HOST=127.0.0.1", "MINISTACK_HOST=127.0.0.1", "GATEWAY_PORT="+port,
		"IOT_MTLS_ENABLED=0", "SFTP_ENABLED=0") // without these two it listens on all interfaces
	return start(t, "ministack", addr, command, "/_ministack/health", 200)
}
