// Package scenario runs the built program as a whole: serve, submit, kill, restart, download, and what people must never see.
package scenario

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long anything may take on a busy machine before a scenario fails.
const patience = 2 * time.Minute

// binary is the program: GAS_BIN, or one build for all scenarios.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("GAS_BIN"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "gas-scenario")
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

// world is one data folder and the processes on it. Nothing of the machine is seen: no home, no settings.
type world struct {
	t    *testing.T
	bin  string
	home string
	data string
	env  []string
}

func newWorld(t *testing.T, env ...string) *world {
	t.Helper()
	bin, err := binary()
	require.NoError(t, err)
	home := t.TempDir()
	return &world{t: t, bin: bin, home: home, data: filepath.Join(home, "data"), env: env}
}

// with is the same world with more environment.
func (w *world) with(env ...string) *world {
	more := *w
	more.env = append(slices.Clone(w.env), env...)
	return &more
}

func (w *world) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, w.bin, args...)
	command.Dir = w.home
	command.Env = append([]string{
		"HOME=" + w.home, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "GAS_DATA=" + w.data, "GORACE=halt_on_error=1 exitcode=66",
	}, w.env...)
	return command
}

// result is what one command said and how it ended.
type result struct {
	out, err string
	code     int
}

// gas runs one command to its end.
func (w *world) gas(args ...string) result {
	w.t.Helper()
	return w.gasWith(nil, nil, args...)
}

// gasWith runs one command with more environment and an input.
func (w *world) gasWith(env []string, in io.Reader, args ...string) result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	command := w.command(ctx, args...)
	command.Env = append(command.Env, env...)
	var out, errs bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = in, &out, &errs
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatalf("run gas %s: %v", strings.Join(args, " "), err)
	}
	return result{out.String(), errs.String(), command.ProcessState.ExitCode()}
}

// must runs a command that has to succeed, and gives its stdout.
func (w *world) must(args ...string) string {
	w.t.Helper()
	r := w.gas(args...)
	require.Zero(w.t, r.code, "gas %s: %s", strings.Join(args, " "), r.err)
	return r.out
}

// server is one running process.
type server struct {
	w      *world
	cmd    *exec.Cmd
	url    string
	signIn string
	log    *syncBuffer
	ended  chan struct{}
}

// serve starts a process on the data folder and waits until it is ready.
func (w *world) serve(args ...string) *server {
	w.t.Helper()
	s, lines := w.start(args...)
	s.readLines(lines)
	s.awaitReady()
	return s
}

// start starts a process on the data folder.
func (w *world) start(args ...string) (*server, <-chan string) {
	w.t.Helper()
	s := &server{w: w, log: &syncBuffer{}, ended: make(chan struct{})}
	s.cmd = w.command(context.Background(), append([]string{"serve", "--addr=127.0.0.1:0"}, args...)...)
	pipe, err := s.cmd.StderrPipe()
	require.NoError(w.t, err)
	require.NoError(w.t, s.cmd.Start())
	w.t.Cleanup(s.stop)
	lines := make(chan string, 100)
	go func() {
		defer close(s.ended)
		scanner := bufio.NewScanner(io.TeeReader(pipe, s.log))
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			select {
			case lines <- scanner.Text():
			default:
			}
		}
		_ = s.cmd.Wait()
	}()
	return s, lines
}

// readLines takes the address, and the link that follows it where there is one.
func (s *server) readLines(lines <-chan string) {
	s.w.t.Helper()
	deadline := time.After(patience)
	for s.url == "" || s.signIn == "" {
		select {
		case line := <-lines:
			if url, ok := strings.CutPrefix(line, "listening on "); ok {
				s.url = url
			}
			if url, ok := strings.CutPrefix(line, "sign in: "); ok {
				s.signIn = url
			}
		case <-s.ended:
			s.w.t.Fatalf("the server ended:\n%s", s.log)
		case <-time.After(time.Second):
			if s.url != "" {
				return // a process without pages prints no link
			}
		case <-deadline:
			s.w.t.Fatalf("the server did not say where it listens:\n%s", s.log)
		}
	}
}

func (s *server) awaitReady() {
	s.w.t.Helper()
	require.Eventually(s.w.t, func() bool {
		response, err := http.Get(s.url + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, patience, 20*time.Millisecond, "the server is not ready:\n%s", s.log)
}

// stop asks the process to end and waits for it. A data race that it found fails the test.
func (s *server) stop() {
	select {
	case <-s.ended:
		return
	default:
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		s.w.t.Errorf("the server did not drain:\n%s", s.log)
	}
	if strings.Contains(s.log.String(), "DATA RACE") {
		s.w.t.Errorf("a data race in the server:\n%s", s.log)
	}
}

// kill ends the process as a power cut would.
func (s *server) kill() {
	s.w.t.Helper()
	require.NoError(s.w.t, s.cmd.Process.Kill())
	<-s.ended
}

// wasKilled tells whether a process that has ended was killed, and did not end by itself.
func (s *server) wasKilled() bool {
	status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// as gives the environment of a user's client.
func (s *server) as(token string) []string {
	return []string{"GAS_SERVER=" + s.url, "GAS_TOKEN=" + token}
}

// get asks the REST API directly, which is quicker than a command.
func (s *server) get(token, path string) string {
	s.w.t.Helper()
	request, err := http.NewRequestWithContext(s.w.t.Context(), http.MethodGet, s.url+path, nil)
	require.NoError(s.w.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.w.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(s.w.t, err)
	return string(body)
}

// token makes a user's token without a server.
func (w *world) token(user, plan string) string {
	w.t.Helper()
	return strings.TrimSpace(w.must("token", "create", "--user", user, "--plan", plan))
}

// shownJob is what scenarios look at of a job's JSON.
type shownJob struct {
	ID      string  `json:"job_id"`
	Status  string  `json:"status"`
	Storage *string `json:"storage"`
	Attempt int     `json:"attempt"`
	Result  *struct {
		SHA256 string `json:"sha256"`
		Size   int64  `json:"size"`
	} `json:"result"`
	Counts *struct {
		Records, Annotated, Rejected int64
		PassedThrough                int64 `json:"passed_through"`
	} `json:"counts"`
	Error *struct {
		Code    string
		Line    int64
		Message string
	} `json:"error"`
}

// submit sends a file and waits for the job's end.
func (s *server) submit(token, path string) (shownJob, result) {
	s.w.t.Helper()
	r := s.w.gasWith(s.as(token), nil, "submit", path, "--wait", "-o", "json", "--timeout", "90s")
	var j shownJob
	if r.out != "" {
		require.NoError(s.w.t, json.Unmarshal([]byte(r.out), &j), r.out)
	}
	return j, r
}

// write puts a file into the world's home.
func (w *world) write(name string, content []byte) string {
	w.t.Helper()
	path := filepath.Join(w.home, name)
	require.NoError(w.t, os.WriteFile(path, content, 0o644))
	return path
}

// syncBuffer is a buffer that is written while it is read.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
