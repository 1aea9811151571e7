// Package porttest is one suite for each port: every promise of a comment in package port has a subtest named as that promise, and every
// adapter passes the same suites. An adapter owes a Harness, and says in it what it cannot do.
package porttest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// World is a set of ports that belong together, empty. A port that is nil is not offered and its suite is skipped.
type World struct {
	Store    port.Store
	Records  port.Records
	Blobs    port.Blobs
	Parts    port.Multipart // of Blobs
	Bus      port.Bus
	Queue    port.Queue
	Vault    port.Vault
	Mailer   port.Mailer
	Payments port.Payments

	// Decide goes through a checkout as the person at it would, and returns the signed event; nil = as port.LocalCheckout does.
	Decide func(ctx context.Context, checkoutID string, pay bool) (payload []byte, header http.Header, err error)

	Advance func(time.Duration) // moves the adapter's clock; nil where it cannot be moved
	Warm    func(ref string)    // makes a thaw that was asked for end; nil = Advance does
	Refuse  func()              // makes the vault refuse Expedited from now on; nil where it cannot be told
	Fail    func()              // makes thaws that are asked for from now on fail; nil where it cannot be told
	Expire  time.Duration       // how long a warmed item stays so; 0 = not tested
	Skip    map[string]string   // by name of subtest: why this adapter cannot pass it
}

// Harness makes a fresh world that ends with the test.
type Harness func(t *testing.T) World

// check is one promise.
type check struct {
	promise string
	run     func(t *testing.T, w World)
}

// All runs every suite.
func All(t *testing.T, fresh Harness) {
	t.Run("store", func(t *testing.T) { Store(t, fresh) })
	t.Run("jobs", func(t *testing.T) { Jobs(t, fresh) })
	t.Run("records", func(t *testing.T) { Records(t, fresh) })
	t.Run("blobs", func(t *testing.T) { Blobs(t, fresh) })
	t.Run("multipart", func(t *testing.T) { Multipart(t, fresh) })
	t.Run("form", func(t *testing.T) { Form(t, fresh) })
	t.Run("bus", func(t *testing.T) { Bus(t, fresh) })
	t.Run("queue", func(t *testing.T) { Queue(t, fresh) })
	t.Run("vault", func(t *testing.T) { Vault(t, fresh) })
	t.Run("mailer", func(t *testing.T) { Mailer(t, fresh) })
	t.Run("payments", func(t *testing.T) { Payments(t, fresh) })
}

// each runs the promises, each in a world of its own. offered tells whether the world has the port.
func each(t *testing.T, fresh Harness, offered func(World) bool, checks []check) {
	for _, c := range checks {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel() // most of the time goes into waiting for a disk or a server
			w := fresh(t)
			if !offered(w) {
				t.Skip("the adapter does not offer this port")
			}
			if reason, skipped := w.Skip[c.promise]; skipped {
				t.Skip(reason)
			}
			c.run(t, w)
		})
	}
}

// movable skips a test where the clock cannot be moved.
func movable(t *testing.T, w World) {
	t.Helper()
	if w.Advance == nil {
		t.Skip("the adapter's clock cannot be moved")
	}
}

// now is the store's clock.
func now(t *testing.T, w World) time.Time {
	t.Helper()
	at, err := w.Store.Now(t.Context())
	require.NoError(t, err)
	return at
}

// addUser makes a free user.
func addUser(t *testing.T, w World, id string) {
	t.Helper()
	require.NoError(t, w.Store.CreateUser(t.Context(), user.User{ID: id, Plan: user.Free, Name: "Ada"}))
}

// addJob makes a pending job that was submitted at a time.
func addJob(t *testing.T, w World, userID, id string, at time.Time, edit ...func(*job.Job)) job.Job {
	t.Helper()
	made, err := w.Store.CreateJob(t.Context(), userID, func(c *port.Change) error {
		c.Job.ID, c.Job.Name, c.Job.Status, c.Job.Created, c.Job.SubmitTime = id, id+".vcf", job.Pending, at, at
		for _, do := range edit {
			do(c.Job)
		}
		return nil
	})
	require.NoError(t, err)
	return made
}

// message makes a request of a user.
func message(id, userID string) job.Message {
	return job.Message{ID: id, Topic: job.Requests, UserID: userID, JobID: "j-" + id, Body: json.RawMessage(fmt.Sprintf(`{"job_id":"j-%s"}`, id))}
}

// publish sends messages of a user.
func publish(t *testing.T, w World, userID string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, w.Bus.Publish(t.Context(), message(id, userID)))
	}
}

// wait is how long a receive waits for what must be there: at once for most, longer for queues that are far.
const wait = 20 * time.Second

// receive takes what is there now, at most max.
func receive(t *testing.T, w World, max int) []port.Delivery {
	t.Helper()
	got, err := w.Queue.Receive(t.Context(), job.Requests, max, 0, time.Minute)
	require.NoError(t, err)
	return got
}

// receiveOne takes one message that must be there.
func receiveOne(t *testing.T, w World) port.Delivery {
	t.Helper()
	got, err := w.Queue.Receive(t.Context(), job.Requests, 1, wait, time.Minute)
	require.NoError(t, err)
	require.Len(t, got, 1)
	return got[0]
}

// arrived waits until a number of messages can be received: a bus may hand on what was published a moment later.
func arrived(t *testing.T, w World, n int) {
	t.Helper()
	for end := time.Now().Add(wait); ; {
		stats, err := w.Queue.Stats(t.Context(), job.Requests)
		require.NoError(t, err)
		if stats.Waiting == n {
			return
		}
		require.True(t, time.Now().Before(end), "%d of %d messages have arrived", stats.Waiting, n)
		time.Sleep(10 * time.Millisecond) // another process: no clock of ours moves it
	}
}

// ids lists the ids of the messages of deliveries.
func ids(list []port.Delivery) (found []string) {
	for _, d := range list {
		found = append(found, d.Message.ID)
	}
	return found
}

// relay does what flow's relay does: it publishes what waits in the outbox and marks it.
func relay(t *testing.T, w World) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	list, err := w.Store.Unsent(ctx, "", 100)
	require.NoError(t, err)
	for _, m := range list {
		if m.NotBefore.IsZero() {
			require.NoError(t, w.Bus.Publish(ctx, m))
		} else {
			require.NoError(t, w.Bus.PublishAt(ctx, m, m.NotBefore, m.TimerKey()))
		}
		require.NoError(t, w.Store.MarkSent(ctx, []string{m.ID}))
	}
}
