package porttest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
)

// Jobs checks the lists of a user's jobs.
func Jobs(t *testing.T, fresh Harness) {
	each(t, fresh, func(w World) bool { return w.Store != nil }, []check{
		{"a list has the newest submission first, then the highest id, with the exact total", newestFirst},
		{"cursors walk through every job once", cursors},
		{"a page has a number", offsets},
		{"tombstones and others' jobs are left out", leftOut},
		{"a search finds a part of the name and the start of the id, in any case", searches},
		{"states narrow a list and its total", narrowed},
		{"a list is sorted by name, status and size, both ways", sorted},
		{"the total follows each change of state", totals},
		{"a cursor or an order that does not exist is refused", refused},
		{"an intent that was not submitted counts by its creation", intents},
	})
}

// fill makes ten jobs of u_a, two of them submitted at each second.
func fill(t *testing.T, w World) (newest []string) {
	t.Helper()
	addUser(t, w, "u_a")
	at := now(t, w)
	for i := range 10 {
		id := fmt.Sprintf("0190-%02d", i)
		addJob(t, w, "u_a", id, at.Add(time.Duration(i/2)*time.Second), func(j *job.Job) {
			j.Name = fmt.Sprintf("Sample_%c%%.vcf", 'J'-rune(i))
			j.Input.Size = int64(100 * (i % 3))
			j.Status = []job.Status{job.Pending, job.Completed}[i%2]
		})
		newest = append(newest, id)
	}
	slices.Reverse(newest)
	return newest
}

// list reads one page's ids.
func list(t *testing.T, w World, q port.JobQuery) (found []string, page port.JobPage) {
	t.Helper()
	page, err := w.Store.JobsOf(t.Context(), "u_a", q)
	require.NoError(t, err)
	for _, j := range page.Jobs {
		found = append(found, j.ID)
	}
	return found, page
}

// walk reads every page's ids.
func walk(t *testing.T, w World, q port.JobQuery) (found []string) {
	t.Helper()
	for {
		ids, page := list(t, w, q)
		found = append(found, ids...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return found
		}
	}
}

func newestFirst(t *testing.T, w World) {
	want := fill(t, w)
	found, page := list(t, w, port.JobQuery{})
	require.Equal(t, want, found)
	require.Equal(t, 10, page.Total)
	require.Empty(t, page.Next)
	found, page = list(t, w, port.JobQuery{Limit: 3})
	require.Equal(t, want[:3], found)
	require.Equal(t, 10, page.Total)
}

func cursors(t *testing.T, w World) {
	want := fill(t, w)
	for _, limit := range []int{1, 3, 5, 10} {
		require.Equal(t, want, walk(t, w, port.JobQuery{Limit: limit}))
	}
	first, page := list(t, w, port.JobQuery{Limit: 4})
	addJob(t, w, "u_a", "0191-00", now(t, w).Add(time.Hour)) // a newer one does not shift the next page
	rest, _ := list(t, w, port.JobQuery{Limit: 100, Cursor: page.Next})
	require.Equal(t, want, append(first, rest...))
}

func offsets(t *testing.T, w World) {
	want := fill(t, w)
	found, _ := list(t, w, port.JobQuery{Limit: 3, Offset: 6})
	require.Equal(t, want[6:9], found)
	found, page := list(t, w, port.JobQuery{Limit: 3, Offset: 99})
	require.Empty(t, found)
	require.Equal(t, 10, page.Total)
}

func leftOut(t *testing.T, w World) {
	want := fill(t, w)
	addUser(t, w, "u_b")
	addJob(t, w, "u_b", "0190-99", now(t, w))
	_, err := w.Store.UpdateJob(t.Context(), want[0], func(c *port.Change) error { c.Job.Status = job.Deleted; return nil })
	require.NoError(t, err)
	for _, q := range []port.JobQuery{{}, {Search: "0190"}} {
		found, page := list(t, w, q)
		require.Equal(t, want[1:], found)
		require.Equal(t, 9, page.Total)
	}
	found, page := list(t, w, port.JobQuery{Status: []job.Status{job.Deleted}})
	require.Empty(t, found)
	require.Zero(t, page.Total)
	tombstone, err := w.Store.Job(t.Context(), want[0])
	require.NoError(t, err)
	require.Equal(t, job.Deleted, tombstone.Status)
}

func searches(t *testing.T, w World) {
	fill(t, w)
	for text, want := range map[string][]string{
		"sAMPLE_j": {"0190-00"}, "_a%.v": {"0190-09"}, "0190-03": {"0190-03"}, "90-03": nil, "%": {"0190-09", "0190-08", "0190-07", "0190-06", "0190-05", "0190-04", "0190-03", "0190-02", "0190-01", "0190-00"},
		"sample__": nil, "'": nil,
	} {
		found, page := list(t, w, port.JobQuery{Search: text})
		require.Equal(t, want, found, text)
		require.Equal(t, len(want), page.Total, text)
	}
	require.Len(t, walk(t, w, port.JobQuery{Search: "sample", Limit: 3}), 10)
}

func narrowed(t *testing.T, w World) {
	want := fill(t, w)
	found, page := list(t, w, port.JobQuery{Status: []job.Status{job.Completed}, Limit: 2})
	require.Equal(t, []string{want[0], want[2]}, found)
	require.Equal(t, 5, page.Total)
	_, page = list(t, w, port.JobQuery{Status: []job.Status{job.Completed, job.Pending}, Limit: 2})
	require.Equal(t, 10, page.Total)
	require.Len(t, walk(t, w, port.JobQuery{Status: []job.Status{job.Completed}, Limit: 2}), 5)
}

func sorted(t *testing.T, w World) {
	newest := fill(t, w)
	for _, by := range []string{"submitted", "name", "status", "size"} {
		one := walk(t, w, port.JobQuery{Sort: by, Limit: 3})
		other := walk(t, w, port.JobQuery{Sort: "-" + by, Limit: 4})
		slices.Reverse(other)
		require.Equal(t, one, other, by)
		require.ElementsMatch(t, newest, one, by)
	}
	byName := walk(t, w, port.JobQuery{Sort: "name"})
	require.Equal(t, newest, byName, "the newest has the first name")
	bySize := walk(t, w, port.JobQuery{Sort: "size"})
	require.Equal(t, []string{"0190-00", "0190-03", "0190-06", "0190-09", "0190-01"}, bySize[:5])
	byStatus := walk(t, w, port.JobQuery{Sort: "status"})
	require.Equal(t, []string{"0190-01", "0190-03"}, byStatus[:2], "COMPLETED comes before PENDING")
}

func totals(t *testing.T, w World) {
	newest := fill(t, w)
	for _, status := range []job.Status{job.Running, job.Completed, job.Deleted} {
		_, err := w.Store.UpdateJob(t.Context(), newest[1], func(c *port.Change) error { c.Job.Status = status; return nil })
		require.NoError(t, err)
		_, page := list(t, w, port.JobQuery{Status: []job.Status{job.Completed}})
		_, all := list(t, w, port.JobQuery{})
		require.Equal(t, map[job.Status][2]int{job.Running: {5, 10}, job.Completed: {6, 10}, job.Deleted: {5, 9}}[status], [2]int{page.Total, all.Total})
	}
}

func refused(t *testing.T, w World) {
	fill(t, w)
	for _, q := range []port.JobQuery{{Cursor: "no cursor"}, {Sort: "colour"}, {Sort: "id; DROP TABLE jobs"}, {Sort: "-"}} {
		_, err := w.Store.JobsOf(t.Context(), "u_a", q)
		require.Equal(t, fault.Usage, fault.KindOf(err), "%+v", q)
	}
}

func intents(t *testing.T, w World) {
	addUser(t, w, "u_a")
	at := now(t, w)
	addJob(t, w, "u_a", "j1", at)
	addJob(t, w, "u_a", "j2", at.Add(time.Minute), func(j *job.Job) { j.Status, j.SubmitTime = job.Uploading, time.Time{} })
	addJob(t, w, "u_a", "j3", at.Add(30*time.Second))
	found, _ := list(t, w, port.JobQuery{})
	require.Equal(t, []string{"j2", "j3", "j1"}, found)
}
