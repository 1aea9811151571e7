package cli

import (
	"errors"
	"fmt"

	"gas/pkg/fault"
	"gas/pkg/port"
)

// report writes what went wrong to stderr and returns the exit code. It is the only place that turns an error into either.
func (a *app) report(err error) int {
	var quiet exitOnly
	if errors.As(err, &quiet) {
		return quiet.code
	}
	f := fault.Of(kinded(err))
	text := f.Located()
	if f.Kind == fault.Internal && errors.Unwrap(f) != nil {
		text = errors.Unwrap(f).Error() // on one's own machine the inside is the answer
	} else if cause := errors.Unwrap(f); cause != nil && f.Kind != fault.Interrupted {
		text += " (" + cause.Error() + ")"
	}
	fmt.Fprintf(a.err, "gas: %s\n", text)
	if f.Hint == "" && f.Kind == fault.SignedOut {
		f = f.WithHint("gas login signs in; a token in GAS_TOKEN does too")
	}
	if f.Hint != "" {
		fmt.Fprintf(a.err, "     %s\n", f.Hint)
	}
	return fault.AnswerTo(f.Kind).Exit
}

// exitOnly ends the program with a code whose reason was printed already.
type exitOnly struct{ code int }

func (e exitOnly) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// kinded gives the sentinels of the ports their kind, where an error has no Fault yet.
func kinded(err error) error {
	var has *fault.Fault
	if errors.As(err, &has) {
		return err
	}
	for _, known := range []struct {
		sentinel error
		kind     fault.Kind
	}{{port.ErrNotFound, fault.NotFound}, {port.ErrConflict, fault.Conflict}, {port.ErrExists, fault.Conflict}, {port.ErrUnavailable, fault.Unavailable}} {
		if errors.Is(err, known.sentinel) {
			return fault.New(known.kind, "%s", fault.AnswerTo(known.kind).Title).Because(err)
		}
	}
	return err
}
