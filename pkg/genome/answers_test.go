package genome

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/shared"
	"gas/test/volume"
)

// TestTheModelIsTheOneThatVEPSaw holds gene, symbol, biotype, strand, number of exons, and the bases of every codon against the answers of VEP, which read the same files.
func TestTheModelIsTheOneThatVEPSaw(t *testing.T) {
	for _, c := range []struct {
		fasta, genes string
		answers      []string
		padding      []string
	}{
		{"mt/rCRS.fa", "mt/genes.gff3", []string{"mt/saturation.vep115.tsv.gz"}, nil},
		{"sars-cov-2/MN908947.3.fa", "sars-cov-2/genes.gff3", []string{"sars-cov-2/saturation.vep115.tsv.gz"}, nil},
		{"chr21/chr21.partial.fa.gz", "chr21/ensembl84.gff3.gz", []string{"chr21/exonic.vep115.tsv.gz", "chr21/dbsnp.vep115.tsv.gz"},
			[]string{"contig 21 ends after 43894067 bases, the gene model says 46709983: the others are taken as N"}},
	} {
		r := built(t, "answers", c.fasta, c.genes, c.padding...)
		byID := make(map[string]*Transcript)
		for i := range r.Transcripts {
			byID[r.String(r.Transcripts[i].ID)] = &r.Transcripts[i]
		}
		for _, answer := range c.answers {
			t.Run(answer, func(t *testing.T) { compareModel(t, r, byID, answer) })
		}
	}
}

// compareModel holds a model against an answer.
func compareModel(t *testing.T, r *Reference, byID map[string]*Transcript, answer string) {
	codons := 0
	for row := range answers(t, answer, sampled()) {
		if row["Feature"] == "" {
			continue
		}
		transcript := byID[row["Feature"]]
		if transcript == nil {
			t.Fatalf("no transcript %s", row["Feature"])
		}
		gene := &r.Genes[transcript.Gene]
		same(t, row, row["Gene"], r.String(gene.ID))
		same(t, row, row["SYMBOL"], r.String(gene.Symbol))
		same(t, row, row["BIOTYPE"], r.String(transcript.Biotype))
		same(t, row, row["STRAND"], strconv.Itoa(int(transcript.Strand)))
		if _, exons, found := strings.Cut(row["EXON"], "/"); found {
			same(t, row, exons, strconv.Itoa(int(transcript.ExonCount)))
		}
		codons += compareCodon(t, r, transcript, row)
	}
	require.Greater(t, codons, 100)
}

// same is a comparison that is cheap enough for millions of them.
func same(t *testing.T, row map[string]string, want, got string) {
	if want != got {
		t.Fatalf("want %q, got %q for %v", want, got, row)
	}
}

// compareCodon checks the reference codon of an SNV and returns how many it checked.
func compareCodon(t *testing.T, r *Reference, transcript *Transcript, row map[string]string) int {
	position, err := strconv.Atoi(row["CDS_position"])
	before, _, found := strings.Cut(row["Codons"], "/")
	if err != nil || !found || len(row["REF"]) != 1 || len(row["ALT"]) != 1 {
		return 0
	}
	// VEP pads an incomplete first codon with N, and counts them.
	cds := strings.Repeat("N", int(transcript.Phase)) + string(r.SplicedOf(transcript)[transcript.CDSStart:transcript.CDSEnd])
	first := (position - 1) / 3 * 3
	same(t, row, strings.ToUpper(before), cds[first:min(first+3, len(cds))])
	return 1
}

// sampled is the distance of the rows that are looked at: all where GAS_ORACLE is "whole".
func sampled() int {
	if volume.Whole() {
		return 1
	}
	return 17
}

// answers yields each n-th row of an answer of VEP by column.
func answers(t *testing.T, name string, n int) func(func(map[string]string) bool) {
	f, err := os.Open(shared.Path(t, "data", name))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	text, err := Inflate(f)
	require.NoError(t, err)
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	require.True(t, lines.Scan())
	columns := strings.Split(strings.TrimPrefix(lines.Text(), "#"), "\t")
	return func(yield func(map[string]string) bool) {
		row := make(map[string]string, len(columns))
		for i := 0; lines.Scan(); i++ {
			if i%n != 0 {
				continue
			}
			clear(row)
			for i, value := range strings.Split(lines.Text(), "\t") {
				row[columns[i]] = value
			}
			if !yield(row) {
				return
			}
		}
		require.NoError(t, lines.Err())
	}
}
