package vcf_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"gas/pkg/vcf"
	"gas/pkg/vcf/bgzf"
	"gas/test/shared"
	"gas/test/volume"

	"github.com/stretchr/testify/require"
)

const small = "##fileformat=VCFv4.2\n##INFO=<ID=DP,Number=1,Type=Integer,Description=\"d\">\n##contig=<ID=1,length=100>\n" +
	"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\n1\t10\trs1;rs2\tA\tC,<DEL>,A[2:5[,*\t1e3\tq1;q2\tDP=3;X\tGT:AD\t0/1:3,4\n"

// FuzzCheck holds that no text makes a check fail, and that every finding has a sentence.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(strings.ReplaceAll(small, "\n", "\r\n")))
	f.Add([]byte("\ufeff" + small + "\n\n"))
	f.Add([]byte("##fileformat=VCFv4.3\n##INFO=<ID=\"x\",a=[1,2],b>\n#CHROM\n"))
	e, _ := bgzf.NewEncoder(1)
	f.Add(append(e.Append(nil, []byte(small)), bgzf.EOF...))
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := vcf.Check(context.Background(), bytes.NewReader(data), vcf.CheckOptions{Limits: vcf.Limits{Text: 1 << 22, Line: 1 << 20}})
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range append(report.Faults, report.Warnings...) {
			if finding.Message == "" {
				t.Fatal("a finding without a sentence")
			}
		}
	})
}

// FuzzParse holds that the columns of a record that is accepted give the line again, and that a line is taken apart alike behind itself, when most of it is known.
func FuzzParse(f *testing.F) {
	for line := range strings.Lines(small) {
		f.Add([]byte(strings.TrimSuffix(line, "\n")))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var r vcf.Record
		p := vcf.NewParser(&vcf.Header{Samples: []string{"s1"}}, vcf.Limits{})
		wrong := p.Parse(&r, line)
		var again vcf.Record
		require.Equal(t, wrong, p.Parse(&again, line))
		if wrong != nil {
			return
		}
		require.Equal(t, r, again)
		columns := bytes.Split(line, []byte{'\t'})
		require.Len(t, columns, 10)
		require.Equal(t, columns[0], r.Chrom)
		require.Equal(t, columns[2], r.ID)
		require.Equal(t, columns[3], r.Ref)
		require.Equal(t, columns[4], bytes.Join(r.Alleles(nil), []byte{','}))
		require.Equal(t, columns[6], r.Filter)
		require.Equal(t, columns[7], r.Info)
		require.Equal(t, line, append(append(bytes.Clone(r.BeforeInfo()), r.Info...), r.Rest...))
	})
}

func TestRealFilesAreAcceptedAndTheirBuildIsGuessed(t *testing.T) {
	for name, want := range map[string]struct {
		build, version string
		samples        int
		records        int64
	}{
		"course.free_1.vcf":               {"rCRS", "4.0", 0, 0},
		"course.premium_1.vcf":            {"NCBI36", "4.0", 0, 0},
		"course.test.vcf":                 {"rCRS", "4.0", 0, 0},
		"1000g.chr22.2504-samples.vcf.gz": {"GRCh37", "4.1", 2504, 0},
		"1000g.chrMT.1073-samples.vcf.gz": {"rCRS", "4.1", 1074, 0},
		"clinvar.grch38.subset.vcf.gz":    {"GRCh38", "4.1", 0, 69302},
		"na12878.chr21.vcf.gz":            {"GRCh38", "4.1", 1, 2063},
	} {
		t.Run(name, func(t *testing.T) {
			path := shared.Path(t, "data", "inputs", name)
			size := 1 << 30
			if want.samples > 2000 { // its 60 MB of text take half a minute under the race detector
				size = volume.Of(size, 100_000)
			}
			report := checkBeginning(t, path, size)
			require.Empty(t, report.Faults)
			require.Equal(t, want.build, report.Build.Name)
			require.Equal(t, want.version, report.Version)
			require.Len(t, report.Samples, want.samples)
			require.NotZero(t, report.Records)
			if want.records > 0 {
				require.Equal(t, want.records, report.Records)
			}
			for _, w := range report.Warnings[:min(3, len(report.Warnings))] {
				t.Logf("line %d: %s (%s)", w.Line, w.Message, w.Rule)
			}
		})
	}
}

// checkBeginning checks the first bytes of a file, all of it where it is shorter.
func checkBeginning(t *testing.T, path string, size int) *vcf.Report {
	t.Helper()
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	report, err := vcf.Check(context.Background(), bytes.NewReader(file[:min(size, len(file))]), vcf.CheckOptions{Partial: size < len(file)})
	require.NoError(t, err)
	return report
}

func TestTheBeginningOfAFileIsCheckedWithoutItsEnd(t *testing.T) {
	file, err := os.ReadFile(shared.Path(t, "data", "inputs", "na12878.chr21.vcf.gz"))
	require.NoError(t, err)
	report, err := vcf.Check(context.Background(), bytes.NewReader(file[:12000]), vcf.CheckOptions{Partial: true})
	require.NoError(t, err)
	require.Empty(t, report.Faults)
	require.Equal(t, "GRCh38", report.Build.Name)
	require.True(t, report.ChrPrefix)
	require.Len(t, report.First, 3)
	whole, err := vcf.Check(context.Background(), bytes.NewReader(file[:12000]), vcf.CheckOptions{})
	require.NoError(t, err)
	require.Len(t, whole.Faults, 1)
	require.Contains(t, whole.Faults[0].Message, "cut short")
	require.NotZero(t, whole.Faults[0].Line)
}
