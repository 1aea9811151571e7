package annotate_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/annotate"
	"gas/pkg/overlay"
	"gas/pkg/results"
)

// TestWhatIsHandedToTheIndexIsWhatTheLinesSay: genotypes and values of databases reach the index without being read from the lines; the index that is made from the lines counts the same.
func TestWhatIsHandedToTheIndexIsWhatTheLinesSay(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	database := "##fileformat=VCFv4.2\n##INFO=<ID=RS,Number=1,Type=Integer,Description=\"r\">\n##INFO=<ID=AF,Number=A,Type=Float,Description=\"f\">\n" +
		"##INFO=<ID=SIG,Number=1,Type=String,Description=\"s\">\n##INFO=<ID=COMMON,Number=0,Type=Flag,Description=\"c\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
	input := "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\tC\n"
	genotypes := []string{"0/0", "0|1", "1/1", "./.", "0/2", "1", "0|0"}
	for i := range 600 {
		pos := 100 + 20*i
		info := []string{fmt.Sprintf("RS=%d", i%7), "AF=1.5e-0" + fmt.Sprint(1+i%6), "SIG=Benign", "COMMON"}
		database += fmt.Sprintf("MT\t%d\t.\tN\tA\t.\t.\t%s\n", pos, strings.Join(info[:1+i%4], ";"))
		alt := []string{"A", "A,G", "T"}[i%3]
		format := []string{"GT", "GT:DP"}[i/100%2]
		input += fmt.Sprintf("MT\t%d\t.\tN\t%s\t%d\tPASS\t.\t%s", pos, alt, i%5, format)
		for sample := range 3 {
			input += "\t" + genotypes[(i*(sample+1)+i/7)%len(genotypes)] + []string{"", ":3"}[i/100%2]
		}
		input += "\n"
	}
	require.NoError(t, os.WriteFile(path("db.vcf"), []byte(database), 0o600))
	require.NoError(t, os.WriteFile(path("in.vcf"), []byte(input), 0o600))
	_, err := overlay.Build(context.Background(), overlay.BuildOptions{File: path("db.vcf"), Fields: []string{"RS", "AF", "SIG", "COMMON"}, Out: path("db.gasdb")})
	require.NoError(t, err)
	recipe := annotate.Recipe{Reference: "rCRS", Databases: []string{path("db.gasdb")}, OwnFiles: true}
	_, err = recipe.Annotate(context.Background(), annotate.Files{In: path("in.vcf"), Out: path("out.vcf"), Variants: path("rows")}, annotate.Options{Threads: 2})
	require.NoError(t, err)
	result, err := os.ReadFile(path("out.vcf"))
	require.NoError(t, err)
	var again bytes.Buffer
	require.NoError(t, results.Rebuild(context.Background(), bytes.NewReader(result), int64(len(result)), &again))
	require.NoError(t, os.WriteFile(path("again"), again.Bytes(), 0o600))

	filters := []string{"db.RS = 3", "db.RS = missing", "db.AF < 0.001", "db.SIG = Benign", "db.SIG = missing", "db.COMMON = 1", "db.COMMON = missing"}
	for _, sample := range []string{"A", "B", "C"} {
		for _, class := range []string{"ref", "het", "hom", "missing"} {
			filters = append(filters, "gt."+sample+" = "+class)
		}
	}
	var totals [2][]int64
	for i, name := range []string{"rows", "again"} {
		x, err := results.Open(path(name), bytes.NewReader(result), int64(len(result)))
		require.NoError(t, err)
		for _, f := range filters {
			e, err := x.Parse(f)
			require.NoError(t, err)
			page, err := x.Query(context.Background(), results.Query{Filter: e, Limit: 1})
			require.NoError(t, err)
			totals[i] = append(totals[i], int64(page.Total))
		}
		require.NoError(t, x.Close())
	}
	require.Equal(t, totals[1], totals[0])
	for i, total := range totals[0] {
		require.Positive(t, total, filters[i])
	}
}
