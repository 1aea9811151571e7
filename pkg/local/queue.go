package local

import (
	"context"
	"fmt"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// queue is port.Queue on the database: one table for all topics. A row is visible when its due time has come.
type queue struct {
	*database
	bells *bells
}

func (q *queue) Extend(ctx context.Context, d port.Delivery, visibility time.Duration) error {
	return q.withReceipt(ctx, d, "UPDATE queue SET due = ?1 WHERE topic = ?2 AND id = ?3 AND receipt = ?4", q.now().Add(visibility).UnixNano())
}

func (q *queue) Ack(ctx context.Context, d port.Delivery) error {
	return q.withReceipt(ctx, d, "DELETE FROM queue WHERE ?1 > 0 AND topic = ?2 AND id = ?3 AND receipt = ?4", 1)
}

func (q *queue) Release(ctx context.Context, d port.Delivery, delay time.Duration, uncounted bool) error {
	query := "UPDATE queue SET due = ?1, receipt = '' WHERE topic = ?2 AND id = ?3 AND receipt = ?4"
	if uncounted {
		query = "UPDATE queue SET due = ?1, receipt = '', receives = receives - 1 WHERE topic = ?2 AND id = ?3 AND receipt = ?4"
	}
	return q.withReceipt(ctx, d, query, q.now().Add(delay).UnixNano())
}

// withReceipt runs a query over the row of a delivery: a first argument, topic, id and receipt. No such row means that the receipt is stale.
func (q *queue) withReceipt(ctx context.Context, d port.Delivery, query string, first int64) error {
	return q.write(ctx, func(tx *transaction) error {
		changed, err := tx.exec(ctx, query, first, string(d.Topic), d.Message.ID, d.Receipt)
		if err != nil {
			return fmt.Errorf("settle message %s: %w", d.Message.ID, err)
		}
		if changed == 0 || d.Receipt == "" {
			return port.ErrStale
		}
		return nil
	})
}

func (q *queue) Bury(ctx context.Context, d port.Delivery, reason string) error {
	return q.write(ctx, func(tx *transaction) error {
		var seq int64
		err := tx.row(ctx, []any{&seq}, "SELECT coalesce(max(seq), 0) FROM queue WHERE topic = ? AND id = ? AND receipt = ? AND receipt <> ''",
			string(d.Topic), d.Message.ID, d.Receipt)
		if err != nil {
			return err
		}
		if seq == 0 {
			return port.ErrStale
		}
		return bury(ctx, tx, seq, reason, q.now())
	})
}

// bury moves a row to the dead letters.
func bury(ctx context.Context, tx *transaction, seq int64, reason string, now time.Time) error {
	_, err := tx.exec(ctx, `
		INSERT OR REPLACE INTO dead_letters (topic, id, at, reason, receives, data)
		SELECT topic, id, ?, ?, receives, data FROM queue WHERE seq = ?`, now.UnixNano(), reason, seq)
	if err != nil {
		return fmt.Errorf("bury message: %w", err)
	}
	_, err = tx.exec(ctx, "DELETE FROM queue WHERE seq = ?", seq)
	return err
}

func (q *queue) Dead(ctx context.Context, topic job.Topic, limit int) (list []port.DeadLetter, err error) {
	var letter port.DeadLetter
	var at int64
	var data []byte
	keep := func() error {
		letter.At = moment(at)
		if letter.Message, err = decode[job.Message](data); err != nil {
			return err
		}
		list = append(list, letter)
		return nil
	}
	err = q.read.each(ctx, []any{&letter.ID, &at, &letter.Reason, &letter.Receives, &data}, keep,
		"SELECT id, at, reason, receives, data FROM dead_letters WHERE topic = ? ORDER BY at, seq LIMIT ?", string(topic), limit)
	if err != nil {
		return nil, fmt.Errorf("list dead letters of %s: %w", topic, err)
	}
	return list, nil
}

func (q *queue) Redrive(ctx context.Context, topic job.Topic, ids []string) (n int, err error) {
	err = q.write(ctx, func(tx *transaction) error {
		if len(ids) == 0 {
			if ids, err = deadIDs(ctx, tx, topic); err != nil {
				return err
			}
		}
		for _, id := range ids {
			found, err := redrive(ctx, tx, topic, id, q.now())
			if err != nil {
				return err
			}
			n += found
		}
		tx.ring(topic)
		return nil
	})
	return n, err
}

// deadIDs lists the ids of all dead letters of a topic.
func deadIDs(ctx context.Context, tx *transaction, topic job.Topic) (ids []string, err error) {
	var id string
	keep := func() error {
		ids = append(ids, id)
		return nil
	}
	err = tx.each(ctx, []any{&id}, keep, "SELECT id FROM dead_letters WHERE topic = ? ORDER BY at, seq", string(topic))
	return ids, err
}

// redrive puts one dead letter back on its queue, with its receives forgotten. It returns 1, or 0 where there is none.
func redrive(ctx context.Context, tx *transaction, topic job.Topic, id string, now time.Time) (int, error) {
	var data []byte
	if err := tx.row(ctx, []any{&data}, "SELECT coalesce(max(data), '') FROM dead_letters WHERE topic = ? AND id = ?", string(topic), id); err != nil {
		return 0, err
	}
	if len(data) == 0 {
		return 0, nil
	}
	m, err := decode[job.Message](data)
	if err != nil {
		return 0, err
	}
	if err := enqueue(ctx, tx, m, now, now, ""); err != nil {
		return 0, err
	}
	_, err = tx.exec(ctx, "DELETE FROM dead_letters WHERE topic = ? AND id = ?", string(topic), id)
	return 1, err
}

func (q *queue) Stats(ctx context.Context, topic job.Topic) (port.QueueStats, error) {
	stats := port.QueueStats{Topic: topic}
	now := q.now()
	oldest := now.UnixNano()
	err := q.read.row(ctx, []any{&stats.Waiting, &stats.Delayed, &stats.Running, &oldest, &stats.Dead}, `
		SELECT count(*) FILTER (WHERE due <= ?1), count(*) FILTER (WHERE due > ?1 AND receipt = ''), count(*) FILTER (WHERE due > ?1 AND receipt <> ''),
			coalesce(min(due) FILTER (WHERE due <= ?1), ?1), (SELECT count(*) FROM dead_letters WHERE topic = ?2)
		FROM queue WHERE topic = ?2`, now.UnixNano(), string(topic))
	if err != nil {
		return stats, fmt.Errorf("count messages of %s: %w", topic, err)
	}
	stats.Oldest = now.Sub(moment(oldest))
	return stats, nil
}
