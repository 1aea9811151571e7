package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// noticeKey is what a notice is unique by.
type noticeKey struct {
	job, kind string
	attempt   int
}

func keyOf(n job.Notice) noticeKey { return noticeKey{n.JobID, n.Kind, n.Attempt} }

// sendAll puts the messages of a change into the outbox.
func (w *World) sendAll(c *port.Change) {
	for _, m := range c.Send {
		if !slices.ContainsFunc(w.outbox, func(waiting job.Message) bool { return waiting.ID == m.ID }) {
			m.Body = slices.Clone(m.Body)
			w.outbox = append(w.outbox, m)
		}
	}
}

// addEvents appends the events of a change to the time line of its job, or of its user where there is no job.
func (w *World) addEvents(c *port.Change) {
	for _, e := range c.Events {
		e = c.Placed(e)
		line := w.events[e.JobID]
		if e.Seq == 0 {
			e.Seq = 1
			if len(line) > 0 {
				e.Seq = line[len(line)-1].Seq + 1
			}
		}
		w.events[e.JobID] = append(line, e)
	}
}

// addNotices adds the notices of a change that are not there yet.
func (w *World) addNotices(c *port.Change) {
	for _, n := range c.Notices {
		if _, is := w.notices[keyOf(n)]; is {
			continue
		}
		if n.At.IsZero() {
			n.At = c.Now
		}
		n.Version = 1
		w.notices[keyOf(n)] = n
	}
}

func (s *store) Unsent(_ context.Context, role string, limit int) (list []job.Message, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.outbox {
		if len(list) < limit && (role == "" || m.Role == role) {
			list = append(list, m)
		}
	}
	return list, nil
}

func (s *store) MarkSent(_ context.Context, ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outbox = slices.DeleteFunc(s.outbox, func(m job.Message) bool { return slices.Contains(ids, m.ID) })
	return nil
}

func (s *store) Events(_ context.Context, jobID string) ([]job.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events[jobID]), nil
}

// noticesWhere copies the notices that a condition holds for, by job, kind and attempt.
func (s *store) noticesWhere(holds func(job.Notice) bool) (list []job.Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.notices {
		if holds(n) {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b job.Notice) int {
		return cmp.Or(cmp.Compare(a.JobID, b.JobID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Attempt, b.Attempt))
	})
	return list
}

func (s *store) Notices(_ context.Context, jobID string) ([]job.Notice, error) {
	return s.noticesWhere(func(n job.Notice) bool { return n.JobID == jobID }), nil
}

func (s *store) WaitingNotices(_ context.Context, now time.Time, limit int) ([]job.Notice, error) {
	list := s.noticesWhere(func(n job.Notice) bool {
		return (n.State == job.NoticePending || n.State == job.NoticeSending) && !n.Due.After(now)
	})
	slices.SortStableFunc(list, func(a, b job.Notice) int { return a.Due.Compare(b.Due) })
	return list[:min(limit, len(list))], nil
}

func (s *store) UpdateNotice(ctx context.Context, jobID, kind string, attempt int, fn func(*job.Notice) error) (written job.Notice, err error) {
	key := noticeKey{jobID, kind, attempt}
	for range rounds {
		s.mu.Lock()
		old, is := s.notices[key]
		s.mu.Unlock()
		if !is {
			return written, fmt.Errorf("read notice %s of %s: %w", kind, jobID, port.ErrNotFound)
		}
		written = old
		if err := fn(&written); err != nil {
			return written, err
		}
		s.between(ctx)
		s.mu.Lock()
		fits := s.notices[key].Version == old.Version
		if fits {
			written.JobID, written.Kind, written.Attempt, written.Version = jobID, kind, attempt, old.Version+1
			s.notices[key] = written
		}
		s.mu.Unlock()
		if fits {
			return written, nil
		}
	}
	return written, port.ErrConflict
}
