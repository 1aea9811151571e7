package aws_test

import (
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/port/porttest"
)

// messages makes worlds of the bus and the queues, each under names of its own, without a clock that can be moved. skip is what the emulator cannot do.
func messages(s *aws.Session, skip map[string]string) porttest.Harness {
	left := map[string]string{
		"the user with the fewest messages out comes first":             "SQS weighs the users by itself, and only when one of them has a backlog (fair queues)",
		"messages of one user come in their order":                      "SQS promises no order",
		"a message received MaxReceives times goes to the dead letters": "SQS promises no order between two messages; inRealTime looks at one",
	}
	maps.Copy(left, skip)
	return func(t *testing.T) porttest.World {
		b, q := messagingOf(t, s, ownNames())
		return porttest.World{Bus: b, Queue: q, Skip: left}
	}
}

// carries has the suites of bus and queue, and beside them what they ask of a clock that can be moved, in an emulator's own time. early is by how much
// the emulator's timers fire too early, skip what of the suites it cannot do.
func carries(t *testing.T, s *aws.Session, early time.Duration, skip map[string]string) {
	var aside sync.WaitGroup
	aside.Go(func() { t.Run("in real time", func(t *testing.T) { inRealTime(t, s, early) }) })
	t.Run("bus", func(t *testing.T) { porttest.Bus(t, messages(s, skip)) })
	t.Run("queue", func(t *testing.T) { porttest.Queue(t, messages(s, skip)) })
	aside.Wait()
}

// inRealTime has every case at once: they wait for the emulator, not for a core.
func inRealTime(t *testing.T, s *aws.Session, early time.Duration) {
	var all sync.WaitGroup
	for name, check := range realTime(early) {
		all.Go(func() {
			t.Run(name, func(t *testing.T) {
				b, q := messagingOf(t, s, ownNames())
				require.NoError(t, b.Publish(t.Context(), letterOf("m1")))
				check(t, b, q)
			})
		})
	}
	all.Wait()
}

// realTime is what the suites ask of a clock that can be moved, in seconds that pass. Each begins with one message in the queue.
func realTime(early time.Duration) map[string]func(t *testing.T, b *aws.Bus, q *aws.Queue) {
	return map[string]func(t *testing.T, b *aws.Bus, q *aws.Queue){
		"a received message is hidden until its visibility ends": func(t *testing.T, _ *aws.Bus, q *aws.Queue) {
			first := one(t, q, 2*second)
			require.Empty(t, receive(t, q, 1, 0, second))
			again := one(t, q, second)
			require.Equal(t, 2, again.Receives)
			require.NotEqual(t, first.Receipt, again.Receipt)
			require.WithinDuration(t, first.Sent, again.Sent, time.Millisecond)
		},
		"extending hides a message for longer, from now": func(t *testing.T, _ *aws.Bus, q *aws.Queue) {
			d := one(t, q, 2*second)
			require.NoError(t, q.Extend(t.Context(), d, time.Minute))
			require.Empty(t, receive(t, q, 1, 3*second, second))
			require.NoError(t, q.Ack(t.Context(), d))
		},
		"a receipt that is stale does nothing": func(t *testing.T, _ *aws.Bus, q *aws.Queue) {
			old := one(t, q, second)
			fresh := one(t, q, time.Minute)
			require.Empty(t, receive(t, q, 1, second, second))
			none := old
			none.Receipt = ""
			for _, d := range []port.Delivery{old, none} {
				for _, err := range []error{
					q.Ack(t.Context(), d), q.Extend(t.Context(), d, time.Hour), q.Release(t.Context(), d, 0, true), q.Release(t.Context(), d, 0, false), q.Bury(t.Context(), d, "stale"),
				} {
					require.ErrorIs(t, err, port.ErrStale)
				}
			}
			require.Empty(t, receive(t, q, 1, second, second), "it is still out, and nobody has sent a copy")
			stats, err := q.Stats(t.Context(), job.Requests)
			require.NoError(t, err)
			require.Equal(t, port.QueueStats{Topic: job.Requests, Running: 1}, stats)
			require.NoError(t, q.Extend(t.Context(), fresh, time.Minute), "the fresh receipt is good")
			require.NoError(t, q.Release(t.Context(), fresh, 0, false))
			require.ErrorIs(t, q.Ack(t.Context(), fresh), port.ErrStale, "it was released")
			require.Equal(t, 3, one(t, q, time.Minute).Receives)
		},
		"a released message comes back after its delay": func(t *testing.T, _ *aws.Bus, q *aws.Queue) {
			require.NoError(t, q.Release(t.Context(), one(t, q, time.Minute), 2*second, false))
			require.Empty(t, receive(t, q, 1, second, second))
			require.Equal(t, 2, one(t, q, second).Receives)
		},
		"a release that is uncounted keeps the delay, the count and the time": func(t *testing.T, _ *aws.Bus, q *aws.Queue) {
			d := one(t, q, time.Minute)
			require.NoError(t, q.Release(t.Context(), d, 0, false))
			d = one(t, q, time.Minute)
			require.Equal(t, 2, d.Receives)
			require.NoError(t, q.Release(t.Context(), d, 2*second, true))
			require.Empty(t, receive(t, q, 1, second, second))
			again := one(t, q, second)
			require.Equal(t, 2, again.Receives, "the first receive counts, the second was given back")
			require.WithinDuration(t, d.Sent, again.Sent, time.Millisecond)
			require.Equal(t, d.Message, again.Message)
		},
		"a message received MaxReceives times goes to the dead letters": func(t *testing.T, _ *aws.Bus, q *aws.Queue) {
			for i := range port.MaxReceives {
				d := one(t, q, time.Minute)
				require.Equal(t, i+1, d.Receives)
				require.NoError(t, q.Release(t.Context(), d, 0, i == 3 && d.Receives == 0))
			}
			require.Empty(t, receive(t, q, 1, 2*second, second))
			dead, err := q.Dead(t.Context(), job.Requests, 10)
			require.NoError(t, err)
			require.Len(t, dead, 1)
			require.Equal(t, "m1", dead[0].ID)
			require.Equal(t, port.MaxReceives, dead[0].Receives)
			require.NotEmpty(t, dead[0].Reason)
		},
		"copies of a message count together": func(t *testing.T, _ *aws.Bus, q *aws.Queue) {
			for range port.MaxReceives - 1 {
				require.NoError(t, q.Release(t.Context(), one(t, q, time.Minute), 0, false))
			}
			require.NoError(t, q.Release(t.Context(), one(t, q, time.Minute), 0, true)) // a copy that knows of 7 receives
			d := one(t, q, time.Minute)
			require.Equal(t, port.MaxReceives, d.Receives)
			require.NoError(t, q.Release(t.Context(), d, 0, false))
			require.Empty(t, receive(t, q, 1, 2*second, second))
			dead, err := q.Dead(t.Context(), job.Requests, 10)
			require.NoError(t, err)
			require.Len(t, dead, 1)
		},
		"statistics count what waits, is delayed, is out and is dead": func(t *testing.T, b *aws.Bus, q *aws.Queue) {
			require.NoError(t, q.Bury(t.Context(), one(t, q, time.Minute), "why"))
			for _, id := range []string{"m2", "m3", "m4"} {
				require.NoError(t, b.Publish(t.Context(), letterOf(id)))
			}
			require.NoError(t, q.Release(t.Context(), one(t, q, time.Minute), time.Minute, true))
			one(t, q, time.Minute)
			want := port.QueueStats{Topic: job.Requests, Waiting: 1, Delayed: 1, Running: 1, Dead: 1}
			require.EventuallyWithT(t, func(c *assert.CollectT) { // SNS hands on when it likes
				stats, err := q.Stats(t.Context(), job.Requests)
				assert.NoError(c, err)
				assert.Equal(c, want, stats)
			}, 10*second, second/10)
		},
		"a timer fires at its first time, and not when it was cancelled": func(t *testing.T, b *aws.Bus, q *aws.Queue) {
			require.NoError(t, q.Ack(t.Context(), one(t, q, time.Minute)))
			begun := time.Now()
			set := func(id string, ahead time.Duration, key string) {
				require.NoError(t, b.PublishAt(t.Context(), letterOf(id), begun.Add(ahead), key))
			}
			set("first", 8*second, "k 1/strange:key")
			set("second", second, "k 1/strange:key") // the same timer: the first time stays
			set("cancelled", 6*second, "k2")
			require.NoError(t, b.Cancel(t.Context(), "k2"))
			require.NoError(t, b.Cancel(t.Context(), "k2"))
			require.NoError(t, b.Cancel(t.Context(), "never"))
			got := receive(t, q, 10, 40*second, time.Minute)
			require.GreaterOrEqual(t, time.Since(begun), 8*second-early, "not before its time")
			require.Len(t, got, 1)
			require.Equal(t, "j-first", got[0].Message.JobID)
			require.NoError(t, b.Cancel(t.Context(), "k 1/strange:key"), "it has fired: nothing is taken back")
			set("past", -time.Hour, "k3")
			require.Equal(t, "j-past", one(t, q, time.Minute).Message.JobID, "a time that is over is now")
			require.Empty(t, receive(t, q, 10, 2*second, time.Minute))
		},
	}
}
