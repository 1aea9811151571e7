package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is one running program.
type server struct {
	settings
	data string
	url  string
	cmd  *exec.Cmd
	took time.Duration // from start to ready
	lost context.CancelFunc
}

// environment turns every limit off, so that the program is measured and not its limits.
func environment(data string) []string {
	return append(os.Environ(),
		"GAS_DATA="+data, "GAS_LIMIT_API=0", "GAS_LIMIT_UPLOAD=0", "GAS_LIMIT_LOGIN=0", "GAS_JOB_LIMIT_QUEUED=1000000", "GAS_JOB_LIMIT_RUNNING=1000",
		"GAS_PREMIUM_UPLOAD_LIMIT=16GiB", "GAS_LOG_LEVEL=warn",
	)
}

// begin starts the program on a data folder and waits until it is ready.
func begin(ctx context.Context, s settings, data string, args ...string) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	v := &server{settings: s, data: data, lost: cancel}
	v.cmd = exec.CommandContext(ctx, s.bin, append([]string{"serve", "--addr=127.0.0.1:0"}, args...)...)
	v.cmd.Env = environment(data)
	messages, err := v.cmd.StderrPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	begun := time.Now()
	if err := v.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start %s: %w", s.bin, err)
	}
	lines := bufio.NewScanner(messages)
	for v.url == "" && lines.Scan() {
		v.url, _ = strings.CutPrefix(lines.Text(), "listening on ")
		if !strings.HasPrefix(v.url, "http") {
			v.url = ""
		}
	}
	go io.Copy(io.Discard, messages)
	for deadline := begun.Add(time.Minute); ; time.Sleep(time.Millisecond) {
		response, err := http.Get(v.url + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				v.took = time.Since(begun)
				return v, nil
			}
		}
		if time.Now().After(deadline) {
			v.end()
			return nil, errors.New("the server is not ready after a minute")
		}
	}
}

// end stops the program.
func (v *server) end() {
	_ = v.cmd.Process.Signal(syscall.SIGTERM)
	_ = v.cmd.Wait()
	v.lost()
}

// token makes a premium user's token.
func (v *server) token(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, v.bin, "token", "create", "--user", "load", "--plan", "premium_user", "--quiet")
	command.Env = environment(v.data)
	out, err := command.Output()
	return strings.TrimSpace(string(out)), err
}

// peak is the most resident memory that the process has had, in bytes: all of it, and what does not belong to files.
func (v *server) peak() (all, anonymous int64) { return memoryOf(v.cmd.Process.Pid) }

// memoryOf is the most resident memory that a process has had, and its anonymous memory now, in bytes; zeros where it is gone.
func memoryOf(process int) (all, anonymous int64) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(process), "status"))
	if err != nil {
		return 0, 0
	}
	for line := range strings.SplitSeq(string(raw), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "VmHWM:":
			all = n << 10
		case "RssAnon:":
			anonymous = n << 10
		}
	}
	return all, anonymous
}
