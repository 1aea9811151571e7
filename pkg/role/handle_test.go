package role_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/memory"
	"gas/pkg/port"
	"gas/pkg/role"
)

const visibility = 30 * time.Second

// bench is one queue with one message and the dependencies of a role.
type bench struct {
	role.Deps
	world *memory.World
}

func newBench() *bench {
	w := memory.New(memory.Options{})
	return &bench{world: w, Deps: role.Deps{
		Config: config.Config{QueueVisibility: visibility, Drain: 10 * time.Second, SweepEvery: time.Hour}, Log: zerolog.Nop(), Now: time.Now, Instance: "p1",
		Store: w.Store, Records: w.Records, Inputs: w.Inputs, Results: w.Results, Bus: w.Bus, Queue: w.Queue, Vault: w.Vault, Mailer: w.Mailer,
	}}
}

// deliver posts a message and receives it.
func (b *bench) deliver(t *testing.T) port.Delivery {
	t.Helper()
	require.NoError(t, b.Bus.Publish(t.Context(), job.Hint("m1", job.Requests, job.Job{ID: "j1", UserID: "u1"})))
	return b.receive(t)
}

func (b *bench) receive(t *testing.T) port.Delivery {
	t.Helper()
	got, err := b.Queue.Receive(t.Context(), job.Requests, 1, 0, visibility)
	require.NoError(t, err)
	require.Len(t, got, 1)
	return got[0]
}

func (b *bench) stats(t *testing.T) port.QueueStats {
	t.Helper()
	s, err := b.Queue.Stats(t.Context(), job.Requests)
	require.NoError(t, err)
	return s
}

func handler(do func(context.Context, role.Deps, role.Message) error) role.Handler {
	return role.Handler{Topic: job.Requests, Workers: 1, Do: do}
}

func returns(err error) role.Handler {
	return handler(func(context.Context, role.Deps, role.Message) error { return err })
}

func TestWhatAHandlerReturnsDecidesAboutItsMessage(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler role.Handler
		wait    time.Duration // until it comes back; 0 = it does not
		counted bool
		dead    int
	}{
		{"done: acked", returns(nil), 0, false, 0},
		{"a lost claim: acked", returns(fmt.Errorf("step: %w", flow.ErrLost)), 0, false, 0},
		{"later: comes back then, uncounted", returns(role.Later{Wait: 7 * time.Second, Why: flow.ErrHeld}), 7 * time.Second, false, 0},
		{"a dependency is down: uncounted", returns(fmt.Errorf("put: %w", port.ErrUnavailable)), time.Second, false, 0},
		{"any other error: backs off", returns(errors.New("disk")), 10 * time.Second, true, 0},
		{"a panic: backs off", handler(func(context.Context, role.Deps, role.Message) error { panic("bug") }), 10 * time.Second, true, 0},
		{"hopeless: buried", returns(role.Hopeless{Why: errors.New("no ids")}), 0, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				dv := b.deliver(t)
				err := role.Handle(t.Context(), b.Deps, c.handler, dv)
				require.Equal(t, c.name == "done: acked" || c.name == "a lost claim: acked", err == nil, "%v", err)
				require.Equal(t, c.dead, b.stats(t).Dead)
				if c.wait == 0 {
					require.Zero(t, b.stats(t).Waiting+b.stats(t).Delayed+b.stats(t).Running)
					return
				}
				time.Sleep(c.wait - time.Millisecond)
				got, err := b.Queue.Receive(t.Context(), job.Requests, 1, 0, visibility)
				require.NoError(t, err)
				require.Empty(t, got)
				time.Sleep(time.Millisecond)
				want := 1
				if c.counted {
					want = 2
				}
				require.Equal(t, want, b.receive(t).Receives)
			})
		})
	}
}

func TestALeaseIsExtendedWhileTheHandlerWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		dv := b.deliver(t)
		extended := 0
		err := role.Handle(t.Context(), b.Deps, handler(func(ctx context.Context, _ role.Deps, m role.Message) error {
			m.Keep(func(context.Context) error { extended++; return nil })
			time.Sleep(3*visibility + time.Second)
			got, err := b.Queue.Receive(ctx, job.Requests, 1, 0, visibility)
			require.NoError(t, err)
			require.Empty(t, got, "nobody else gets the message")
			return nil
		}), dv)
		require.NoError(t, err)
		require.Equal(t, 9, extended)
	})
}

func TestALostLeaseEndsTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		dv := b.deliver(t)
		begin := time.Now()
		err := role.Handle(t.Context(), b.Deps, handler(func(ctx context.Context, _ role.Deps, m role.Message) error {
			m.Keep(func(context.Context) error { return flow.ErrLost })
			<-ctx.Done()
			return context.Cause(ctx)
		}), dv)
		require.NoError(t, err, "somebody else has the job: the message is acked")
		require.Equal(t, visibility/3, time.Since(begin))
	})
}

func TestABodyThatIsNotOursIsBuried(t *testing.T) {
	for _, body := range []string{`{"v":9,"job_id":"j"}`, `{"job_id":"j","surprise":1}`, `[]`, `{}`} {
		_, err := job.Decode([]byte(body))
		require.Error(t, err, body)
	}
}
