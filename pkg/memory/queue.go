package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// topicQueue is the queue of one topic.
type topicQueue struct {
	rows []*row // in the order of publishing
	dead []port.DeadLetter
	rung chan struct{} // closed when a message is published
}

// row is one message on a queue.
type row struct {
	m        job.Message
	due      time.Time // when it is visible (again)
	sent     time.Time
	receipt  string
	receives int
	timer    string
}

// bus is port.Bus on the queues.
type bus struct{ *World }

// queue is port.Queue.
type queue struct{ *World }

// topic finds or makes the queue of a topic. The lock is held.
func (w *World) topic(name job.Topic) *topicQueue {
	if w.queues[name] == nil {
		w.queues[name] = &topicQueue{rung: make(chan struct{})}
	}
	return w.queues[name]
}

// enqueue adds a message, unless it or its timer waits there already. The lock is held.
func (w *World) enqueue(m job.Message, due time.Time, timer string) {
	q := w.topic(m.Topic)
	if q.find(m.ID) != nil || timer != "" && w.timers[timer] {
		return
	}
	m.Body = slices.Clone(m.Body)
	q.rows = append(q.rows, &row{m: m, due: due, sent: w.o.Clock(), timer: timer})
	if timer != "" {
		w.timers[timer] = true
	}
	close(q.rung)
	q.rung = make(chan struct{})
}

// find returns the row of a message, nil where there is none.
func (q *topicQueue) find(id string) *row {
	for _, r := range q.rows {
		if r.m.ID == id {
			return r
		}
	}
	return nil
}

// drop removes a row. The lock is held.
func (w *World) drop(q *topicQueue, gone *row) {
	q.rows = slices.DeleteFunc(q.rows, func(r *row) bool { return r == gone })
	delete(w.timers, gone.timer)
}

func (b *bus) Publish(_ context.Context, m job.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.enqueue(m, b.o.Clock(), "")
	return nil
}

func (b *bus) PublishAt(_ context.Context, m job.Message, at time.Time, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.enqueue(m, at, key)
	return nil
}

func (b *bus) Cancel(_ context.Context, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.o.Clock()
	for _, topic := range job.Topics {
		q := b.topic(topic)
		for _, r := range slices.Clone(q.rows) {
			if r.timer == key && key != "" && r.receipt == "" && r.due.After(now) {
				b.drop(q, r)
			}
		}
	}
	return nil
}

func (q *queue) Receive(ctx context.Context, topic job.Topic, max int, wait, visibility time.Duration) ([]port.Delivery, error) {
	end := time.Now().Add(wait)
	for {
		got, rung, pause := q.take(topic, max, visibility)
		left := time.Until(end)
		if len(got) > 0 || left <= 0 {
			return got, nil
		}
		if pause <= 0 || pause > left {
			pause = left
		}
		timer := time.NewTimer(pause)
		select {
		case <-rung:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// take hands out at most max visible messages. Where there are none it returns what to wait for: a bell, and how long until one is visible (0 = none waits).
func (q *queue) take(topic job.Topic, max int, visibility time.Duration) (got []port.Delivery, rung <-chan struct{}, pause time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.o.Clock()
	of := q.topic(topic)
	for len(got) < max {
		r := of.first(now)
		if r == nil {
			break
		}
		if r.receives >= port.MaxReceives {
			q.bury(of, r, fmt.Sprintf("received %d times and never acked", r.receives))
			continue
		}
		r.receives, r.receipt, r.due = r.receives+1, q.id("receipt"), now.Add(visibility)
		m := r.m
		m.Body = slices.Clone(m.Body)
		got = append(got, port.Delivery{Topic: topic, Message: m, Receipt: r.receipt, Receives: r.receives, Sent: r.sent})
	}
	for _, r := range of.rows {
		if ahead := r.due.Sub(now); ahead > 0 && (pause == 0 || ahead < pause) {
			pause = ahead
		}
	}
	return got, of.rung, pause
}

// first is the visible message whose turn it is: of the user with the fewest messages out, then the longest visible, then the first published.
func (q *topicQueue) first(now time.Time) (best *row) {
	out := map[string]int{}
	for _, r := range q.rows {
		if r.receipt != "" && r.due.After(now) {
			out[r.m.UserID]++
		}
	}
	for _, r := range q.rows {
		if r.due.After(now) {
			continue
		}
		if best == nil || out[r.m.UserID] < out[best.m.UserID] || out[r.m.UserID] == out[best.m.UserID] && r.due.Before(best.due) {
			best = r
		}
	}
	return best
}

// bury moves a row to the dead letters. The lock is held.
func (w *World) bury(q *topicQueue, r *row, reason string) {
	w.drop(q, r)
	q.dead = slices.DeleteFunc(q.dead, func(d port.DeadLetter) bool { return d.ID == r.m.ID })
	q.dead = append(q.dead, port.DeadLetter{ID: r.m.ID, Message: r.m, Reason: reason, At: w.o.Clock(), Receives: r.receives})
}

// settle runs do on the row of a delivery whose receipt is still good, else it is port.ErrStale.
func (q *queue) settle(d port.Delivery, do func(*topicQueue, *row)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	of := q.topic(d.Topic)
	r := of.find(d.Message.ID)
	if r == nil || d.Receipt == "" || r.receipt != d.Receipt {
		return port.ErrStale
	}
	do(of, r)
	return nil
}

func (q *queue) Extend(_ context.Context, d port.Delivery, visibility time.Duration) error {
	return q.settle(d, func(_ *topicQueue, r *row) { r.due = q.o.Clock().Add(visibility) })
}

func (q *queue) Ack(_ context.Context, d port.Delivery) error {
	return q.settle(d, func(of *topicQueue, r *row) { q.drop(of, r) })
}

func (q *queue) Release(_ context.Context, d port.Delivery, delay time.Duration, uncounted bool) error {
	return q.settle(d, func(of *topicQueue, r *row) {
		r.due, r.receipt = q.o.Clock().Add(delay), ""
		if uncounted {
			r.receives--
		}
		close(of.rung) // who waits learns of the new time
		of.rung = make(chan struct{})
	})
}

func (q *queue) Bury(_ context.Context, d port.Delivery, reason string) error {
	return q.settle(d, func(of *topicQueue, r *row) { q.bury(of, r, reason) })
}

func (q *queue) Dead(_ context.Context, topic job.Topic, limit int) ([]port.DeadLetter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	dead := q.topic(topic).dead
	return slices.Clone(dead[:min(limit, len(dead))]), nil
}

func (q *queue) Redrive(_ context.Context, topic job.Topic, ids []string) (n int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	of := q.topic(topic)
	kept := of.dead[:0:0]
	for _, d := range of.dead {
		if len(ids) > 0 && !slices.Contains(ids, d.ID) {
			kept = append(kept, d)
			continue
		}
		q.enqueue(d.Message, q.o.Clock(), "")
		n++
	}
	of.dead = kept
	return n, nil
}

func (q *queue) Stats(_ context.Context, topic job.Topic) (port.QueueStats, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.o.Clock()
	of := q.topic(topic)
	stats := port.QueueStats{Topic: topic, Dead: len(of.dead)}
	for _, r := range of.rows {
		switch {
		case !r.due.After(now):
			stats.Waiting++
			stats.Oldest = max(stats.Oldest, now.Sub(r.due))
		case r.receipt == "":
			stats.Delayed++
		default:
			stats.Running++
		}
	}
	return stats, nil
}
