package flow

import (
	"context"
	"errors"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
)

// Cancel ends a job that waits or runs. Repeatable; a fault of kind Conflict when the job has ended otherwise.
func (f Flow) Cancel(ctx context.Context, userID, jobID string) (job.Job, error) {
	if _, err := f.own(ctx, userID, jobID); err != nil {
		return job.Job{}, err
	}
	j, err := f.advance(ctx, jobID, job.StepCancel, func(c *port.Change) error {
		c.Job.CompleteTime = c.Now
		return nil
	})
	if !errors.Is(err, ErrLost) {
		return j, err
	}
	j, err = f.own(ctx, userID, jobID)
	if err == nil && j.Status != job.Cancelled {
		return j, fault.New(fault.Conflict, "The job is %s and cannot be cancelled.", j.Status)
	}
	return j, err
}

// Delete turns a job into a tombstone. Its objects are removed by the sweeper, at once and once more an hour later. Repeatable.
func (f Flow) Delete(ctx context.Context, userID, jobID string) error {
	if _, err := f.own(ctx, userID, jobID); err != nil {
		return err
	}
	_, err := f.advance(ctx, jobID, job.StepDelete, func(c *port.Change) error {
		bury(c)
		return nil
	})
	if errors.Is(err, ErrLost) { // deleted meanwhile
		return nil
	}
	return err
}

// bury leaves the ids of a job, and of its cold copy until that is purged.
func bury(c *port.Change) {
	j := c.Job
	*c.Job = job.Job{
		ID: j.ID, UserID: j.UserID, Status: j.Status, Storage: j.Storage, Gen: j.Gen + 1, Attempt: j.Attempt, Archive: j.Archive,
		Created: j.Created, SubmitTime: j.SubmitTime, UploadID: j.UploadID, LeaseUntil: j.LeaseUntil, Version: j.Version, WriteID: j.WriteID, Due: c.Now,
	}
}
