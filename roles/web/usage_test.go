package web

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// countingStore counts how often lists of jobs are read.
type countingStore struct {
	port.Store
	lists *int
}

func (s countingStore) JobsOf(ctx context.Context, userID string, q port.JobQuery) (port.JobPage, error) {
	*s.lists++
	return s.Store.JobsOf(ctx, userID, q)
}

func TestUsageIsCountedAnewAfterEachStepOfItsOwnerAndElseForAWhileNot(t *testing.T) {
	lists := 0
	w := newWorld(t, func(d *role.Deps) { d.Store = countingStore{d.Store, &lists} })
	w.clock.stopped = time.Date(2026, 3, 31, 23, 59, 50, 0, time.UTC)
	ada, eve := w.person("ada", user.Premium), w.person("eve", user.Premium)
	type counts struct {
		Jobs struct {
			Total   int `json:"total"`
			Pending int `json:"pending"`
			Month   int `json:"this_month"`
		} `json:"jobs"`
		Bytes struct{ Inputs, Results, Archived int64 } `json:"bytes"`
	}
	usage := func(b *browser) (got counts, read int) {
		before := lists
		a := b.get("/api/v1/usage")
		require.Equal(t, http.StatusOK, a.status, a.body)
		a.json(t, &got)
		return got, lists - before
	}
	first := ada.submit("a.vcf")
	got, read := usage(ada)
	require.Equal(t, 1, read)
	require.Equal(t, 1, got.Jobs.Pending)
	got, read = usage(ada)
	require.Zero(t, read, "nothing has changed")
	require.Equal(t, 1, got.Jobs.Total)
	_, read = usage(eve)
	require.Equal(t, 1, read, "each user has a count of his own")

	done := w.complete(first.ID)
	got, _ = usage(ada)
	require.Equal(t, done.Result.Size, got.Bytes.Results)
	require.Zero(t, got.Jobs.Pending)
	second := ada.submit("b.vcf")
	got, _ = usage(ada)
	require.Equal(t, 2, got.Jobs.Total)
	w.complete(second.ID)
	got, _ = usage(ada)
	require.Equal(t, 2*done.Result.Size, got.Bytes.Results)
	require.Equal(t, http.StatusNoContent, ada.do(http.MethodDelete, "/api/v1/jobs/"+second.ID, nil).status)
	got, _ = usage(ada)
	require.Equal(t, 1, got.Jobs.Total, "a deletion is seen at once")
	require.Equal(t, 1, got.Jobs.Month)

	_, err := w.deps.Store.UpdateJob(t.Context(), first.ID, func(c *port.Change) error { c.Job.Storage = job.Archived; return nil })
	require.NoError(t, err)
	w.clock.stopped = w.clock.stopped.Add(usageLasts)
	got, _ = usage(ada)
	require.Zero(t, got.Jobs.Month, "another month began")
	require.Equal(t, done.Result.Size, got.Bytes.Archived)
	_, err = w.deps.Store.UpdateJob(t.Context(), first.ID, func(c *port.Change) error { c.Job.Storage = job.Hot; return nil })
	require.NoError(t, err)
	w.clock.stopped = w.clock.stopped.Add(usageLasts + time.Second)
	got, _ = usage(ada)
	require.Zero(t, got.Bytes.Archived, "what the other roles did is seen after a while")
}
