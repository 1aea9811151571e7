// Command run runs go test and prints what go test prints. It reads the events beside, and in the end says which threats were shown to be answered
// by tests that ran: a row of the table without one fails the run. So no test runs twice for it.
//
//	go run ./test/threats/run [-whole] [-strict] -- GO-TEST-FLAGS PACKAGES
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"

	"gas/test/threats"
)

func main() {
	whole := flag.Bool("whole", false, "all packages run: a test of the table that did not is a failure")
	strict := flag.Bool("strict", false, "a test of the table that was skipped is a failure")
	flag.Parse()
	os.Exit(run(*whole, *strict, flag.Args(), os.Stdout))
}

func run(whole, strict bool, arguments []string, out io.Writer) int {
	command := exec.Command("go", append([]string{"test", "-json"}, arguments...)...)
	command.Stderr = os.Stderr
	events, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "start go test:", err)
		return 1
	}
	seen, err := threats.Follow(events, out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "read what go test says:", err)
		_ = command.Process.Kill()
	}
	code := exitCode(command.Wait())
	if !whole || code != 0 {
		return max(code, map[bool]int{true: 1}[err != nil])
	}
	missing, skipped := seen.Judge(threats.Rows())
	for _, line := range skipped {
		fmt.Fprintln(os.Stderr, line)
	}
	for _, line := range missing {
		fmt.Fprintln(os.Stderr, line)
	}
	if len(missing) > 0 || strict && len(skipped) > 0 {
		return 1
	}
	return code
}

// exitCode is that of a command that has ended.
func exitCode(err error) int {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return max(ended.ExitCode(), 1)
	}
	fmt.Fprintln(os.Stderr, "go test:", err)
	return 1
}
