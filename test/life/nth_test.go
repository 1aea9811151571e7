package life

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// nth is a hook that lets the n-th call go wrong.
type nth struct {
	n    int // which call, from 1
	mode mode
	seen int
	hit  string // the call that went wrong
}

// mode is how a call goes wrong.
type mode string

const (
	failsBefore mode = "fails before it is done"
	failsAfter  mode = "is done, but its answer is lost"
	down        mode = "cannot be reached"
	killsBefore mode = "kills the process before it is done"
	killsAfter  mode = "kills the process after it is done"
)

var errPlanted = errors.New("planted fault")

func (h *nth) Call(_ context.Context, name string, do func() error) error {
	h.seen++
	if h.seen != h.n {
		return do()
	}
	h.hit = name
	switch h.mode {
	case failsBefore:
		return errPlanted
	case down:
		return fmt.Errorf("planted: %w", port.ErrUnavailable)
	case failsAfter:
		_ = do()
		return errPlanted
	case killsAfter:
		_ = do()
	}
	runtime.Goexit()
	return nil
}

func (h *nth) Stream(_ string, r io.ReadCloser) io.ReadCloser { return r }

// leg is one part of a job's life: how the house gets to its beginning, what is done under the fault, and where the job has to end.
type leg struct {
	name  string
	begin func(testing.TB, *house) string
	do    func(context.Context, *house) error
	plan  user.Plan
	end   job.State
}

var legs = []leg{
	{"upload and submit", func(testing.TB, *house) string { return "j1" },
		func(ctx context.Context, h *house) error { _, err := h.upload(ctx, "up1", "some"); return err }, user.Premium, job.State(job.Hot)},
	{"annotate and notify", submitted, work, user.Premium, job.State(job.Hot)},
	{"archive", expired, work, user.Free, job.State(job.Archived)},
	{"upgrade and thaw", archived, func(ctx context.Context, h *house) error {
		if err := h.plan(ctx, user.Premium); err != nil {
			return err
		}
		return h.work(ctx)
	}, user.Premium, job.State(job.Hot)},
	{"restore", warm, work, user.Premium, job.State(job.Hot)},
	{"downgrade", back, func(ctx context.Context, h *house) error {
		if err := h.plan(ctx, user.Free); err != nil {
			return err
		}
		return h.work(ctx)
	}, user.Free, job.State(job.Archived)},
	{"sweep and collect", expired, func(ctx context.Context, h *house) error {
		if err := h.As("keeper").Flow().Sweep(ctx); err != nil {
			return err
		}
		_, err := h.As("keeper").Flow().Collect(ctx)
		return err
	}, user.Free, job.State(job.Archived)},
}

func work(ctx context.Context, h *house) error { return h.work(ctx) }

func submitted(t testing.TB, h *house) string {
	require.NoError(t, h.plan(t.Context(), user.Premium))
	j, err := h.upload(t.Context(), "up1", "some")
	require.NoError(t, err)
	return j.ID
}

func expired(t testing.TB, h *house) string {
	j, err := h.upload(t.Context(), "up1", "some")
	require.NoError(t, err)
	h.calm(t, j.ID, job.State(job.Hot))
	h.clock.pass(window)
	return j.ID
}

func archived(t testing.TB, h *house) string {
	id := expired(t, h)
	h.calm(t, id, job.State(job.Archived))
	return id
}

func warm(t testing.TB, h *house) string {
	id := archived(t, h)
	require.NoError(t, h.plan(t.Context(), user.Premium))
	require.NoError(t, h.work(t.Context()))
	h.clock.pass(6 * time.Second)
	return id
}

func back(t testing.TB, h *house) string {
	id := warm(t, h)
	h.calm(t, id, job.State(job.Hot))
	return id
}

func TestAFaultAtAnyCallLosesNothing(t *testing.T) {
	for name := range backends {
		for _, l := range legs {
			for _, m := range []mode{failsBefore, failsAfter, down, killsBefore, killsAfter} {
				t.Run(fmt.Sprintf("%s/%s/a call %s", name, l.name, m), func(t *testing.T) {
					calls := 0
					for n := 1; ; n++ {
						hit := walk(t, name, l, &nth{n: n, mode: m})
						if hit == "" {
							break
						}
						calls++
						if t.Failed() {
							t.Fatalf("after call %d, %s", n, hit)
						}
					}
					require.Positive(t, calls)
				})
			}
		}
	}
}

// walk goes one leg with a fault and then lets everything come to rest. It returns the call that went wrong, empty when there were fewer.
func walk(t *testing.T, backend string, l leg, fault *nth) string {
	h := newHouse(t, backend)
	id := l.begin(t, h)
	h.hooked(fault)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = l.do(t.Context(), h)
	}()
	<-done
	h.restart()
	if _, err := h.Store.Job(t.Context(), id); errors.Is(err, port.ErrNotFound) {
		_, err := h.upload(t.Context(), "up1", "some") // a client repeats what was not answered
		require.NoError(t, err)
	}
	if j := h.job(t, id); j.Status == job.Uploading {
		_, err := h.upload(t.Context(), "up1", "some")
		require.NoError(t, err)
	}
	require.NoError(t, h.plan(t.Context(), l.plan))
	j := h.calm(t, id, l.end)
	h.rest(t)
	if l.end == job.State(job.Hot) {
		h.verify(t, h.job(t, j.ID), "some")
	}
	h.sound(t)
	return fault.hit
}

// rest lets more than the longest backoff pass, so that every message comes to its end, and the collector tidy up.
func (h *house) rest(t testing.TB) {
	for range 4 {
		h.clock.pass(31 * time.Minute)
		require.NoError(t, h.As("keeper").Flow().Sweep(t.Context()))
		require.NoError(t, h.work(t.Context()))
	}
	_, err := h.As("keeper").Flow().Collect(t.Context())
	require.NoError(t, err)
	for _, topic := range job.Topics {
		stats, err := h.Queue.Stats(t.Context(), topic)
		require.NoError(t, err)
		require.Zero(t, stats.Waiting+stats.Running+stats.Dead, "%s: %+v", topic, stats)
	}
}
