package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// sight is a job with everything that tells how it stands.
type sight struct {
	job.Job
	owner     user.User
	plans     user.Plans
	progress  job.Progress
	place     int // in the queue, 0 = does not wait
	now       time.Time
	freeUntil time.Time // zero = never
	readable  error     // nil when the result can be read now
	missing   string    // a sentence about a role that the job waits for and that is not there
}

// ownJob reads the job of the path for its owner. This is the one loader: somebody else's job is as missing as one that never was.
func (s *site) ownJob(c echo.Context) (sight, error) { return s.ownJobOf(c, c.Param("id")) }

// ownJobOf is ownJob for a job that is named elsewhere.
func (s *site) ownJobOf(c echo.Context, text string) (sight, error) {
	missing := fault.New(fault.NotFound, "There is no such job.")
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return sight{}, missing
	}
	j, err := s.Store.Job(c.Request().Context(), id.String())
	if errors.Is(err, port.ErrNotFound) || err == nil && (j.UserID != who(c).user.ID || j.Status == job.Deleted) {
		return sight{}, missing
	}
	if err != nil {
		return sight{}, fmt.Errorf("read job: %w", err)
	}
	return s.look(c.Request().Context(), j, who(c).user)
}

// look gathers what a job's record does not hold. The clock is the store's: free_until is checked against no other.
func (s *site) look(ctx context.Context, j job.Job, owner user.User) (sight, error) {
	now, err := s.Store.Now(ctx)
	if err != nil {
		return sight{}, fmt.Errorf("read the store's clock: %w", err)
	}
	return s.lookAt(ctx, j, owner, now)
}

func (s *site) lookAt(ctx context.Context, j job.Job, owner user.User, now time.Time) (sight, error) {
	v := sight{Job: j, owner: owner, plans: s.Plans, now: now, freeUntil: s.flow.FreeUntil(j, owner), readable: s.flow.Readable(j, owner, now)}
	var err error
	switch j.Status {
	case job.Pending:
		if v.place, err = s.Store.QueuePosition(ctx, j.ID); err != nil {
			return v, fmt.Errorf("read place in the queue: %w", err)
		}
	case job.Running:
		if v.progress, err = s.Store.Progress(ctx, j.ID); err != nil {
			return v, fmt.Errorf("read progress: %w", err)
		}
		if v.progress.Attempt != j.Attempt {
			v.progress = job.Progress{}
		}
	}
	v.missing = s.missing(ctx, v)
	return v, nil
}

// left guesses how long a running job still takes, zero where it is too early to say.
func (v sight) left() time.Duration {
	p := v.progress.Percent
	if v.Status != job.Running || p < 3 || v.StartTime.IsZero() || v.Attempt > 1 { // the record keeps the start of the first attempt
		return 0
	}
	return time.Duration(float64(v.now.Sub(v.StartTime)) * (100 - p) / p)
}

// rate is how many records a running job does in a second, zero where it is too early to say.
func (v sight) rate() int64 {
	took := v.progress.At.Sub(v.StartTime).Seconds()
	if v.Status != job.Running || v.StartTime.IsZero() || took <= 0 || v.Attempt > 1 { // a job's start is that of its first attempt
		return 0
	}
	return int64(float64(v.progress.Records) / took)
}

// expired tells whether the free window of the result is over.
func (v sight) expired() bool { return fault.Is(v.readable, fault.Expired) }

// failures is the job's error, its zero value where there is none.
func (v sight) failure() job.Failure {
	if v.Error == nil {
		return job.Failure{}
	}
	return *v.Error
}
