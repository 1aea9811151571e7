package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// pollEvery is how often a receiver looks without being woken: behind the wake-ups between processes, which can get lost.
const pollEvery = 250 * time.Millisecond

func (q *queue) Receive(ctx context.Context, topic job.Topic, max int, wait, visibility time.Duration) ([]port.Delivery, error) {
	end := time.Now().Add(wait)
	for {
		rung := q.bells.of(topic) // before looking, so that nothing is missed in between
		due, err := q.firstDue(ctx, topic)
		if err != nil {
			return nil, err
		}
		ahead := due.Sub(q.now())
		if !due.IsZero() && ahead <= 0 {
			if got, err := q.take(ctx, topic, max, visibility); err != nil || len(got) > 0 {
				return got, err
			}
		}
		pause := min(time.Until(end), pollEvery)
		if pause <= 0 {
			return nil, nil
		}
		if !due.IsZero() && ahead > 0 {
			pause = min(pause, ahead)
		}
		if err := rest(ctx, rung, pause); err != nil {
			return nil, err
		}
	}
}

// rest waits for a bell, a time or the end of the context.
func rest(ctx context.Context, rung <-chan struct{}, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-rung:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// firstDue looks, without writing, when a topic's next message is visible; the zero time for an empty queue.
func (q *queue) firstDue(ctx context.Context, topic job.Topic) (time.Time, error) {
	var due int64
	err := q.read.row(ctx, []any{&due}, "SELECT due FROM queue WHERE topic = ? ORDER BY due LIMIT 1", string(topic))
	if errors.Is(err, port.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("look at %s: %w", topic, err)
	}
	return moment(due), nil
}

// turn is the message of one user that comes next, and how many of the user's messages are out.
type turn struct {
	seq      int64
	user     string
	due      int64
	receives int
	sent     int64
	data     []byte
	out      int
}

func (t *turn) into() []any {
	return []any{&t.seq, &t.user, &t.due, &t.receives, &t.sent, &t.data, &t.out}
}

// before is the order of turns: the fewest out, then the longest visible, then the first published.
func (t *turn) before(other *turn) bool {
	switch {
	case t.out != other.out:
		return t.out < other.out
	case t.due != other.due:
		return t.due < other.due
	}
	return t.seq < other.seq
}

// take hands out at most max visible messages, each to the user whose turn it is.
func (q *queue) take(ctx context.Context, topic job.Topic, max int, visibility time.Duration) (got []port.Delivery, err error) {
	err = q.write(ctx, func(tx *transaction) error {
		got = nil
		now := q.now()
		turns, err := readTurns(ctx, tx, topic, now)
		if err != nil {
			return err
		}
		for len(got) < max && len(turns) > 0 {
			i := first(turns)
			delivery, err := handOut(ctx, tx, topic, turns[i], now, visibility)
			if err != nil {
				return err
			}
			if delivery != nil {
				got = append(got, *delivery)
				turns[i].out++
			}
			more, err := nextOf(ctx, tx, topic, turns[i], now)
			if err != nil {
				return err
			}
			if !more {
				turns = append(turns[:i], turns[i+1:]...)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("receive from %s: %w", topic, err)
	}
	return got, nil
}

// first is the index of the turn that comes first.
func first(turns []*turn) int {
	best := 0
	for i, t := range turns {
		if t.before(turns[best]) {
			best = i
		}
	}
	return best
}

// readTurns finds each user's first visible message. It jumps from user to user in the index, so that a long backlog of one costs nothing.
func readTurns(ctx context.Context, tx *transaction, topic job.Topic, now time.Time) (turns []*turn, err error) {
	var row turn
	keep := func() error {
		found := row
		row.data = nil
		turns = append(turns, &found)
		return nil
	}
	err = tx.each(ctx, row.into(), keep, `
		WITH RECURSIVE who (u) AS (
			SELECT min(user_id) FROM queue WHERE topic = ?1
			UNION ALL
			SELECT (SELECT min(user_id) FROM queue WHERE topic = ?1 AND user_id > u) FROM who WHERE u IS NOT NULL),
		heads (head, outs) AS (
			SELECT (SELECT seq FROM queue WHERE topic = ?1 AND user_id = u AND due <= ?2 ORDER BY due, seq LIMIT 1),
				(SELECT count(*) FROM queue WHERE topic = ?1 AND user_id = u AND due > ?2 AND receipt <> '')
			FROM who WHERE u IS NOT NULL)
		SELECT seq, user_id, due, receives, sent, data, outs FROM heads JOIN queue ON seq = head`, string(topic), now.UnixNano())
	return turns, err
}

// nextOf reads the next visible message of the turn's user into it.
func nextOf(ctx context.Context, tx *transaction, topic job.Topic, t *turn, now time.Time) (bool, error) {
	err := tx.row(ctx, t.into(), `
		SELECT seq, user_id, due, receives, sent, data, ? FROM queue
		WHERE topic = ? AND user_id = ? AND due <= ? ORDER BY due, seq LIMIT 1`, t.out, string(topic), t.user, now.UnixNano())
	if errors.Is(err, port.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// handOut gives the turn's message a receipt and hides it. One that was received too often, or cannot be read, is buried instead and nil is returned.
func handOut(ctx context.Context, tx *transaction, topic job.Topic, t *turn, now time.Time, visibility time.Duration) (*port.Delivery, error) {
	if t.receives >= port.MaxReceives {
		return nil, bury(ctx, tx, t.seq, fmt.Sprintf("received %d times and never acked", t.receives), now)
	}
	m, err := decode[job.Message](t.data)
	if err != nil {
		return nil, bury(ctx, tx, t.seq, err.Error(), now)
	}
	d := port.Delivery{Topic: topic, Message: m, Receipt: rand.Text(), Receives: t.receives + 1, Sent: moment(t.sent)}
	_, err = tx.exec(ctx, "UPDATE queue SET due = ?, receipt = ?, receives = ? WHERE seq = ?", now.Add(visibility).UnixNano(), d.Receipt, d.Receives, t.seq)
	return &d, err
}
