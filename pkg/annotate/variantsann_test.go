package annotate_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/annotate"
	"gas/pkg/results"
)

// TestAResultInTheStyleOfANNHasTheSameTranscripts compares the rows of the same file in both styles.
func TestAResultInTheStyleOfANNHasTheSameTranscripts(t *testing.T) {
	dir := t.TempDir()
	input := saturation(t, dir)
	rows := make(map[string][]results.Variant)
	var transcripts [2]int
	for i, style := range []string{"csq", "ann"} {
		out := filepath.Join(dir, style+".vcf.gz")
		_, err := annotate.Recipe{Reference: "rCRS", Style: style}.Annotate(context.Background(), annotate.Files{In: input, Out: out, Variants: out + results.Extension, Level: 1}, annotate.Options{Threads: 2})
		require.NoError(t, err)
		result, err := os.Open(out)
		require.NoError(t, err)
		defer result.Close()
		info, err := result.Stat()
		require.NoError(t, err)
		x, err := results.Open(out+results.Extension, result, info.Size())
		require.NoError(t, err)
		defer x.Close()
		e, err := x.Parse("any_impact >= MODERATE")
		require.NoError(t, err)
		page, err := x.Query(context.Background(), results.Query{Filter: e, Limit: 1000})
		require.NoError(t, err)
		require.NotEmpty(t, page.Items)
		rows[style] = page.Items
		d, err := x.Details(page.Items[0].Key)
		require.NoError(t, err)
		require.NotContains(t, d.Info, "|")
		transcripts[i] = len(d.Transcripts)
	}
	require.Equal(t, transcripts[0], transcripts[1])
	require.Equal(t, len(rows["csq"]), len(rows["ann"]))
	for i, want := range rows["csq"] {
		got := rows["ann"][i]
		require.Equal(t, []string{want.Key, want.Gene, want.Impact, want.Biotype}, []string{got.Key, got.Gene, got.Impact, got.Biotype})
		require.NotEmpty(t, got.Consequence)
	}
}
