package local

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// statements keeps each query of a connection or a pool prepared: parsing it anew costs more than running it.
type statements struct {
	prepare func(ctx context.Context, query string) (*sql.Stmt, error)
	mu      sync.RWMutex
	byQuery map[string]*sql.Stmt // nil once closed
}

func newStatements(prepare func(context.Context, string) (*sql.Stmt, error)) *statements {
	return &statements{prepare: prepare, byQuery: map[string]*sql.Stmt{}}
}

// of returns the statement of a query. Queries are texts of this package, so their number is small.
func (s *statements) of(query string) (*sql.Stmt, error) {
	s.mu.RLock()
	found := s.byQuery[query]
	s.mu.RUnlock()
	if found != nil {
		return found, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byQuery == nil {
		return nil, errClosed
	}
	if found := s.byQuery[query]; found != nil {
		return found, nil
	}
	made, err := s.prepare(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	s.byQuery[query] = made
	return made, nil
}

// exec runs a query and returns how many rows it changed.
func (s *statements) exec(ctx context.Context, query string, args ...any) (int64, error) {
	statement, err := s.of(query)
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(ctx, args...)
	if err != nil {
		return 0, named(err)
	}
	changed, err := result.RowsAffected()
	return changed, named(err)
}

// row scans the one row of a query; sql.ErrNoRows becomes port.ErrNotFound.
func (s *statements) row(ctx context.Context, into []any, query string, args ...any) error {
	statement, err := s.of(query)
	if err != nil {
		return err
	}
	return named(statement.QueryRowContext(ctx, args...).Scan(into...))
}

// each scans every row of a query and calls do after each.
func (s *statements) each(ctx context.Context, into []any, do func() error, query string, args ...any) error {
	statement, err := s.of(query)
	if err != nil {
		return err
	}
	rows, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return named(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return named(err)
		}
		if err := do(); err != nil {
			return err
		}
	}
	return named(rows.Err())
}

// close closes every statement.
func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, statement := range s.byQuery {
		statement.Close()
	}
	s.byQuery = nil
}
