package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// Intent is what a person wants to upload. UploadID makes it unique: the same one gives the same job.
type Intent struct {
	UserID   string
	UploadID string
	Name     string // a label
	Options  job.Options
	RerunOf  string
}

// Intend reserves a place among the owner's queued jobs and fixes key and largest size of the upload. A fault of kind Quota when there is no place.
func (f Flow) Intend(ctx context.Context, in Intent) (job.Job, error) {
	if j, err := f.Store.JobByUpload(ctx, in.UserID, in.UploadID); err == nil || !errors.Is(err, port.ErrNotFound) {
		return j, err
	}
	j, err := f.Store.CreateJob(ctx, in.UserID, func(c *port.Change) error {
		return f.apply(c, job.StepIntend, func(c *port.Change) error { return f.intend(c, in) })
	})
	if errors.Is(err, port.ErrExists) { // somebody with the same upload id was quicker
		return f.Store.JobByUpload(ctx, in.UserID, in.UploadID)
	}
	return j, err
}

func (f Flow) intend(c *port.Change, in Intent) error {
	u, err := owner(c)
	if err != nil {
		return err
	}
	limits := f.Plans.Of(u.Plan)
	if u.Load.Queued() >= limits.Queued {
		return fault.New(fault.Quota, "Your plan allows %d waiting jobs, and %d wait.", limits.Queued, u.Load.Queued()).After(10 * time.Second)
	}
	id := f.NewID()
	*c.Job = job.Job{
		ID: id, UserID: u.ID, Name: in.Name, Options: in.Options, RerunOf: in.RerunOf,
		UploadID: in.UploadID, UploadLimit: limits.Upload, Created: c.Now,
		Input: job.Object{Key: InputKey(f.Install.Epoch, u.ID, id)},
	}
	return nil
}

// Submit turns an intent whose object has arrived into a job that waits. The object is looked at under the intent's own key, whatever a form or a
// redirect says. Repeatable: a job that was submitted already is returned as it is. sha256 is the hexadecimal hash of the bytes where it is known.
func (f Flow) Submit(ctx context.Context, userID, jobID, sha256 string) (job.Job, error) {
	j, err := f.own(ctx, userID, jobID)
	if err != nil {
		return j, err
	}
	if j.Status != job.Uploading {
		return j, nil
	}
	info, err := f.Inputs.Stat(ctx, j.Input.Key)
	if errors.Is(err, port.ErrNotFound) {
		return j, fault.New(fault.Conflict, "The file has not arrived.").Because(err)
	}
	if err != nil {
		return j, fmt.Errorf("look at upload of job %s: %w", jobID, err)
	}
	if info.SHA256 == "" {
		info.SHA256 = sha256
	}
	j, err = f.advance(ctx, jobID, job.StepSubmit, func(c *port.Change) error { return f.submit(c, info.Object) })
	if errors.Is(err, ErrLost) { // another request was quicker
		return f.own(ctx, userID, jobID)
	}
	return j, err
}

func (f Flow) submit(c *port.Change, object job.Object) error {
	u, err := owner(c)
	if err != nil {
		return err
	}
	if limit := min(c.Job.UploadLimit, f.Plans.Of(u.Plan).Upload); object.Size > limit {
		return tooLarge(u.Plan, object.Size, limit)
	}
	c.Job.Input = object
	c.Job.SubmitTime = c.Now
	return nil
}

func tooLarge(plan user.Plan, size, limit int64) error {
	f := fault.New(fault.TooLarge, "The file has %d bytes; the %s plan allows %d.", size, plan.Word(), limit)
	if plan == user.Free {
		return f.WithHint("Premium allows larger files.")
	}
	return f
}

// Choose replaces the options of an intent before it is submitted: in a form the file may come before the fields that say what to do with it.
func (f Flow) Choose(ctx context.Context, userID, jobID string, options job.Options) (job.Job, error) {
	if _, err := f.own(ctx, userID, jobID); err != nil {
		return job.Job{}, err
	}
	return f.Store.UpdateJob(ctx, jobID, func(c *port.Change) error {
		if c.Job.Status != job.Uploading {
			return fault.New(fault.Conflict, "The job was submitted already.")
		}
		c.Job.Options = options
		return nil
	})
}

// Rerun makes a new job of the same owner with a copy of the input. uploadID makes it unique, as in an Intent. options nil means those of the old job.
func (f Flow) Rerun(ctx context.Context, userID, jobID, uploadID string, options *job.Options) (job.Job, error) {
	old, err := f.own(ctx, userID, jobID)
	if err != nil {
		return old, err
	}
	if options == nil {
		options = &old.Options
	}
	if old.Status == job.Uploading {
		return old, fault.New(fault.Conflict, "The job's file has not arrived.")
	}
	j, err := f.Intend(ctx, Intent{UserID: userID, UploadID: uploadID, Name: old.Name, Options: *options, RerunOf: old.ID})
	if err != nil || j.Status != job.Uploading {
		return j, err
	}
	if _, err := f.Inputs.Copy(ctx, old.Input.Key, old.Input.Version, j.Input.Key); err != nil {
		return j, fmt.Errorf("copy input of job %s: %w", jobID, err)
	}
	return f.Submit(ctx, userID, j.ID, old.Input.SHA256)
}

// own reads a job of its owner. A foreign job is as missing as one that was deleted.
func (f Flow) own(ctx context.Context, userID, jobID string) (job.Job, error) {
	j, err := f.Store.Job(ctx, jobID)
	if errors.Is(err, port.ErrNotFound) || err == nil && (j.UserID != userID || j.Status == job.Deleted) {
		return job.Job{}, fault.New(fault.NotFound, "There is no such job.").Because(port.ErrNotFound)
	}
	return j, err
}
