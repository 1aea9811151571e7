package deploy

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/test/calls"
	"gas/test/peers"
	"gas/test/program"
)

// patience is how long anything may take on a busy machine.
const patience = 3 * time.Minute

// composed runs compose's services as processes: the same commands with the same environment, emulators under their addresses here.
type composed struct {
	t     *testing.T
	bin   string
	file  composeFile
	addr  string            // of web
	hosts map[string]string // by the address in the compose file: that of the emulator
	home  string
}

func newComposed(t *testing.T) *composed {
	t.Helper()
	bin, err := program.Binary()
	require.NoError(t, err)
	return &composed{
		t: t, bin: bin, file: readCompose(t, "docker-compose.yml"), addr: peers.FreeAddr(t), home: t.TempDir(),
		hosts: map[string]string{
			"http://aws.localhost:4566": peers.LocalStack(t).URL, "http://ministack:4566": peers.MiniStack(t).URL, "http://moto:5000": peers.Moto(t).URL,
		},
	}
}

// environment is a service's, with the addresses of this machine, a folder of its own as its volume, and a note of its calls.
func (c *composed) environment(name string) []string {
	environment := []string{
		"HOME=" + c.home, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "AWS_EC2_METADATA_DISABLED=true", program.Race,
		"GAS_TEST=1", "GAS_AWS_CALLS=" + c.calls(name), "GAS_DATA=" + filepath.Join(c.home, name), "GAS_ADDR=127.0.0.1:0",
	}
	for key, value := range c.file.Services[name].Environment {
		if here, ok := c.hosts[value]; ok {
			value = here
		}
		environment = append(environment, key+"="+value)
	}
	if name == "web" {
		environment = append(environment, "GAS_ADDR="+c.addr)
	}
	return append(environment, "GAS_BASE_URL=http://"+c.addr)
}

// calls is where a service notes its calls.
func (c *composed) calls(name string) string { return filepath.Join(c.home, name+".calls") }

// run runs a command in a service, as docker compose exec does.
func (c *composed) run(service string, more []string, args ...string) (out, said string, code int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, c.bin, args...)
	command.Env = append(c.environment(service), more...)
	command.Dir = c.home
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	require.NotNil(c.t, command.ProcessState, "%v", err)
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// start starts a service and lets it run until the test ends.
func (c *composed) start(name string) {
	c.t.Helper()
	command := exec.Command(c.bin, c.file.Services[name].Command...)
	command.Env, command.Dir = c.environment(name), c.home
	log, err := os.Create(filepath.Join(c.home, name+".log"))
	require.NoError(c.t, err)
	command.Stdout, command.Stderr = log, log
	require.NoError(c.t, command.Start())
	c.t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		_ = log.Close()
		if c.t.Failed() {
			text, _ := os.ReadFile(log.Name())
			c.t.Logf("%s:\n%s", name, text)
		}
	})
}

// healthy waits until a service's health check says so.
func (c *composed) healthy(name string) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		_, _, code := c.run(name, nil, "healthcheck")
		return code == 0
	}, patience, 200*time.Millisecond, "%s is not well", name)
}

func TestTheServicesOfComposeAnnotateAFile(t *testing.T) {
	t.Parallel()
	c := newComposed(t)
	out, said, code := c.run("init", nil, c.file.Services["init"].Command...)
	require.Zero(t, code, "%s%s", out, said)
	for _, name := range composedRoles {
		c.start(name)
	}
	for _, name := range composedRoles {
		c.healthy(name)
	}
	token, said, code := c.run("init", nil, "token", "create", "--user", "ada")
	require.Zero(t, code, said)
	client := []string{"GAS_SERVER=http://" + c.addr, "GAS_TOKEN=" + strings.TrimSpace(token)}
	example, err := filepath.Abs("../../roles/web/example.vcf")
	require.NoError(t, err)
	out, said, code = c.run("init", client, "submit", example, "--wait", "-o", "json")
	require.Zero(t, code, "%s%s", out, said)
	require.Contains(t, out, `"COMPLETED"`)
	c.doctor()

	settings := config.Default()
	settings.MailFrom = c.file.Services["notify"].Environment["GAS_MAIL_FROM"]
	for _, name := range composedRoles {
		made := calls.Read(t, c.calls(name))
		require.NotEmpty(t, made, "%s noted no call", name)
		calls.Allowed(t, name, settings, made)
	}
}

// doctor finds nothing wrong but that moto never calls a sender confirmed, and no dead letter.
func (c *composed) doctor() {
	c.t.Helper()
	out, said, _ := c.run("init", nil, "doctor")
	require.Contains(c.t, out, "0 dead", said)
	for line := range strings.Lines(out) {
		require.False(c.t, strings.Contains(line, "FAILS") && !strings.Contains(line, "nobody has confirmed it"), line)
	}
}
