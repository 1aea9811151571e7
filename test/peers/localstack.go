package peers

import (
	"net"
	"os"
	"os/exec"
	"testing"
)

// LocalStack starts the emulator that docker-compose.yml names, without a container: S3 with events and restores, SNS to HTTP with real signatures.
// It has neither DynamoDB nor SES v2 nor Glacier vaults offline.
func LocalStack(t testing.TB) *Peer {
	t.Helper()
	python := Installed(t, "localstack", "bin", "python")
	addr := FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	command := exec.Command(python, "-m", "localstack.runtime.main")
	command.Env = append(os.Environ(), "OVERRIDE_IN_DOCKER=0", "FILESYSTEM_ROOT="+t.TempDir(),
		"GATEWAY_LISTEN=[::ffff:127.0.0.1]:"+port, // an IPv4 address would bind all interfaces
		"LOCALSTACK_HOST="+addr, "SKIP_SSL_CERT_DOWNLOAD=1", "DISABLE_EVENTS=1", "DNS_ADDRESS=0", "S3_SKIP_SIGNATURE_VALIDATION=0",
		"TZ=UTC",                           // it takes the time that a timer waits for as one of its own clock
		"SQS_DISABLE_CLOUDWATCH_METRICS=1") // with metrics a stop hangs for minutes
	return start(t, "localstack", addr, command, "/_localstack/health", 200)
}
