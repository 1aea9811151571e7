// Package annotator makes an annotated result of a submitted file.
package annotator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/flow/mutant"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
)

// workers is how many jobs are worked on at once. A tiny job waits for the disk most of its time, so that more of them than processors make it faster.
const workers = 8

// busyWait is how long a job waits for another look while its owner's running jobs are at their limit. The end of one of them is quicker.
const busyWait = 2 * time.Second

// Role takes jobs that wait, annotates them with the engine, and stores what it made.
func Role(engine Engine) role.Role {
	return role.Role{
		Name: "annotator",
		Does: "annotates submitted files",
		Handles: []role.Handler{{Topic: job.Requests, Knock: "/process-job-request", Workers: workers, Do: func(ctx context.Context, d role.Deps, m role.Message) error {
			return handle(ctx, d, m, engine)
		}}},
	}
}

// handle claims the job of a message, works on it, and commits what came of it.
func handle(ctx context.Context, d role.Deps, m role.Message, engine Engine) error {
	body, err := job.Decode(m.Message.Body)
	if err != nil || body.JobID == "" {
		return role.Hopeless{Why: fmt.Errorf("a request without a job: %w", err)}
	}
	f := d.Flow()
	j, err := f.Claim(ctx, body.JobID)
	if err != nil {
		return notClaimed(ctx, d, j, err)
	}
	by := flow.FenceOf(j)
	m.Keep(func(ctx context.Context) error {
		_, err := f.Extend(ctx, j.ID, by)
		return err
	})
	return settle(ctx, d, j, attempt(ctx, d, j, engine))
}

// notClaimed answers a claim that was not given.
func notClaimed(ctx context.Context, d role.Deps, j job.Job, err error) error {
	switch {
	case errors.Is(err, flow.ErrBusy):
		return role.Later{Wait: busyWait, Why: err}
	case errors.Is(err, flow.ErrHeld):
		return role.Later{Wait: max(time.Second, j.LeaseUntil.Sub(d.Now())), Why: err}
	case errors.Is(err, flow.ErrPoison):
		return role.Hopeless{Why: errors.Join(err, d.Flow().NextOf(ctx, j.UserID))}
	case errors.Is(err, port.ErrNotFound):
		return flow.ErrLost
	}
	return err
}

// attempt makes the result, stores it under keys of this attempt, and commits.
func attempt(ctx context.Context, d role.Deps, j job.Job, engine Engine) error {
	w, err := newWork(d, j)
	if err != nil {
		return err
	}
	defer w.clean()
	ctx, stop := w.watch(ctx)
	defer stop()
	var outcome flow.Outcome
	err = role.KeepIn(func() error {
		if err := w.fetch(ctx); err != nil {
			return err
		}
		made, err := engine(ctx, w.order())
		if err != nil {
			return fmt.Errorf("annotate: %w", err)
		}
		outcome, err = w.store(ctx, made)
		return err
	})
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	if err != nil {
		return err
	}
	_, err = d.Flow().Complete(ctx, j.ID, w.by, outcome)
	if mutant.LoserDelete && errors.Is(err, flow.ErrLost) {
		_ = d.Results.Delete(ctx, outcome.Result.Key)
	}
	return err
}

// settle decides what an attempt's error means for the job: nothing, a fault of the input, the end of this worker, or another try.
func settle(ctx context.Context, d role.Deps, j job.Job, err error) error {
	f, by := d.Flow(), flow.FenceOf(j)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var why *fault.Fault
	switch {
	case err == nil:
		return ignored(d, f.NextOf(after, j.UserID))
	case errors.Is(err, flow.ErrLost):
		return err
	case errors.As(err, &why) && why.Kind != fault.Unavailable && why.Kind != fault.Internal:
		_, err := f.Fail(after, j.ID, by, job.Failure{Code: string(why.Kind), Line: why.Line, Text: why.Message})
		if err != nil {
			return err
		}
		logFailed(d, j, string(why.Kind))
		return ignored(d, f.NextOf(after, j.UserID))
	case ctx.Err() != nil, errors.Is(err, port.ErrUnavailable):
		return errors.Join(err, f.Yield(after, j.ID, by))
	}
	last, failed := f.Retry(after, j.ID, by)
	switch {
	case failed != nil:
		return failed
	case last:
		logFailed(d, j, string(fault.Unavailable))
		return role.Hopeless{Why: err}
	}
	return err
}

// logFailed writes the line that an operator's alarm counts.
func logFailed(d role.Deps, j job.Job, code string) {
	d.Log.Info().Str("job", j.ID).Str("user", j.UserID).Str("code", code).Msg("job failed")
}

// ignored logs an error that must not send a finished job's message back.
func ignored(d role.Deps, err error) error {
	if err != nil {
		d.Log.Warn().Err(err).Msg("after a job's end")
	}
	return nil
}
