// Package aws runs the built program on the AWS backend, one process for each role, against emulators that nobody here wrote.
package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/backend"
	"gas/roles"
	"gas/test/calls"
	"gas/test/peers"
)

// patience is how long anything may take on a busy machine before a scenario fails.
const patience = 3 * time.Minute

// sender is who mails come from: an identity that SES knows.
const sender = "gas@example.org"

// binary is the program: GAS_BIN, or one build for all scenarios.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("GAS_BIN"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "gas-aws")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "gas")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// house is one installation on emulators.
type house struct {
	t     *testing.T
	bin   string
	home  string
	env   map[string]string
	mail  string // where SES is
	warm  func() // ends retrievals that are under way; nil where the vault does it by itself
	procs map[string]*process
}

// services says which emulator stands for which service; the one under "" stands for all others.
type services map[string]string

// newHouse makes everything that an installation needs, as gas aws init does. A Glacier vault is there already.
func newHouse(t *testing.T, at services, vault string, env map[string]string) *house {
	t.Helper()
	bin, err := binary()
	require.NoError(t, err)
	h := &house{t: t, bin: bin, home: t.TempDir(), mail: at["SESV2"], procs: map[string]*process{}, env: map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
		"GAS_BACKEND": "aws", "GAS_VAULT": vault, "GAS_BASE_URL": "http://" + peers.FreeAddr(t), "GAS_SESSION_SECRET": strings.Repeat("s", 32),
		"GAS_MAIL_FROM": sender, "GAS_TEST": "1", "GAS_QUEUE_VISIBILITY": "6s", "GAS_SWEEP_EVERY": "2s",
		"GAS_LIMIT_UPLOAD": "0", "GAS_LIMIT_API": "0",
	}}
	for service, url := range at {
		h.env[strings.TrimSuffix("AWS_ENDPOINT_URL_"+service, "_")] = url
	}
	for name, value := range env {
		h.env[name] = value
	}
	for name, value := range h.env {
		if strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value)
		}
	}
	c := config.Default()
	c.AWS.Vault = vault
	session, err := aws.OpenSession(t.Context(), "us-east-1")
	require.NoError(t, err)
	defer func() { require.NoError(t, session.Close()) }()
	_, err = aws.Bootstrap{Names: backend.AWSNames(c.AWS), Origin: h.env["GAS_BASE_URL"], Sender: sender}.Make(t.Context(), session)
	require.NoError(t, err)
	_, err = backend.InstallAWS(t.Context(), c)
	require.NoError(t, err)
	return h
}

func (h *house) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, h.bin, args...)
	command.Dir = h.home
	command.Env = []string{"HOME=" + h.home, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "GAS_DATA=" + filepath.Join(h.home, "data"), "GORACE=halt_on_error=1 exitcode=66"}
	for name, value := range h.env {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

// gas runs one command to its end, with more environment.
func (h *house) gas(env []string, args ...string) (out, errs string, code int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	command := h.command(ctx, args...)
	command.Env = append(command.Env, env...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	_ = command.Run()
	require.NotNil(h.t, command.ProcessState, "gas %s did not run", strings.Join(args, " "))
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// must runs a command that has to succeed, and gives its stdout.
func (h *house) must(args ...string) string {
	h.t.Helper()
	out, errs, code := h.gas(nil, args...)
	require.Zero(h.t, code, "gas %s: %s", strings.Join(args, " "), errs)
	return strings.TrimSpace(out)
}

// process is one running role.
type process struct {
	cmd   *exec.Cmd
	log   *lockedText
	ended chan struct{}
}

// serveAll starts one process for each role and waits until pages are served.
func (h *house) serveAll() {
	h.t.Helper()
	for _, r := range roles.All() {
		h.serve(r.Name)
	}
	h.await("the pages are ready", func() bool { return h.status("/readyz", "") == http.StatusOK })
}

// serve starts the process of a role.
func (h *house) serve(role string) {
	h.t.Helper()
	args := []string{"serve", "--role=" + role}
	if role == "web" {
		args = append(args, "--addr="+strings.TrimPrefix(h.env["GAS_BASE_URL"], "http://"))
	}
	p := &process{cmd: h.command(context.Background(), args...), log: &lockedText{}, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.Env = append(p.cmd.Env, "GAS_AWS_CALLS="+h.calls(role))
	require.NoError(h.t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	h.procs[role] = p
	h.t.Cleanup(func() {
		p.stop(h.t)
		if h.t.Failed() {
			h.t.Logf("the process of %s:\n%s", role, p.log)
		}
	})
}

// calls is where the processes of a role note their calls to AWS.
func (h *house) calls(role string) string { return filepath.Join(h.home, role+".calls") }

// allowed holds every call that was made against the policy of the role that made it.
func (h *house) allowed() {
	h.t.Helper()
	c := config.Default()
	c.MailFrom, c.AWS.Vault = sender, h.env["GAS_VAULT"]
	for _, r := range roles.All() {
		made := calls.Read(h.t, h.calls(r.Name))
		require.NotEmpty(h.t, made, r.Name)
		calls.Allowed(h.t, r.Name, c, made)
	}
}

// stop asks the process to end and waits for it.
func (p *process) stop(t *testing.T) {
	select {
	case <-p.ended:
		return
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		t.Errorf("a process did not drain")
	}
	if strings.Contains(p.log.String(), "DATA RACE") {
		t.Errorf("a data race:\n%s", p.log)
	}
}

// await waits for something that other processes do: no clock of ours moves them.
func (h *house) await(what string, holds func() bool) {
	h.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if holds() {
			return
		}
	}
	require.FailNow(h.t, "waited in vain", what)
}

// get asks the pages, with a token where there is one.
func (h *house) get(path, token string) (int, []byte) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.env["GAS_BASE_URL"]+path, nil)
	require.NoError(h.t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(h.t, err)
	return response.StatusCode, body
}

func (h *house) status(path, token string) int {
	h.t.Helper()
	code, _ := h.get(path, token)
	return code
}

// shownJob is what scenarios look at of a job's JSON.
type shownJob struct {
	ID      string
	Status  string
	Storage *string
	Result  *struct {
		SHA256    string
		Size      int64
		Available bool
	}
	Counts *struct{ Records int64 }
}

// job reads a job by the API.
func (h *house) job(token, id string) (j shownJob) {
	h.t.Helper()
	code, body := h.get("/api/v1/jobs/"+id, token)
	require.Equal(h.t, http.StatusOK, code, "%s", body)
	require.NoError(h.t, json.Unmarshal(body, &j), "%s", body)
	return j
}

// awaitTier waits until a job's result is in a tier.
func (h *house) awaitTier(token, id, tier string) {
	h.t.Helper()
	h.await("the result is "+tier, func() bool {
		if h.warm != nil {
			h.warm()
		}
		j := h.job(token, id)
		return j.Storage != nil && *j.Storage == tier
	})
}

// lockedText is written by a process while a test reads it.
type lockedText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedText) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedText) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
