package local

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/user"
)

// open opens a fresh data folder that is closed with the test.
func open(t testing.TB, o Options) *Local {
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	l, err := Open(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func TestTwoProcessesShareAFolder(t *testing.T) {
	ctx := t.Context()
	data := t.TempDir()
	one := open(t, Options{Data: data})
	two := open(t, Options{Data: data})

	t.Run("what one writes the other reads", func(t *testing.T) {
		require.NoError(t, one.Store.CreateUser(ctx, user.User{ID: "u_a", Plan: user.Free}))
		got, err := two.Store.User(ctx, "u_a")
		require.NoError(t, err)
		require.Equal(t, user.Free, got.Plan)
		require.Equal(t, one.Install, two.Install)
	})
	t.Run("a message published by one wakes a receiver of the other before it polls", func(t *testing.T) {
		got := make(chan time.Time, 1)
		go func() {
			d, err := two.Queue.Receive(ctx, job.Requests, 1, 5*time.Second, time.Minute)
			if err == nil && len(d) == 1 {
				got <- time.Now()
			}
			close(got)
		}()
		require.NoError(t, one.Bus.Publish(ctx, job.Message{ID: "m1", Topic: job.Requests, UserID: "u_a", Body: json.RawMessage(`{}`)}))
		require.False(t, (<-got).IsZero())
	})
	t.Run("the lock of one that has ended is free", func(t *testing.T) {
		third := open(t, Options{Data: data})
		require.False(t, one.OwnerGone(third.Instance))
		require.False(t, one.OwnerGone(one.Instance))
		require.NoError(t, third.Close())
		require.True(t, one.OwnerGone(third.Instance))
	})
}

func TestSnapshotIsAWholeDatabase(t *testing.T) {
	ctx := t.Context()
	l := open(t, Options{})
	require.NoError(t, l.Store.CreateUser(ctx, user.User{ID: "u_a"}))
	folder := t.TempDir()
	require.NoError(t, l.Snapshot(ctx, filepath.Join(folder, "gas.db")))
	copied := open(t, Options{Data: folder})
	_, err := copied.Store.User(ctx, "u_a")
	require.NoError(t, err)
	require.Equal(t, l.Install, copied.Install)
}
