package threats

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// event is a line of go test -json; see `go doc test2json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build
	Test       string
	Output     string
}

// Seen is how each test ended: pass, fail or skip, by its package and its name.
type Seen map[Test]string

// Follow reads the events of go test -json to their end, prints what go test prints without -v, and returns how each test ended.
func Follow(events io.Reader, out io.Writer) (Seen, error) {
	seen := Seen{}
	running := map[string]*packageRun{}
	decoder := json.NewDecoder(events)
	for {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			return seen, nil
		} else if err != nil {
			return seen, fmt.Errorf("read event: %w", err)
		}
		if e.Action == "build-output" {
			fmt.Fprint(out, e.Output)
			continue
		}
		p := running[e.Package]
		if p == nil {
			p = &packageRun{ended: map[string]string{}}
			running[e.Package] = p
		}
		switch e.Action {
		case "output":
			p.lines = append(p.lines, e)
		case "pass", "fail", "skip":
			if e.Test != "" {
				p.ended[e.Test] = e.Action
				seen[Test{strings.TrimPrefix(e.Package, "gas/"), e.Test}] = e.Action
				continue
			}
			p.print(out, e.Action)
			delete(running, e.Package)
		}
	}
}

// packageRun is what a package's tests have said so far.
type packageRun struct {
	lines []event
	ended map[string]string
}

// print writes what go test writes of a package: one line, and beside it, if it failed, what its failed tests said.
func (p *packageRun) print(out io.Writer, verdict string) {
	for _, e := range p.lines {
		switch {
		case e.Test == "" && (verdict == "fail" || strings.HasPrefix(e.Output, "ok  ") || strings.HasPrefix(e.Output, "?   ")):
			fmt.Fprint(out, e.Output)
		case e.Test != "" && p.failed(e.Test) && !strings.HasPrefix(e.Output, "=== "):
			fmt.Fprint(out, e.Output)
		}
	}
}

// failed tells whether a test failed, or never ended, which is how a panic and a time-out look.
func (p *packageRun) failed(test string) bool {
	verdict := p.ended[test]
	return verdict != "pass" && verdict != "skip"
}

// Judge says which tests of the table did not pass, and which were skipped.
func (s Seen) Judge(rows []Row) (missing, skipped []string) {
	for _, row := range rows {
		for _, test := range row.Shown {
			switch s[test] {
			case "pass":
			case "skip":
				skipped = append(skipped, fmt.Sprintf("T%d is not shown wholly: %s of %s was skipped", row.Number, test.Name, test.Package))
			default:
				missing = append(missing, fmt.Sprintf("T%d is not shown: %s of %s did not run", row.Number, test.Name, test.Package))
			}
		}
	}
	return missing, skipped
}
