// Package notify writes to the owners of jobs: a result is ready, a job failed, a result is back, a result will be archived.
package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// maxTries is how often a mail is tried before it is given up.
const maxTries = 10

// sendLasts is how long a mail may be on its way before it counts as not sent, and how long a failed one waits.
func sendLasts(d role.Deps) time.Duration { return 2 * d.Config.QueueVisibility }

// Role sends the mails of jobs, each once.
func Role() role.Role {
	return role.Role{
		Name:    "notify",
		Does:    "mails owners when their jobs end and before results are archived",
		Handles: []role.Handler{{Topic: job.Results, Workers: 4, Do: notify}},
	}
}

// notify sends every notice of a job that waits.
func notify(ctx context.Context, d role.Deps, m role.Message) error {
	body, err := job.Decode(m.Message.Body)
	if err != nil || body.JobID == "" {
		return role.Hopeless{Why: fmt.Errorf("a notice without a job: %w", err)}
	}
	notices, err := d.Store.Notices(ctx, body.JobID)
	if errors.Is(err, port.ErrNotFound) {
		return flow.ErrLost
	}
	if err != nil {
		return fmt.Errorf("read notices: %w", err)
	}
	var errs error
	for _, n := range notices {
		if n.State == job.NoticePending || n.State == job.NoticeSending {
			errs = errors.Join(errs, send(ctx, d, n))
		}
	}
	return errs
}

// errNotNow says that a notice is another's, or not due.
var errNotNow = errors.New("the notice is not to be sent now")

// send claims a notice, sends its mail, and notes what became of it.
func send(ctx context.Context, d role.Deps, n job.Notice) error {
	n, err := claim(ctx, d, n)
	if errors.Is(err, errNotNow) {
		return nil
	}
	if err != nil {
		return err
	}
	j, err := d.Store.Job(ctx, n.JobID)
	if err != nil {
		return fmt.Errorf("read job: %w", err)
	}
	u, err := d.Store.User(ctx, n.UserID)
	if err != nil {
		return fmt.Errorf("look up owner: %w", err)
	}
	to := address(d, u)
	if reason := unwanted(j, u, to); reason != "" {
		return end(ctx, d, n, job.NoticeGaveUp, reason)
	}
	err = d.Mailer.Send(ctx, letter(d, n, j, u, to))
	switch {
	case err == nil:
		return end(ctx, d, n, job.NoticeSent, "")
	case errors.Is(err, port.ErrRefused):
		return end(ctx, d, n, job.NoticeGaveUp, err.Error())
	case n.Tries >= maxTries:
		return end(ctx, d, n, job.NoticeGaveUp, fmt.Sprintf("%d tries: %v", n.Tries, err))
	}
	return errors.Join(fmt.Errorf("send mail: %w", err), again(ctx, d, n))
}

// claim takes a notice that waits, or one whose sender has not come back.
func claim(ctx context.Context, d role.Deps, n job.Notice) (job.Notice, error) {
	now, err := d.Store.Now(ctx)
	if err != nil {
		return n, err
	}
	return d.Store.UpdateNotice(ctx, n.JobID, n.Kind, n.Attempt, func(n *job.Notice) error {
		switch {
		case n.State == job.NoticeSending && n.Due.After(now):
			return errNotNow
		case n.State == job.NoticeSent, n.State == job.NoticeGaveUp:
			return errNotNow
		}
		n.State, n.Due, n.At = job.NoticeSending, now.Add(sendLasts(d)), now
		n.Tries++
		return nil
	})
}

// address is where the owner's mail goes: only to an address that somebody has verified. A mailer that keeps the mail on this machine, for the
// page /inbox, needs none.
func address(d role.Deps, u user.User) string {
	if u.Email != "" && u.EmailVerified {
		return u.Email
	}
	if _, stays := d.Mailer.(port.Inbox); stays {
		return u.ID + "@localhost"
	}
	return ""
}

// unwanted tells why a mail is not to be sent at all; empty when it is.
func unwanted(j job.Job, u user.User, to string) string {
	switch {
	case j.Status == job.Deleted:
		return "the job was deleted"
	case u.Deleted:
		return "the account was deleted"
	case u.MailOff:
		return "the owner wants no mail"
	case to == "":
		return "there is no verified address"
	}
	return ""
}

// end notes that a notice is done with. One that somebody else has taken meanwhile is his.
func end(ctx context.Context, d role.Deps, mine job.Notice, state job.NoticeState, reason string) error {
	err := update(ctx, d, mine, func(n *job.Notice) { n.State, n.Reason, n.Due = state, reason, time.Time{} })
	if err != nil {
		return err
	}
	mine.State, mine.Reason, mine.At = state, reason, d.Now()
	keepLine(ctx, d, mine)
	return nil
}

// lineLasts is how long the log of mails goes back.
const lineLasts = 30 * 24 * time.Hour

// keepLine writes a mail into the log that an administrator reads. The notice itself is the truth, so a line that could not be written is only told.
func keepLine(ctx context.Context, d role.Deps, n job.Notice) {
	id, value, err := n.Mail()
	if err == nil {
		err = d.Records.Create(ctx, port.Record{Kind: job.MailKind, ID: id, Owner: n.UserID, Value: value, Created: n.At, Expires: n.At.Add(lineLasts)})
	}
	if err != nil && !errors.Is(err, port.ErrExists) {
		d.Log.Warn().Err(err).Str("job", n.JobID).Msg("the log of mails lacks a line")
	}
}

// again gives a notice back for another try.
func again(ctx context.Context, d role.Deps, mine job.Notice) error {
	return update(ctx, d, mine, func(n *job.Notice) { n.State, n.Due = job.NoticePending, d.Now().Add(sendLasts(d)) })
}

func update(ctx context.Context, d role.Deps, mine job.Notice, fn func(*job.Notice)) error {
	_, err := d.Store.UpdateNotice(ctx, mine.JobID, mine.Kind, mine.Attempt, func(n *job.Notice) error {
		if n.State != job.NoticeSending || n.Tries != mine.Tries {
			return errNotNow
		}
		fn(n)
		n.At = d.Now()
		return nil
	})
	if errors.Is(err, errNotNow) {
		return nil
	}
	return err
}
