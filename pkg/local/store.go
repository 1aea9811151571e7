package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// store is port.Store on the database. Its transactions never conflict: they run one after the other in the writer.
type store struct {
	*database
	install func(context.Context) (port.Installation, error)
}

// SendsDirectly says that messages are put on their queues in the transaction of the change.
func (s *store) SendsDirectly() {}

// Installation reads what the database says.
func (s *store) Installation(ctx context.Context) (port.Installation, error) { return s.install(ctx) }

// Now is this machine's clock.
func (s *store) Now(context.Context) (time.Time, error) { return s.now(), nil }

// Close does nothing of its own: Local closes the database that the ports share.
func (s *store) Close() error { return nil }

func (s *store) CreateJob(ctx context.Context, userID string, fn func(*port.Change) error) (created job.Job, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		c := &port.Change{Job: &job.Job{UserID: userID}, Now: s.now()}
		before, err := readOwner(ctx, tx, c, userID)
		if err != nil {
			return err
		}
		if err := fn(c); err != nil {
			return err
		}
		c.Job.Version, c.Job.WriteID = 1, rand.Text()
		if err := insertJob(ctx, tx, *c.Job); err != nil {
			return err
		}
		created = *c.Job
		return finish(ctx, tx, c, before)
	})
	return created, err
}

func (s *store) UpdateJob(ctx context.Context, jobID string, fn func(*port.Change) error) (updated job.Job, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		old, err := one[job.Job](ctx, tx.statements, "SELECT data FROM jobs WHERE id = ?", jobID)
		if err != nil {
			return fmt.Errorf("read job %s: %w", jobID, err)
		}
		edited := old
		c := &port.Change{Job: &edited, Now: s.now()}
		before, err := readOwner(ctx, tx, c, old.UserID)
		if err != nil {
			return err
		}
		if err := fn(c); err != nil {
			return err
		}
		if edited.ID != jobID || edited.UserID != old.UserID {
			return fmt.Errorf("job %s: its id and owner cannot change", jobID)
		}
		edited.Version, edited.WriteID = old.Version+1, rand.Text()
		if err := updateJob(ctx, tx, edited); err != nil {
			return err
		}
		updated = edited
		return finish(ctx, tx, c, before)
	})
	return updated, err
}

func (s *store) Job(ctx context.Context, jobID string) (job.Job, error) {
	found, err := one[job.Job](ctx, s.read, "SELECT data FROM jobs WHERE id = ?", jobID)
	if err != nil {
		return found, fmt.Errorf("read job %s: %w", jobID, err)
	}
	return found, nil
}

func (s *store) JobByUpload(ctx context.Context, userID, uploadID string) (job.Job, error) {
	found, err := one[job.Job](ctx, s.read, "SELECT data FROM jobs WHERE user_id = ? AND upload_id = ?", userID, uploadID)
	if err != nil {
		return found, fmt.Errorf("read job of upload %s: %w", uploadID, err)
	}
	return found, nil
}

func (s *store) WaitingJobs(ctx context.Context, now time.Time, cursor string, limit int) ([]job.Job, string, error) {
	due, id, err := splitDue(cursor)
	if err != nil {
		return nil, "", err
	}
	list, err := many[job.Job](ctx, s.read,
		"SELECT data FROM jobs WHERE due IS NOT NULL AND due <= ? AND (due, id) > (?, ?) ORDER BY due, id LIMIT ?", now.UnixNano(), due, id, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list waiting jobs: %w", err)
	}
	return list, next(list, limit, func(last job.Job) string { return joinDue(last.Due, last.ID) }), nil
}

func (s *store) EveryJob(ctx context.Context, cursor string, limit int) ([]job.Job, string, error) {
	list, err := many[job.Job](ctx, s.read, "SELECT data FROM jobs WHERE id > ? ORDER BY id LIMIT ?", cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list every job: %w", err)
	}
	return list, next(list, limit, func(last job.Job) string { return last.ID }), nil
}

func (s *store) QueuePosition(ctx context.Context, jobID string) (int, error) {
	var place int
	err := s.read.row(ctx, []any{&place}, `
		SELECT count(*) FROM jobs, (SELECT submitted AS mine, id AS my_id FROM jobs WHERE id = ? AND status = 'PENDING')
		WHERE status = 'PENDING' AND (submitted, id) <= (mine, my_id)`, jobID)
	if err != nil {
		return 0, fmt.Errorf("count jobs before %s: %w", jobID, err)
	}
	return place, nil
}

func (s *store) PutProgress(ctx context.Context, p job.Progress) error {
	data, err := encode(p)
	if err != nil {
		return err
	}
	return s.write(ctx, func(tx *transaction) error {
		_, err := tx.exec(ctx, `
			INSERT INTO progress (job_id, attempt, data) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET attempt = excluded.attempt, data = excluded.data WHERE excluded.attempt >= attempt`, p.JobID, p.Attempt, data)
		return err
	})
}

func (s *store) Progress(ctx context.Context, jobID string) (job.Progress, error) {
	found, err := one[job.Progress](ctx, s.read, "SELECT data FROM progress WHERE job_id = ?", jobID)
	if errors.Is(err, port.ErrNotFound) {
		return job.Progress{}, nil
	}
	return found, err
}

// insertJob writes a new row; a taken id or upload id is port.ErrExists.
func insertJob(ctx context.Context, tx *transaction, j job.Job) error {
	data, err := encode(j)
	if err != nil {
		return err
	}
	added, err := tx.exec(ctx, `
		INSERT INTO jobs (id, user_id, status, label, size, submitted, due, upload_id, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		j.ID, j.UserID, string(j.Status), strings.ToLower(j.Name), j.Input.Size, submitted(j).UnixNano(), nanos(j.Due), maybeText(j.UploadID), data)
	if err == nil && added == 0 {
		err = port.ErrExists
	}
	if err != nil {
		return fmt.Errorf("insert job %s: %w", j.ID, err)
	}
	return nil
}

// updateJob writes a row that is there.
func updateJob(ctx context.Context, tx *transaction, j job.Job) error {
	data, err := encode(j)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, "UPDATE jobs SET status = ?, label = ?, size = ?, submitted = ?, due = ?, upload_id = ?, data = ? WHERE id = ?",
		string(j.Status), strings.ToLower(j.Name), j.Input.Size, submitted(j).UnixNano(), nanos(j.Due), maybeText(j.UploadID), data, j.ID)
	if err != nil {
		return fmt.Errorf("update job %s: %w", j.ID, err)
	}
	return nil
}

// submitted is the time that a list of jobs is ordered by: an intent that was not submitted counts by its creation.
func submitted(j job.Job) time.Time {
	if j.SubmitTime.IsZero() {
		return j.Created
	}
	return j.SubmitTime
}

// readOwner reads a job's owner into the change and returns it as it was; both stay nil where there is none.
func readOwner(ctx context.Context, tx *transaction, c *port.Change, userID string) (before *user.User, err error) {
	found, err := one[user.User](ctx, tx.statements, "SELECT data FROM users WHERE id = ?", userID)
	if errors.Is(err, port.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read user %s: %w", userID, err)
	}
	edited := found
	c.User = &edited
	return &found, nil
}
