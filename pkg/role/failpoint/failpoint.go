// Package failpoint lets a test break a running program at a chosen place: before or after a call to a port, the n-th time that it is made.
//
// The setting is GAS_FAILPOINT=name:crash|err|sleep@n, several separated by commas. A name is the call and the side: complete.before is before the
// commit of the step "complete", results.Put.after is after an object was put. It is only read under GAS_TEST=1.
package failpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gas/pkg/job"
)

// sleepLasts is how long a failpoint sleeps: longer than people wait, shorter than a lease.
const sleepLasts = 2 * time.Second

// ErrPlanted is what a failpoint of the kind err returns.
var ErrPlanted = errors.New("failpoint")

// calls are the side effects beside the steps of a job.
var calls = []string{
	"inputs.Put", "inputs.Delete", "results.Put", "results.Delete", "vault.Store", "vault.Thaw", "vault.Delete", "mailer.Send", "store.UpdateNotice", "store.UpdateUser", "queue.Ack", "queue.Release",
}

// steps are the writes of a job that happen without an operator.
var steps = []job.Step{
	job.StepIntend, job.StepSubmit, job.StepClaim, job.StepTakeOver, job.StepComplete, job.StepFail, job.StepArchive, job.StepArchived,
	job.StepThaw, job.StepAsked, job.StepRestored, job.StepDelete, job.StepPurge, job.StepRemind, job.StepRest,
}

// Names lists every failpoint: two for each side effect.
func Names() []string {
	var names []string
	for _, step := range steps {
		names = append(names, word(step)+".before", word(step)+".after")
	}
	for _, call := range calls {
		names = append(names, call+".before", call+".after")
	}
	return names
}

// word is a step in a name.
func word(step job.Step) string { return strings.ReplaceAll(string(step), " ", "-") }

// point is one failpoint that is set.
type point struct {
	name string
	kind string
	at   int64 // which time, from 1
	hits atomic.Int64
}

// Points are the failpoints that are set; they are a hook between roles and ports.
type Points struct {
	points []*point
	kill   func() // ends the process at once
}

// Parse reads the setting.
func Parse(setting string) (*Points, error) {
	p := &Points{kill: kill}
	for entry := range strings.SplitSeq(setting, ",") {
		name, rest, ok := strings.Cut(strings.TrimSpace(entry), ":")
		kind, at, counted := strings.Cut(rest, "@")
		n := int64(1)
		if counted {
			var err error
			if n, err = strconv.ParseInt(at, 10, 64); err != nil || n < 1 {
				return nil, fmt.Errorf("failpoint %q: the number behind @ must be 1 or more", entry)
			}
		}
		if !ok || !slices.Contains([]string{"crash", "err", "sleep"}, kind) {
			return nil, fmt.Errorf("failpoint %q: it must be name:crash, name:err or name:sleep", entry)
		}
		if !slices.Contains(Names(), name) {
			return nil, fmt.Errorf("failpoint %q: there is none of this name; there are %s", entry, strings.Join(Names(), " "))
		}
		p.points = append(p.points, &point{name: name, kind: kind, at: n})
	}
	return p, nil
}

// kill ends the process as SIGKILL does: nothing is flushed, nothing is closed.
func kill() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {}
}

// Call makes a call with the failpoints before and after it.
func (p *Points) Call(ctx context.Context, call string, do func() error) error {
	method, what, _ := strings.Cut(call, " ")
	name := method
	if method == "store.UpdateJob" {
		name = word(job.Step(what))
	}
	if err := p.reach(ctx, name+".before"); err != nil {
		return err
	}
	return errors.Join(do(), p.reach(ctx, name+".after"))
}

// Stream changes nothing.
func (p *Points) Stream(_ string, r io.ReadCloser) io.ReadCloser { return r }

// reach does what is set for a place.
func (p *Points) reach(ctx context.Context, name string) error {
	for _, point := range p.points {
		if point.name != name || point.hits.Add(1) != point.at {
			continue
		}
		switch point.kind {
		case "crash":
			p.kill()
		case "err":
			return fmt.Errorf("%s: %w", name, ErrPlanted)
		case "sleep":
			timer := time.NewTimer(sleepLasts)
			defer timer.Stop()
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
		}
	}
	return nil
}
