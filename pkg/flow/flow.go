// Package flow is the only writer of a job's state. It applies the rows of the flow table (package job), and holds what keeps a job moving
// when messages get lost (Sweep, Relay) and what clears away what no record names (Collect).
//
// The order of effects is that of the design's lifecycle: copy, verify, commit on condition, delete the old copy, ack.
package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gas/pkg/flow/mutant"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// The answers of a step that did not happen. None of them is a failure: the record says that somebody else was first, or that it is too early.
var (
	ErrLost    = errors.New("the claim is lost")             // state, gen or attempt have moved on: stop, ack, delete nothing
	ErrHeld    = errors.New("another worker holds the job")  // its lease has not run out
	ErrBusy    = errors.New("the running limit is reached")  // of the job's owner
	ErrPremium = errors.New("the owner's plan is premium")   // nothing of his goes cold
	ErrFree    = errors.New("the owner's plan is free")      // nothing of his is warmed
	ErrEarly   = errors.New("the free window is not over")   // come back at free_until
	ErrNoOwner = errors.New("the job's owner has no record") // an error, never "free"
	ErrPoison  = errors.New("the job killed its workers")    // and has been failed for it
)

// Flow moves jobs. Its fields are set once; all methods are safe for concurrent use.
type Flow struct {
	Store    port.Store
	Records  port.Records
	Inputs   port.Blobs
	Results  port.Blobs
	Vault    port.Vault
	Bus      port.Bus
	Plans    user.Plans
	Role     string            // who acts: written into events and messages
	Instance string            // of this process: the owner of leases
	Install  port.Installation // its epoch is a part of every key
	Lease    time.Duration     // how long a claim lasts without being extended
	NewID    func() string     // UUIDv7
	// Gone tells whether an instance is known to be dead; nil = never known.
	Gone func(instance string) bool
	// Wrote is called after a commit that put messages for these topics into the outbox; may be nil.
	Wrote func(topics []job.Topic)
	// Ended is called after a commit by which a job reached its last status, with its error code; may be nil.
	Ended func(status job.Status, code string)
}

// Fence is the generation and the attempt that a worker claimed: its commits hold only while the record still has both.
type Fence struct {
	Gen     int
	Attempt int
}

// FenceOf is the fence of a job as it was read or claimed.
func FenceOf(j job.Job) Fence { return Fence{Gen: j.Gen, Attempt: j.Attempt} }

// holds tells whether the record still has what was claimed.
func (f Fence) holds(j *job.Job) bool {
	return mutant.NoCondition || f.Gen == j.Gen && f.Attempt == j.Attempt
}

// advance applies one row: it checks the state, lets edit check the other conditions and write the record, and adds event, messages, notice,
// timers and the owner's counters, all in one transaction. ErrLost when the step may not happen in the state that the job has now.
func (f Flow) advance(ctx context.Context, jobID string, step job.Step, edit func(*port.Change) error) (job.Job, error) {
	ctx = context.WithValue(ctx, stepKey{}, step)
	var sent []job.Message
	var from job.Status
	j, err := f.Store.UpdateJob(ctx, jobID, func(c *port.Change) error {
		if c.Job != nil {
			from = c.Job.Status
		}
		err := f.apply(c, step, edit)
		sent = c.Send
		return err
	})
	if err == nil {
		f.wrote(sent)
		f.ended(from, j)
	}
	return j, err
}

// ended tells whoever counts of a job that has just reached its last status.
func (f Flow) ended(from job.Status, j job.Job) {
	if f.Ended == nil || from.Final() || !j.Status.Final() || j.Status == job.Deleted {
		return
	}
	code := ""
	if j.Error != nil {
		code = j.Error.Code
	}
	f.Ended(j.Status, code)
}

// stepKey is the context's key of the step that a write takes.
type stepKey struct{}

// StepOf tells which step a write of a job takes, for those who stand between the flow and its store.
func StepOf(ctx context.Context) job.Step {
	step, _ := ctx.Value(stepKey{}).(job.Step)
	return step
}

// apply is the part of advance inside the transaction.
func (f Flow) apply(c *port.Change, step job.Step, edit func(*port.Change) error) error {
	if c.Job == nil {
		c.Job = &job.Job{}
	}
	from := c.Job.State()
	row, ok := job.Find(step, from)
	if !ok {
		return fmt.Errorf("%s in state %q: %w", step, from, ErrLost)
	}
	if edit != nil {
		if err := edit(c); err != nil {
			return err
		}
	}
	to := row.Leads(from)
	enter(c.Job, to)
	count(c.User, from, to)
	f.follow(c, row, from, to)
	return nil
}

// enter sets status and storage to a state.
func enter(j *job.Job, to job.State) {
	switch tier := job.Storage(to); tier {
	case job.Hot, job.Archiving, job.Archived, job.Thawing, job.Damaged:
		j.Status, j.Storage = job.Completed, tier
	default:
		j.Status, j.Storage = job.Status(to), job.None
	}
}

// count moves the owner's counters of unfinished jobs.
func count(u *user.User, from, to job.State) {
	if u == nil || from == to {
		return
	}
	add := func(s job.State, n int) {
		switch job.Status(s) {
		case job.Uploading:
			u.Load.Uploading += n
		case job.Pending:
			u.Load.Pending += n
		case job.Running:
			u.Load.Running += n
		}
	}
	add(from, -1)
	add(to, 1)
}

// follow adds what a row sets in motion.
func (f Flow) follow(c *port.Change, row job.Row, from, to job.State) {
	j := c.Job
	for _, topic := range row.Sends {
		c.Send = append(c.Send, job.Hint(fmt.Sprintf("%s-%s-%d", j.ID, topic, j.Version+1), topic, *j))
	}
	if row.Notice != "" {
		c.Notices = append(c.Notices, f.notice(*j, row.Notice, c.Now))
	}
	if row.Timers {
		c.Send = append(c.Send, f.timers(c)...)
	}
	for i := range c.Send {
		c.Send[i].Role = f.Role
	}
	if !row.Quiet {
		c.Events = append(c.Events, job.Event{JobID: j.ID, At: c.Now, Name: string(row.Step), From: string(from), To: string(to), By: f.Role, Detail: detail(*j, row.Step)})
	}
	if !slices.Contains([]job.Step{job.StepDelete, job.StepPurge, job.StepExpire}, row.Step) {
		j.Due = f.due(c, row.Step)
	}
}

// detail is what the time line says beside the step's name.
func detail(j job.Job, step job.Step) string {
	switch step {
	case job.StepClaim, job.StepTakeOver:
		return fmt.Sprintf("attempt %d", j.Attempt)
	case job.StepAsked:
		return j.Retrieval.Tier
	case job.StepFail, job.StepPoison:
		return j.Error.Code
	}
	return ""
}

// notice is a mail to be. A warning and a restore happen once for each gen, the others once for each attempt.
func (f Flow) notice(j job.Job, kind string, now time.Time) job.Notice {
	n := job.Notice{JobID: j.ID, UserID: j.UserID, Kind: kind, Attempt: j.Attempt, State: job.NoticePending, Due: now.Add(f.grace()), At: now}
	if kind == job.NoticeRestored || kind == job.NoticeExpiring {
		n.Attempt = j.Gen
	}
	return n
}

// wrote tells the relay, and whoever waits for the topics, that messages were committed. Timers wake nobody.
func (f Flow) wrote(sent []job.Message) {
	var topics []job.Topic
	for _, m := range sent {
		if m.NotBefore.IsZero() && !slices.Contains(topics, m.Topic) {
			topics = append(topics, m.Topic)
		}
	}
	if f.Wrote != nil && len(sent) > 0 {
		f.Wrote(topics)
	}
}

// owner returns the change's user; a job without one is an error and never taken for free.
func owner(c *port.Change) (*user.User, error) {
	if c.User == nil || !c.User.Plan.Valid() {
		return nil, ErrNoOwner
	}
	return c.User, nil
}
