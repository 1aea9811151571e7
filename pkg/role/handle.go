package role

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"gas/pkg/flow"
	"gas/pkg/flow/mutant"
	"gas/pkg/port"
)

// backoffs are the waits before a message is handed out again, by how often it was received.
var backoffs = [...]time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute}

// answerWithin is how long acking or releasing a message may take, after its handler has ended.
const answerWithin = 5 * time.Second

// Later is what a handler returns when there is nothing wrong but it is too early. The message comes back after Wait; no try is counted.
type Later struct {
	Wait time.Duration
	Why  error
}

func (l Later) Error() string { return fmt.Sprintf("later, in %s: %v", l.Wait, l.Why) }

// Unwrap gives the reason.
func (l Later) Unwrap() error { return l.Why }

// Hopeless is what a handler returns for a message that nobody can handle: it goes to the dead letters with the reason.
type Hopeless struct{ Why error }

func (h Hopeless) Error() string { return "hopeless: " + h.Why.Error() }

// Unwrap gives the reason.
func (h Hopeless) Unwrap() error { return h.Why }

// errLostLease is the cause of a handler's context that ended because somebody else has its message now.
var errLostLease = errors.New("the message's lease is lost")

// Handle lets a handler work on one delivery: it extends the lease meanwhile, keeps panics in, and then acks the message, gives it back, or
// buries it. The error tells what became of it; nil means that it was acked.
func Handle(ctx context.Context, d Deps, h Handler, dv port.Delivery) error {
	if mutant.EarlyAck {
		_ = d.Queue.Ack(ctx, dv)
	}
	err := work(ctx, d, h, dv)
	return settle(ctx, d, dv, err)
}

// work runs the handler under a context that ends when the lease is lost.
func work(ctx context.Context, d Deps, h Handler, dv port.Delivery) error {
	ctx, cancel := context.WithCancelCause(ctx)
	k := &keeper{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.run(ctx, cancel, d, dv)
	}()
	defer func() {
		cancel(nil)
		<-done
	}()
	err := KeepIn(func() error { return h.Do(ctx, d, Message{Delivery: dv, keep: k}) })
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// KeepIn turns a panic into an error.
func KeepIn(do func() error) (err error) {
	defer func() {
		if what := recover(); what != nil {
			err = fmt.Errorf("panic: %v\n%s", what, debug.Stack())
		}
	}()
	return do()
}

// settle answers the queue. It does so even when the work was told to stop: the answer is what lets somebody else go on.
func settle(ctx context.Context, d Deps, dv port.Delivery, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	var later Later
	var hopeless Hopeless
	switch {
	case err == nil, errors.Is(err, flow.ErrLost):
		return d.Queue.Ack(ctx, dv)
	case errors.Is(err, errLostLease):
		return err
	case errors.As(err, &hopeless):
		return errors.Join(err, d.Queue.Bury(ctx, dv, hopeless.Why.Error()))
	case errors.As(err, &later):
		return errors.Join(err, d.Queue.Release(ctx, dv, later.Wait, true))
	case errors.Is(err, context.Canceled):
		return errors.Join(err, d.Queue.Release(ctx, dv, 0, true))
	case errors.Is(err, port.ErrUnavailable):
		return errors.Join(err, d.Queue.Release(ctx, dv, time.Second, true))
	default:
		return errors.Join(err, d.Queue.Release(ctx, dv, backoff(dv.Receives), false))
	}
}

// backoff is the wait after the n-th receive of a message.
func backoff(receives int) time.Duration {
	return backoffs[min(max(receives, 1), len(backoffs))-1]
}

// keeper extends a message's lease, and what its handler registered, each third of the visibility.
type keeper struct {
	mu     sync.Mutex
	extend func(ctx context.Context) error
}

func (k *keeper) set(extend func(ctx context.Context) error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.extend = extend
}

// run extends until the context ends. A lease that is lost, or that could not be extended for its whole length, cancels the context.
func (k *keeper) run(ctx context.Context, cancel context.CancelCauseFunc, d Deps, dv port.Delivery) {
	visibility := d.Config.QueueVisibility
	tick := time.NewTicker(visibility / 3)
	defer tick.Stop()
	kept := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := k.once(ctx, d, dv, visibility)
		switch {
		case err == nil:
			kept = time.Now()
		case errors.Is(err, port.ErrStale):
			cancel(errLostLease)
		case errors.Is(err, flow.ErrLost):
			cancel(err)
		case time.Since(kept) > visibility:
			cancel(fmt.Errorf("%w: %w", errLostLease, err))
		}
	}
}

func (k *keeper) once(ctx context.Context, d Deps, dv port.Delivery, visibility time.Duration) error {
	if err := d.Queue.Extend(ctx, dv, visibility); err != nil {
		return err
	}
	k.mu.Lock()
	extend := k.extend
	k.mu.Unlock()
	if extend == nil {
		return nil
	}
	return extend(ctx)
}
