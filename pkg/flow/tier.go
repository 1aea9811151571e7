package flow

import (
	"context"
	"fmt"
	"time"

	"gas/pkg/flow/mutant"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// maxBadRestores is how many restores of one gen may have a wrong checksum before the result counts as damaged.
const maxBadRestores = 3

// ClaimArchive begins to move a result to cold storage, or goes on where an earlier archiver of the same gen stopped.
// ErrPremium when the plan has no window, ErrEarly with the job when the window is not over, ErrLost when there is nothing to archive.
func (f Flow) ClaimArchive(ctx context.Context, jobID string) (job.Job, error) {
	j, err := f.Store.Job(ctx, jobID)
	if err != nil || j.Storage == job.Archiving || j.Storage == job.Archived {
		return j, err
	}
	known := f.planBefore(ctx, j)
	return f.advance(ctx, jobID, job.StepArchive, func(c *port.Change) error {
		if err := f.mayArchive(c, known); err != nil {
			return err
		}
		if !FenceOf(j).holds(c.Job) {
			return ErrLost
		}
		c.Job.Gen++
		return nil
	})
}

// planBefore looks the owner up before the commit, which nothing but a mutant believes.
func (f Flow) planBefore(ctx context.Context, j job.Job) *user.User {
	if !mutant.PlanHint {
		return nil
	}
	u, err := f.Store.User(ctx, j.UserID)
	if err != nil {
		return nil
	}
	return &u
}

// mayArchive is the condition that the plan is free and the window over, inside the commit.
func (f Flow) mayArchive(c *port.Change, known *user.User) error {
	u, err := owner(c)
	if err != nil {
		return err
	}
	if known != nil {
		u = known
	}
	until := f.FreeUntil(*c.Job, *u)
	if until.IsZero() {
		return ErrPremium
	}
	if !over(c.Now, until) {
		return ErrEarly
	}
	return nil
}

// CommitArchive records the verified cold copy. When the plan is premium by now, or a new window has begun, the result stays hot under a new gen
// and kept is true: the caller drops its own cold copy.
func (f Flow) CommitArchive(ctx context.Context, jobID string, by Fence, ref string) (j job.Job, kept bool, err error) {
	j, err = f.advance(ctx, jobID, job.StepArchived, func(c *port.Change) error {
		if !by.holds(c.Job) {
			return ErrLost
		}
		if err := f.mayArchive(c, nil); err != nil && !mutant.NoPlanCheck {
			return err
		}
		c.Job.Archive = job.Archive{Ref: ref, Gen: by.Gen}
		c.Job.Result.Key, c.Job.Result.Version = "", ""
		return nil
	})
	if err != ErrPremium && err != ErrEarly {
		return j, false, err
	}
	j, err = f.Keep(ctx, jobID, by)
	return j, err == nil, err
}

// Keep gives up an archival that has begun: the result stays hot.
func (f Flow) Keep(ctx context.Context, jobID string, by Fence) (job.Job, error) {
	return f.advance(ctx, jobID, job.StepKeep, func(c *port.Change) error {
		if !by.holds(c.Job) {
			return ErrLost
		}
		if err := f.mayArchive(c, nil); err == nil {
			return ErrLost // free again: the archival goes on with the next message
		} else if err != ErrPremium && err != ErrEarly {
			return err
		}
		c.Job.Gen++
		c.Job.Storage = job.Hot // the timers need it now
		return nil
	})
}

// Damage notes that no good copy of a result is known.
func (f Flow) Damage(ctx context.Context, jobID string, by Fence) error {
	_, err := f.advance(ctx, jobID, job.StepDamage, func(c *port.Change) error {
		if !by.holds(c.Job) {
			return ErrLost
		}
		return nil
	})
	return err
}

// Warn tells the owner, once for each gen, that the window of a result will end. ErrEarly before its time.
func (f Flow) Warn(ctx context.Context, jobID string) (job.Job, error) {
	return f.advance(ctx, jobID, job.StepWarn, func(c *port.Change) error {
		u, err := owner(c)
		if err != nil {
			return err
		}
		until := f.FreeUntil(*c.Job, *u)
		switch {
		case until.IsZero():
			return ErrPremium
		case c.Job.Warned.Equal(until) || over(c.Now, until):
			return ErrLost
		case c.Now.Before(f.warnAt(until)):
			return ErrEarly
		}
		c.Job.Warned = until
		return nil
	})
}

// Rest writes down again when the job has to be looked at, because its plan, or the time, is not what the message thought.
func (f Flow) Rest(ctx context.Context, jobID string) error {
	_, err := f.advance(ctx, jobID, job.StepRest, nil)
	return ignoreLost(err)
}

// ClaimThaw begins to bring an archived result back, or goes on where an earlier thaw of the same gen stopped.
// ErrFree when the plan is free, ErrLost when there is nothing to thaw.
func (f Flow) ClaimThaw(ctx context.Context, jobID string) (job.Job, error) {
	j, err := f.Store.Job(ctx, jobID)
	if err != nil || j.Storage == job.Thawing {
		return j, err
	}
	return f.advance(ctx, jobID, job.StepThaw, func(c *port.Change) error {
		u, err := owner(c)
		if err != nil {
			return err
		}
		if u.Plan != user.Premium {
			return ErrFree
		}
		if !FenceOf(j).holds(c.Job) {
			return ErrLost
		}
		c.Job.Gen++
		c.Job.Retrieval = job.Retrieval{}
		c.Job.BadRestores = 0
		return nil
	})
}

// Asked records that the vault was asked for the cold copy.
func (f Flow) Asked(ctx context.Context, jobID string, by Fence, r job.Retrieval) (job.Job, error) {
	return f.advance(ctx, jobID, job.StepAsked, func(c *port.Change) error {
		if !by.holds(c.Job) {
			return ErrLost
		}
		if r.AskedAt.IsZero() {
			r.AskedAt = c.Now
		}
		c.Job.Retrieval = r
		return nil
	})
}

// CommitRestore records the verified hot copy of a result that was archived as ref. Only then may the archive be deleted.
func (f Flow) CommitRestore(ctx context.Context, jobID string, by Fence, ref string, copied job.Object) (job.Job, error) {
	return f.advance(ctx, jobID, job.StepRestored, func(c *port.Change) error {
		if !by.holds(c.Job) || c.Job.Archive.Ref != ref {
			return ErrLost
		}
		if _, err := owner(c); err != nil {
			return err
		}
		j := c.Job
		j.Result.Key, j.Result.Version = copied.Key, copied.Version
		j.Archive, j.Retrieval, j.BadRestores = job.Archive{}, job.Retrieval{}, 0
		j.RestoredTime = c.Now
		j.Storage = job.Hot // the timers need it now
		return nil
	})
}

// BadRestore counts a restored copy whose checksum was wrong. The third one makes the result damaged.
func (f Flow) BadRestore(ctx context.Context, jobID string, by Fence) error {
	j, err := f.Store.Job(ctx, jobID)
	if err != nil {
		return err
	}
	if j.BadRestores+1 >= maxBadRestores {
		return f.Damage(ctx, jobID, by)
	}
	_, err = f.advance(ctx, jobID, job.StepBadCopy, func(c *port.Change) error {
		if !by.holds(c.Job) {
			return ErrLost
		}
		c.Job.BadRestores++
		c.Job.Retrieval = job.Retrieval{}
		return nil
	})
	return err
}

// CallRestore posts the message that brings a warm copy back.
func (f Flow) CallRestore(ctx context.Context, j job.Job) error {
	return f.remindWith(ctx, j, job.Restores)
}

// AskAgain posts the message that asks the vault once more: a retrieval has failed, or its copy has gone cold again.
func (f Flow) AskAgain(ctx context.Context, j job.Job) error {
	return f.remindWith(ctx, j, job.Thaws)
}

func (f Flow) remindWith(ctx context.Context, j job.Job, topic job.Topic) error {
	_, err := f.advance(ctx, j.ID, job.StepCall, func(c *port.Change) error {
		if c.Job.State() != j.State() || !FenceOf(j).holds(c.Job) {
			return ErrLost
		}
		if topic == job.Thaws {
			c.Job.Retrieval = job.Retrieval{}
		}
		c.Send = append(c.Send, job.Hint(fmt.Sprintf("%s-%s-%d", j.ID, topic, c.Job.Version+1), topic, *c.Job))
		return nil
	})
	return err
}

// late tells whether a time that was set has passed.
func late(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }
