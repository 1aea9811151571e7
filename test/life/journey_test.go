package life

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/user"
)

func TestAResultGoesColdComesBackAndGoesColdAgain(t *testing.T) {
	for name := range backends {
		t.Run(name, func(t *testing.T) {
			h, ctx := newHouse(t, name), t.Context()
			f := h.As("web").Flow()
			j, err := h.upload(ctx, "up1", "some")
			require.NoError(t, err)
			j = h.calm(t, j.ID, job.State(job.Hot))
			h.verify(t, j, "some")
			require.NoError(t, f.Readable(j, h.user(t), h.clock.time()))

			h.clock.pass(window)
			require.True(t, fault.Is(f.Readable(j, h.user(t), h.clock.time()), fault.Expired), "at the very end of the window")
			j = h.calm(t, j.ID, job.State(job.Archived))
			h.sound(t)
			require.Empty(t, h.keys(t, j.ID, flow.ResultName), "the hot copy is gone")

			require.NoError(t, h.plan(ctx, user.Premium))
			require.NoError(t, h.work(ctx))
			j = h.job(t, j.ID)
			require.Equal(t, job.Thawing, j.Storage)
			require.Equal(t, "Expedited", j.Retrieval.Tier)
			require.True(t, fault.Is(f.Readable(j, h.user(t), h.clock.time()), fault.Thawing))
			h.clock.pass(6 * time.Second)
			require.NoError(t, h.work(ctx))
			j = h.job(t, j.ID)
			require.Equal(t, job.Hot, j.Storage)
			h.verify(t, j, "some")
			h.sound(t)

			h.clock.pass(time.Hour)
			require.NoError(t, h.plan(ctx, user.Free))
			require.NoError(t, h.work(ctx))
			require.Equal(t, h.clock.time().Add(window), f.FreeUntil(h.job(t, j.ID), h.user(t)), "a fresh window")
			h.clock.pass(window)
			j = h.calm(t, j.ID, job.State(job.Archived))
			require.Equal(t, 4, j.Gen)
			h.sound(t)

			kinds := map[string]int{}
			notices, err := h.Store.Notices(ctx, j.ID)
			require.NoError(t, err)
			for _, n := range notices {
				kinds[n.Kind]++
				require.Equal(t, job.NoticeSent, n.State)
			}
			require.Equal(t, 1, kinds["ready"])
			require.Equal(t, 1, kinds["restored"])
			lines, err := h.Records.Of(ctx, job.MailKind, "", 10)
			require.NoError(t, err)
			require.Len(t, lines, len(notices), "the log of mails has a line for each")
		})
	}
}

func TestBadInputFailsAtOnceWithItsLine(t *testing.T) {
	h := newHouse(t, "memory")
	j, err := h.upload(t.Context(), "up1", "bad file")
	require.NoError(t, err)
	require.NoError(t, h.work(t.Context()))
	j = h.job(t, j.ID)
	require.Equal(t, job.Failed, j.Status)
	require.Equal(t, &job.Failure{Code: "bad_input", Line: 3, Text: "This is not a VCF."}, j.Error)
	require.Equal(t, 1, j.Attempt)
	h.sound(t)
}

func TestASecondPostToTheFormChangesNoJob(t *testing.T) {
	h, ctx := newHouse(t, "memory"), t.Context()
	j, err := h.upload(ctx, "up1", "some")
	require.NoError(t, err)
	require.NoError(t, h.Inputs.Delete(ctx, j.Input.Key))
	_, err = h.upload(ctx, "up1", "other")
	require.NoError(t, err)
	require.NoError(t, h.work(ctx))
	require.Equal(t, string(fault.InputChanged), h.job(t, j.ID).Error.Code)
}

func TestTheSameUploadIsOneJobAndTheQuotaHolds(t *testing.T) {
	h, ctx := newHouse(t, "memory"), t.Context()
	one, err := h.upload(ctx, "up1", "some")
	require.NoError(t, err)
	two, err := h.upload(ctx, "up1", "some")
	require.NoError(t, err)
	require.Equal(t, one.ID, two.ID)
	for i := range 9 {
		_, err := h.upload(ctx, "more"+string(rune('a'+i)), "some")
		require.NoError(t, err)
	}
	_, err = h.upload(ctx, "one too many", "some")
	require.True(t, fault.Is(err, fault.Quota), "%v", err)
}

func TestADeletedJobLeavesNoObject(t *testing.T) {
	for name := range backends {
		t.Run(name, func(t *testing.T) {
			h, ctx := newHouse(t, name), t.Context()
			j, err := h.upload(ctx, "up1", "some")
			require.NoError(t, err)
			h.calm(t, j.ID, job.State(job.Hot))
			h.clock.pass(window)
			h.calm(t, j.ID, job.State(job.Archived))
			require.NoError(t, h.As("web").Flow().Delete(ctx, owner, j.ID))
			require.NoError(t, h.As("keeper").Flow().Sweep(ctx))
			require.Empty(t, h.keys(t, j.ID, ""))
			inputs, _, err := h.Inputs.List(ctx, "", "", 10)
			require.NoError(t, err)
			require.Empty(t, inputs)
			items, _, _, err := h.Vault.List(ctx, "", 10)
			require.NoError(t, err)
			require.Empty(t, items)
			require.Empty(t, h.job(t, j.ID).Name)
			h.sound(t)
		})
	}
}

func (h *house) user(t testing.TB) user.User {
	u, err := h.Store.User(t.Context(), owner)
	require.NoError(t, err)
	return u
}

func (h *house) job(t testing.TB, id string) job.Job {
	j, err := h.Store.Job(t.Context(), id)
	require.NoError(t, err)
	return j
}

// keys lists the objects of a job's result whose name ends so.
func (h *house) keys(t testing.TB, jobID, suffix string) []string {
	items, _, err := h.Results.List(t.Context(), "results/1/"+jobID+"/", "", 100)
	require.NoError(t, err)
	var keys []string
	for _, item := range items {
		if len(item.Key) >= len(suffix) && item.Key[len(item.Key)-len(suffix):] == suffix {
			keys = append(keys, item.Key)
		}
	}
	return keys
}
