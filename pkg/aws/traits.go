package aws

import (
	"context"
	"errors"
	"fmt"
)

// Finding is what a look at one thing on AWS found: nothing, that it is missing, or what of it is not as it should be.
type Finding struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Fault  string `json:"fault,omitempty"`  // empty = well
	Danger bool   `json:"danger,omitempty"` // the fault opens something to others or loses data: more than work that does not run
}

// trait is one thing that is to be true of a bucket, a table or a queue. The same list makes it so and looks whether it is.
type trait struct {
	fault  string // what is wrong where it does not hold
	danger bool
	holds  func(ctx context.Context) (bool, error)
	make   func(ctx context.Context) error
}

// makeAll makes true what is not, and tells whether that was anything.
func makeAll(ctx context.Context, traits []trait) (changed bool, err error) {
	for _, t := range traits {
		holds, err := t.holds(ctx)
		if err != nil {
			return changed, fmt.Errorf("look whether %s: %w", t.fault, err)
		}
		if holds {
			continue
		}
		if err := t.make(ctx); err != nil {
			return true, fmt.Errorf("change that %s: %w", t.fault, err)
		}
		changed = true
	}
	return changed, nil
}

// lookAtAll tells which traits do not hold. One that cannot be looked at is a fault too.
func lookAtAll(ctx context.Context, kind, name string, traits []trait) (found []Finding) {
	for _, t := range traits {
		holds, err := t.holds(ctx)
		switch {
		case err != nil:
			found = append(found, Finding{Kind: kind, Name: name, Fault: fmt.Sprintf("cannot tell whether %s: %v", t.fault, shortError(err))})
		case !holds:
			found = append(found, Finding{Kind: kind, Name: name, Fault: t.fault, Danger: t.danger})
		}
	}
	if len(found) == 0 {
		found = []Finding{{Kind: kind, Name: name}}
	}
	return found
}

// shortError is the service's own answer without the chain of calls around it.
func shortError(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
