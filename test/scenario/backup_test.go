package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

func TestABackupOfARunningServiceIsRestoredElsewhere(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve()
	token := w.Token("ada", "premium_user")
	j, r := s.Submit(token, w.Write("x.vcf", program.Mitochondrial(t, 100)))
	require.Zero(t, r.Code, r.Err)
	backup := filepath.Join(w.Home, "backup")
	w.Must("backup", backup)
	w.Must("backup", backup) // again, over the first
	later, r := s.Submit(token, w.Write("later.vcf", program.Mitochondrial(t, 50)))
	require.Zero(t, r.Code, r.Err)

	require.Equal(t, 7, w.Gas("restore-backup", backup).Code, "a folder that is not empty is refused")
	other := w.On(filepath.Join(w.Home, "restored"))
	other.Must("restore-backup", backup)
	checked := other.Gas("fsck", "--read-data", "--adopt")
	require.Zero(t, checked.Code, checked.Out+checked.Err)

	restored := other.Serve()
	out := other.GasWith(restored.As(token), nil, "jobs", "download", j.ID, "-o", filepath.Join(w.Home, "again.vcf.gz"))
	require.Zero(t, out.Code, out.Err)
	require.FileExists(t, strings.TrimSpace(out.Out))
	require.Equal(t, 4, other.GasWith(restored.As(token), nil, "jobs", "show", later.ID).Code, "what came after the backup is not in it")
	_, r = restored.Submit(token, w.Write("new.vcf", program.Mitochondrial(t, 30)))
	require.Zero(t, r.Code, r.Err)
	require.Zero(t, other.Gas("fsck").Code)
}

func TestFsckFindsAResultThatWasDamaged(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve()
	_, r := s.Submit(w.Token("ada", "premium_user"), w.Write("x.vcf", program.Mitochondrial(t, 100)))
	require.Zero(t, r.Code, r.Err)
	s.Stop()
	require.Zero(t, w.Gas("fsck", "--read-data").Code)
	damaged := 0
	require.NoError(t, filepath.WalkDir(filepath.Join(w.Data, "results"), func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.Contains(path, "vcf.gz") && len(entry.Name()) == 64 && !entry.IsDir() {
			damaged++
			require.NoError(t, os.Chmod(path, 0o600))
			require.NoError(t, os.WriteFile(path, []byte("other bytes"), 0o600))
		}
		return err
	}))
	require.NotZero(t, damaged)
	checked := w.Gas("fsck", "--read-data")
	require.Equal(t, 1, checked.Code)
	require.Contains(t, checked.Out, "S")
}
