package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gas/pkg/flow/mutant"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

const (
	sweepPage  = 100
	sweepPages = 20 // one round looks at no more than this many pages
)

// Sweep is one round of the sweeper: it posts again the message of every job that is not where it belongs and has nobody working on it, of every
// fan-out that is not done, and of every notice that waits. Messages are an accelerator; this is what makes everything arrive.
func (f Flow) Sweep(ctx context.Context) error {
	if mutant.NoSweeper {
		return nil
	}
	now, err := f.Store.Now(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f.sweepJobs(ctx, now), f.sweepUsers(ctx, now), f.sweepNotices(ctx, now))
}

func (f Flow) sweepJobs(ctx context.Context, now time.Time) error {
	cursor := ""
	var errs error
	for range sweepPages {
		jobs, next, err := f.Store.WaitingJobs(ctx, now, cursor, sweepPage)
		if err != nil {
			return errors.Join(errs, fmt.Errorf("list waiting jobs: %w", err))
		}
		for _, j := range jobs {
			if err := f.sweepJob(ctx, j, now); ignoreLost(err) != nil {
				errs = errors.Join(errs, fmt.Errorf("sweep job %s: %w", j.ID, err))
			}
		}
		if next == "" {
			break
		}
		cursor = next
	}
	return errs
}

func (f Flow) sweepJob(ctx context.Context, j job.Job, now time.Time) error {
	switch j.State() {
	case job.State(job.Uploading):
		return f.expire(ctx, j, now)
	case job.State(job.Deleted):
		return f.purge(ctx, j, now)
	case job.State(job.Running):
		if now.Before(j.LeaseUntil) && (f.Gone == nil || !f.Gone(j.Owner)) {
			return nil
		}
	case job.State(job.Hot), job.State(job.Archived):
		return f.sweepTier(ctx, j, now)
	}
	return f.remind(ctx, j)
}

// sweepTier reminds of a result that is not in the tier where its owner's plan wants it.
func (f Flow) sweepTier(ctx context.Context, j job.Job, now time.Time) error {
	u, err := f.Store.User(ctx, j.UserID)
	if err != nil {
		return fmt.Errorf("look up owner: %w", err)
	}
	until := f.FreeUntil(j, u)
	archive := j.Storage == job.Hot && over(now, until)
	warn := j.Storage == job.Hot && late(f.warnAt(until), now) && !j.Warned.Equal(until) && !until.IsZero()
	thaw := j.Storage == job.Archived && u.Plan == user.Premium
	if archive || warn || thaw {
		return f.remind(ctx, j)
	}
	return f.Rest(ctx, j.ID)
}

// expire drops an intent that nobody used.
func (f Flow) expire(ctx context.Context, j job.Job, now time.Time) error {
	_, err := f.advance(ctx, j.ID, job.StepExpire, func(c *port.Change) error {
		if c.Now.Before(c.Job.Created.Add(intentLasts)) {
			return ErrLost
		}
		bury(c)
		return nil
	})
	return err
}

// purgeAgain is when the objects of a deleted job are looked for once more: a worker may have been writing one.
const purgeAgain = time.Hour

// purge deletes every object of a deleted job.
func (f Flow) purge(ctx context.Context, j job.Job, now time.Time) error {
	if held, err := f.deletesForbidden(ctx); err != nil || held {
		return err
	}
	if err := f.Inputs.Delete(ctx, InputKey(f.Install.Epoch, j.UserID, j.ID)); err != nil {
		return fmt.Errorf("delete input: %w", err)
	}
	if err := f.deletePrefix(ctx, resultPrefix(f.Install.Epoch, j.ID)); err != nil {
		return err
	}
	if j.Archive.Ref != "" {
		if err := f.Vault.Delete(ctx, j.Archive.Ref); err != nil {
			return fmt.Errorf("delete archive: %w", err)
		}
	}
	_, err := f.advance(ctx, j.ID, job.StepPurge, func(c *port.Change) error {
		c.Job.Archive = job.Archive{}
		c.Job.Due = time.Time{}
		if again := maxTime(c.Job.LeaseUntil, c.Job.Created).Add(purgeAgain); j.Due.Before(again) && c.Now.Before(again) {
			c.Job.Due = again
		}
		return nil
	})
	return err
}

func (f Flow) deletePrefix(ctx context.Context, prefix string) error {
	cursor := ""
	for {
		items, next, err := f.Results.List(ctx, prefix, cursor, 100)
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		for _, item := range items {
			if err := f.Results.Delete(ctx, item.Key); err != nil {
				return fmt.Errorf("delete object: %w", err)
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

func (f Flow) sweepUsers(ctx context.Context, now time.Time) error {
	users, err := f.Store.WaitingUsers(ctx, now, sweepPage)
	if err != nil {
		return fmt.Errorf("list waiting users: %w", err)
	}
	var errs error
	for _, u := range users {
		errs = errors.Join(errs, f.remindUser(ctx, u))
	}
	return errs
}

// sweepNotices posts the message of each job that has a notice waiting. It changes no record: the notice itself is the truth.
func (f Flow) sweepNotices(ctx context.Context, now time.Time) error {
	notices, err := f.Store.WaitingNotices(ctx, now, sweepPage)
	if err != nil {
		return fmt.Errorf("list waiting notices: %w", err)
	}
	var errs error
	for _, n := range notices {
		j := job.Job{ID: n.JobID, UserID: n.UserID}
		errs = errors.Join(errs, f.Bus.Publish(ctx, job.Hint(fmt.Sprintf("%s-notice-%d", n.JobID, now.UnixMilli()), job.Results, j)))
	}
	return errs
}
