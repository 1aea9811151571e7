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

// Kinds of a user's fan-out, as written in his record.
const (
	FanThaw   = "thaw"   // after an upgrade: warm every archived result
	FanWindow = "window" // after a downgrade: begin a fresh window for every hot result
)

// PlanChange is what is written when a plan is set.
type PlanChange struct {
	Plan      user.Plan
	Billing   *user.Billing // nil = as it is
	Seen      string        // id of the webhook event that caused it: the change is port.ErrExists when it was seen before
	By        string        // who set it, for the audit log
	IfVersion *int64        // the user's version must still be this one, else port.ErrConflict; nil = any
}

// SetPlan changes a user's plan, and with it, in the same transaction, sends the one message that moves all his results.
// Setting the plan that he has changes nothing but billing.
func (f Flow) SetPlan(ctx context.Context, userID string, to PlanChange) (user.User, error) {
	return f.updateUser(ctx, userID, func(c *port.Change) error { return f.setPlan(c, to) })
}

// updateUser writes a user's record and tells of the messages that the write sent.
func (f Flow) updateUser(ctx context.Context, userID string, fn func(*port.Change) error) (user.User, error) {
	var sent []job.Message
	u, err := f.Store.UpdateUser(ctx, userID, func(c *port.Change) error {
		err := fn(c)
		sent = c.Send
		return err
	})
	if err == nil {
		f.wrote(sent)
	}
	return u, err
}

func (f Flow) setPlan(c *port.Change, to PlanChange) error {
	u := c.User
	if !to.Plan.Valid() {
		return fmt.Errorf("set plan %q: no such plan", to.Plan)
	}
	if to.IfVersion != nil && u.Version != *to.IfVersion && !mutant.EventOrder {
		return port.ErrConflict
	}
	c.Seen = to.Seen
	if to.Billing != nil {
		looks := u.Billing.Looks + 1
		u.Billing = *to.Billing
		u.Billing.Looks = looks
	}
	if u.Plan == to.Plan {
		return nil
	}
	c.Records = append(c.Records, port.Audit{
		ID: fmt.Sprintf("plan-%s-%d", u.ID, u.Version+1), About: u.ID, By: to.By, Did: port.AuditPlan, Detail: fmt.Sprintf("%s to %s", u.Plan, to.Plan),
	}.Record(c.Now))
	u.Plan = to.Plan
	u.Updated = c.Now
	u.FanOut = user.FanOut{Kind: FanThaw, Begun: c.User.Version + 1, Since: c.Now}
	if to.Plan == user.Free {
		u.FreeSince = c.Now
		u.FanOut.Kind = FanWindow
	}
	f.sendFanOut(c)
	return nil
}

// sendFanOut sends the message that lets the user's fan-out go on, and says when the sweeper sends it again.
func (f Flow) sendFanOut(c *port.Change) {
	u := c.User
	topic := job.Thaws
	if u.FanOut.Kind == FanWindow {
		topic = job.Archives
	}
	m := job.FanOut(fmt.Sprintf("%s-%s-%d", u.ID, u.FanOut.Kind, u.Version+1), topic, u.ID, u.FanOut.Cursor)
	m.Role = f.Role
	c.Send = append(c.Send, m)
	u.FanOut.Due = c.Now.Add(2 * f.grace())
}

// settleRounds bounds how often a subscription is fetched again because the user's record changed meanwhile.
const settleRounds = 20

// ErrOtherCustomer says that an event is about a customer who is not, or is no longer, the user's.
var ErrOtherCustomer = errors.New("the customer is not this user's")

// Settle makes a user's plan what the payment provider says now. Events are hints: whichever comes last, and in whatever order, the subscription is
// fetched after the user's version was read, and the commit holds only on that version. seen is the event's id; port.ErrExists when the event had
// its effect before. Without an event, as at night, the plan follows only a subscription that has changed since it was looked at last: what an
// operator has set meanwhile stays. A look that finds what is known is written too: it is newer than one that is under way with an older answer, and
// that one has to look again.
func (f Flow) Settle(ctx context.Context, pay port.Payments, userID, customer, seen string) (user.User, error) {
	for range settleRounds {
		u, err := f.Store.User(ctx, userID)
		if err != nil {
			return u, err
		}
		if customer == "" {
			customer = u.Billing.Customer
		}
		if u.Billing.Customer != "" && customer != u.Billing.Customer {
			return u, ErrOtherCustomer
		}
		billing, active, err := pay.Current(ctx, customer)
		if err != nil {
			return u, fmt.Errorf("fetch subscription of %s: %w", userID, err)
		}
		plan := user.Free
		if active {
			plan = user.Premium
		}
		billing.Paid = active
		if seen == "" && billing.Paid == u.Billing.Paid {
			plan = u.Plan
		}
		u, err = f.SetPlan(ctx, userID, PlanChange{Plan: plan, Billing: &billing, Seen: seen, By: port.AuditPayment, IfVersion: &u.Version})
		if !errors.Is(err, port.ErrConflict) {
			return u, err
		}
	}
	return user.User{}, fmt.Errorf("settle plan of %s: %w", userID, port.ErrConflict)
}

// FanOutRound walks one page of a user's completed jobs for the fan-out of a plan that has changed: archived results get a thaw message, hot ones
// their timers. How far it is stands in the user's record, so that a message of an older fan-out cannot pass for one of this; the next page is
// another message, and after the last one the fan-out is done. A message of another kind does nothing.
func (f Flow) FanOutRound(ctx context.Context, userID, kind string) error {
	u, err := f.Store.User(ctx, userID)
	if errors.Is(err, port.ErrNotFound) {
		return nil
	}
	if err != nil || u.FanOut.Kind != kind {
		return err
	}
	page, err := f.Store.JobsOf(ctx, userID, port.JobQuery{Cursor: u.FanOut.Cursor, Limit: 100, Status: []job.Status{job.Completed}})
	if err != nil {
		return fmt.Errorf("list jobs of %s: %w", userID, err)
	}
	for _, j := range page.Jobs {
		if err := f.fan(ctx, j, kind); err != nil {
			return err
		}
	}
	return f.fanNext(ctx, u, page.Next)
}

// FanOutAgain begins the fan-out that fits a user's plan anew, for an operator.
func (f Flow) FanOutAgain(ctx context.Context, userID string) error {
	_, err := f.updateUser(ctx, userID, func(c *port.Change) error {
		c.User.FanOut = user.FanOut{Kind: FanThaw, Begun: c.User.Version + 1, Since: c.Now}
		if c.User.Plan == user.Free {
			c.User.FanOut.Kind = FanWindow
		}
		f.sendFanOut(c)
		return nil
	})
	return err
}

// fan sets one result in motion. One that has moved on meanwhile needs nothing from here.
func (f Flow) fan(ctx context.Context, j job.Job, kind string) error {
	var err error
	switch {
	case kind == FanThaw && j.Storage == job.Archived:
		_, err = f.advance(ctx, j.ID, job.StepRemind, still(job.Archived))
	case kind == FanWindow && j.Storage == job.Hot:
		_, err = f.advance(ctx, j.ID, job.StepRest, still(job.Hot))
	}
	if errors.Is(err, ErrLost) {
		return nil
	}
	return err
}

// still is the condition that a job's result is where it was.
func still(at job.Storage) func(*port.Change) error {
	return func(c *port.Change) error {
		if c.Job.Storage != at {
			return ErrLost
		}
		return nil
	}
}

// fanNext goes on to the next page, or notes that the fan-out is done. It does nothing when somebody else has walked the page meanwhile, or when
// another change of plan has begun its own fan-out.
func (f Flow) fanNext(ctx context.Context, u user.User, cursor string) error {
	_, err := f.updateUser(ctx, u.ID, func(c *port.Change) error {
		now := &c.User.FanOut
		switch {
		case now.Begun != u.FanOut.Begun || now.Cursor != u.FanOut.Cursor:
		case cursor == "":
			*now = user.FanOut{}
		default:
			now.Cursor = cursor
			f.sendFanOut(c)
		}
		return nil
	})
	return err
}

// remindUser posts the message of a fan-out that is not done.
func (f Flow) remindUser(ctx context.Context, u user.User) error {
	_, err := f.updateUser(ctx, u.ID, func(c *port.Change) error {
		if c.User.FanOut.Kind == "" {
			c.User.FanOut.Due = time.Time{}
			return nil
		}
		f.sendFanOut(c)
		return nil
	})
	return err
}
