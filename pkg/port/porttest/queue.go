package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
)

// Bus checks publishing and timers.
func Bus(t *testing.T, fresh Harness) {
	each(t, fresh, func(w World) bool { return w.Bus != nil && w.Queue != nil }, []check{
		{"a message arrives whole on the queue of its topic alone", arrives},
		{"publishing a message again while it waits is harmless", publishedTwice},
		{"a timer fires at its time and not before", timerFires},
		{"the same key again is the same timer", timerOnce},
		{"a timer that was cancelled does not fire; cancelling is repeatable", timerCancelled},
		{"a timer that has fired is not taken back", timerFired},
	})
}

// Queue checks receiving.
func Queue(t *testing.T, fresh Harness) {
	each(t, fresh, func(w World) bool { return w.Bus != nil && w.Queue != nil }, []check{
		{"a received message is hidden until its visibility ends", hidden},
		{"an acked message never comes back", acked},
		{"a stale receipt deletes nothing", staleAck},
		{"extending hides a message for longer, from now", extended},
		{"extending with a stale receipt is ErrStale", staleExtend},
		{"a released message comes back after its delay", released},
		{"a release that is uncounted gives back the receive", uncounted},
		{"a message received MaxReceives times goes to the dead letters", tooOften},
		{"a buried message is a dead letter with its reason", buried},
		{"redrive puts dead letters back, those that are named or all", redriven},
		{"the user with the fewest messages out comes first", fair},
		{"messages of one user come in their order", inOrder},
		{"at most max messages are received", atMost},
		{"16 receivers never share a message", shared},
		{"a receive waits for a message that is published meanwhile", wakes},
		{"a receive that waits ends with its context", waitEnds},
		{"a receive without a message ends after its wait", waitOver},
		{"statistics count what waits, is delayed, is out and is dead", counted},
	})
}

func arrives(t *testing.T, w World) {
	want := message("m1", "u_a")
	require.NoError(t, w.Bus.Publish(t.Context(), want))
	other, err := w.Queue.Receive(t.Context(), job.Results, 1, 0, time.Minute)
	require.NoError(t, err)
	require.Empty(t, other)
	d := receiveOne(t, w)
	require.Equal(t, want.ID, d.Message.ID)
	require.Equal(t, want.UserID, d.Message.UserID)
	require.Equal(t, want.JobID, d.Message.JobID)
	require.JSONEq(t, string(want.Body), string(d.Message.Body))
	require.Equal(t, job.Requests, d.Topic)
	require.Equal(t, 1, d.Receives)
	require.NotEmpty(t, d.Receipt)
	require.False(t, d.Sent.IsZero())
}

func publishedTwice(t *testing.T, w World) {
	publish(t, w, "u_a", "m1", "m1")
	d := receiveOne(t, w)
	for _, again := range receive(t, w, 10) {
		require.Equal(t, d.Message.ID, again.Message.ID)
	}
}

// later sets a timer.
func later(t *testing.T, w World, id string, ahead time.Duration, key string) {
	t.Helper()
	require.NoError(t, w.Bus.PublishAt(t.Context(), message(id, "u_a"), now(t, w).Add(ahead), key))
}

func timerFires(t *testing.T, w World) {
	movable(t, w)
	later(t, w, "m1", time.Hour, "k1")
	w.Advance(time.Hour - time.Millisecond)
	require.Empty(t, receive(t, w, 1))
	w.Advance(time.Millisecond)
	require.Equal(t, "m1", receiveOne(t, w).Message.ID)
}

func timerOnce(t *testing.T, w World) {
	movable(t, w)
	later(t, w, "m1", time.Hour, "k1")
	later(t, w, "m2", time.Minute, "k1")
	w.Advance(time.Minute)
	require.Empty(t, receive(t, w, 1), "the first time stays")
	w.Advance(time.Hour)
	require.Equal(t, "m1", receiveOne(t, w).Message.ID)
	require.Empty(t, receive(t, w, 1))
}

func timerCancelled(t *testing.T, w World) {
	movable(t, w)
	later(t, w, "m1", time.Hour, "k1")
	later(t, w, "m2", time.Hour, "k2")
	require.NoError(t, w.Bus.Cancel(t.Context(), "k1"))
	require.NoError(t, w.Bus.Cancel(t.Context(), "k1"))
	require.NoError(t, w.Bus.Cancel(t.Context(), "never"))
	w.Advance(time.Hour)
	require.Equal(t, "m2", receiveOne(t, w).Message.ID)
	require.Empty(t, receive(t, w, 1))
}

func timerFired(t *testing.T, w World) {
	movable(t, w)
	later(t, w, "m1", time.Hour, "k1")
	w.Advance(time.Hour)
	require.NoError(t, w.Bus.Cancel(t.Context(), "k1"))
	d := receiveOne(t, w)
	require.NoError(t, w.Bus.Cancel(t.Context(), "k1"))
	require.NoError(t, w.Queue.Release(t.Context(), d, 0, true))
	require.Equal(t, "m1", receiveOne(t, w).Message.ID)
}

func hidden(t *testing.T, w World) {
	movable(t, w)
	publish(t, w, "u_a", "m1")
	first := receiveOne(t, w)
	w.Advance(time.Minute - time.Millisecond)
	require.Empty(t, receive(t, w, 1))
	w.Advance(time.Millisecond)
	second := receiveOne(t, w)
	require.Equal(t, 2, second.Receives)
	require.NotEqual(t, first.Receipt, second.Receipt)
}

func acked(t *testing.T, w World) {
	publish(t, w, "u_a", "m1")
	require.NoError(t, w.Queue.Ack(t.Context(), receiveOne(t, w)))
	if w.Advance != nil {
		w.Advance(time.Hour)
	}
	require.Empty(t, receive(t, w, 1))
}

// stale makes a delivery whose message was received again by the one that is returned second.
func stale(t *testing.T, w World) (old, fresh port.Delivery) {
	t.Helper()
	movable(t, w)
	publish(t, w, "u_a", "m1")
	old = receiveOne(t, w)
	w.Advance(time.Minute)
	return old, receiveOne(t, w)
}

// staleOrNil accepts what an adapter may say of a stale receipt.
func staleOrNil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		require.ErrorIs(t, err, port.ErrStale)
	}
}

func staleAck(t *testing.T, w World) {
	old, fresh := stale(t, w)
	staleOrNil(t, w.Queue.Ack(t.Context(), old))
	staleOrNil(t, w.Queue.Release(t.Context(), old, 0, false))
	staleOrNil(t, w.Queue.Bury(t.Context(), old, "stale"))
	dead, err := w.Queue.Dead(t.Context(), job.Requests, 10)
	require.NoError(t, err)
	require.Empty(t, dead)
	require.Empty(t, receive(t, w, 1), "it is still out")
	require.NoError(t, w.Queue.Extend(t.Context(), fresh, time.Minute), "the fresh receipt is good")
	require.NoError(t, w.Queue.Release(t.Context(), fresh, 0, true))
	none := fresh
	none.Receipt = ""
	staleOrNil(t, w.Queue.Ack(t.Context(), none))
	staleOrNil(t, w.Queue.Ack(t.Context(), fresh))
	require.Equal(t, "m1", receiveOne(t, w).Message.ID, "neither an empty receipt nor one that was released deletes")
}

func extended(t *testing.T, w World) {
	movable(t, w)
	publish(t, w, "u_a", "m1")
	d := receiveOne(t, w)
	for range 3 {
		w.Advance(50 * time.Second)
		require.NoError(t, w.Queue.Extend(t.Context(), d, time.Minute))
	}
	w.Advance(time.Minute - time.Millisecond)
	require.Empty(t, receive(t, w, 1))
	w.Advance(time.Millisecond)
	require.Equal(t, 2, receiveOne(t, w).Receives)
}

func staleExtend(t *testing.T, w World) {
	old, fresh := stale(t, w)
	require.ErrorIs(t, w.Queue.Extend(t.Context(), old, time.Hour), port.ErrStale)
	require.NoError(t, w.Queue.Ack(t.Context(), fresh))
}

func released(t *testing.T, w World) {
	movable(t, w)
	publish(t, w, "u_a", "m1")
	require.NoError(t, w.Queue.Release(t.Context(), receiveOne(t, w), 10*time.Second, false))
	w.Advance(10*time.Second - time.Millisecond)
	require.Empty(t, receive(t, w, 1))
	w.Advance(time.Millisecond)
	require.Equal(t, 2, receiveOne(t, w).Receives)
}

func uncounted(t *testing.T, w World) {
	publish(t, w, "u_a", "m1")
	for range port.MaxReceives + 3 {
		d := receiveOne(t, w)
		require.Equal(t, 1, d.Receives)
		require.NoError(t, w.Queue.Release(t.Context(), d, 0, true))
	}
}

func tooOften(t *testing.T, w World) {
	publish(t, w, "u_a", "m1", "m2")
	for i := range port.MaxReceives {
		d := receiveOne(t, w)
		require.Equal(t, "m1", d.Message.ID)
		require.Equal(t, i+1, d.Receives)
		require.NoError(t, w.Queue.Release(t.Context(), d, -time.Hour+time.Duration(i), false))
	}
	require.Equal(t, "m2", receiveOne(t, w).Message.ID)
	dead, err := w.Queue.Dead(t.Context(), job.Requests, 10)
	require.NoError(t, err)
	require.Len(t, dead, 1)
	require.Equal(t, "m1", dead[0].ID)
	require.Equal(t, port.MaxReceives, dead[0].Receives)
	require.NotEmpty(t, dead[0].Reason)
}

// bury moves messages to the dead letters.
func bury(t *testing.T, w World, ids ...string) {
	t.Helper()
	for _, id := range ids {
		publish(t, w, "u_a", id)
		require.NoError(t, w.Queue.Bury(t.Context(), receiveOne(t, w), "unknown version"))
	}
}

func buried(t *testing.T, w World) {
	bury(t, w, "m1", "m2")
	require.Empty(t, receive(t, w, 1))
	dead, err := w.Queue.Dead(t.Context(), job.Requests, 10)
	require.NoError(t, err)
	require.Len(t, dead, 2)
	require.Equal(t, "m1", dead[0].ID, "oldest first")
	require.Equal(t, "unknown version", dead[0].Reason)
	require.JSONEq(t, `{"job_id":"j-m1"}`, string(dead[0].Message.Body))
	require.False(t, dead[0].At.IsZero())
}

func redriven(t *testing.T, w World) {
	bury(t, w, "m1", "m2", "m3")
	n, err := w.Queue.Redrive(t.Context(), job.Requests, []string{"m2", "none"})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	d := receiveOne(t, w)
	require.Equal(t, "m2", d.Message.ID)
	require.Equal(t, 1, d.Receives)
	n, err = w.Queue.Redrive(t.Context(), job.Requests, nil)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	arrived(t, w, 2)
	require.ElementsMatch(t, []string{"m1", "m3"}, ids(receive(t, w, 10)))
	dead, err := w.Queue.Dead(t.Context(), job.Requests, 10)
	require.NoError(t, err)
	require.Empty(t, dead)
}

func fair(t *testing.T, w World) {
	publish(t, w, "u_a", "a1", "a2", "a3", "a4")
	publish(t, w, "u_b", "b1", "b2")
	publish(t, w, "u_c", "c1")
	require.Equal(t, []string{"a1", "b1", "c1"}, ids(receive(t, w, 3)))
	next := receive(t, w, 2)
	require.Equal(t, []string{"a2", "b2"}, ids(next))
	require.NoError(t, w.Queue.Ack(t.Context(), next[0]))
	publish(t, w, "u_b", "b3")
	require.Equal(t, []string{"a3"}, ids(receive(t, w, 1)), "b has two out, a has one")
}

func inOrder(t *testing.T, w World) {
	publish(t, w, "u_a", "m3", "m1", "m2")
	require.Equal(t, []string{"m3", "m1", "m2"}, ids(receive(t, w, 10)))
}

func atMost(t *testing.T, w World) {
	publish(t, w, "u_a", "m1", "m2", "m3")
	arrived(t, w, 3)
	require.Len(t, receive(t, w, 2), 2)
	require.Len(t, receive(t, w, 2), 1)
	require.Empty(t, receive(t, w, 2))
}

func shared(t *testing.T, w World) {
	const messages = 64
	for i := range messages {
		publish(t, w, fmt.Sprintf("u_%d", i%5), fmt.Sprintf("m%d", i))
	}
	arrived(t, w, messages)
	var mu sync.Mutex
	got := map[string]int{}
	ack := func(list []port.Delivery) {
		mu.Lock()
		for _, d := range list {
			got[d.Message.ID]++
		}
		mu.Unlock()
		for _, d := range list {
			if err := w.Queue.Ack(t.Context(), d); err != nil {
				t.Error(err)
			}
		}
	}
	together(writers, func(int) {
		for {
			list, err := w.Queue.Receive(t.Context(), job.Requests, 3, 0, time.Minute)
			if err != nil {
				t.Error(err)
			}
			if err != nil || len(list) == 0 {
				return
			}
			ack(list)
		}
	})
	returned(t, w, messages-len(got), ack)
	require.Len(t, got, messages)
	for id, n := range got {
		require.Equal(t, 1, n, id)
	}
}

// returned waits for messages that nobody got, because the answer with them was lost on its way from a server and asked for again: they come when they are
// no longer hidden, as received twice. A queue whose clock is the test's loses no answer.
func returned(t *testing.T, w World, n int, ack func([]port.Delivery)) {
	t.Helper()
	if w.Advance != nil {
		return
	}
	for end := time.Now().Add(time.Minute + wait); n > 0 && time.Now().Before(end); {
		list, err := w.Queue.Receive(t.Context(), job.Requests, 10, wait, time.Minute)
		require.NoError(t, err)
		for _, d := range list {
			require.Greater(t, d.Receives, 1, "%s lay there, and nobody got it", d.Message.ID)
		}
		ack(list)
		n -= len(list)
	}
}

func wakes(t *testing.T, w World) {
	type result struct {
		list []port.Delivery
		err  error
	}
	done := make(chan result)
	go func() {
		list, err := w.Queue.Receive(t.Context(), job.Requests, 1, 20*time.Second, time.Minute)
		done <- result{list, err}
	}()
	begun := time.Now()
	publish(t, w, "u_a", "m1")
	r := <-done
	require.NoError(t, r.err)
	require.Equal(t, []string{"m1"}, ids(r.list))
	require.Less(t, time.Since(begun), 10*time.Second)
}

func waitEnds(t *testing.T, w World) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := w.Queue.Receive(ctx, job.Requests, 1, 20*time.Second, time.Minute)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the receive ended with %v", err)
	}
}

func waitOver(t *testing.T, w World) {
	list, err := w.Queue.Receive(t.Context(), job.Requests, 1, 20*time.Millisecond, time.Minute)
	require.NoError(t, err)
	require.Empty(t, list)
}

func counted(t *testing.T, w World) {
	movable(t, w)
	bury(t, w, "m0")
	publish(t, w, "u_a", "m1", "m2", "m3")
	later(t, w, "m4", time.Hour, "k1")
	require.Len(t, receive(t, w, 1), 1)
	w.Advance(5 * time.Second)
	stats, err := w.Queue.Stats(t.Context(), job.Requests)
	require.NoError(t, err)
	require.InDelta(t, 5, stats.Oldest.Seconds(), 2)
	stats.Oldest = 0
	require.Equal(t, port.QueueStats{Topic: job.Requests, Waiting: 2, Delayed: 1, Running: 1, Dead: 1}, stats)
	empty, err := w.Queue.Stats(t.Context(), job.Thaws)
	require.NoError(t, err)
	require.Equal(t, port.QueueStats{Topic: job.Thaws}, empty)
}
