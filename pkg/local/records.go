package local

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gas/pkg/port"
)

// expiredAtOnce is how many expired records a Create clears away on its way.
const expiredAtOnce = 4

// records is port.Records on the database.
type records struct{ *database }

const recordColumns = "SELECT kind, id, owner, created, expires, version, value FROM records "

// recordRow is a row of recordColumns.
type recordRow struct {
	port.Record
	created int64
	expires sql.NullInt64
}

func (r *recordRow) into() []any {
	return []any{&r.Kind, &r.ID, &r.Owner, &r.created, &r.expires, &r.Version, &r.Value}
}

func (r *recordRow) record() port.Record {
	found := r.Record
	found.Created, found.Expires = moment(r.created), maybe(r.expires)
	return found
}

// liveRecord reads a record that has not expired.
func liveRecord(ctx context.Context, from *statements, now time.Time, kind, id string) (port.Record, error) {
	var row recordRow
	err := from.row(ctx, row.into(), recordColumns+"WHERE kind = ? AND id = ? AND (expires IS NULL OR expires > ?)", kind, id, now.UnixNano())
	if err != nil {
		return port.Record{}, fmt.Errorf("read %s: %w", kind, err)
	}
	return row.record(), nil
}

func (s *records) Create(ctx context.Context, r port.Record) error {
	return s.write(ctx, func(tx *transaction) error {
		now := s.now().UnixNano()
		if _, err := tx.exec(ctx, "DELETE FROM records WHERE kind = ? AND id = ? AND expires <= ?", r.Kind, r.ID, now); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "DELETE FROM records WHERE rowid IN (SELECT rowid FROM records WHERE expires <= ? LIMIT ?)", now, expiredAtOnce)
		if err != nil {
			return err
		}
		added, err := addRecord(ctx, tx, r)
		if err == nil && added == 0 {
			err = port.ErrExists
		}
		if err != nil {
			return fmt.Errorf("create %s: %w", r.Kind, err)
		}
		return nil
	})
}

// addRecord inserts a record and tells how many it were: none where the kind and id are taken.
func addRecord(ctx context.Context, tx *transaction, r port.Record) (int64, error) {
	return tx.exec(ctx, "INSERT INTO records (kind, id, owner, created, expires, version, value) VALUES (?, ?, ?, ?, ?, 1, ?) ON CONFLICT DO NOTHING",
		r.Kind, r.ID, r.Owner, r.Created.UnixNano(), nanos(r.Expires), r.Value)
}

func (s *records) Get(ctx context.Context, kind, id string) (port.Record, error) {
	return liveRecord(ctx, s.read, s.now(), kind, id)
}

func (s *records) Update(ctx context.Context, kind, id string, fn func(*port.Record) error) (updated port.Record, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		r, err := liveRecord(ctx, tx.statements, s.now(), kind, id)
		if err != nil {
			return err
		}
		version := r.Version
		if err := fn(&r); err != nil {
			return err
		}
		r.Kind, r.ID, r.Version = kind, id, version+1
		updated = r
		_, err = tx.exec(ctx, "UPDATE records SET owner = ?, created = ?, expires = ?, version = ?, value = ? WHERE kind = ? AND id = ?",
			r.Owner, r.Created.UnixNano(), nanos(r.Expires), r.Version, r.Value, kind, id)
		return err
	})
	return updated, err
}

func (s *records) Take(ctx context.Context, kind, id string) (taken port.Record, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		if taken, err = liveRecord(ctx, tx.statements, s.now(), kind, id); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "DELETE FROM records WHERE kind = ? AND id = ?", kind, id)
		return err
	})
	return taken, err
}

func (s *records) Delete(ctx context.Context, kind, id string) error {
	return s.write(ctx, func(tx *transaction) error {
		_, err := tx.exec(ctx, "DELETE FROM records WHERE kind = ? AND id = ?", kind, id)
		return err
	})
}

func (s *records) Of(ctx context.Context, kind, owner string, limit int) (list []port.Record, err error) {
	query, args := recordColumns+"WHERE kind = ?", []any{kind}
	if owner != "" {
		query, args = query+" AND owner = ?", append(args, owner)
	}
	query += " AND (expires IS NULL OR expires > ?) ORDER BY created DESC, id LIMIT ?"
	var row recordRow
	keep := func() error {
		list = append(list, row.record())
		row.Value = nil
		return nil
	}
	if err := s.read.each(ctx, row.into(), keep, query, append(args, s.now().UnixNano(), limit)...); err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	return list, nil
}
