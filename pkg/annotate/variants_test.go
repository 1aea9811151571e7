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
)

// TestTheIndexOfVariantsIsWrittenWithTheResult compares it with one that is made from the result afterwards.
func TestTheIndexOfVariantsIsWrittenWithTheResult(t *testing.T) {
	input := shared.Path(t, "data", "mt", "saturation.vcf.gz")
	dir := t.TempDir()
	out, path := filepath.Join(dir, "out.vcf.gz"), filepath.Join(dir, "out"+results.Extension)
	summary, err := annotate.Recipe{Reference: "rCRS"}.Annotate(context.Background(), annotate.Files{In: input, Out: out, Variants: path, Level: 1}, annotate.Options{Threads: 2})
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
