package annotate_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"gas/pkg/annotate"
	"gas/pkg/results"

	"github.com/stretchr/testify/require"
)

// BenchmarkRows tells what writing the index of pkg/results costs beside annotation, by processor time: each round annotates a file twice as a job does,
// with the index and without. BENCH_DIR names the folder that bench/run.sh makes its synthetic data in.
//
//	BENCH_DIR=… go test -run - -bench Rows -benchtime 9x ./pkg/annotate
func BenchmarkRows(b *testing.B) {
	for name, set := range map[string]struct {
		file string
		with []string
	}{
		"mixed": {file: "query.vcf.gz"}, "exonic": {file: "exome.vcf.gz"}, "mixed and a database": {file: "query.vcf.gz", with: []string{"db.gasdb"}}, "2504 samples": {file: "samples.vcf.gz"},
	} {
		b.Run(name, func(b *testing.B) {
			recipe := annotate.Recipe{Reference: benchFile(b, "reference"), OwnFiles: true}
			for _, file := range set.with {
				recipe.Databases = append(recipe.Databases, benchFile(b, file))
			}
			files := annotate.Files{In: benchFile(b, set.file), Out: filepath.Join(b.TempDir(), "out.vcf.gz"), Level: 1, Scratch: true}
			var without, with []float64
			for b.Loop() {
				files.Variants = ""
				without = append(without, processorTime(b, recipe, files))
				files.Variants = filepath.Join(filepath.Dir(files.Out), "rows"+results.Extension)
				with = append(with, processorTime(b, recipe, files))
			}
			slices.Sort(without)
			slices.Sort(with)
			plain, indexed := without[len(without)/2], with[len(with)/2]
			b.ReportMetric(plain, "s-without")
			b.ReportMetric(indexed, "s-with")
			b.ReportMetric(100*(indexed-plain)/plain, "%")
			b.ReportMetric(100*(with[0]-without[0])/without[0], "%-of-best")
		})
	}
}

// benchFile is a file of the synthetic data. Without it the benchmark is skipped.
func benchFile(b *testing.B, name string) string {
	b.Helper()
	path := filepath.Join(os.Getenv("BENCH_DIR"), name)
	if _, err := os.Stat(path); err != nil || os.Getenv("BENCH_DIR") == "" {
		b.Skip("BENCH_DIR names no folder with synthetic data; make bench makes it")
	}
	return path
}

// processorTime annotates a file and returns the processor time that it took, in seconds.
func processorTime(b *testing.B, recipe annotate.Recipe, files annotate.Files) float64 {
	b.Helper()
	before := used(b)
	_, err := recipe.Annotate(context.Background(), files, annotate.Options{Threads: 2})
	require.NoError(b, err)
	took := (used(b) - before).Seconds()
	for _, path := range []string{files.Out, files.Out + ".tbi", files.Variants} { // the folder of a job has nothing that has to be replaced
		if path != "" {
			require.NoError(b, os.Remove(path))
		}
	}
	return took
}

// used is the processor time of this process so far.
func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
