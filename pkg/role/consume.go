package role

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"gas/pkg/flow"
	"gas/pkg/port"
)

const (
	longPoll = 20 * time.Second // that a receive waits for a message
	maxPause = 30 * time.Second // between two looks at a dependency that is down
)

// consumer feeds one handler of a role from its queue.
type consumer struct {
	deps    Deps
	handler Handler
	slots   chan struct{}
	working sync.WaitGroup
	pause   pause
	observe func(Handled) // may be nil
	bell    bell          // ends a pause
}

func newConsumer(d Deps, h Handler) *consumer {
	return &consumer{deps: d, handler: h, slots: make(chan struct{}, max(1, h.Workers))}
}

// run receives until accept ends and waits for the handlers that still work, whose context is that of the work.
func (c *consumer) run(accept, work context.Context) {
	defer c.working.Wait()
	for c.slot(accept) {
		free := 1 + c.moreSlots()
		deliveries, err := c.deps.Queue.Receive(accept, c.handler.Topic, free, longPoll, c.deps.Config.QueueVisibility)
		for range free - len(deliveries) {
			<-c.slots
		}
		for _, dv := range deliveries {
			c.start(work, dv)
		}
		if err != nil && accept.Err() == nil {
			c.deps.Log.Warn().Err(err).Str("topic", string(c.handler.Topic)).Msg("receive")
			c.pause.failed()
		}
		c.pause.wait(accept, c.bell)
	}
}

// slot waits for a free worker.
func (c *consumer) slot(accept context.Context) bool {
	if accept.Err() != nil {
		return false
	}
	select {
	case <-accept.Done():
		return false
	case c.slots <- struct{}{}:
		return true
	}
}

// moreSlots takes the other workers that are free now.
func (c *consumer) moreSlots() int {
	n := 0
	for n < 9 {
		select {
		case c.slots <- struct{}{}:
			n++
		default:
			return n
		}
	}
	return n
}

func (c *consumer) start(work context.Context, dv port.Delivery) {
	c.working.Go(func() {
		defer func() { <-c.slots }()
		begin := time.Now()
		err := Handle(work, c.deps, c.handler, dv)
		took := time.Since(begin)
		logHandled(c.deps, dv, took, err)
		if c.observe != nil {
			c.observe(Handled{Role: c.deps.Role, Topic: dv.Topic, Took: took, Err: err})
		}
		if errors.Is(err, port.ErrUnavailable) {
			c.pause.failed()
		} else {
			c.pause.worked()
		}
	})
}

// logHandled writes the one line of a message.
func logHandled(d Deps, dv port.Delivery, took time.Duration, err error) {
	level := zerolog.InfoLevel
	var later Later
	switch {
	case err == nil, errors.As(err, &later), errors.Is(err, flow.ErrLost):
	default:
		level = zerolog.WarnLevel
	}
	d.Log.WithLevel(level).Err(err).Str("topic", string(dv.Topic)).Str("msg", dv.Message.ID).Str("job", dv.Message.JobID).
		Str("user", dv.Message.UserID).Int("receives", dv.Receives).Dur("took", took).Msg("handled")
}

// pause is the wait before the next receive while a dependency is down.
type pause struct {
	mu   sync.Mutex
	next time.Duration
}

func (p *pause) failed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = min(max(2*p.next, time.Second), maxPause)
}

func (p *pause) worked() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = 0
}

// wait waits out the pause, or until somebody knocks: a dependency that sends is there again.
func (p *pause) wait(ctx context.Context, b bell) {
	p.mu.Lock()
	wait := p.next
	p.mu.Unlock()
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-b:
		p.worked()
	}
}

// sleep waits unless the context ends first.
func sleep(ctx context.Context, wait time.Duration) {
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
