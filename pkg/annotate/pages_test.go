package annotate_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gas/pkg/annotate"
	"gas/pkg/results"

	"github.com/stretchr/testify/require"
)

// pageFilters are the kinds of filters that BenchmarkPages asks, by what they cost.
var pageFilters = []struct{ name, filter, sort string }{
	{"no filter", "", ""},
	{"impact", "impact = HIGH", ""},
	{"any impact", "any_impact >= MODERATE", ""},
	{"consequence", "consequence has missense_variant", ""},
	{"consequence, pattern", `any_consequence ~ "splice|stop"`, ""},
	{"gene list", "gene in (GENE1, GENE10, GENE100, GENE500, GENE1000, GENE1500)", ""},
	{"region", "region = 1:25000000-35000000", ""},
	{"position", "chrom = 1 and pos > 1000000 and pos < 40000000", ""},
	{"quality", "qual >= 1234.5", ""},
	{"rare", "benchdb.DB_AF < 0.01 or benchdb.DB_AF = missing", ""},
	{"ClinVar", `benchdb.CLNSIG ~ "(^|[,&|/])(Pathogenic|Likely_pathogenic)"`, ""},
	{"id in a list", "benchdb.RS in (1, 17, 4711)", ""},
	{"genotype", "gt.SAMPLE1 = hom", ""},
	{"HGVS, equal", "hgvsc = ENST00000000011.1:c.100A>G", ""},
	{"HGVS, text", `hgvsp ~ "Ter"`, ""},
	{"HGVS, pattern", `hgvsc ~ "c\.[0-9]+A>G$"`, ""},
	{"what a person asks", "impact >= MODERATE and (benchdb.DB_AF < 0.01 or benchdb.DB_AF = missing) and filter = PASS and gt.SAMPLE1 in (het, hom) and qual > 100", ""},
	{"six terms, or and not", "(impact = HIGH or consequence has missense_variant or hgvsp ~ Ter) and not filter = LowQual and type in (snv, del) and not (benchdb.CLNSIG has Benign)", ""},
	{"sorted by quality", "impact >= LOW", "-qual"},
	{"sorted by gene", "filter = PASS", "gene"},
	{"sorted by position", "filter = PASS", "-pos"},
	{"sorted by HGVS", "filter = PASS", "hgvsc"},
}

// BenchmarkPages measures filtered pages of 50 rows with their exact counts, the first and the last, each asked of a freshly opened index, so that nothing is remembered.
// BENCH_DIR names a folder that bench/run.sh made with VARIANTS=5000000; the result and its index are made there once. For each kind of filter and for all of them
// together it reports the middle and the 95th of a hundred, by the clock and by processor time, in milliseconds.
//
//	BENCH_DIR=… go test -run - -bench Pages -benchtime 20x -timeout 60m ./pkg/annotate
func BenchmarkPages(b *testing.B) {
	path, result := benchResult(b)
	var all timings
	for _, ask := range pageFilters {
		b.Run(ask.name, func(b *testing.B) {
			var first, last timings
			for b.Loop() {
				total := first.page(b, path, result, ask.filter, ask.sort, 0)
				last.page(b, path, result, ask.filter, ask.sort, max(total-results.DefaultLimit, 0))
			}
			b.ReportMetric(0, "ns/op")
			first.report(b, "first")
			last.report(b, "last")
			all.clock, all.processor = append(append(all.clock, first.clock...), last.clock...), append(append(all.processor, first.processor...), last.processor...)
		})
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
		}
		b.ReportMetric(0, "ns/op")
		all.report(b, "any")
	})
}

// benchResult makes the annotated result with its index, unless they are there.
func benchResult(b *testing.B) (index string, result *os.File) {
	b.Helper()
	out := filepath.Join(os.Getenv("BENCH_DIR"), "pages.vcf.gz")
	index = out + results.Extension
	recipe := annotate.Recipe{Reference: benchFile(b, "reference"), Databases: []string{benchFile(b, "db.gasdb")}, OwnFiles: true}
	for range 2 {
		file, err := os.Open(out)
		if err == nil {
			info, err := file.Stat()
			require.NoError(b, err)
			if x, err := results.Open(index, file, info.Size()); err == nil {
				b.Logf("%d alleles", x.Alleles())
				require.NoError(b, x.Close())
				b.Cleanup(func() { _ = file.Close() })
				return index, file
			}
			require.NoError(b, file.Close())
		}
		_, err = recipe.Annotate(context.Background(), annotate.Files{In: benchFile(b, "query.vcf.gz"), Out: out, Variants: index, Level: 1}, annotate.Options{Threads: 2})
		require.NoError(b, err)
	}
	b.Fatal("the index that was made cannot be opened")
	return "", nil
}

// timings are what some pages took, in milliseconds.
type timings struct{ clock, processor []float64 }

// page asks for a page from an offset on and returns how many rows there are.
func (t *timings) page(b *testing.B, path string, result *os.File, wanted, sort string, offset int64) int64 {
	b.Helper()
	info, err := result.Stat()
	require.NoError(b, err)
	x, err := results.Open(path, result, info.Size())
	require.NoError(b, err)
	before, start := used(b), time.Now()
	e, err := x.Parse(wanted)
	require.NoError(b, err)
	p, err := x.Query(context.Background(), results.Query{Filter: e, Sort: sort, Cursor: results.CursorAt(offset)})
	require.NoError(b, err)
	t.clock = append(t.clock, float64(time.Since(start))/1e6)
	t.processor = append(t.processor, float64(used(b)-before)/1e6)
	require.NoError(b, x.Close())
	return p.Total
}

func (t *timings) report(b *testing.B, page string) {
	for name, list := range map[string][]float64{"ms": slices.Clone(t.clock), "cpu-ms": slices.Clone(t.processor)} {
		if len(list) == 0 {
			continue
		}
		slices.Sort(list)
		b.ReportMetric(list[len(list)/2], page+"-p50-"+name)
		b.ReportMetric(list[len(list)*95/100], page+"-p95-"+name)
	}
}
