package consequence

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/genome"
)

// benchData is the folder that the comparison with other programs makes its synthetic data in (BENCH_DIR of bench/run.sh).
func benchData(b testing.TB) string {
	dir := os.Getenv("BENCH_DIR")
	if dir == "" {
		home, err := os.UserCacheDir()
		require.NoError(b, err)
		dir = filepath.Join(home, "gas-bench")
	}
	if _, err := os.Stat(filepath.Join(dir, "reference")); err != nil {
		b.Skipf("no synthetic data in %s; make bench makes it, BENCH_DIR says where it is", dir)
	}
	return dir
}

// readRecords reads every step-th record of a file into memory.
func readRecords(b testing.TB, r *genome.Reference, path string, step int) []Variant {
	b.Helper()
	var all []Variant
	n := 0
	for lines := openText(b, path); lines.Scan(); {
		if lines.Bytes()[0] == '#' {
			continue
		}
		if n++; n%step != 0 {
			continue
		}
		columns := bytes.SplitN(bytes.Clone(lines.Bytes()), []byte("\t"), 9)
		contig, ok := r.ContigOf(columns[0])
		require.True(b, ok)
		pos, err := strconv.ParseUint(string(columns[1]), 10, 32)
		require.NoError(b, err)
		all = append(all, Variant{Contig: contig, Pos: uint32(pos), ID: columns[2], Ref: columns[3], Alts: bytes.Split(columns[4], []byte(",")), Info: columns[7]})
	}
	return all
}

// BenchmarkRecord measures one record, judged and written, of the two synthetic sets.
func BenchmarkRecord(b *testing.B) {
	dir := benchData(b)
	r, err := genome.Open(filepath.Join(dir, "reference"))
	require.NoError(b, err)
	for _, set := range []struct {
		name, file string
		step       int
	}{{"mixed", "query.vcf.gz", 10}, {"exonic", "exome.vcf.gz", 5}} {
		b.Run(set.name, func(b *testing.B) {
			e := newEngine(b, r, Options{})
			records := readRecords(b, r, filepath.Join(dir, set.file), set.step)
			s := e.Scratch()
			var out []byte
			size := 0
			b.ReportAllocs()
			b.ResetTimer()
			before := cpuTime(b)
			for i := range b.N {
				e.Annotate(s, &records[i%len(records)])
				out = e.AppendInfo(out[:0], s)
				size += len(out)
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(size)/float64(b.N), "bytes/op")
		})
	}
}

// cpuTime is the processor time that the process has used, in nanoseconds: on a machine that is shared it tells more than the clock.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}
