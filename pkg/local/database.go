package local

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite" // registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"gas/pkg/port"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	readers = 4
	// busyWait is how long SQLite itself waits for a lock. Our own writers queue at a file lock before, so only a checkpoint makes anyone wait here.
	busyWait = 10 * time.Second
)

// database is the one SQLite file: a pool that reads and a writer that groups transactions.
type database struct {
	path   string
	pool   *sql.DB
	read   *statements
	writer *writer
	now    port.Clock
}

// openDatabase opens and migrates the file. The caller holds the lock of opening, so that one process migrates at a time.
func openDatabase(ctx context.Context, path string, lock *fileLock, now port.Clock) (*database, error) {
	if err := begin(path); err != nil {
		return nil, err
	}
	// secure_delete: what was deleted is overwritten in the pages that are written anyway, so that no name outlives its account in the file.
	writing, err := sql.Open("sqlite", source(path, "synchronous(FULL)", "wal_autocheckpoint(4000)", "secure_delete(FAST)"))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	writing.SetMaxOpenConns(1)
	if err := migrate(ctx, writing); err != nil {
		writing.Close()
		return nil, fmt.Errorf("migrate %s: %w", path, err)
	}
	pool, err := sql.Open("sqlite", source(path, "query_only(1)"))
	if err != nil {
		writing.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	pool.SetMaxOpenConns(readers)
	pool.SetMaxIdleConns(readers)
	w, err := newWriter(ctx, writing, lock)
	if err != nil {
		return nil, errors.Join(err, pool.Close(), writing.Close())
	}
	return &database{path: path, pool: pool, read: newStatements(pool.PrepareContext), writer: w, now: now}, nil
}

// makePrivate creates the file readable by its owner alone; SQLite gives its companions the same mode. A file that is there is not
// opened: closing it would drop the locks that SQLite holds on it in this process.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return file.Close()
}

// source is the data source name of the file with pragmas beside those that each connection has.
func source(path string, pragmas ...string) string {
	query := url.Values{}
	common := []string{fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()), "journal_mode(WAL)", "temp_store(MEMORY)"}
	for _, pragma := range append(common, pragmas...) {
		query.Add("_pragma", pragma)
	}
	at := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}
	return at.String()
}

// copyTo writes the database as of now into a new file. It reads on a connection of its own: those of the pool may write nowhere.
func (db *database) copyTo(ctx context.Context, path string) error {
	reading, err := sql.Open("sqlite", source(db.path))
	if err != nil {
		return fmt.Errorf("open %s: %w", db.path, err)
	}
	if _, err := reading.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return errors.Join(fmt.Errorf("copy database: %w", named(err)), reading.Close())
	}
	return reading.Close()
}

// migrate brings the tables to the newest version.
func migrate(ctx context.Context, db *sql.DB) error {
	if current(ctx, db) {
		return nil
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// write runs do inside the next group of transactions and returns when its commit is on the disk. An error of do undoes what do wrote, nothing else.
func (db *database) write(ctx context.Context, do func(*transaction) error) error {
	return db.writer.write(ctx, do)
}

// close ends the writer, then the pool.
func (db *database) close() error {
	err := db.writer.close()
	db.read.close()
	return errors.Join(err, db.pool.Close())
}

// named turns the errors of SQLite that a program must tell apart into those of port: nothing there, cannot be reached.
func named(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return port.ErrNotFound
	}
	var of *sqlite.Error
	if errors.As(err, &of) {
		switch of.Code() & 0xff { // the primary code is in the low byte
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
			return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
		case sqlite3.SQLITE_INTERRUPT: // of a read alone, by its context
			return fmt.Errorf("%w: %w", context.Canceled, err)
		}
	}
	return err
}

// nanos is a time as a column: Unix nanoseconds, NULL for the zero time.
func nanos(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

// moment is a column as a time.
func moment(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

// maybe is a nullable column as a time.
func maybe(nanos sql.NullInt64) time.Time {
	if !nanos.Valid {
		return time.Time{}
	}
	return moment(nanos.Int64)
}

// encode writes a record as JSON. Our records always encode; an error is a bug and is returned all the same.
func encode(record any) ([]byte, error) {
	data, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return data, nil
}

// decode reads a record from JSON.
func decode[T any](data []byte) (record T, err error) {
	if err := json.Unmarshal(data, &record); err != nil {
		return record, fmt.Errorf("decode record: %w", err)
	}
	return record, nil
}

// decoded returns an appender to list for statements.each: it decodes what was scanned into data.
func decoded[T any](list *[]T, data *[]byte) func() error {
	return func() error {
		record, err := decode[T](*data)
		if err == nil {
			*list = append(*list, record)
		}
		return err
	}
}
