package sim

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"gas/pkg/port"
)

// verdict is what the scheduler lets a call to a port do.
type verdict int

const (
	goOn        verdict = iota
	failBefore          // an error, and nothing was done
	failAfter           // it was done, but the answer got lost
	unavailable         // the dependency cannot be reached
	crashBefore         // the process dies
	crashAfter          // it was done, then the process dies
	bend                // a stream is cut short or has a bit turned; other calls go on
	refuse              // the port says no in the way it may: no capacity, cold again
	verdicts
)

func (v verdict) String() string {
	return [...]string{"", "FAILS", "DONE BUT FAILS", "UNAVAILABLE", "CRASH BEFORE", "CRASH AFTER", "BENT", "REFUSED"}[v]
}

// errFault is what an injected error says.
var errFault = errors.New("injected fault")

// process is one running GAS: what dies together.
type process struct {
	name string
	dead bool
}

// actor is one thing that a process does: a message being handled, a request, a round of the sweeper.
type actor struct {
	*world
	process *process
	name    string
	order   int
	done    bool // the handler has returned: an ack may follow
	kind    string
}

// call is a call to a port that waits for the scheduler.
type call struct {
	actor *actor
	name  string
	grant chan verdict
}

// scheduler holds the calls that wait.
type scheduler struct {
	mu     sync.Mutex
	parked []*call
	calm   bool
}

// park waits until the scheduler lets the call go on. It does not return in a process that has died.
func (a *actor) park(ctx context.Context, name string) (verdict, error) {
	if a.process.dead {
		runtime.Goexit()
	}
	if a.calm {
		return goOn, nil
	}
	if err := ctx.Err(); err != nil {
		return goOn, err
	}
	c := &call{actor: a, name: name, grant: make(chan verdict, 1)}
	a.mu.Lock()
	a.parked = append(a.parked, c)
	a.mu.Unlock()
	select {
	case v := <-c.grant:
		if a.process.dead {
			runtime.Goexit()
		}
		return v, nil
	case <-ctx.Done():
		a.mu.Lock()
		a.parked = slices.DeleteFunc(a.parked, func(other *call) bool { return other == c })
		a.mu.Unlock()
		return goOn, ctx.Err()
	}
}

// waiting lists the parked calls in an order that does not depend on goroutines.
func (w *world) waiting() []*call {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortFunc(w.parked, func(a, b *call) int {
		if a.actor.order != b.actor.order {
			return a.actor.order - b.actor.order
		}
		return strings.Compare(a.name, b.name)
	})
	return slices.Clone(w.parked)
}

// grant lets one call go on.
func (w *world) grant(c *call, v verdict) {
	w.mu.Lock()
	w.parked = slices.DeleteFunc(w.parked, func(other *call) bool { return other == c })
	w.mu.Unlock()
	w.log("%s %s %s", c.actor.name, c.name, v)
	c.grant <- v
}

// die ends a process: none of its goroutines gets anything done any more.
func (w *world) die(p *process) {
	p.dead = true
	w.crashes++
	w.mu.Lock()
	var gone []*call
	w.parked = slices.DeleteFunc(w.parked, func(c *call) bool {
		if c.actor.process == p {
			gone = append(gone, c)
			return true
		}
		return false
	})
	w.mu.Unlock()
	for _, c := range gone {
		c.grant <- goOn
	}
}

// judge carries a verdict out.
func (a *actor) judge(v verdict, name string, fn func() error) error {
	switch v {
	case failBefore:
		return fmt.Errorf("%s: %w", name, errFault)
	case unavailable:
		return fmt.Errorf("%s: %w", name, port.ErrUnavailable)
	case failAfter:
		_ = fn()
		return fmt.Errorf("%s, after it was done: %w", name, errFault)
	case crashBefore:
		a.die(a.process)
		runtime.Goexit()
	case crashAfter:
		_ = fn()
		a.die(a.process)
		runtime.Goexit()
	case refuse:
		if err := refusal(name); err != nil {
			return err
		}
	}
	return fn()
}
