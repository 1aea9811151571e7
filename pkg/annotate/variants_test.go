package annotate_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/annotate"
	"gas/pkg/results"
	"gas/test/shared"
	"gas/test/volume"
)

// saturation is every allele of MT in a new file, or every ninth where the race detector watches: enough for several blocks of the index.
func saturation(t *testing.T, dir string) string {
	t.Helper()
	text := shared.Unpacked(t, "data", "mt", "saturation.vcf.gz")
	path := filepath.Join(dir, "saturation.vcf")
	require.NoError(t, os.WriteFile(path, volume.Thinned(text, volume.Of(1, 9)), 0o600))
	return path
}

// TestTheIndexOfVariantsIsWrittenWithTheResult compares it with one that is made from the result afterwards.
func TestTheIndexOfVariantsIsWrittenWithTheResult(t *testing.T) {
	dir := t.TempDir()
	input := saturation(t, dir)
	out, path := filepath.Join(dir, "out.vcf.gz"), filepath.Join(dir, "out"+results.Extension)
	summary, err := annotate.Recipe{Reference: "rCRS"}.Annotate(context.Background(), annotate.Files{In: input, Out: out, Variants: path, Level: 0}, annotate.InPiecesOf(128<<10, annotate.Options{Threads: 2}))
	require.NoError(t, err)
	result, err := os.Open(out)
	require.NoError(t, err)
	defer result.Close()
	info, err := result.Stat()
	require.NoError(t, err)
	again := filepath.Join(dir, "again")
	file, err := os.Create(again)
	require.NoError(t, err)
	require.NoError(t, results.Rebuild(context.Background(), result, info.Size(), file))
	require.NoError(t, file.Close())

	var pages [2]results.Page
	for i, name := range []string{path, again} {
		x, err := results.Open(name, result, info.Size())
		require.NoError(t, err)
		require.Equal(t, summary.Ledger.Read, x.Records())
		e, err := x.Parse("impact = HIGH")
		require.NoError(t, err)
		pages[i], err = x.Query(context.Background(), results.Query{Filter: e, Sort: "-pos", Limit: 1000})
		require.NoError(t, err)
		require.NoError(t, x.Close())
	}
	require.Positive(t, pages[0].Total)
	require.Equal(t, pages[1], pages[0])
}
