package local

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"gas/pkg/fault"
)

// emptyDatabase is what the migrations make of an empty file, zipped: a new data folder begins with a copy, which takes a tenth of the time.
// go test ./pkg/local -update makes it again where a migration was added.
//
//go:embed empty.db.gz
var emptyDatabase []byte

// begin writes the empty database to a path where there is no file. What is there is left alone.
func begin(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 { // SQLite would play it into the empty database
		return fault.New(fault.Unavailable, "The database %s is missing, but the log of its last changes, %[1]s-wal, is there.", path).
			WithHint("Put the database back beside its log, or move the log away to begin anew.")
	}
	z, err := gzip.NewReader(bytes.NewReader(emptyDatabase))
	if err != nil {
		return fmt.Errorf("unpack the empty database: %w", err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		return fmt.Errorf("unpack the empty database: %w", err)
	}
	return writeFile(path, content)
}

// current tells whether a database has the newest version. Where that cannot be said it is left to the migrations.
func current(ctx context.Context, db *sql.DB) bool {
	var have int64
	err := db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&have)
	newest, wrong := newestVersion()
	return err == nil && wrong == nil && have == newest
}

// newestVersion is that of the last migration, by the number that begins its name.
func newestVersion() (int64, error) {
	files, err := fs.ReadDir(migrations, "migrations")
	if err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(files[len(files)-1].Name(), "_")
	return strconv.ParseInt(number, 10, 64)
}
