package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABackupOfARunningServiceIsRestoredElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.serve()
	token := w.token("ada", "premium_user")
	j, r := s.submit(token, w.write("x.vcf", mitochondrial(t, 100)))
	require.Zero(t, r.code, r.err)
	backup := filepath.Join(w.home, "backup")
	w.must("backup", backup)
	w.must("backup", backup) // again, over the first
	later, r := s.submit(token, w.write("later.vcf", mitochondrial(t, 50)))
	require.Zero(t, r.code, r.err)

	require.Equal(t, 7, w.gas("restore-backup", backup).code, "a folder that is not empty is refused")
	other := &world{t: t, bin: w.bin, home: w.home, data: filepath.Join(w.home, "restored")}
	other.must("restore-backup", backup)
	checked := other.gas("fsck", "--read-data", "--adopt")
	require.Zero(t, checked.code, checked.out+checked.err)

	restored := other.serve()
	out := other.gasWith(restored.as(token), nil, "jobs", "download", j.ID, "-o", filepath.Join(w.home, "again.vcf.gz"))
	require.Zero(t, out.code, out.err)
	require.FileExists(t, strings.TrimSpace(out.out))
	require.Equal(t, 4, other.gasWith(restored.as(token), nil, "jobs", "show", later.ID).code, "what came after the backup is not in it")
	_, r = restored.submit(token, w.write("new.vcf", mitochondrial(t, 30)))
	require.Zero(t, r.code, r.err)
	require.Zero(t, other.gas("fsck").code)
}

func TestFsckFindsAResultThatWasDamaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.serve()
	_, r := s.submit(w.token("ada", "premium_user"), w.write("x.vcf", mitochondrial(t, 100)))
	require.Zero(t, r.code, r.err)
	s.stop()
	require.Zero(t, w.gas("fsck", "--read-data").code)
	damaged := 0
	require.NoError(t, filepath.WalkDir(filepath.Join(w.data, "results"), func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.Contains(path, "vcf.gz") && len(entry.Name()) == 64 && !entry.IsDir() {
			damaged++
			require.NoError(t, os.Chmod(path, 0o600))
			require.NoError(t, os.WriteFile(path, []byte("other bytes"), 0o600))
		}
		return err
	}))
	require.NotZero(t, damaged)
	checked := w.gas("fsck", "--read-data")
	require.Equal(t, 1, checked.code)
	require.Contains(t, checked.out, "S")
}
