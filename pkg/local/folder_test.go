package local

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

func TestNothingInTheFolderIsReadableByOthers(t *testing.T) {
	data := filepath.Join(t.TempDir(), "made", "here")
	l := open(t, Options{Data: data})
	ctx := t.Context()
	_, err := l.Inputs.Put(ctx, "u/j", strings.NewReader("x"), port.Put{Size: -1})
	require.NoError(t, err)
	_, err = l.Parts.Begin(ctx, "u/k")
	require.NoError(t, err)
	_, err = l.Vault.Store(ctx, port.VaultItem{Key: "archive/1/j/2", Size: 1}, strings.NewReader("x"))
	require.NoError(t, err)
	require.NoError(t, l.Mailer.Send(ctx, port.Mail{ID: "../m", UserID: "../u", To: "a@example.org", Subject: "s", Text: "t"}))
	require.NoError(t, l.Store.CreateUser(ctx, user.User{ID: "u"}))
	require.NoError(t, filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		if entry.Type()&fs.ModeSocket == 0 {
			require.Zero(t, info.Mode().Perm()&0o077, path)
		}
		return nil
	}))
	entries, err := os.ReadDir(filepath.Dir(data))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing was written beside the folder")
}

func TestInstallationIsTheSameEverywhere(t *testing.T) {
	ctx := t.Context()
	data := t.TempDir()
	l := open(t, Options{Data: data})
	everywhere := func(want port.Installation) {
		for _, place := range []any{l.Store, l.Inputs, l.Results, l.Vault} {
			got, err := place.(port.Installed).Installation(ctx)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		got, err := readInstallation(filepath.Join(data, installationFile))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	first := l.Install
	require.Equal(t, 1, first.Epoch)
	everywhere(first)
	raised, err := l.RaiseEpoch(ctx)
	require.NoError(t, err)
	require.Equal(t, port.Installation{ID: first.ID, Epoch: 2}, raised)
	everywhere(raised)
	t.Run("a bucket of another installation is told apart", func(t *testing.T) {
		require.NoError(t, writeInstallation(filepath.Join(data, "results", installationFile), port.Installation{ID: "other", Epoch: 2}))
		again := open(t, Options{Data: data})
		got, err := again.Results.(port.Installed).Installation(ctx)
		require.NoError(t, err)
		require.NotEqual(t, again.Install, got)
	})
}

func TestStaleUploadsAreSweptAtTheStart(t *testing.T) {
	data := t.TempDir()
	l := open(t, Options{Data: data})
	old, err := l.Parts.Begin(t.Context(), "u/old")
	require.NoError(t, err)
	young, err := l.Parts.Begin(t.Context(), "u/young")
	require.NoError(t, err)
	past := time.Now().Add(-partsLife - time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(data, "inputs", partsFolder, old), past, past))
	again := open(t, Options{Data: data})
	_, err = again.Parts.Parts(t.Context(), "u/old", old)
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = again.Parts.Parts(t.Context(), "u/young", young)
	require.NoError(t, err)
}

func TestDeletingLeavesNoFoldersBehind(t *testing.T) {
	data := t.TempDir()
	l := open(t, Options{Data: data})
	for _, key := range []string{"results/1/j1/1-1/result", "results/1/j1/1-1/log"} {
		_, err := l.Results.Put(t.Context(), key, strings.NewReader(key), port.Put{Size: -1})
		require.NoError(t, err)
	}
	require.NoError(t, l.Results.Delete(t.Context(), "results/1/j1/1-1/result"))
	require.DirExists(t, filepath.Join(data, "results", "results/1/j1/1-1/log"))
	require.NoError(t, l.Results.Delete(t.Context(), "results/1/j1/1-1/log"))
	require.NoDirExists(t, filepath.Join(data, "results", "results"))
}

func TestDeletingAFolderOfObjectsDeletesNone(t *testing.T) {
	l := open(t, Options{})
	_, err := l.Results.Put(t.Context(), "results/1/j1/result", strings.NewReader("x"), port.Put{Size: -1})
	require.NoError(t, err)
	for _, key := range []string{"results", "results/1", "results/1/j1", ".", "", "..", ".tmp"} {
		require.NoError(t, l.Results.Delete(t.Context(), key))
	}
	_, err = l.Results.Stat(t.Context(), "results/1/j1/result")
	require.NoError(t, err)
	require.NoError(t, l.Results.Delete(t.Context(), "results/1/j1/result"))
	entries, err := l.objects[1].entries(tempFolder)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestALongBacklogOfOneUserDoesNotSlowTheOthers(t *testing.T) {
	ctx := t.Context()
	l := open(t, Options{})
	require.NoError(t, l.db.write(ctx, func(tx *transaction) error {
		for range 5000 {
			m := job.Message{ID: newInstance(), Topic: job.Requests, UserID: "u_greedy", Body: json.RawMessage("{}")}
			if err := enqueue(ctx, tx, m, l.db.now(), l.db.now(), ""); err != nil {
				return err
			}
		}
		return nil
	}))
	first, err := l.Queue.Receive(ctx, job.Requests, 1, 0, time.Minute)
	require.NoError(t, err)
	require.Equal(t, "u_greedy", first[0].Message.UserID)
	require.NoError(t, l.Bus.Publish(ctx, job.Message{ID: "late", Topic: job.Requests, UserID: "u_late", Body: json.RawMessage("{}")}))
	next, err := l.Queue.Receive(ctx, job.Requests, 1, 0, time.Minute)
	require.NoError(t, err)
	require.Equal(t, "late", next[0].Message.ID)
}
