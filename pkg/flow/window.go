package flow

import (
	"fmt"
	"time"

	"gas/pkg/fault"
	"gas/pkg/flow/mutant"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

const (
	maxWarning  = 24 * time.Hour // a warning is sent a fifth of the window before its end, at most this long before
	intentLasts = 24 * time.Hour
)

// Kinds of timer.
const (
	timerArchive = "archive"
	timerWarn    = "warn"
)

// FreeUntil is when a result can no longer be read by its owner as his plan is now; the zero time means never.
func (f Flow) FreeUntil(j job.Job, u user.User) time.Time {
	if u.Plan == user.Premium {
		return time.Time{}
	}
	return job.FreeUntil(j, u.FreeSince, f.Plans.Of(u.Plan).Window)
}

// warnAt is when the owner is told that the window will end.
func (f Flow) warnAt(freeUntil time.Time) time.Time {
	return freeUntil.Add(-min(f.Plans.Free.Window/5, maxWarning))
}

// Readable is the one guard of every read of a result: result, index, variants, genes, export, preview and reuse. now is the store's clock.
// It returns nil or a fault: NotFound for a stranger, Expired at or after free_until whatever the tier, Archived, Thawing, Conflict before the end.
func (f Flow) Readable(j job.Job, u user.User, now time.Time) error {
	if j.UserID != u.ID || u.Deleted || j.Status == job.Deleted {
		return fault.New(fault.NotFound, "There is no such job.")
	}
	if !u.Plan.Valid() {
		return fault.New(fault.Unavailable, "Your plan cannot be looked up now.").Because(ErrNoOwner)
	}
	if j.Status != job.Completed {
		return fault.New(fault.Conflict, "The job has no result: it is %s.", j.Status)
	}
	if until := f.FreeUntil(j, u); over(now, until) {
		return fault.New(fault.Expired, "The free window of this result ended on %s.", until.UTC().Format("2 January 2006 at 15:04 UTC")).
			WithHint("Upgrade to premium to bring it back.")
	}
	switch j.Storage {
	case job.Hot, job.Archiving:
		return nil
	case job.Archived:
		return fault.New(fault.Archived, "The result is in cold storage.")
	case job.Thawing:
		return fault.New(fault.Thawing, "The result is being restored.").After(max(0, j.Retrieval.ExpectedAt.Sub(now)))
	default:
		return fault.New(fault.Unavailable, "No good copy of this result is known at the moment.").WithHint("It is kept and looked into; nothing was deleted.")
	}
}

// over tells whether a window has ended: at its very end it has. A zero end never comes.
func over(now, until time.Time) bool {
	if until.IsZero() {
		return false
	}
	if mutant.WindowEnd {
		return now.After(until)
	}
	return !now.Before(until)
}

// timers are the messages that wait for the end of the free window, and for the warning before it.
func (f Flow) timers(c *port.Change) []job.Message {
	if c.User == nil || c.Job.Storage != job.Hot {
		return nil
	}
	until := f.FreeUntil(*c.Job, *c.User)
	if until.IsZero() {
		return nil
	}
	timer := func(kind string, at time.Time) job.Message {
		m := job.Hint(fmt.Sprintf("%s-%s-%d", c.Job.ID, kind, at.UnixMilli()), job.Archives, *c.Job)
		m.Kind, m.NotBefore = kind, at
		return m
	}
	timers := []job.Message{timer(timerArchive, until)}
	if warn := f.warnAt(until); c.Now.Before(warn) && !c.Job.Warned.Equal(until) {
		timers = append(timers, timer(timerWarn, warn))
	}
	return timers
}

// grace is what a message is given before the sweeper posts it again: as long as a lease.
func (f Flow) grace() time.Duration { return f.Lease }

// due is when the sweeper looks at the job next. The zero time: it waits for nothing.
func (f Flow) due(c *port.Change, step job.Step) time.Time {
	j, now := c.Job, c.Now
	switch j.State() {
	case job.State(job.Uploading):
		return now.Add(intentLasts)
	case job.State(job.Pending):
		waited := now.Sub(j.SubmitTime) / 2
		return now.Add(max(2*f.grace(), min(waited, 15*time.Minute)))
	case job.State(job.Running):
		if step == job.StepRemind {
			return now.Add(2 * f.grace())
		}
		return now // always looked at: its owner may be gone
	case job.State(job.Hot):
		return f.dueHot(c)
	case job.State(job.Archiving):
		return now.Add(2 * f.grace())
	case job.State(job.Archived):
		if c.User != nil && c.User.Plan == user.Premium {
			return now.Add(2 * f.grace())
		}
	case job.State(job.Thawing):
		if j.Retrieval.ExpectedAt.After(now) {
			return j.Retrieval.ExpectedAt.Add(f.grace())
		}
		return now.Add(2 * f.grace())
	}
	return time.Time{}
}

func (f Flow) dueHot(c *port.Change) time.Time {
	if c.User == nil {
		return time.Time{}
	}
	until := f.FreeUntil(*c.Job, *c.User)
	if until.IsZero() {
		return time.Time{}
	}
	if warn := f.warnAt(until); c.Now.Before(warn) && !c.Job.Warned.Equal(until) {
		until = warn
	}
	return maxTime(until, c.Now).Add(f.grace())
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
