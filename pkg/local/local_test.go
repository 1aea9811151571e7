package local

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
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

func BenchmarkSubmit(b *testing.B) {
	ctx := context.Background()
	l := open(b, Options{})
	require.NoError(b, l.Store.CreateUser(ctx, user.User{ID: "u_a"}))
	input := strings.Repeat("21\t25000000\t.\tA\tT\t.\t.\t.\n", 400) // 10 KB
	b.SetParallelism(8)                                              // 16 clients on 2 cores
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := submit(ctx, l, input); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submissions/s")
}

// submit is what a submission does: an intent, the file, the job with its message.
func submit(ctx context.Context, l *Local, input string) error {
	id := fmt.Sprintf("%s-%d", newInstance(), time.Now().UnixNano())
	_, err := l.Store.CreateJob(ctx, "u_a", func(c *port.Change) error {
		c.Job.ID, c.Job.UploadID, c.Job.Status, c.Job.Created, c.Job.Name = id, id, job.Uploading, c.Now, "sample.vcf"
		c.User.Load.Uploading++
		return nil
	})
	if err != nil {
		return err
	}
	info, err := l.Inputs.Put(ctx, "u_a/"+id, strings.NewReader(input), port.Put{Size: -1})
	if err != nil {
		return err
	}
	_, err = l.Store.UpdateJob(ctx, id, func(c *port.Change) error {
		c.Job.Status, c.Job.SubmitTime, c.Job.Input = job.Pending, c.Now, info.Object
		c.User.Load.Uploading--
		c.User.Load.Pending++
		c.Send = append(c.Send, job.Message{ID: id, Topic: job.Requests, UserID: "u_a", JobID: id, Body: json.RawMessage(`{}`)})
		c.Events = append(c.Events, job.Event{Name: "submit", From: "UPLOADING", To: "PENDING"})
		return nil
	})
	return err
}
