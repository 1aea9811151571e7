// Package program runs the built program as tests of the whole see it: commands and servers on a data folder of their own, with nothing of the
// machine in sight.
package program

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

// Race makes a data race the end of a process that was built with the race detector, and lets one end without the second that it else waits at its exit
// for races of other goroutines: a report that is being written is waited for all the same.
const Race = "GORACE=halt_on_error=1 exitcode=66 atexit_sleep_ms=0"

// Patience is how long anything may take on a busy machine before a scenario fails.
const Patience = 2 * time.Minute

// binary is the program: GAS_BIN, or one build for all scenarios.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("GAS_BIN"); path != "" {
		_, err := os.Stat(path) // go test's cache sees this, and not what a process runs
		return path, err
	}
	root := filepath.Join("..", "..")
	if err := Sources(root); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "gas-scenario")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "gas")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// Binary is the path of the built program.
func Binary() (string, error) { return binary() }

// World is one data folder and the processes on it. Nothing of the machine is seen: no home, no settings.
type World struct {
	t    *testing.T
	bin  string
	Home string
	Data string
	env  []string
}

// New makes an empty world with more environment for all that runs in it.
func New(t *testing.T, env ...string) *World {
	t.Helper()
	bin, err := binary()
	require.NoError(t, err)
	home := t.TempDir()
	return &World{t: t, bin: bin, Home: home, Data: filepath.Join(home, "data"), env: env}
}

// With is the same world With more environment.
func (w *World) With(env ...string) *World {
	more := *w
	more.env = append(slices.Clone(w.env), env...)
	return &more
}

// On is the same world on another data folder.
func (w *World) On(data string) *World {
	other := *w
	other.Data = data
	return &other
}

// Command is one command of the program, not yet run.
func (w *World) Command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, w.bin, args...)
	command.Dir = w.Home
	command.Env = append([]string{
		"HOME=" + w.Home, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "GAS_DATA=" + w.Data, Race,
	}, w.env...)
	return command
}

// Result is what one command said and how it ended.
type Result struct {
	Out, Err string
	Code     int
}

// Gas runs one command to its end.
func (w *World) Gas(args ...string) Result {
	w.t.Helper()
	return w.GasWith(nil, nil, args...)
}

// GasWith runs one command with more environment and an input.
func (w *World) GasWith(env []string, in io.Reader, args ...string) Result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), Patience)
	defer cancel()
	command := w.Command(ctx, args...)
	command.Env = append(command.Env, env...)
	var out, errs bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = in, &out, &errs
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatalf("run gas %s: %v", strings.Join(args, " "), err)
	}
	return Result{out.String(), errs.String(), command.ProcessState.ExitCode()}
}

// Must runs a command that has to succeed, and gives its stdout.
func (w *World) Must(args ...string) string {
	w.t.Helper()
	r := w.Gas(args...)
	require.Zero(w.t, r.Code, "gas %s: %s", strings.Join(args, " "), r.Err)
	return r.Out
}

// Server is one running process.
type Server struct {
	w      *World
	Cmd    *exec.Cmd
	URL    string
	SignIn string
	Log    *Buffer
	Ended  chan struct{}
	links  bool // it may say how to sign in
}

// Serve starts a process on the data folder and waits until it is ready.
func (w *World) Serve(args ...string) *Server {
	w.t.Helper()
	s, lines := w.Start(args...)
	s.ReadLines(lines)
	s.awaitReady()
	return s
}

// Start starts a process on the data folder.
func (w *World) Start(args ...string) (*Server, <-chan string) {
	w.t.Helper()
	s := &Server{w: w, Log: &Buffer{}, Ended: make(chan struct{}), links: w.printsLink(args)}
	s.Cmd = w.Command(context.Background(), append([]string{"serve", "--addr=127.0.0.1:0"}, args...)...)
	pipe, err := s.Cmd.StderrPipe()
	require.NoError(w.t, err)
	require.NoError(w.t, s.Cmd.Start())
	w.t.Cleanup(s.Stop)
	lines := make(chan string, 100)
	go func() {
		defer close(s.Ended)
		scanner := bufio.NewScanner(io.TeeReader(pipe, s.Log))
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			select {
			case lines <- scanner.Text():
			default:
			}
		}
		_ = s.Cmd.Wait()
	}()
	return s, lines
}

// printsLink tells whether a process may print a link that signs in: a process without pages does not, and none on AWS.
func (w *World) printsLink(args []string) bool {
	pages := true
	for _, arg := range args {
		if roles, ok := strings.CutPrefix(arg, "--role="); ok {
			pages = slices.Contains(strings.Split(roles, ","), "web")
		}
	}
	return pages && !slices.Contains(w.env, "GAS_BACKEND=aws")
}

// ReadLines takes the address, and the link that follows it where there is one.
func (s *Server) ReadLines(lines <-chan string) {
	s.w.t.Helper()
	deadline := time.After(Patience)
	for s.URL == "" || s.SignIn == "" {
		select {
		case line := <-lines:
			if url, ok := strings.CutPrefix(line, "listening on "); ok {
				s.URL = url
			}
			if url, ok := strings.CutPrefix(line, "sign in: "); ok {
				s.SignIn = url
			}
			if s.URL != "" && !s.links {
				return
			}
		case <-s.Ended:
			s.w.t.Fatalf("the server ended:\n%s", s.Log)
		case <-time.After(time.Second):
			if s.URL != "" {
				return // the settings switch links off
			}
		case <-deadline:
			s.w.t.Fatalf("the server did not say where it listens:\n%s", s.Log)
		}
	}
}

func (s *Server) awaitReady() {
	s.w.t.Helper()
	require.Eventually(s.w.t, func() bool {
		response, err := http.Get(s.URL + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, Patience, 10*time.Millisecond, "the server is not ready:\n%s", s.Log)
}

// Stop asks the process to end and waits for it. A data race that it found fails the test.
func (s *Server) Stop() {
	select {
	case <-s.Ended:
		return
	default:
	}
	_ = s.Cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.Ended:
	case <-time.After(Patience):
		_ = s.Cmd.Process.Kill()
		s.w.t.Errorf("the server did not drain:\n%s", s.Log)
	}
	if strings.Contains(s.Log.String(), "DATA RACE") {
		s.w.t.Errorf("a data race in the server:\n%s", s.Log)
	}
}

// Kill ends the process as a power cut would.
func (s *Server) Kill() {
	s.w.t.Helper()
	require.NoError(s.w.t, s.Cmd.Process.Kill())
	<-s.Ended
}

// WasKilled tells whether a process that has ended was killed, and did not end by itself.
func (s *Server) WasKilled() bool {
	status, ok := s.Cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// As gives the environment of a user's client.
func (s *Server) As(token string) []string {
	return []string{"GAS_SERVER=" + s.URL, "GAS_TOKEN=" + token}
}

// Get asks the REST API directly, which is quicker than a command.
func (s *Server) Get(token, path string) string {
	s.w.t.Helper()
	request, err := http.NewRequestWithContext(s.w.t.Context(), http.MethodGet, s.URL+path, nil)
	require.NoError(s.w.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.w.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(s.w.t, err)
	return string(body)
}

// Token makes a user's Token without a server.
func (w *World) Token(user, plan string) string {
	w.t.Helper()
	return strings.TrimSpace(w.Must("token", "create", "--user", user, "--plan", plan))
}

// Job is what scenarios look at of a job's JSON.
type Job struct {
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

// Submit sends a file and waits for the job's end.
func (s *Server) Submit(token, path string) (Job, Result) {
	s.w.t.Helper()
	r := s.w.GasWith(s.As(token), nil, "submit", path, "--wait", "-o", "json", "--timeout", "90s")
	var j Job
	if r.Out != "" {
		require.NoError(s.w.t, json.Unmarshal([]byte(r.Out), &j), r.Out)
	}
	return j, r
}

// Write puts a file into the world's home.
func (w *World) Write(name string, content []byte) string {
	w.t.Helper()
	path := filepath.Join(w.Home, name)
	require.NoError(w.t, os.WriteFile(path, content, 0o644))
	return path
}

// Buffer is a buffer that is written while it is read.
type Buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
