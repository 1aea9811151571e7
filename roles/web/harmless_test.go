package web

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // reads what the store has written

	"gas/pkg/role"
	"gas/pkg/user"
)

// dump is everything that the database holds, a line for each row.
func dump(t *testing.T, path string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	tables, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	require.NoError(t, err)
	var names []string
	for tables.Next() {
		var name string
		require.NoError(t, tables.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, tables.Err())
	require.Greater(t, len(names), 4)
	var lines []string
	for _, name := range names {
		lines = append(lines, dumpTable(t, db, name)...)
	}
	slices.Sort(lines)
	return lines
}

func dumpTable(t *testing.T, db *sql.DB, name string) (lines []string) {
	rows, err := db.Query(`SELECT * FROM "` + name + `"`)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		require.NoError(t, rows.Scan(values...))
		line := name
		for i, v := range values {
			line += fmt.Sprintf(" %s=%v", columns[i], *v.(*any))
		}
		lines = append(lines, line)
	}
	require.NoError(t, rows.Err())
	return lines
}

// T8: reading changes nothing. The end of a sign-in is the exception that the design names; what is noted of the last use is written at most each
// ten minutes, so that the first look at every page writes it, and the others change nothing at all.
func TestT08NoGETChangesTheDatabase(t *testing.T) {
	data := t.TempDir()
	w := newWorldIn(t, data, func(d *role.Deps) { d.Config.Admins = []string{user.ID(user.Local, "boss")} })
	ada, boss := w.person("ada", user.Premium), w.person("boss", user.Free)
	done := w.complete(ada.submit("a.vcf").ID).ID
	program := w.program(ada.user, ScopeRead, ScopeWrite)
	program.get("/api/v1/me")
	looked := 0
	for _, r := range Routes() {
		if r.Method != http.MethodGet || r.Path == "/auth/callback" {
			continue
		}
		path := strings.NewReplacer(":id", done, ":job", done, ":user", ada.user, ":page", "api", ":file", "gas.css", ":kind", "result", ":key", "1").Replace(r.Path)
		before := dump(t, filepath.Join(data, "gas.db"))
		for range 2 {
			for _, g := range []*browser{ada, boss, program, w.visitor()} {
				g.get(path)
				g.do(http.MethodHead, path, nil)
			}
		}
		require.Equal(t, before, dump(t, filepath.Join(data, "gas.db")), "GET %s writes", path)
		looked++
	}
	require.Greater(t, looked, 40)
}
