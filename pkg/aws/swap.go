package aws

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// rounds is how often a compare-and-swap begins again before it gives up: about ten seconds of waits.
const rounds = 100

const (
	firstWait = 5 * time.Millisecond
	longWait  = 200 * time.Millisecond
)

// backOff waits before the n-th round (from 0) with full jitter; before the first it does not.
func backOff(ctx context.Context, n int) error {
	if n == 0 {
		return ctx.Err()
	}
	return pause(ctx, rand.N(min(longWait, firstWait<<min(n, 10))))
}

// reading is what a round of a swap begins from.
type reading struct {
	job     *job.Job // as it was; nil where it is to be made, or in a change of a user alone
	made    bool     // the change makes a job
	events  int64    // lines of the job's time line so far
	owner   *user.User
	ownerID string
}

// change is what the caller's function edits. It shares nothing with what was read.
func (r reading) change(now time.Time) (*port.Change, error) {
	c := &port.Change{Now: now}
	switch {
	case r.made:
		c.Job = &job.Job{UserID: r.ownerID}
	case r.job != nil:
		edited, err := cloned(*r.job)
		if err != nil {
			return nil, err
		}
		c.Job = &edited
	}
	if r.owner != nil {
		edited := *r.owner
		c.User = &edited
	}
	return c, nil
}

// cloned copies a job with all that it points to.
func cloned(j job.Job) (copied job.Job, err error) {
	data, err := encoded(j)
	if err != nil {
		return copied, err
	}
	return decoded[job.Job](item{attrData: data})
}

// swap reads, runs fn, and writes all of it or nothing if what was read is still so; else it begins again.
func (s *Store) swap(ctx context.Context, fn func(*port.Change) error, read func(context.Context) (reading, error)) (*port.Change, error) {
	for n := range rounds {
		if err := backOff(ctx, n); err != nil {
			return nil, err
		}
		r, err := read(ctx)
		if err != nil {
			return nil, err
		}
		c, err := r.change(s.now())
		if err != nil {
			return nil, err
		}
		if err := fn(c); err != nil {
			return nil, err
		}
		tx, err := s.transaction(ctx, r, c)
		if err != nil {
			return nil, err
		}
		err = tx.commit(ctx)
		if !errors.Is(err, errOvertaken) {
			return c, err
		}
	}
	return nil, port.ErrConflict
}

// owner reads a job's owner; nil where there is none.
func (s *Store) owner(ctx context.Context, userID string) (*user.User, error) {
	if userID == "" {
		return nil, nil
	}
	u, err := s.User(ctx, userID)
	if errors.Is(err, port.ErrNotFound) {
		return nil, nil
	}
	return &u, err
}

// CreateJob inserts the job that fn fills.
func (s *Store) CreateJob(ctx context.Context, userID string, fn func(*port.Change) error) (job.Job, error) {
	c, err := s.swap(ctx, fn, func(ctx context.Context) (reading, error) {
		owner, err := s.owner(ctx, userID)
		return reading{made: true, owner: owner, ownerID: userID}, err
	})
	if err != nil {
		return job.Job{}, err
	}
	return *c.Job, nil
}

// UpdateJob is a compare-and-swap of a job and its owner.
func (s *Store) UpdateJob(ctx context.Context, jobID string, fn func(*port.Change) error) (job.Job, error) {
	c, err := s.swap(ctx, fn, func(ctx context.Context) (r reading, err error) {
		found, err := s.jobItem(ctx, jobID)
		if err != nil {
			return r, err
		}
		old, err := decoded[job.Job](found)
		if err != nil {
			return r, fmt.Errorf("job %s: %w", jobID, err)
		}
		owner, err := s.owner(ctx, old.UserID)
		return reading{job: &old, events: numberOf(found, attrEvents), owner: owner, ownerID: old.UserID}, err
	})
	if err != nil {
		return job.Job{}, err
	}
	return *c.Job, nil
}

// UpdateUser is a compare-and-swap of a user alone.
func (s *Store) UpdateUser(ctx context.Context, userID string, fn func(*port.Change) error) (user.User, error) {
	c, err := s.swap(ctx, fn, func(ctx context.Context) (reading, error) {
		u, err := s.User(ctx, userID)
		return reading{owner: &u, ownerID: userID}, err
	})
	if err != nil {
		return user.User{}, err
	}
	return *c.User, nil
}
