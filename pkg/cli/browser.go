package cli

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// openTime is how long a program that opens a page may take to begin.
const openTime = 5 * time.Second

// openPage opens a page in the person's browser, and tells whether it tried: only where a terminal shows that somebody sits there. The browser's own
// words are dropped, as it may live on for hours.
func (a *app) openPage(page string) bool {
	if a.noInput || !isTerminal(a.err) || !isTerminal(a.in) || !webPage(page) {
		return false
	}
	program, args := browserCommand(os.Getenv, runtime.GOOS)
	path, err := exec.LookPath(program)
	if program == "" || err != nil {
		return false
	}
	command := exec.Command(path, append(args, page)...)
	if err := command.Start(); err != nil {
		return false
	}
	ended, cancel := context.WithTimeout(context.Background(), openTime)
	go func() {
		defer cancel()
		_ = command.Wait()
	}()
	<-ended.Done() // a starter that fails at once is seen; one that is the browser itself goes on
	return command.ProcessState == nil || command.ProcessState.Success()
}

// webPage tells whether an address, which is a server's word, is a page of the web: not a file, and no flag of the program that opens it.
func webPage(page string) bool {
	u, err := url.Parse(page)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// browserCommand is what opens a page: BROWSER, or the system's own way. Empty where there is no screen.
func browserCommand(env func(string) string, system string) (program string, args []string) {
	switch {
	case env("BROWSER") != "":
		return env("BROWSER"), nil
	case system == "darwin":
		return "open", nil
	case system == "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	case env("DISPLAY") != "" || env("WAYLAND_DISPLAY") != "":
		return "xdg-open", nil
	}
	return "", nil
}
