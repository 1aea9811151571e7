package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

const receiptKind = "receipt"

// receipt says what was deleted. It is kept without a name, so that whoever has its number can show that it happened.
type receipt struct {
	Number string    `json:"number"`
	Jobs   int       `json:"jobs"`
	Bytes  int64     `json:"bytes"`
	At     time.Time `json:"at"`
}

type farewellView struct{ Number, Jobs, Bytes, At string }

// deleteAccount answers POST /profile/delete: jobs with all their files, tokens, sessions, then the names. Doing it again after a break goes on.
func (s *site) deleteAccount(c echo.Context) error {
	u := who(c).user
	if c.FormValue("confirm") != confirmText(u) {
		return fault.New(fault.BadInput, "What was typed is not %q, so nothing was deleted.", confirmText(u))
	}
	if u.Billing.Paid || u.Billing.Owing() {
		return fault.New(fault.Conflict, "Your subscription still runs.").WithHint("Cancel it on the page Subscription first, so that nothing more is charged.")
	}
	ctx := context.WithoutCancel(c.Request().Context())
	gone := receipt{Number: randomText(10), At: s.Now().UTC()}
	if err := s.deleteJobs(ctx, u.ID, &gone); err != nil {
		return err
	}
	if err := s.bury(ctx, u.ID, gone.Number); err != nil {
		return err
	}
	if err := s.deleteJobs(ctx, u.ID, &gone); err != nil { // what was submitted meanwhile
		return err
	}
	if err := s.forget(ctx, u.ID); err != nil {
		return err
	}
	raw, err := json.Marshal(gone)
	if err != nil {
		return err
	}
	if err := s.Records.Create(ctx, port.Record{Kind: receiptKind, ID: gone.Number, Value: raw, Created: gone.At}); err != nil {
		return fmt.Errorf("keep receipt: %w", err)
	}
	s.cookies.clear(c.Response(), "session")
	c.Set(whoKey, subject{})
	return s.render(c, http.StatusOK, "farewell", head{Title: "Account deleted"}, farewellView{
		Number: gone.Number, Jobs: plural(gone.Jobs, "job", "jobs"), Bytes: sizeText(gone.Bytes), At: at(gone.At).Text,
	})
}

// confirmText is what a person types to delete the account: the address, the user id where there is none.
func confirmText(u user.User) string { return orDefault(u.Email, u.ID) }

// deleteJobs deletes every job of a user, some at a time.
func (s *site) deleteJobs(ctx context.Context, userID string, gone *receipt) error {
	for {
		page, err := s.Store.JobsOf(ctx, userID, port.JobQuery{Limit: 200})
		if err != nil {
			return fmt.Errorf("list jobs: %w", err)
		}
		if len(page.Jobs) == 0 {
			return nil
		}
		var together errgroup.Group
		together.SetLimit(16)
		for _, j := range page.Jobs {
			gone.Jobs++
			gone.Bytes += bytesOf(j)
			together.Go(func() error {
				if err := s.flow.Delete(ctx, userID, j.ID); err != nil && !errors.Is(err, port.ErrNotFound) {
					return fmt.Errorf("delete job: %w", err)
				}
				s.indexes.drop(j.ID)
				return nil
			})
		}
		if err := together.Wait(); err != nil {
			return err
		}
	}
}

func bytesOf(j job.Job) int64 {
	sum := j.Input.Size + j.Result.Size
	for _, o := range j.Files {
		sum += o.Size
	}
	return sum
}

// bury leaves a tombstone without names: the id must not come to life again by a late message.
func (s *site) bury(ctx context.Context, userID, number string) error {
	_, err := s.Store.UpdateUser(ctx, userID, func(change *port.Change) error {
		u := change.User
		change.Records = append(change.Records, port.Audit{ID: "deleted-" + userID, About: userID, By: userID, Did: didDelete, Detail: "receipt " + number}.Record(change.Now))
		*u = user.User{ID: u.ID, Plan: user.Free, FreeSince: change.Now, Created: u.Created, Updated: change.Now, Version: u.Version, WriteID: u.WriteID, Load: u.Load, MailOff: true, Deleted: true}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete account: %w", err)
	}
	return nil
}

// forget deletes what is kept about a person beside the jobs: tokens, sessions, saved filters, links, answers to requests, mails, and what the audit log says of his
// own acts but the last. What others did to the account stays in the log, by its id alone.
func (s *site) forget(ctx context.Context, userID string) error {
	for _, kind := range []string{tokenKind, sessionKind, sameKind, onceKind, partsKind, confirmKind, filterKind, port.LinkKind} {
		if err := s.deleteRecords(ctx, kind, userID, func(port.Record) bool { return true }); err != nil {
			return err
		}
	}
	if inbox, ok := s.Mailer.(port.Inbox); ok {
		if err := inbox.Forget(ctx, userID); err != nil {
			return fmt.Errorf("delete mails: %w", err)
		}
	}
	return s.deleteRecords(ctx, port.AuditKind, userID, func(r port.Record) bool {
		var line port.Audit
		return json.Unmarshal(r.Value, &line) == nil && line.By == userID && line.Did != didDelete
	})
}

// deleteRecords deletes a user's records of a kind for which a condition holds.
func (s *site) deleteRecords(ctx context.Context, kind, owner string, holds func(port.Record) bool) error {
	for {
		found, err := s.Records.Of(ctx, kind, owner, 200)
		if err != nil {
			return fmt.Errorf("list %s records: %w", kind, err)
		}
		deleted := 0
		for _, r := range found {
			if !holds(r) {
				continue
			}
			if err := s.Records.Delete(ctx, kind, r.ID); err != nil {
				return fmt.Errorf("delete %s record: %w", kind, err)
			}
			deleted++
		}
		if len(found) < 200 || deleted == 0 {
			return nil
		}
	}
}
