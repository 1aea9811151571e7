package overlay

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/peers"
)

// TestWhereWeDifferFromBcftoolsAnnotate holds every row of docs/differences.md about databases: what both say of the same record.
// The first five are the records in which the two differ on the benchmark's database (shared/bench), moved to small positions; the sixth is its one record of which
// two rows of the database, spelled differently, are the same allele.
func TestWhereWeDifferFromBcftoolsAnnotate(t *testing.T) {
	sites := []site{
		{"1", 99, "TC", []string{"T"}, "RS=1"},
		{"1", 202, "GG", []string{"G"}, "RS=2"},
		{"1", 301, "CC", []string{"C"}, "RS=3"},
		{"1", 402, "AA", []string{"A"}, "RS=4"},
		{"1", 500, "TAAT", []string{"T"}, "RS=5"},
		{"1", 600, "AGAT", []string{"A"}, "RS=6;SIG=first"},
		{"1", 601, "GATG", []string{"G"}, "RS=7"},
		{"1", 700, "A", []string{"T"}, "RS=8"},
		{"1", 700, "A", []string{"T"}, "RS=9;SIG=second"},
		{"1", 800, "A", []string{"T"}, "RS=10;SIG=one"},
		{"1", 800, "A", []string{"T"}, "RS=10;SIG=two"},
		{"1", 900, "A", []string{"T"}, "RS=11;SIG=same"},
	}
	tests := []struct {
		name     string
		pos      uint32
		ref, alt string
		bcftools string
		ours     string
	}{
		{"a deletion whose base the database has one further left", 100, "CC", "C", ".", "RS=1"},
		{"a deletion spelled by the base behind it", 201, "TG", "T", ".", "RS=2"},
		{"another", 300, "TC", "T", ".", "RS=3"},
		{"and another", 401, "TA", "T", ".", "RS=4"},
		{"three bases spelled by the base behind them", 499, "CTAA", "C", ".", "RS=5"},
		{"two rows of one allele, spelled differently", 601, "GATG", "G", "RS=7", "RS=6;SIG=first"},
		{"two rows of one allele, of which the first lacks a value", 700, "A", "T", "RS=8", "RS=8;SIG=second"},
		{"two rows of one allele with two texts", 800, "A", "T", "RS=10;SIG=one", "RS=10;SIG=one&two"},
		{"nothing special", 900, "A", "T", "RS=11;SIG=same", "RS=11;SIG=same"},
	}
	dir := t.TempDir()
	database := writeVCF(t, filepath.Join(dir, "db.vcf"), sites)
	var asked []site
	for _, test := range tests {
		asked = append(asked, site{"1", test.pos, test.ref, []string{test.alt}, "."})
	}
	writeVCF(t, filepath.Join(dir, "query.vcf"), asked)
	theirs := bcftoolsAnnotate(t, dir)
	c := buildFrom(t, database, "RS", "SIG").Cursor()
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.ours, ask(c, "1", test.pos, test.ref, test.alt))
			if theirs != nil {
				require.Equal(t, test.bcftools, theirs[i])
			}
		})
	}
}

// bcftoolsAnnotate returns INFO of each record of query.vcf as bcftools completes it by db.vcf; nil where bcftools is not installed.
func bcftoolsAnnotate(t *testing.T, dir string) []string {
	t.Helper()
	for _, tool := range []string{"bcftools", "bgzip", "tabix"} {
		if _, err := exec.LookPath(tool); err != nil && !peers.Required() {
			t.Logf("%s is not installed: only our own answers are held (make deps installs it)", tool)
			return nil
		}
	}
	for _, name := range []string{"db.vcf", "query.vcf"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		declared := strings.Replace(string(text), "#CHROM", "##contig=<ID=1>\n#CHROM", 1)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(declared), 0o600))
	}
	script := `bgzip -k db.vcf && tabix -p vcf db.vcf.gz && bgzip -k query.vcf && tabix -p vcf query.vcf.gz &&
		bcftools annotate -a db.vcf.gz -c INFO/RS,INFO/SIG query.vcf.gz 2>/dev/null | grep -v '^#' | cut -f 8`
	command := exec.Command("bash", "-c", script)
	command.Dir = dir
	out, err := command.Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}
