package annotate_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gas/pkg/annotate"
	"gas/pkg/overlay"

	"github.com/stretchr/testify/require"
)

// TestDatabasesAreAskedForLeftAlignedAlleles: rCRS has seven C from 303 to 309. A database has one more C as 302 A>AC, a caller wrote it as 309 C>CC.
func TestDatabasesAreAskedForLeftAlignedAlleles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	head := "##fileformat=VCFv4.2\n##INFO=<ID=RS,Number=1,Type=Integer,Description=\"r\">\n"
	db := filepath.Join(dir, "db.gasdb")
	_, err := overlay.Build(context.Background(), overlay.BuildOptions{
		File: write("db.vcf", head+"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nMT\t302\t.\tA\tAC\t.\t.\tRS=7\n"), Fields: []string{"RS"}, Out: db,
	})
	require.NoError(t, err)
	in := write("in.vcf", "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nMT\t309\t.\tC\tCC\t.\t.\t.\n")
	for name, row := range map[string]struct {
		noGenes bool
		want    bool
	}{"with a reference": {false, true}, "without one nothing is moved": {true, false}} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(dir, "out.vcf")
			recipe := annotate.Recipe{Reference: "rCRS", Databases: []string{db}, OwnFiles: true, NoGenes: row.noGenes}
			_, err := recipe.Annotate(context.Background(), annotate.Files{In: in, Out: out}, annotate.Options{Threads: 1})
			require.NoError(t, err)
			result, err := os.ReadFile(out)
			require.NoError(t, err)
			require.Equal(t, row.want, strings.Contains(string(result), "RS=7\n"), string(result))
		})
	}
}
