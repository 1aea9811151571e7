package local

import (
	"context"
	"crypto/rand"
	"fmt"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// finish writes what a change sets in motion beside its job: the owner if it was edited, messages, events, notices, the event that was seen.
func finish(ctx context.Context, tx *transaction, c *port.Change, before *user.User) error {
	if err := see(ctx, tx, c); err != nil {
		return err
	}
	if err := saveOwner(ctx, tx, c, before); err != nil {
		return err
	}
	for _, m := range c.Send {
		if err := send(ctx, tx, c, m); err != nil {
			return err
		}
	}
	for _, e := range c.Events {
		if err := addEvent(ctx, tx, c, e); err != nil {
			return err
		}
	}
	for _, n := range c.Notices {
		if err := addNotice(ctx, tx, c, n); err != nil {
			return err
		}
	}
	for _, r := range c.Records {
		if _, err := addRecord(ctx, tx, r); err != nil {
			return fmt.Errorf("add %s: %w", r.Kind, err)
		}
	}
	return nil
}

// see keeps the id of a webhook's event; one that was seen before is port.ErrExists.
func see(ctx context.Context, tx *transaction, c *port.Change) error {
	if c.Seen == "" {
		return nil
	}
	added, err := tx.exec(ctx, "INSERT INTO events_seen (id, at) VALUES (?, ?) ON CONFLICT DO NOTHING", c.Seen, c.Now.UnixNano())
	if err == nil && added == 0 {
		err = port.ErrExists
	}
	if err != nil {
		return fmt.Errorf("keep event %s: %w", c.Seen, err)
	}
	return nil
}

// saveOwner writes the user of a change, if it was edited.
func saveOwner(ctx context.Context, tx *transaction, c *port.Change, before *user.User) error {
	if before == nil || c.User == nil || *c.User == *before {
		return nil
	}
	if c.User.ID != before.ID {
		return fmt.Errorf("user %s: its id cannot change", before.ID)
	}
	c.User.Version, c.User.WriteID = before.Version+1, rand.Text()
	data, err := encode(c.User)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, "UPDATE users SET due = ?, data = ? WHERE id = ?", nanos(c.User.FanOut.Due), data, c.User.ID); err != nil {
		return fmt.Errorf("update user %s: %w", c.User.ID, err)
	}
	return nil
}

// send puts a message on its queue, at once or as a timer.
func send(ctx context.Context, tx *transaction, c *port.Change, m job.Message) error {
	if m.NotBefore.IsZero() {
		return enqueue(ctx, tx, m, c.Now, c.Now, "")
	}
	return enqueue(ctx, tx, m, c.Now, m.NotBefore, m.TimerKey())
}

// addEvent appends a line to the time line of its job, or of its user where there is no job.
func addEvent(ctx context.Context, tx *transaction, c *port.Change, e job.Event) error {
	e = c.Placed(e)
	if e.Seq == 0 {
		if err := tx.row(ctx, []any{&e.Seq}, "SELECT coalesce(max(seq), 0) + 1 FROM events WHERE job_id = ?", e.JobID); err != nil {
			return err
		}
	}
	data, err := encode(e)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, "INSERT INTO events (job_id, seq, data) VALUES (?, ?, ?)", e.JobID, e.Seq, data); err != nil {
		return fmt.Errorf("add event of %s: %w", e.JobID, err)
	}
	return nil
}

// addNotice adds a notice that is not there yet.
func addNotice(ctx context.Context, tx *transaction, c *port.Change, n job.Notice) error {
	if n.At.IsZero() {
		n.At = c.Now
	}
	n.Version = 1
	data, err := encode(n)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, "INSERT INTO notices (job_id, kind, attempt, due, data) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		n.JobID, n.Kind, n.Attempt, noticeDue(n), data)
	if err != nil {
		return fmt.Errorf("add notice of %s: %w", n.JobID, err)
	}
	return nil
}
