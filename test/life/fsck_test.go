package life

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/memory"
	"gas/pkg/port"
	"gas/pkg/user"
)

// damage is one planted damage: what is broken, what fsck has to call it, and whether a repair leaves nothing to find.
type damage struct {
	name      string
	plant     func(t *testing.T, h *house, j job.Job)
	cold      bool // the result is archived before
	invariant string
	damage    string
	mended    bool
}

var damages = []damage{
	{name: "hot missing", invariant: "S2", damage: "hot copy missing", plant: func(t *testing.T, h *house, j job.Job) { h.alter(t, "results", j.Result.Key, nil) }},
	{name: "hot missing, but a cold copy is left", invariant: "S2", damage: "hot copy missing", mended: true, plant: func(t *testing.T, h *house, j job.Job) {
		_, err := h.Vault.Store(t.Context(), port.VaultItem{Key: "archive/1/j1/1", JobID: j.ID, Gen: 1, SHA256: j.Result.SHA256, Size: j.Result.Size}, strings.NewReader(string(annotated("some"))))
		require.NoError(t, err)
		h.alter(t, "results", j.Result.Key, nil)
	}},
	{name: "archive missing", cold: true, invariant: "S2", damage: "archive missing", plant: func(t *testing.T, h *house, j job.Job) {
		require.NoError(t, h.Vault.Delete(t.Context(), j.Archive.Ref))
	}},
	{name: "flipped bit", invariant: "S2", damage: "hot copy bent", plant: func(t *testing.T, h *house, j job.Job) {
		h.alter(t, "results", j.Result.Key, func(b []byte) []byte { b[3] ^= 1; return b })
	}},
	{name: "truncated", invariant: "S2", damage: "hot copy truncated", plant: func(t *testing.T, h *house, j job.Job) {
		h.alter(t, "results", j.Result.Key, func(b []byte) []byte { return b[:len(b)-2] })
	}},
	{name: "orphan", invariant: "L6", damage: "orphan", mended: true, plant: func(t *testing.T, h *house, j job.Job) {
		_, err := h.Results.Put(t.Context(), flow.ResultKey(1, j.ID, flow.Fence{Gen: 0, Attempt: 1}, "x"), strings.NewReader("x"), port.Put{Size: -1})
		require.NoError(t, err)
	}},
	{name: "wrong gen", invariant: "S4", damage: "wrong gen", mended: true, plant: func(t *testing.T, h *house, j job.Job) {
		h.edit(t, func(c *port.Change) { c.Job.Gen = 0 })
	}},
	{name: "stuck state", invariant: "L5", damage: "stuck", plant: func(t *testing.T, h *house, j job.Job) {
		h.edit(t, func(c *port.Change) { c.Job.Storage, c.Job.Gen, c.Job.Due = job.Archiving, c.Job.Gen+1, time.Time{} })
	}, mended: true},
	{name: "unsent outbox", invariant: "L5", damage: "unsent outbox", mended: true, plant: func(t *testing.T, h *house, j job.Job) {
		if h.world == nil {
			t.Skip("the data folder sends in the transaction itself: it has no outbox")
		}
		h.edit(t, func(c *port.Change) { c.Send = []job.Message{job.Hint("m", job.Results, *c.Job)} })
	}},
	{name: "double notice", invariant: "S8", damage: "double notice", plant: func(t *testing.T, h *house, j job.Job) {
		h.edit(t, func(c *port.Change) {
			c.Notices = []job.Notice{{JobID: j.ID, UserID: owner, Kind: job.NoticeReady, Attempt: 2, State: job.NoticeSent}}
		})
	}},
	{name: "expired lease", invariant: "L1", damage: "expired lease", plant: func(t *testing.T, h *house, j job.Job) {
		h.edit(t, func(c *port.Change) {
			c.Job.Status, c.Job.Storage, c.Job.LeaseUntil = job.Running, job.None, c.Now.Add(-time.Hour)
			c.User.Load.Running++
		})
	}},
	{name: "wrong size", invariant: "S2", damage: "hot copy recorded with a wrong size", mended: true, plant: func(t *testing.T, h *house, j job.Job) {
		h.edit(t, func(c *port.Change) { c.Job.Result.Size++ })
	}},
	{name: "foreign key", invariant: "S7", damage: "foreign key", mended: true, plant: func(t *testing.T, h *house, j job.Job) {
		h.edit(t, func(c *port.Change) { c.Job.Result.Key = "results/1/other/1-1/result.vcf.gz" })
	}},
	{name: "wrong counters", invariant: "S11", damage: "wrong counters", mended: true, plant: func(t *testing.T, h *house, j job.Job) {
		h.edit(t, func(c *port.Change) { c.User.Load.Pending = 7 })
	}},
}

func TestFsckNamesEachPlantedDamage(t *testing.T) {
	for name := range backends {
		for _, d := range damages {
			t.Run(name+"/"+d.name, func(t *testing.T) {
				h := newHouse(t, name)
				j := h.prepared(t, d.cold)
				h.sound(t)
				d.plant(t, h, j)
				if d.name != "unsent outbox" {
					require.NoError(t, h.work(t.Context()))
				}
				before := h.everything(t)

				found := h.fsck(t, flow.CheckOptions{ReadData: true})
				i := slices.IndexFunc(found.Findings, func(f flow.Finding) bool { return f.Invariant == d.invariant && f.Damage == d.damage })
				require.GreaterOrEqual(t, i, 0, "%+v", found.Findings)
				require.True(t, found.Broken())
				require.Equal(t, before, h.everything(t), "a look changes nothing")

				h.fsck(t, flow.CheckOptions{ReadData: true, Repair: true})
				for _, key := range before {
					if key == h.job(t, j.ID).Result.Key {
						require.Contains(t, h.everything(t), key, "nothing that is named is deleted")
					}
				}
				if d.mended {
					require.NoError(t, h.work(t.Context()))
					again := h.fsck(t, flow.CheckOptions{ReadData: true})
					require.Empty(t, again.Findings)
				}
			})
		}
	}
}

func TestACollectorThatSeesTooManyStrangersStops(t *testing.T) {
	h := newHouse(t, "memory")
	j := h.prepared(t, false)
	for i := range 11 {
		_, err := h.Results.Put(t.Context(), flow.ResultKey(1, "unknown"+string(rune('a'+i)), flow.Fence{Gen: 1, Attempt: 1}, "x"), strings.NewReader("x"), port.Put{Size: -1})
		require.NoError(t, err)
	}
	_, err := h.As("keeper").Flow().Collect(t.Context())
	require.ErrorIs(t, err, flow.ErrTooMany)
	require.Len(t, h.keys(t, j.ID, ""), 2)
}

func TestACollectorDoesNotRunOnAForeignInstallationNorDuringABackup(t *testing.T) {
	h := newHouse(t, "memory")
	h.prepared(t, false)
	orphan := flow.ResultKey(1, "j1", flow.Fence{Gen: 0, Attempt: 1}, "x")
	_, err := h.Results.Put(t.Context(), orphan, strings.NewReader("x"), port.Put{Size: -1})
	require.NoError(t, err)

	foreign := h.As("keeper")
	foreign.Install.Epoch++
	_, err = foreign.Flow().Collect(t.Context())
	require.ErrorIs(t, err, flow.ErrForeign)

	require.NoError(t, h.Records.Create(t.Context(), port.Record{Kind: flow.LeaseKind, ID: flow.LeaseBackup}))
	got, err := h.As("keeper").Flow().Collect(t.Context())
	require.NoError(t, err)
	require.Zero(t, got.Deleted)
	require.NoError(t, h.Records.Delete(t.Context(), flow.LeaseKind, flow.LeaseBackup))
	got, err = h.As("keeper").Flow().Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, got.Deleted)
}

// prepared is a premium user's job that is done, or a free user's that is archived.
func (h *house) prepared(t testing.TB, cold bool) job.Job {
	ctx := t.Context()
	if !cold {
		require.NoError(t, h.plan(ctx, user.Premium))
	}
	j, err := h.upload(ctx, "up1", "some")
	require.NoError(t, err)
	j = h.calm(t, j.ID, job.State(job.Hot))
	if cold {
		h.clock.pass(window)
		j = h.calm(t, j.ID, job.State(job.Archived))
	}
	require.NoError(t, h.work(ctx))
	return j
}

func (h *house) fsck(t testing.TB, o flow.CheckOptions) flow.Checked {
	found, err := h.As("fsck").Flow().Check(t.Context(), o)
	require.NoError(t, err)
	return found
}

// edit writes the job's record past the flow.
func (h *house) edit(t testing.TB, change func(*port.Change)) {
	_, err := h.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error {
		change(c)
		return nil
	})
	require.NoError(t, err)
}

// everything lists the keys of all objects.
func (h *house) everything(t testing.TB) []string {
	var keys []string
	for _, blobs := range []port.Blobs{h.Inputs, h.Results} {
		items, _, err := blobs.List(t.Context(), "", "", 100)
		require.NoError(t, err)
		for _, item := range items {
			keys = append(keys, item.Key)
		}
	}
	return keys
}

// alter changes the bytes of an object past the port; nil removes it.
func (h *house) alter(t testing.TB, folder, key string, change func([]byte) []byte) {
	if change == nil {
		change = func([]byte) []byte { return nil }
	}
	if h.world != nil {
		require.True(t, h.world.Alter(memory.Folder(folder), key, change))
		return
	}
	root := filepath.Join(h.Config.Data, folder, filepath.FromSlash(key))
	found := false
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		found = true
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if data = change(data); data == nil {
			return os.RemoveAll(root)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o600)
	}))
	require.True(t, found, "no file under %s", root)
}
