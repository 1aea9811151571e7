package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gas/pkg/port"
	"gas/pkg/user"
)

func (s *store) CreateUser(_ context.Context, u user.User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, is := s.users[u.ID]; is {
		return fmt.Errorf("insert user %s: %w", u.ID, port.ErrExists)
	}
	u.Version = 1
	s.users[u.ID] = u
	return nil
}

func (s *store) UpdateUser(ctx context.Context, userID string, fn func(*port.Change) error) (written user.User, err error) {
	for range rounds {
		if err := ctx.Err(); err != nil {
			return written, err
		}
		c := &port.Change{Now: s.o.Clock()}
		s.mu.Lock()
		old := s.ownerOf(c, userID)
		s.mu.Unlock()
		if old == nil {
			return written, fmt.Errorf("read user %s: %w", userID, port.ErrNotFound)
		}
		if err := fn(c); err != nil {
			return written, err
		}
		s.between(ctx)
		fits := false
		err := s.locked(func() (err error) {
			fits, err = s.writeRest(c, old, userID)
			return err
		})
		if err != nil {
			return written, err
		}
		if fits {
			return *c.User, nil
		}
	}
	return written, port.ErrConflict
}

func (s *store) User(_ context.Context, userID string) (user.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, is := s.users[userID]
	if !is {
		return found, fmt.Errorf("read user %s: %w", userID, port.ErrNotFound)
	}
	return found, nil
}

// everyUser copies all users in the order of their ids.
func (s *store) everyUser() (list []user.User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		list = append(list, s.users[id])
	}
	return list
}

func (s *store) EveryUser(_ context.Context, cursor string, limit int) ([]user.User, string, error) {
	return pageOf(s.everyUser(), cursor, limit, func(u user.User) string { return u.ID })
}

func (s *store) WaitingUsers(_ context.Context, now time.Time, limit int) ([]user.User, error) {
	list := slices.DeleteFunc(s.everyUser(), func(u user.User) bool { return u.FanOut.Due.IsZero() || u.FanOut.Due.After(now) })
	slices.SortStableFunc(list, func(a, b user.User) int { return a.FanOut.Due.Compare(b.FanOut.Due) })
	return list[:min(limit, len(list))], nil
}
