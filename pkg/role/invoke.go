package role

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// Invoked is a role that something outside calls, such as AWS Lambda, instead of a process that waits for its queue. It has no listener and no loops;
// what its handlers write to the outbox is relayed before a call returns. Its heartbeat is that of being called, and lasts for a month.
type Invoked struct {
	beats   sync.Mutex
	beaten  time.Time
	deps    Deps
	handler Handler
	wrote   chan struct{}
}

// Invoke makes one. The role must have a queue.
func Invoke(d Deps, r Role) (*Invoked, error) {
	if len(r.Handles) == 0 {
		return nil, fmt.Errorf("the role %s has no queue", r.Name)
	}
	i := &Invoked{handler: r.Handles[0], wrote: make(chan struct{}, 1)}
	d.Wrote = func([]job.Topic) {
		select {
		case i.wrote <- struct{}{}:
		default:
		}
	}
	i.deps = d.As(r.Name)
	return i, nil
}

// Handed reads a message that was received elsewhere. Where the queue knows of no such messages, only the body counts: who handles it reads the ids
// there and then the record.
func (i *Invoked) Handed(m port.HandedMessage) port.Delivery {
	if q, ok := i.deps.Queue.(port.HandsOver); ok {
		return q.Handed(i.handler.Topic, m)
	}
	receives, _ := strconv.Atoi(m.System["ApproximateReceiveCount"])
	return port.Delivery{
		Topic: i.handler.Topic, Message: job.Message{ID: m.ID, Topic: i.handler.Topic, Body: json.RawMessage(m.Body)}, Receipt: m.Receipt, Receives: max(1, receives),
	}
}

// Deliver handles messages that were received elsewhere, side by side, and returns for each what became of it: nil for one that is done with (acked or buried), an
// error for one that is to come again. When the context ends, what is not done is given back.
func (i *Invoked) Deliver(ctx context.Context, deliveries []port.Delivery) []error {
	answers := make([]error, len(deliveries))
	slots := make(chan struct{}, max(1, i.handler.Workers))
	var working sync.WaitGroup
	for n, dv := range deliveries {
		slots <- struct{}{}
		working.Go(func() {
			defer func() { <-slots }()
			begin := time.Now()
			err := i.handle(ctx, dv)
			logHandled(i.deps, dv, time.Since(begin), err)
			var hopeless Hopeless
			if !errors.As(err, &hopeless) {
				answers[n] = err
			}
		})
	}
	working.Wait()
	i.relay(ctx)
	i.beat(ctx)
	return answers
}

// beat notes, once an hour, that the role was called.
func (i *Invoked) beat(ctx context.Context) {
	i.beats.Lock()
	defer i.beats.Unlock()
	if now := i.deps.Now(); now.Sub(i.beaten) >= time.Hour && ctx.Err() == nil {
		if err := beat(ctx, i.deps, "called", i.deps.Role, calledLasts); err != nil {
			i.deps.Log.Warn().Err(err).Msg("heartbeat")
			return
		}
		i.beaten = now
	}
}

// handle works on one message; one that came too often is buried, as Receive does.
func (i *Invoked) handle(ctx context.Context, dv port.Delivery) error {
	if dv.Receives > port.MaxReceives {
		why := fmt.Sprintf("received %d times and never acked", dv.Receives-1)
		return errors.Join(Hopeless{Why: errors.New(why)}, i.deps.Queue.Bury(ctx, dv, why))
	}
	return Handle(ctx, i.deps, i.handler, dv)
}

// drainWait is how long a receive waits for more before the queue counts as empty.
const drainWait = time.Second

// Drain handles what lies in the role's queue until there is nothing more or the context ends, and tells how many messages it took.
func (i *Invoked) Drain(ctx context.Context) (int, error) {
	taken := 0
	for ctx.Err() == nil {
		most := min(10, max(1, i.handler.Workers))
		deliveries, err := i.deps.Queue.Receive(ctx, i.handler.Topic, most, drainWait, i.deps.Config.QueueVisibility)
		if err != nil && ctx.Err() == nil {
			return taken, fmt.Errorf("receive from %s: %w", i.handler.Topic, err)
		}
		if len(deliveries) == 0 {
			break
		}
		taken += len(deliveries)
		for _, err := range i.Deliver(ctx, deliveries) {
			if errors.Is(err, port.ErrUnavailable) {
				return taken, err
			}
		}
	}
	return taken, nil
}

// relay publishes what the handlers wrote. It has a little time of its own: the work is committed, only its messages wait.
func (i *Invoked) relay(ctx context.Context) {
	select {
	case <-i.wrote:
	default:
		return
	}
	if _, direct := i.deps.Store.(port.DirectSender); direct {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*answerWithin)
	defer cancel()
	if _, err := i.deps.As("relay").Flow().Relay(ctx, i.deps.Role); err != nil {
		i.deps.Log.Warn().Err(err).Str("role", i.deps.Role).Msg("relay")
	}
}
