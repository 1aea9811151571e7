package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// roles are the processes when each role has its own.
var roles = []string{"web", "annotator", "notify", "archive", "thaw", "restore"}

// process is one running program.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

// environment is that of every process and command: small times, so that much happens.
func (p *proof) environment(failpoint string) []string {
	env := append(os.Environ(), "GAS_TEST=1", "GAS_DATA="+p.data, "GAS_BACKEND=local", "GAS_LIMIT_UPLOAD=0", "GAS_LIMIT_API=0", "GAS_JOB_LIMIT_QUEUED=100000",
		"GAS_JOB_LIMIT_RUNNING=2,4", "GAS_FREE_UPLOAD_LIMIT=64MiB", "GAS_FREE_WINDOW=4s", "GAS_QUEUE_VISIBILITY=3s", "GAS_SWEEP_EVERY=1s",
		"GAS_RETRIEVAL_EXPEDITED=500ms", "GAS_RETRIEVAL_STANDARD=1s", "GAS_LOG_LEVEL=warn")
	if failpoint != "" {
		env = append(env, "GAS_FAILPOINT="+failpoint)
	}
	if p.ahead > 0 {
		env = append(env, "GAS_CLOCK_OFFSET="+p.ahead.String())
	}
	return env
}

// names are the processes that run: one with all roles, or one for each.
func (p *proof) names() []string {
	if p.six {
		return roles
	}
	return []string{""}
}

func (p *proof) startAll(failpoint string) error {
	for _, role := range p.names() {
		if err := p.start(role, failpoint); err != nil {
			return err
		}
	}
	return p.ready()
}

func (p *proof) start(role, failpoint string) error {
	args := []string{"serve"}
	if role != "" {
		args = append(args, "--role="+role)
	}
	if role == "" || role == "web" {
		args = append(args, "--addr="+p.addr)
	}
	log, err := p.log(role)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(p.bin, args...)
	command.Env, command.Stderr, command.Stdout = p.environment(failpoint), log, log
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %q: %w", role, err)
	}
	proc := &process{command: command, ended: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(proc.ended)
	}()
	p.procs[role] = proc
	return nil
}

// killed tells whether a process that has ended was killed, and did not end by itself.
func (p *process) killed() bool {
	status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// stop kills a process, as SIGKILL does, and waits for its end.
func (p *proof) stop(role string) {
	if proc := p.procs[role]; proc != nil {
		_ = proc.command.Process.Kill()
		<-proc.ended
	}
}

func (p *proof) killAll() {
	for role := range p.procs {
		p.stop(role)
	}
}

// ready waits until pages are served.
func (p *proof) ready() error {
	for range 300 {
		if answer, err := http.Get("http://" + p.addr + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("nothing is ready at %s", p.addr)
}

// freeAddr is an address that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
