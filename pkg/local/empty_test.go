package local

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the empty database again")

// migrated is a closed database that the migrations alone have made.
func migrated(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gas.db")
	db, err := sql.Open("sqlite", source(path))
	require.NoError(t, err)
	require.NoError(t, migrate(t.Context(), db))
	require.NoError(t, db.Close())
	return path
}

// told is everything that a database says of itself, and its rows.
func told(t *testing.T, path string) (said []string) {
	t.Helper()
	db, err := sql.Open("sqlite", source(path))
	require.NoError(t, err)
	defer db.Close()
	for _, query := range []string{
		"SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY rowid",
		"SELECT 'version ' || version_id || ' ' || is_applied FROM goose_db_version ORDER BY id",
		"PRAGMA page_size", "PRAGMA encoding", "PRAGMA auto_vacuum", "PRAGMA user_version", "PRAGMA application_id", "PRAGMA journal_mode", "PRAGMA integrity_check",
	} {
		said = append(said, texts(t, db, query)...)
	}
	for _, table := range texts(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
		said = append(said, fmt.Sprint(table, texts(t, db, "SELECT count(*) FROM "+table)))
	}
	return said
}

func texts(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err, query)
	defer rows.Close()
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		all = append(all, text)
	}
	require.NoError(t, rows.Err())
	return all
}

// A new data folder begins with a copy of what the migrations make, so that copy must be what they make.
func TestTheEmptyDatabaseIsThatOfTheMigrations(t *testing.T) {
	made := migrated(t)
	if *update {
		content, err := os.ReadFile(made)
		require.NoError(t, err)
		var zipped bytes.Buffer
		z, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
		require.NoError(t, err)
		_, err = z.Write(content)
		require.NoError(t, err)
		require.NoError(t, z.Close())
		require.NoError(t, os.WriteFile("empty.db.gz", zipped.Bytes(), 0o644))
		emptyDatabase = zipped.Bytes()
	}
	copied := filepath.Join(t.TempDir(), "gas.db")
	require.NoError(t, begin(copied))
	require.Equal(t, told(t, made), told(t, copied), "run go test ./pkg/local -run TestTheEmptyDatabase -update")
}

func TestADatabaseThatIsNotCurrentIsMigrated(t *testing.T) {
	const table = "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));"
	for name, before := range map[string]string{"nothing is there": "", "only its version is": table + "INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "gas.db")
			db, err := sql.Open("sqlite", source(path))
			require.NoError(t, err)
			defer db.Close()
			_, err = db.ExecContext(t.Context(), before)
			require.NoError(t, err)
			require.False(t, current(t.Context(), db))
			require.NoError(t, migrate(t.Context(), db))
			require.True(t, current(t.Context(), db))
		})
	}
}

func TestADatabaseThatIsThereIsLeftAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gas.db")
	require.NoError(t, os.WriteFile(path, []byte("other"), 0o600))
	require.NoError(t, begin(path))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "other", string(content))
}

func TestALogWithoutItsDatabaseIsLeftAloneToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gas.db")
	require.NoError(t, os.WriteFile(path+"-wal", []byte("changes"), 0o600))
	require.ErrorContains(t, begin(path), "is missing")
	require.NoFileExists(t, path)
	require.FileExists(t, path+"-wal")
	require.NoError(t, os.Truncate(path+"-wal", 0))
	require.NoError(t, begin(path))
}
