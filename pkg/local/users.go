package local

import (
	"context"
	"fmt"
	"time"

	"gas/pkg/port"
	"gas/pkg/user"
)

func (s *store) CreateUser(ctx context.Context, u user.User) error {
	u.Version = 1
	data, err := encode(u)
	if err != nil {
		return err
	}
	return s.write(ctx, func(tx *transaction) error {
		added, err := tx.exec(ctx, "INSERT INTO users (id, due, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", u.ID, nanos(u.FanOut.Due), data)
		if err == nil && added == 0 {
			err = port.ErrExists
		}
		if err != nil {
			return fmt.Errorf("insert user %s: %w", u.ID, err)
		}
		return nil
	})
}

func (s *store) UpdateUser(ctx context.Context, userID string, fn func(*port.Change) error) (updated user.User, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		c := &port.Change{Now: s.now()}
		before, err := readOwner(ctx, tx, c, userID)
		if err != nil {
			return err
		}
		if before == nil {
			return fmt.Errorf("read user %s: %w", userID, port.ErrNotFound)
		}
		if err := fn(c); err != nil {
			return err
		}
		if err := finish(ctx, tx, c, before); err != nil {
			return err
		}
		updated = *c.User
		return nil
	})
	return updated, err
}

func (s *store) User(ctx context.Context, userID string) (user.User, error) {
	found, err := one[user.User](ctx, s.read, "SELECT data FROM users WHERE id = ?", userID)
	if err != nil {
		return found, fmt.Errorf("read user %s: %w", userID, err)
	}
	return found, nil
}

func (s *store) EveryUser(ctx context.Context, cursor string, limit int) ([]user.User, string, error) {
	list, err := many[user.User](ctx, s.read, "SELECT data FROM users WHERE id > ? ORDER BY id LIMIT ?", cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list every user: %w", err)
	}
	return list, next(list, limit, func(last user.User) string { return last.ID }), nil
}

func (s *store) WaitingUsers(ctx context.Context, now time.Time, limit int) ([]user.User, error) {
	list, err := many[user.User](ctx, s.read, "SELECT data FROM users WHERE due IS NOT NULL AND due <= ? ORDER BY due, id LIMIT ?", now.UnixNano(), limit)
	if err != nil {
		return nil, fmt.Errorf("list waiting users: %w", err)
	}
	return list, nil
}
