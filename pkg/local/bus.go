package local

import (
	"context"
	"fmt"
	"time"

	"gas/pkg/job"
)

// bus is port.Bus on the table of the queues: a topic is its queue, a timer is a row that is due later.
type bus struct{ *database }

func (b *bus) Publish(ctx context.Context, m job.Message) error {
	return b.write(ctx, func(tx *transaction) error {
		now := b.now()
		return enqueue(ctx, tx, m, now, now, "")
	})
}

func (b *bus) PublishAt(ctx context.Context, m job.Message, at time.Time, key string) error {
	return b.write(ctx, func(tx *transaction) error { return enqueue(ctx, tx, m, b.now(), at, key) })
}

func (b *bus) Cancel(ctx context.Context, key string) error {
	return b.write(ctx, func(tx *transaction) error {
		_, err := tx.exec(ctx, "DELETE FROM queue WHERE timer_key = ? AND receipt = '' AND due > ?", key, b.now().UnixNano())
		return err
	})
}

// enqueue adds a row for a message, unless the message or the timer waits there already.
func enqueue(ctx context.Context, tx *transaction, m job.Message, sent, due time.Time, key string) error {
	data, err := encode(m)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `
		INSERT INTO queue (topic, id, user_id, due, sent, receipt, receives, timer_key, data) VALUES (?, ?, ?, ?, ?, '', 0, ?, ?) ON CONFLICT DO NOTHING`,
		string(m.Topic), m.ID, m.UserID, due.UnixNano(), sent.UnixNano(), maybeText(key), data)
	if err != nil {
		return fmt.Errorf("publish to %s: %w", m.Topic, err)
	}
	tx.ring(m.Topic)
	return nil
}
