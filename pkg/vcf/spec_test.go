package vcf_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gas/pkg/vcf"
	"gas/test/shared"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// specification calls f with every file that the specification's authors call valid ("passed") or invalid ("failed").
func specification(t *testing.T, folder string, f func(t *testing.T, path string)) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(shared.Path(t, "data", "vcf-spec"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Base(filepath.Dir(path)) == folder && strings.HasSuffix(path, ".vcf") {
			found++
			t.Run(filepath.Base(filepath.Dir(filepath.Dir(path)))+"/"+d.Name(), func(t *testing.T) { f(t, path) })
		}
		return err
	})
	require.NoError(t, err)
	require.NotZero(t, found)
}

func check(t *testing.T, path string) *vcf.Report {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	report, err := vcf.Check(context.Background(), file, vcf.CheckOptions{})
	require.NoError(t, err)
	return report
}

func TestValidFilesOfTheSpecificationAreAccepted(t *testing.T) {
	specification(t, "passed", func(t *testing.T, path string) {
		report := check(t, path)
		require.Empty(t, report.Faults)
		for _, w := range report.Warnings {
			t.Logf("warning at line %d: %s (%s)", w.Line, w.Message, w.Rule)
		}
	})
}

func TestInvalidFilesOfTheSpecificationAreRefusedOrNamedByARule(t *testing.T) {
	fixed := []string{"_body_chrom_", "_body_pos_", "_body_id_", "_body_ref_", "_body_alt_", "_body_qual_", "_body_filter_", "_header_"}
	specification(t, "failed", func(t *testing.T, path string) {
		report := check(t, path)
		for _, f := range report.Faults {
			require.NotZero(t, f.Line, f.Message)
			require.NotEmpty(t, f.Message)
		}
		require.NotEmpty(t, append(report.Faults, report.Warnings...), "accepted without a word")
		for _, name := range fixed {
			if strings.Contains(path, name) {
				require.NotEmpty(t, report.Faults, "lenient about %s: %v", name, report.Warnings)
			}
		}
	})
}
