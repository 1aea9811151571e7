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

// many100k is how many jobs a folder must take without growing slow.
const many100k = 100_000

// fillFolder makes a folder with many jobs of one user.
func fillFolder(b *testing.B) string {
	data := b.TempDir()
	l, err := Open(context.Background(), Options{Data: data})
	require.NoError(b, err)
	require.NoError(b, l.Store.CreateUser(context.Background(), user.User{ID: "u_a"}))
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	require.NoError(b, l.db.write(context.Background(), func(tx *transaction) error {
		for i := range many100k {
			at := begin.Add(time.Duration(i) * time.Second)
			j := job.Job{ID: fmt.Sprintf("01900000-%08d", i), UserID: "u_a", Name: fmt.Sprintf("sample-%d.vcf", i*7919%many100k), Status: job.Completed, Storage: job.Hot, Created: at, SubmitTime: at, CompleteTime: at}
			j.Files = map[string]job.Object{job.FileLog: {Key: strings.Repeat("k", 60), Version: strings.Repeat("v", 64), SHA256: strings.Repeat("v", 64)}}
			if err := insertJob(context.Background(), tx, j); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(b, l.Close())
	return data
}

func BenchmarkHundredThousandJobs(b *testing.B) {
	data := fillFolder(b)
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			l, err := Open(context.Background(), Options{Data: data})
			require.NoError(b, err)
			require.NoError(b, l.Close())
		}
	})
	l := open(b, Options{Data: data})
	for name, q := range map[string]port.JobQuery{
		"first page": {}, "last page": {Offset: many100k - 20}, "searched": {Search: "777"}, "by name": {Sort: "name"}, "by state": {Status: []job.Status{job.Failed}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := l.Store.JobsOf(context.Background(), "u_a", q)
				require.NoError(b, err)
				require.Equal(b, q.Status == nil, page.Total > 0)
			}
		})
	}
}

func BenchmarkPublishReceiveAck(b *testing.B) {
	ctx := context.Background()
	l := open(b, Options{Data: filepath.Join(b.TempDir(), "d")})
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			err := l.Bus.Publish(ctx, job.Message{ID: newInstance(), Topic: job.Requests, UserID: "u_a", Body: json.RawMessage("{}")})
			if err != nil {
				b.Error(err)
			}
			list, err := l.Queue.Receive(ctx, job.Requests, 1, time.Second, time.Minute)
			if err != nil || len(list) != 1 {
				b.Error(err, len(list))
				continue
			}
			if err := l.Queue.Ack(ctx, list[0]); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
