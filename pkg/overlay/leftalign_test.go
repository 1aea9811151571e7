package overlay

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
	"gas/test/peers"
)

// buildOn compiles a file, moving its insertions and deletions to the left on sequences, and opens it.
func buildOn(t *testing.T, file string, sequences map[string][]byte) (*Set, Description) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "db"+Extension)
	d, err := Build(context.Background(), BuildOptions{
		Name: "db", File: file, Fields: []string{"RS"}, Out: out, Reference: "made", Bases: func(contig []byte) []byte { return sequences[string(contig)] },
	})
	require.NoError(t, err)
	return openSet(t, Spec{File: out}), d
}

func TestADatabaseIsBuiltLeftAligned(t *testing.T) {
	sequence := []byte("GGCACACATTTTTG") // 1-based: CA three times from 3 to 8, T from 9 to 13
	set, d := buildOn(t, writeVCF(t, filepath.Join(t.TempDir(), "x.vcf"), []site{
		{"1", 2, "G", []string{"T"}, "RS=1"},
		{"1", 6, "ACA", []string{"A", "T"}, "RS=2"},
		{"1", 8, "A", []string{"AT"}, "RS=3"},
		{"1", 8, "C", []string{"CA"}, "RS=4"}, // not the sequence's base
		{"1", 12, "TT", []string{"T"}, "RS=5"},
		{"1", 13, "T", []string{"TT"}, "RS=6"}, // the same allele as RS=3
		{"2", 12, "TT", []string{"T"}, "RS=7"}, // no sequence
	}), map[string][]byte{"1": sequence})
	require.Equal(t, "made", d.Reference)
	require.EqualValues(t, 3, d.Moved)
	require.EqualValues(t, 7, d.Rows, "eight alleles, of which two are the same")
	c := set.Cursor()
	for _, test := range []struct {
		contig   string
		pos      uint32
		ref, alt string
		want     string
	}{
		{"1", 2, "G", "T", "RS=1"},
		{"1", 2, "GCA", "G", "RS=2"},
		{"1", 6, "ACA", "A", ""},
		{"1", 8, "A", "AT", "RS=3"},
		{"1", 8, "C", "CA", "RS=4"},
		{"1", 8, "AT", "A", "RS=5"},
		{"1", 12, "TT", "T", ""},
		{"2", 12, "TT", "T", "RS=7"},
	} {
		require.Equal(t, test.want, ask(c, test.contig, test.pos, test.ref, test.alt), "%v", test)
	}
	require.NoError(t, c.Err())
}

func TestAReferenceWithoutTheDatabasesContigsIsRefused(t *testing.T) {
	file := writeVCF(t, filepath.Join(t.TempDir(), "x.vcf"), []site{{"1", 2, "GCA", []string{"G"}, "RS=1"}})
	out := filepath.Join(t.TempDir(), "db"+Extension)
	_, err := Build(context.Background(), BuildOptions{Name: "db", File: file, Fields: []string{"RS"}, Out: out, Reference: "made", Bases: func([]byte) []byte { return nil }})
	require.True(t, fault.Is(err, fault.BadInput), err)
	require.NoFileExists(t, out)
}

func TestABEDFileIsNotLeftAligned(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.bed")
	require.NoError(t, os.WriteFile(file, []byte("1\t1\t9\tx\n"), 0o600))
	_, err := Build(context.Background(), BuildOptions{
		Name: "db", File: file, Fields: []string{"name"}, Out: filepath.Join(t.TempDir(), "db"+Extension), Reference: "made", Bases: func([]byte) []byte { return []byte("ACGT") },
	})
	require.True(t, fault.Is(err, fault.BadInput), err)
	require.Contains(t, fault.Of(err).Hint, "without a reference")
}

// TestLeftAlignedRowsAreThoseOfBcftoolsNorm builds a database of random insertions and deletions in repeats, sorted and in any order, and asks for every
// record as bcftools norm writes it, exactly as it is spelled.
func TestLeftAlignedRowsAreThoseOfBcftoolsNorm(t *testing.T) {
	bcftools := peers.Tool(t, "bcftools")
	r := rand.New(rand.NewPCG(3, 9))
	sequence := make([]byte, 30_000)
	for i := range sequence {
		sequence[i] = "AAAC"[r.IntN(4)]
	}
	for i := range 12_000 { // one repeat, nearly as long as what is moved at most
		sequence[5_000+i] = "CA"[i%2]
	}
	var sites []site
	for pos := 2; pos < len(sequence)-30; pos += 1 + r.IntN(8) {
		from, n := pos-1, 1+r.IntN(6)
		before, info := string(sequence[from:from+1]), fmt.Sprintf("RS=%d", pos)
		switch r.IntN(3) {
		case 0:
			sites = append(sites, site{"1", uint32(pos), string(sequence[from : from+1+n]), []string{before}, info})
		case 1:
			sites = append(sites, site{"1", uint32(pos), before, []string{before + string(sequence[from+1:from+1+n])}, info})
		default:
			sites = append(sites, site{"1", uint32(pos), before, []string{"G"}, info})
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x.fa"), append([]byte(">1\n"), append(sequence, '\n')...), 0o600))
	sorted := writeVCF(t, filepath.Join(dir, "x.vcf"), sites)
	text, err := os.ReadFile(sorted)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(sorted, bytes.Replace(text, []byte("#CHROM"), []byte("##contig=<ID=1>\n#CHROM"), 1), 0o600))
	command := exec.Command(bcftools, "norm", "-f", "x.fa", "x.vcf")
	command.Dir = dir
	normed, err := command.Output()
	require.NoError(t, err)
	alleles, records := map[string][]string{}, 0 // the ids of the records that are the same allele
	for lines := bufio.NewScanner(bytes.NewReader(normed)); lines.Scan(); {
		if f := strings.Split(lines.Text(), "\t"); !strings.HasPrefix(f[0], "#") {
			allele := strings.Join(f[:5], "\t")
			alleles[allele] = append(alleles[allele], f[7])
			records++
		}
	}
	require.Equal(t, len(sites), records)
	r.Shuffle(len(sites), func(i, j int) { sites[i], sites[j] = sites[j], sites[i] })
	for name, file := range map[string]string{"sorted": sorted, "in any order": writeVCF(t, filepath.Join(dir, "y.vcf"), sites)} {
		t.Run(name, func(t *testing.T) {
			set, d := buildOn(t, file, map[string][]byte{"1": sequence})
			require.Greater(t, d.Moved, int64(1000))
			require.EqualValues(t, len(alleles), d.Rows)
			c := set.Cursor()
			for allele, ids := range alleles {
				f := strings.Split(allele, "\t")
				pos, err := strconv.Atoi(f[1])
				require.NoError(t, err)
				require.Contains(t, ids, ask(c, "1", uint32(pos), f[3], f[4]), allele)
			}
			require.NoError(t, c.Err())
		})
	}
}
