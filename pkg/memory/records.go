package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gas/pkg/port"
)

// recordKey is what a record is unique by.
type recordKey struct{ kind, id string }

// records is port.Records on a map.
type records struct{ *World }

// live reads a record that has not expired. The lock is held.
func (s *records) live(kind, id string) (port.Record, error) {
	r, is := s.World.records[recordKey{kind, id}]
	if !is || !r.Expires.IsZero() && !r.Expires.After(s.o.Clock()) {
		return port.Record{}, fmt.Errorf("read %s: %w", kind, port.ErrNotFound)
	}
	r.Value = slices.Clone(r.Value)
	return r, nil
}

// keep stores a record. The lock is held.
func (s *records) keep(r port.Record) {
	r.Value = slices.Clone(r.Value)
	s.World.records[recordKey{r.Kind, r.ID}] = r
}

// addRecords creates the records of a change that are not there yet.
func (w *World) addRecords(c *port.Change) {
	all := &records{w}
	for _, r := range c.Records {
		if _, err := all.live(r.Kind, r.ID); err != nil {
			r.Version = 1
			all.keep(r)
		}
	}
}

func (s *records) Create(_ context.Context, r port.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.live(r.Kind, r.ID); err == nil {
		return fmt.Errorf("create %s: %w", r.Kind, port.ErrExists)
	}
	r.Version = 1
	s.keep(r)
	return nil
}

func (s *records) Get(_ context.Context, kind, id string) (port.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live(kind, id)
}

func (s *records) Update(ctx context.Context, kind, id string, fn func(*port.Record) error) (port.Record, error) {
	for range rounds {
		r, err := s.Get(ctx, kind, id)
		if err != nil {
			return r, err
		}
		version := r.Version
		if err := fn(&r); err != nil {
			return port.Record{}, err
		}
		s.between(ctx)
		r.Kind, r.ID, r.Version = kind, id, version+1
		s.mu.Lock()
		now, err := s.live(kind, id)
		fits := err == nil && now.Version == version
		if fits {
			s.keep(r)
		}
		s.mu.Unlock()
		if fits {
			return r, nil
		}
	}
	return port.Record{}, port.ErrConflict
}

func (s *records) Take(_ context.Context, kind, id string) (port.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.live(kind, id)
	delete(s.World.records, recordKey{kind, id})
	return r, err
}

func (s *records) Delete(_ context.Context, kind, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.World.records, recordKey{kind, id})
	return nil
}

func (s *records) Of(_ context.Context, kind, owner string, limit int) (list []port.Record, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.World.records {
		r, err := s.live(key.kind, key.id)
		if err == nil && key.kind == kind && (owner == "" || r.Owner == owner) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b port.Record) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID)) })
	return list[:min(limit, len(list))], nil
}
