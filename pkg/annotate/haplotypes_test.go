package annotate

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"gas/pkg/consequence/bcsq"
	"gas/pkg/genome"

	"github.com/stretchr/testify/require"
)

// twoInOneCodon are two variants of MT-ND1's first codon (3,307, ATA): each alone changes the amino acid, together too, but to another one.
const twoInOneCodon = "##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2\n" +
	"MT\t3310\t.\tC\tA\t.\t.\t.\tGT:DP\t1|0:7\t1|0:7\n" +
	"MT\t3311\t.\tC\tA\t.\t.\tDP=3\tGT:DP\t1|0\t0|1:7\n" +
	"chrUn\t5\t.\tC\tA\t.\t.\t.\tGT\t0|1\t0|0\n"

func TestVariantsOfOneHaplotypeAreJudgedTogether(t *testing.T) {
	reference, err := genome.Builtin("rCRS")
	require.NoError(t, err)
	annotator := &Annotator{Reference: reference, Haplotypes: &bcsq.Options{}}
	var out bytes.Buffer
	summary, err := Run(context.Background(), Input{Reader: strings.NewReader(twoInOneCodon), Name: "x.vcf"}, Output{Writer: &out}, Options{Choose: Use(annotator), Threads: 2})
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	records := lines[len(lines)-3:]

	together := "missense|ND1|ND1|protein_coding|+|2P>2N|3310C>A+3311C>A"
	alone := "missense|ND1|ND1|protein_coding|+|2P>2T|3310C>A"
	require.Equal(t, "MT\t3310\t.\tC\tA\t.\t.\tBCSQ="+alone+","+together+"\tGT:DP:BCSQ\t1|0:7:4\t1|0:7:1", records[0],
		"the first haplotype of s1 has both variants, that of s2 this one alone")
	require.Equal(t, "MT\t3311\t.\tC\tA\t.\t.\tDP=3;BCSQ=@3310,missense|ND1|ND1|protein_coding|+|2P>2H|3311C>A\tGT:DP:BCSQ\t1|0:.:1\t0|1:7:8", records[1],
		"the second variant of s1 points to the first")
	require.Equal(t, "chrUn\t5\t.\tC\tA\t.\t.\t.\tGT\t0|1\t0|0", records[2], "a contig that the reference lacks passes through")
	require.EqualValues(t, 2, summary.Ledger.Annotated)
	require.EqualValues(t, 1, summary.Ledger.PassedThrough)
}

func TestAnUnphasedGenotypeIsRefusedWithItsLine(t *testing.T) {
	reference, err := genome.Builtin("rCRS")
	require.NoError(t, err)
	annotator := &Annotator{Reference: reference, Haplotypes: &bcsq.Options{}}
	text := strings.ReplaceAll(twoInOneCodon, "0|1:7", "0/1:7")
	_, err = Run(context.Background(), Input{Reader: strings.NewReader(text), Name: "x.vcf"}, Output{Writer: new(bytes.Buffer)}, Options{Choose: Use(annotator), Threads: 2})
	require.ErrorContains(t, err, "line 5")
	require.ErrorContains(t, err, "not phased")
}
