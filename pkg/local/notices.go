package local

import (
	"context"
	"fmt"
	"time"

	"gas/pkg/job"
)

// Unsent is always empty: a change puts its messages on their queues itself.
func (s *store) Unsent(context.Context, string, int) ([]job.Message, error) { return nil, nil }

// MarkSent has nothing to mark.
func (s *store) MarkSent(context.Context, []string) error { return nil }

func (s *store) Events(ctx context.Context, jobID string) ([]job.Event, error) {
	list, err := many[job.Event](ctx, s.read, "SELECT data FROM events WHERE job_id = ? ORDER BY seq", jobID)
	if err != nil {
		return nil, fmt.Errorf("list events of %s: %w", jobID, err)
	}
	return list, nil
}

func (s *store) Notices(ctx context.Context, jobID string) ([]job.Notice, error) {
	list, err := many[job.Notice](ctx, s.read, "SELECT data FROM notices WHERE job_id = ? ORDER BY kind, attempt", jobID)
	if err != nil {
		return nil, fmt.Errorf("list notices of %s: %w", jobID, err)
	}
	return list, nil
}

func (s *store) UpdateNotice(ctx context.Context, jobID, kind string, attempt int, fn func(*job.Notice) error) (updated job.Notice, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		n, err := one[job.Notice](ctx, tx.statements, "SELECT data FROM notices WHERE job_id = ? AND kind = ? AND attempt = ?", jobID, kind, attempt)
		if err != nil {
			return fmt.Errorf("read notice %s of %s: %w", kind, jobID, err)
		}
		version := n.Version
		if err := fn(&n); err != nil {
			return err
		}
		n.JobID, n.Kind, n.Attempt, n.Version = jobID, kind, attempt, version+1
		data, err := encode(n)
		if err != nil {
			return err
		}
		updated = n
		_, err = tx.exec(ctx, "UPDATE notices SET due = ?, data = ? WHERE job_id = ? AND kind = ? AND attempt = ?", noticeDue(n), data, jobID, kind, attempt)
		return err
	})
	return updated, err
}

func (s *store) WaitingNotices(ctx context.Context, now time.Time, limit int) ([]job.Notice, error) {
	list, err := many[job.Notice](ctx, s.read, "SELECT data FROM notices WHERE due IS NOT NULL AND due <= ? ORDER BY due, job_id LIMIT ?", now.UnixNano(), limit)
	if err != nil {
		return nil, fmt.Errorf("list waiting notices: %w", err)
	}
	return list, nil
}

// noticeDue is the column of a notice that waits. One without a due time is due since ever.
func noticeDue(n job.Notice) any {
	switch {
	case n.State != job.NoticePending && n.State != job.NoticeSending:
		return nil
	case n.Due.IsZero():
		return int64(0)
	}
	return n.Due.UnixNano()
}
