// Package peers starts the programs that tests talk to and that nobody here wrote: emulators of AWS, a payment server, an OpenID provider.
// `make peers` installs them. Each file beside this one starts one of them, on a loopback port of its own, and stops it when the test ends.
package peers

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// variable names the environment variable that is the folder of the installed peers, or "require": then a missing one fails the test.
const variable = "GAS_PEERS"

// Peer is one running program.
type Peer struct {
	Name string
	URL  string // http://127.0.0.1:PORT
	Addr string // 127.0.0.1:PORT

	output lockedBuffer
}

// Output is what the program has written so far, for a test that failed.
func (p *Peer) Output() string { return p.output.String() }

// Dir is the folder into which `make peers` installs.
func Dir() string {
	if dir := os.Getenv(variable); dir != "" && dir != "require" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "gas-peers")
}

// Installed returns the path of a file of an installed peer. Where it is missing the test is skipped, or fails when GAS_PEERS is "require".
func Installed(t testing.TB, elements ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{Dir()}, elements...)...)
	if _, err := os.Stat(path); err != nil {
		missing(t, path, "make peers")
	}
	return path
}

// Tool returns the path of a program of the system. Where it is missing the test is skipped, or fails when GAS_PEERS is "require".
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name, "make deps")
	}
	return path
}

// Required tells whether nothing may be missing.
func Required() bool { return os.Getenv(variable) == "require" }

// missing ends a test that lacks what a command installs.
func missing(t testing.TB, what, command string) {
	t.Helper()
	if Required() {
		t.Fatalf("%s is missing (%s=require): run %s", what, variable, command)
	}
	t.Skipf("%s is missing: run %s", what, command)
}

// The ports of peers lie below those that Linux gives to connections (32768 and up): among those, one that is free now is taken a moment later when
// many tests run.
const (
	firstPort = 10_000
	portCount = 22_000
)

// FreeAddr is a loopback address that was free a moment ago.
func FreeAddr(t testing.TB) string {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(portCount)))
		if err == nil {
			defer listener.Close()
			return listener.Addr().String()
		}
	}
	t.Fatal("find a free port: a hundred are taken")
	return ""
}

// start runs a program until the test ends and waits until a GET of readyPath is answered with one of the statuses.
func start(t testing.TB, name, addr string, command *exec.Cmd, readyPath string, statuses ...int) *Peer {
	t.Helper()
	p := &Peer{Name: name, URL: "http://" + addr, Addr: addr}
	command.Stdout, command.Stderr = &p.output, &p.output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its children end with it
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = command.Wait()
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		<-gone
		if t.Failed() {
			t.Logf("the end of what %s wrote:\n%s", name, tail(p.Output(), 4000))
		}
	})
	if err := p.await(gone, readyPath, statuses); err != nil {
		t.Fatalf("%s did not start: %v\n%s", name, err, tail(p.Output(), 4000))
	}
	return p
}

// patience is how long a peer may take to answer: a second or two by itself, more beside other tests.
const patience = 90 * time.Second

func (p *Peer) await(gone <-chan struct{}, path string, statuses []int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	client := http.Client{Transport: transport, Timeout: 5 * time.Second}
	for {
		if response, err := client.Get(p.URL + path); err == nil {
			response.Body.Close()
			for _, status := range statuses {
				if response.StatusCode == status {
					return nil
				}
			}
		}
		select {
		case <-gone:
			return fmt.Errorf("it ended by itself")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond): // another process: no clock of ours moves it
		}
	}
}

func tail(text string, most int) string {
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// lockedBuffer is written by the program's pipes while a test reads it.
type lockedBuffer struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.text.String()
}
