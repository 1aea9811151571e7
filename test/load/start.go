package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// starts is how often a start is repeated; the median counts.
const starts = 5

// measureStart measures from exec to the first 200 of /readyz, with an empty data folder and with many jobs in it.
func measureStart(ctx context.Context, s settings) error {
	data, err := os.MkdirTemp(s.dir, "gas-load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	for _, jobs := range []int{0, s.jobs} {
		if err := fill(ctx, data, jobs); err != nil {
			return err
		}
		var times []time.Duration
		for range starts {
			v, err := begin(ctx, s, data)
			if err != nil {
				return err
			}
			times = append(times, v.took)
			v.end()
		}
		fmt.Printf("start to ready with %d jobs: %s (median of %d)\n", jobs, quantile(times, 0.5).Round(time.Millisecond), starts)
	}
	return nil
}

// fill writes completed jobs of a hundred users into the store.
func fill(ctx context.Context, data string, jobs int) error {
	if jobs == 0 {
		return nil
	}
	c := config.Default()
	c.Data = data
	p, err := backend.Open(ctx, c)
	if err != nil {
		return err
	}
	defer p.Close()
	const users = 100
	for i := range users {
		u := user.User{ID: user.ID(user.Local, fmt.Sprint("load", i)), Issuer: user.Local, Plan: user.Premium, Created: p.Now()}
		if err := p.Store.CreateUser(ctx, u); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(128)
	for i := range jobs {
		group.Go(func() error {
			id, err := uuid.NewV7()
			if err != nil {
				return err
			}
			owner := user.ID(user.Local, fmt.Sprint("load", i%users))
			_, err = p.Store.CreateJob(ctx, owner, func(c *port.Change) error {
				c.Job = &job.Job{
					ID: id.String(), UserID: owner, Name: "x.vcf", Status: job.Completed, Storage: job.Hot, Attempt: 1, Gen: 1, UploadID: id.String(),
					Created: c.Now, SubmitTime: c.Now, StartTime: c.Now, CompleteTime: c.Now,
				}
				return nil
			})
			return err
		})
	}
	return group.Wait()
}
