package peers

import (
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// Moto starts an emulator that is a second opinion on all services, and the first on SES v2 and Glacier vaults. It keeps one account for all keys.
func Moto(t testing.TB) *Peer {
	t.Helper()
	program := Installed(t, "aws", "bin", "moto_server")
	addr := FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	p := start(t, "moto", addr, exec.Command(program, "-H", "127.0.0.1", "-p", port), "/moto-api/data.json", 200)
	response, err := http.Post(p.URL+"/moto-api/config", "application/json", strings.NewReader(`{"stepfunctions":{"execute_state_machine":true}}`))
	if err != nil {
		t.Fatalf("configure moto: %v", err)
	}
	response.Body.Close()
	return p
}
