package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gas/pkg/fault"
	"gas/pkg/flow/mutant"
	"gas/pkg/job"
	"gas/pkg/port"
)

const (
	maxDeaths = 3 // workers that a job may kill
	maxTries  = 5 // errors of the infrastructure that a job may meet
)

// Claim gives a job to this instance under a new attempt. It takes a job that waits, or one that runs under a lease that has run out.
// ErrHeld with the job when another worker holds it, ErrBusy when its owner's running jobs are at their limit, ErrPoison when it has killed three
// workers and was failed for it, ErrLost when there is nothing to claim.
func (f Flow) Claim(ctx context.Context, jobID string) (job.Job, error) {
	j, err := f.Store.Job(ctx, jobID)
	if err != nil {
		return j, err
	}
	if j.Status != job.Running {
		return f.advance(ctx, jobID, job.StepClaim, f.claim)
	}
	return f.takeOver(ctx, j)
}

func (f Flow) claim(c *port.Change) error {
	u, err := owner(c)
	if err != nil {
		return err
	}
	if u.Load.Running >= f.Plans.Of(u.Plan).Running {
		return ErrBusy
	}
	f.hold(c)
	return nil
}

// hold writes this instance's lease.
func (f Flow) hold(c *port.Change) {
	j := c.Job
	j.Attempt++
	j.Owner = f.Instance
	j.LeaseUntil = c.Now.Add(f.Lease)
	if j.StartTime.IsZero() {
		j.StartTime = c.Now
	}
}

// takeOver claims a job whose lease has run out, or fails it when that is the third death.
func (f Flow) takeOver(ctx context.Context, old job.Job) (job.Job, error) {
	gone := f.Gone != nil && f.Gone(old.Owner)
	dead := gone || f.Gone == nil // where nobody can know, a lease that ran out counts as a death
	step := job.StepTakeOver
	if dead && old.Deaths+1 >= maxDeaths {
		step = job.StepPoison
	}
	j, err := f.advance(ctx, old.ID, step, func(c *port.Change) error {
		if !FenceOf(old).holds(c.Job) {
			return ErrLost
		}
		if !gone && c.Now.Before(c.Job.LeaseUntil) {
			return ErrHeld
		}
		if dead {
			c.Job.Deaths++
		}
		f.hold(c)
		if step == job.StepPoison {
			fail(c, job.Failure{Code: string(fault.Poison), Text: "This job ended its worker three times. It was stopped so that others can go on."})
		}
		return nil
	})
	if err == nil && step == job.StepPoison {
		err = ErrPoison
	}
	if err != nil {
		return old, err
	}
	return j, nil
}

// Extend keeps a claim for another lease. ErrLost when the job was taken over, cancelled or deleted.
func (f Flow) Extend(ctx context.Context, jobID string, by Fence) (time.Time, error) {
	j, err := f.advance(ctx, jobID, job.StepExtend, func(c *port.Change) error {
		if !by.holds(c.Job) {
			return ErrLost
		}
		c.Job.LeaseUntil = c.Now.Add(f.Lease)
		return nil
	})
	return j.LeaseUntil, err
}

// Outcome is what an attempt made, already stored and verified.
type Outcome struct {
	InputSHA  string // hexadecimal sha256 of the input as it was read
	Result    job.Object
	Files     map[string]job.Object
	Reference string
	Versions  map[string]string
	Counts    *job.Counts
}

// Complete commits an attempt's outcome. ErrLost when the attempt is no longer the job's: its objects are then garbage for the collector.
func (f Flow) Complete(ctx context.Context, jobID string, by Fence, o Outcome) (job.Job, error) {
	if mutant.EarlyNotice {
		f.noticeEarly(ctx, jobID)
	}
	return f.advance(ctx, jobID, job.StepComplete, func(c *port.Change) error {
		j := c.Job
		if !by.holds(j) {
			return ErrLost
		}
		j.Gen = ResultGen
		j.Result, j.Files, j.Reference, j.Versions, j.Counts = o.Result, o.Files, o.Reference, o.Versions, o.Counts
		j.CompleteTime = c.Now
		j.Input.SHA256 = o.InputSHA
		// The state is set by the row; the timers need it now.
		j.Status, j.Storage, j.Owner = job.Completed, job.Hot, ""
		return nil
	})
}

// noticeEarly is what a mutant does: it tells the owner before the commit.
func (f Flow) noticeEarly(ctx context.Context, jobID string) {
	j, err := f.Store.Job(ctx, jobID)
	if err != nil {
		return
	}
	_, _ = f.updateUser(ctx, j.UserID, func(c *port.Change) error {
		c.Notices = append(c.Notices, f.notice(j, job.NoticeReady, c.Now))
		c.Send = append(c.Send, job.Hint(jobID+"-early", job.Results, j))
		return nil
	})
}

// ResultGen is the gen of a job's first result.
const ResultGen = 1

// Fail ends an attempt's job with a reason for its owner.
func (f Flow) Fail(ctx context.Context, jobID string, by Fence, why job.Failure) (job.Job, error) {
	return f.advance(ctx, jobID, job.StepFail, func(c *port.Change) error {
		if !by.holds(c.Job) {
			return ErrLost
		}
		fail(c, why)
		return nil
	})
}

// fail writes why a job has failed.
func fail(c *port.Change, why job.Failure) {
	c.Job.Error = &why
	c.Job.CompleteTime = c.Now
	c.Job.Owner = ""
}

// Retry gives a job back after an error of the infrastructure. After five of them it is failed instead; last tells so.
func (f Flow) Retry(ctx context.Context, jobID string, by Fence) (last bool, err error) {
	j, err := f.Store.Job(ctx, jobID)
	if err != nil {
		return false, err
	}
	if j.Tries+1 >= maxTries {
		_, err := f.Fail(ctx, jobID, by, job.Failure{Code: string(fault.Unavailable), Text: fmt.Sprintf("Something that is needed could not be reached, %d times. Run the job again later.", maxTries)})
		return true, err
	}
	_, err = f.advance(ctx, jobID, job.StepRetry, release(by, 1))
	return false, err
}

// Yield gives a job back because its worker is told to stop: it counts as nothing.
func (f Flow) Yield(ctx context.Context, jobID string, by Fence) error {
	_, err := f.advance(ctx, jobID, job.StepYield, release(by, 0))
	return err
}

func release(by Fence, tries int) func(*port.Change) error {
	return func(c *port.Change) error {
		if !by.holds(c.Job) {
			return ErrLost
		}
		c.Job.Tries += tries
		c.Job.LeaseUntil = c.Now
		c.Job.Owner = ""
		return nil
	}
}

// NextOf posts the message of the longest waiting job of a user again, where the limit of running jobs had kept it waiting: a job of his has ended.
func (f Flow) NextOf(ctx context.Context, userID string) error {
	u, err := f.Store.User(ctx, userID)
	if err != nil || u.Load.Pending == 0 || u.Load.Running+1 < f.Plans.Of(u.Plan).Running {
		return err
	}
	page, err := f.Store.JobsOf(ctx, userID, port.JobQuery{Limit: 1, Sort: "-submitted", Status: []job.Status{job.Pending}})
	if err != nil || len(page.Jobs) == 0 {
		return err
	}
	return ignoreLost(f.remind(ctx, page.Jobs[0]))
}

// remind posts the message that moves a job on from where it stands.
func (f Flow) remind(ctx context.Context, j job.Job) error {
	_, err := f.advance(ctx, j.ID, job.StepRemind, func(c *port.Change) error {
		if c.Job.State() != j.State() || !FenceOf(j).holds(c.Job) {
			return ErrLost
		}
		return nil
	})
	return err
}

// ignoreLost takes a step that somebody else made first for what it is: no error.
func ignoreLost(err error) error {
	if errors.Is(err, ErrLost) {
		return nil
	}
	return err
}
