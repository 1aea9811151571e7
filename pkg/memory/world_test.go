package memory_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/memory"
	"gas/pkg/port"
	"gas/pkg/user"
)

func TestASwapThatWasOvertakenRunsItsFunctionAgain(t *testing.T) {
	var w *memory.World
	overtaken := 0
	w = memory.New(memory.Options{Between: func(ctx context.Context) {
		if overtaken++; overtaken != 2 { // 1 is the creation of the job, 2 its update, 3 the update that overtakes
			return
		}
		_, err := w.Store.UpdateUser(ctx, "u_a", func(c *port.Change) error { c.User.Plan = user.Premium; return nil })
		require.NoError(t, err)
	}})
	ctx := t.Context()
	require.NoError(t, w.Store.CreateUser(ctx, user.User{ID: "u_a", Plan: user.Free}))
	_, err := w.Store.CreateJob(ctx, "u_a", func(c *port.Change) error { c.Job.ID = "j1"; return nil })
	require.NoError(t, err)
	var plans []user.Plan
	_, err = w.Store.UpdateJob(ctx, "j1", func(c *port.Change) error {
		plans = append(plans, c.User.Plan)
		c.Job.Storage = job.Archived
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []user.Plan{user.Free, user.Premium}, plans, "the plan that changed meanwhile is seen")
}

func TestTwoWorldsOfOneSeedAreEqual(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	play := func() memory.State {
		w := memory.New(memory.Options{Seed: 7, Clock: func() time.Time { return at }})
		ctx := t.Context()
		for _, id := range []string{"u_b", "u_a", "u_c"} {
			require.NoError(t, w.Store.CreateUser(ctx, user.User{ID: id}))
			_, err := w.Store.CreateJob(ctx, id, func(c *port.Change) error {
				c.Job.ID, c.Job.Status = "j-"+id, job.Pending
				c.Send = []job.Message{{ID: "m-" + id, Topic: job.Requests, UserID: id}}
				return nil
			})
			require.NoError(t, err)
			require.NoError(t, w.Bus.Publish(ctx, job.Message{ID: "m-" + id, Topic: job.Requests, UserID: id}))
		}
		_, err := w.Queue.Receive(ctx, job.Requests, 2, 0, time.Minute)
		require.NoError(t, err)
		return w.Inspect()
	}
	require.Equal(t, play(), play())
}

func TestAnOnlookerHoldsNoPartOfTheWorld(t *testing.T) {
	w := memory.New(memory.Options{})
	ctx := t.Context()
	_, err := w.Store.CreateJob(ctx, "u_a", func(c *port.Change) error {
		c.Job.ID, c.Job.Counts = "j1", &job.Counts{Records: 1}
		return nil
	})
	require.NoError(t, err)
	seen := w.Inspect()
	seen.Jobs["j1"].Counts.Records = 99
	delete(seen.Jobs, "j1")
	got, err := w.Store.Job(ctx, "j1")
	require.NoError(t, err)
	require.EqualValues(t, 1, got.Counts.Records)
}

func TestDamageForTests(t *testing.T) {
	w := memory.New(memory.Options{})
	ctx := t.Context()
	_, err := w.Results.Put(ctx, "r/1", strings.NewReader("abc"), port.Put{Size: -1})
	require.NoError(t, err)
	require.True(t, w.Alter(memory.Results, "r/1", func(b []byte) []byte { b[0] ^= 1; return b }))
	reader, _, err := w.Results.Open(ctx, "r/1", "", port.Whole)
	require.NoError(t, err)
	data, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Equal(t, "`bc", string(data))
	require.True(t, w.Alter(memory.Results, "r/1", func([]byte) []byte { return nil }))
	_, err = w.Results.Stat(ctx, "r/1")
	require.ErrorIs(t, err, port.ErrNotFound)
	require.False(t, w.Alter(memory.Cold, "r/1", func(b []byte) []byte { return b }))
}
