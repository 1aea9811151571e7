package local

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The lists that people look at must not read the table row by row, whatever the number of jobs.
func TestListsAndQueuesRunOnTheirIndexes(t *testing.T) {
	l := open(t, Options{})
	for query, index := range map[string]string{
		"SELECT rowid FROM jobs WHERE user_id = 'u' AND status <> 'DELETED' ORDER BY submitted DESC, id DESC LIMIT 20": "COVERING INDEX jobs_by_user",
		"SELECT data FROM jobs WHERE due IS NOT NULL AND due <= 5 AND (due, id) > (1, 'a') ORDER BY due, id LIMIT 5":   "INDEX jobs_waiting",
		"SELECT due FROM queue WHERE topic = 'a' ORDER BY due LIMIT 1":                                                 "COVERING INDEX queue_due",
		"SELECT min(user_id) FROM queue WHERE topic = 'a' AND user_id > 'u'":                                           "COVERING INDEX queue_",
		"SELECT count(*) FROM queue WHERE topic = 'a' AND user_id = 'u' AND due > 5 AND receipt <> ''":                 "INDEX queue_out",
		"SELECT data FROM jobs WHERE user_id = 'u' AND upload_id = 'a'":                                                "INDEX jobs_by_upload",
	} {
		t.Run(query, func(t *testing.T) {
			var id, parent, unused int
			var detail string
			var plan []string
			keep := func() error { plan = append(plan, detail); return nil }
			require.NoError(t, l.db.read.each(t.Context(), []any{&id, &parent, &unused, &detail}, keep, "EXPLAIN QUERY PLAN "+query))
			all := strings.Join(plan, "; ")
			require.Contains(t, all, index)
			require.NotContains(t, all, "TEMP B-TREE")
		})
	}
}
