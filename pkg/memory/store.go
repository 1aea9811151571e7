package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// store is port.Store on the maps of the world.
type store struct{ *World }

// Installation tells the world's installation.
func (s *store) Installation(context.Context) (port.Installation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.install, nil
}

func (s *store) Now(context.Context) (time.Time, error) { return s.o.Clock(), nil }

func (s *store) Close() error { return nil }

// cloneJob copies a job with all that it points to, so that no caller holds a part of the store.
func cloneJob(j job.Job) job.Job {
	j.Files, j.Versions = maps.Clone(j.Files), maps.Clone(j.Versions)
	j.Options.Databases = slices.Clone(j.Options.Databases)
	if j.Counts != nil {
		counts := *j.Counts
		j.Counts = &counts
	}
	if j.Error != nil {
		failure := *j.Error
		j.Error = &failure
	}
	return j
}

func (s *store) CreateJob(ctx context.Context, userID string, fn func(*port.Change) error) (job.Job, error) {
	return s.swap(ctx, fn, func() (*job.Job, string, error) { return nil, userID, nil })
}

func (s *store) UpdateJob(ctx context.Context, jobID string, fn func(*port.Change) error) (job.Job, error) {
	return s.swap(ctx, fn, func() (*job.Job, string, error) {
		found, is := s.jobs[jobID]
		if !is {
			return nil, "", fmt.Errorf("read job %s: %w", jobID, port.ErrNotFound)
		}
		found = cloneJob(found)
		return &found, found.UserID, nil
	})
}

// swap reads, runs fn, and writes if nothing has changed; else it begins again. A job that read returns as nil is to be created.
func (s *store) swap(ctx context.Context, fn func(*port.Change) error, read func() (*job.Job, string, error)) (written job.Job, err error) {
	for range rounds {
		if err := ctx.Err(); err != nil {
			return written, err
		}
		var old *job.Job
		var owner *user.User
		c := &port.Change{Now: s.o.Clock()}
		err := s.locked(func() (err error) {
			var ownerID string
			if old, ownerID, err = read(); err != nil {
				return err
			}
			owner = s.ownerOf(c, ownerID)
			c.Job = &job.Job{UserID: ownerID}
			if old != nil {
				*c.Job = cloneJob(*old)
			}
			return nil
		})
		if err == nil {
			err = fn(c)
		}
		if err != nil {
			return written, err
		}
		s.between(ctx)
		fits := false
		err = s.locked(func() (err error) {
			fits, err = s.writeJob(c, old, owner)
			written = cloneJob(*c.Job)
			return err
		})
		if err != nil || fits {
			return written, err
		}
	}
	return written, port.ErrConflict
}

// ownerOf reads a user into the change and returns a copy.
func (s *store) ownerOf(c *port.Change, userID string) *user.User {
	found, is := s.users[userID]
	if !is {
		return nil
	}
	edited := found
	c.User = &edited
	return &found
}

// writeJob writes a change whose job was read as old. It tells whether job and owner were still as read.
func (s *store) writeJob(c *port.Change, old *job.Job, owner *user.User) (bool, error) {
	now, is := s.jobs[c.Job.ID]
	switch {
	case old == nil && is:
		return true, fmt.Errorf("insert job %s: %w", c.Job.ID, port.ErrExists)
	case old == nil && s.uploadTaken(c.Job):
		return true, fmt.Errorf("insert job %s: upload: %w", c.Job.ID, port.ErrExists)
	case old != nil && (c.Job.ID != old.ID || c.Job.UserID != old.UserID):
		return true, fmt.Errorf("job %s: its id and owner cannot change", old.ID)
	case old != nil && now.Version != old.Version:
		return false, nil
	}
	if fits, err := s.writeRest(c, owner, c.Job.UserID); !fits || err != nil {
		return fits, err
	}
	c.Job.Version, c.Job.WriteID = 1, s.id("write")
	if old != nil {
		c.Job.Version = old.Version + 1
	}
	s.jobs[c.Job.ID] = cloneJob(*c.Job)
	return true, nil
}

// uploadTaken tells whether the user has a job of the same upload.
func (s *store) uploadTaken(j *job.Job) bool {
	if j.UploadID == "" {
		return false
	}
	for _, other := range s.jobs {
		if other.UserID == j.UserID && other.UploadID == j.UploadID {
			return true
		}
	}
	return false
}

// writeRest writes all of a change but its job, if the owner is still as read.
func (s *store) writeRest(c *port.Change, owner *user.User, ownerID string) (bool, error) {
	if now, is := s.users[ownerID]; is != (owner != nil) || is && now.Version != owner.Version {
		return false, nil
	}
	if c.Seen != "" && s.seen[c.Seen] {
		return true, fmt.Errorf("keep event %s: %w", c.Seen, port.ErrExists)
	}
	if owner != nil && c.User != nil && *c.User != *owner {
		if c.User.ID != owner.ID {
			return true, fmt.Errorf("user %s: its id cannot change", owner.ID)
		}
		c.User.Version, c.User.WriteID = owner.Version+1, s.id("write")
		s.users[c.User.ID] = *c.User
	}
	if c.Seen != "" {
		s.seen[c.Seen] = true
	}
	s.sendAll(c)
	s.addEvents(c)
	s.addNotices(c)
	s.addRecords(c)
	return true, nil
}

func (s *store) Job(_ context.Context, jobID string) (job.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, is := s.jobs[jobID]
	if !is {
		return job.Job{}, fmt.Errorf("read job %s: %w", jobID, port.ErrNotFound)
	}
	return cloneJob(found), nil
}

func (s *store) JobByUpload(_ context.Context, userID, uploadID string) (job.Job, error) {
	found := s.jobsWhere(func(j job.Job) bool { return uploadID != "" && j.UserID == userID && j.UploadID == uploadID })
	if len(found) == 0 {
		return job.Job{}, fmt.Errorf("read job of upload %s: %w", uploadID, port.ErrNotFound)
	}
	return found[0], nil
}

// jobsWhere copies the jobs that a condition holds for, in the order of their ids.
func (s *store) jobsWhere(holds func(job.Job) bool) (list []job.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.jobs)) {
		if j := s.jobs[id]; holds(j) {
			list = append(list, cloneJob(j))
		}
	}
	return list
}

func (s *store) WaitingJobs(_ context.Context, now time.Time, cursor string, limit int) ([]job.Job, string, error) {
	list := s.jobsWhere(func(j job.Job) bool { return !j.Due.IsZero() && !j.Due.After(now) })
	slices.SortStableFunc(list, func(a, b job.Job) int { return a.Due.Compare(b.Due) })
	return pageOf(list, cursor, limit, func(j job.Job) string { return fmt.Sprintf("%020d,%s", j.Due.UnixNano(), j.ID) })
}

func (s *store) EveryJob(_ context.Context, cursor string, limit int) ([]job.Job, string, error) {
	list := s.jobsWhere(func(job.Job) bool { return true })
	return pageOf(list, cursor, limit, func(j job.Job) string { return j.ID })
}

// pageOf cuts a page out of a list that is ordered by the text of its cursors.
func pageOf[T any](list []T, cursor string, limit int, at func(T) string) (page []T, next string, err error) {
	for _, item := range list {
		if cursor != "" && at(item) <= cursor {
			continue
		}
		if page = append(page, item); len(page) == limit {
			return page, at(item), nil
		}
	}
	return page, "", nil
}

func (s *store) QueuePosition(ctx context.Context, jobID string) (int, error) {
	mine, err := s.Job(ctx, jobID)
	if err != nil || mine.Status != job.Pending {
		return 0, nil //nolint:nilerr // a job that is not there does not wait
	}
	before := s.jobsWhere(func(j job.Job) bool {
		return j.Status == job.Pending && port.BySubmission(port.RowOf(j), port.RowOf(mine)) <= 0
	})
	return len(before), nil
}

func (s *store) PutProgress(_ context.Context, p job.Progress) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Attempt >= s.progress[p.JobID].Attempt {
		s.progress[p.JobID] = p
	}
	return nil
}

func (s *store) Progress(_ context.Context, jobID string) (job.Progress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.progress[jobID], nil
}
