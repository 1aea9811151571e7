package cli

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// program finds the program that a script runs as gas.
func program(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(dir, "gas")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	ts.Fatalf("gas is not in PATH")
	return ""
}

// command prepares the program with the script's own environment and folder.
func command(ts *testscript.TestScript, args ...string) *exec.Cmd {
	c := exec.Command(program(ts), args...)
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "PATH", "TMPDIR", "GAS_DATA", "GAS_SERVER", "GAS_TOKEN", "BROWSER", "GORACE"} {
		if value := ts.Getenv(name); value != "" {
			c.Env = append(c.Env, name+"="+value)
		}
	}
	return c
}

// serveCommand runs a server until the script ends, and sets GAS_SERVER: serve [ARG...].
func serveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: serve [ARG...]")
	}
	server := command(ts, append([]string{"serve", "--addr=127.0.0.1:0"}, args...)...)
	pipe, err := server.StderrPipe()
	ts.Check(err)
	ts.Check(server.Start())
	ts.Defer(func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	})
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		if at, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			ts.Setenv("GAS_SERVER", at)
			go func() { _, _ = io.Copy(io.Discard, pipe) }()
			return
		}
	}
	ts.Fatalf("the server ended")
}

var asksFor = regexp.MustCompile(`Open (\S+)\nand let the program in if the page shows the code (\S+)\.`)

// inBrowser runs a command that asks for a token, answers in a browser as a user, and requires the exit code:
// in-browser CODE USER agree|refuse COMMAND [ARG...]. What the command wrote is in the files browser.out and browser.err.
func inBrowser(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: in-browser CODE USER agree|refuse COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	asking := command(ts, args[3:]...)
	var out bytes.Buffer
	said := &watched{}
	asking.Stdout, asking.Stderr = &out, said
	ts.Check(asking.Start())
	found := said.await(asksFor)
	if found == nil {
		_ = asking.Process.Kill()
		ts.Fatalf("no code was shown: %s", said.text())
	}
	ts.Check(answerAs(ts, args[1], args[2], found[1], found[2]))
	err = asking.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("run gas: %v", err)
	}
	ts.Check(os.WriteFile(ts.MkAbs("browser.out"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("browser.err"), []byte(said.text()), 0o600))
	if got := asking.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit code %d, not %d:\n%s", got, want, said.text())
	}
}

// answerAs signs a user in by a link, opens the page that the program printed, and presses one of its buttons.
func answerAs(ts *testscript.TestScript, user, decision, page, code string) error {
	link, err := command(ts, "user", "link", user).Output()
	if err != nil {
		return err
	}
	at, err := url.Parse(strings.TrimSpace(string(link)))
	if err != nil {
		return err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	browser := http.Client{Jar: jar, Transport: transport}
	post := func(path string, form url.Values) error {
		response, err := browser.PostForm(at.Scheme+"://"+at.Host+path, form)
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return errors.New(path + " answered " + response.Status)
		}
		return nil
	}
	if err := post("/login/once", url.Values{"t": {at.Query().Get("t")}}); err != nil {
		return err
	}
	response, err := browser.Get(page)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || !strings.Contains(string(text), code) {
		return errors.New("the page does not show the code: " + response.Status)
	}
	return post("/login/device", url.Values{"code": {code}, "decision": {decision}})
}

// watched is what a running program writes.
type watched struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Write(p)
}

func (w *watched) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

// await waits until the text holds what is looked for.
func (w *watched) await(pattern *regexp.Regexp) []string {
	for range 600 {
		if found := pattern.FindStringSubmatch(w.text()); found != nil {
			return found
		}
		time.Sleep(50 * time.Millisecond) // another process: no clock of ours moves it
	}
	return nil
}
