//go:build humansize

package genome

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAReferenceOfHumanSize makes a genome of 3.1 Gb with 250,000 transcripts, builds it and opens it, and says how long that took and how much memory.
// It needs 8 GB of disk and some minutes: go test -tags humansize -run HumanSize -v ./pkg/genome
func TestAReferenceOfHumanSize(t *testing.T) {
	const contigs, length, transcripts = 25, 124_000_000, 250_000
	dir := t.TempDir()
	fasta, genes, out := filepath.Join(dir, "made.fa"), filepath.Join(dir, "made.gff3"), filepath.Join(dir, "made")
	makeSequence(t, fasta, contigs, length)
	makeGenes(t, genes, contigs, length, transcripts)

	began := time.Now()
	require.NoError(t, Build(context.Background(), BuildOptions{Name: "made", FASTA: fasta, Genes: genes, Out: out}))
	building := time.Since(began)
	t.Logf("built in %v, at most %s of memory resident", building.Round(time.Millisecond), peak(t))
	require.Less(t, building, 10*time.Minute)

	began = time.Now()
	r, err := Open(out)
	require.NoError(t, err)
	opening := time.Since(began)
	t.Logf("opened in %v: %d transcripts, %d exons", opening.Round(time.Millisecond), len(r.Transcripts), len(r.Exons))
	require.Less(t, opening, 200*time.Millisecond)
	require.Len(t, r.Transcripts, transcripts)
	require.NoError(t, r.Close())

	began = time.Now()
	require.NoError(t, Verify(out))
	t.Logf("verified in %v", time.Since(began).Round(time.Millisecond))
}

// makeSequence writes contigs of random bases: one million of them, from another place on for each line.
func makeSequence(t *testing.T, path string, contigs, length int) {
	f, err := os.Create(path)
	require.NoError(t, err)
	out := bufio.NewWriterSize(f, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	bases := make([]byte, 1<<20)
	for i := range bases {
		bases[i] = "ACGT"[random.IntN(4)]
	}
	for c := range contigs {
		fmt.Fprintf(out, ">%d made\n", c+1)
		for at := 0; at < length; at += 60 {
			from := random.IntN(len(bases) - 60)
			out.Write(bases[from : from+min(60, length-at)])
			out.WriteByte('\n')
		}
	}
	require.NoError(t, out.Flush())
	require.NoError(t, f.Close())
}

// makeGenes writes genes of five transcripts with eight exons each, six of them coding.
func makeGenes(t *testing.T, path string, contigs, length, transcripts int) {
	f, err := os.Create(path)
	require.NoError(t, err)
	out := bufio.NewWriterSize(f, 1<<20)
	const perGene, exons, exonLength, intronLength = 5, 8, 150, 3000
	genes := transcripts / perGene
	perContig := genes / contigs
	for g := range genes {
		contig, start, strand := g/perContig+1, g%perContig*(length/perContig)+1, "+-"[g%2:g%2+1]
		end := start + exons*(exonLength+intronLength)
		fmt.Fprintf(out, "%d\tmade\tgene\t%d\t%d\t.\t%s\t.\tID=gene:ENSG%011d;Name=GENE%d;biotype=protein_coding;gene_id=ENSG%011d;version=1;description=a made gene [Source:HGNC Symbol%%3BAcc:HGNC:%d]\n", contig, start, end, strand, g, g, g, g)
		for i := range perGene {
			n := g*perGene + i
			fmt.Fprintf(out, "%d\tmade\tmRNA\t%d\t%d\t.\t%s\t.\tID=transcript:ENST%011d;Parent=gene:ENSG%011d;Name=GENE%d-%d;biotype=protein_coding;transcript_id=ENST%011d;version=2;tag=basic;transcript_support_level=1\n", contig, start, end, strand, n, g, g, i, n)
			for e := range exons {
				from := start + e*(exonLength+intronLength) + i
				fmt.Fprintf(out, "%d\tmade\texon\t%d\t%d\t.\t%s\t.\tParent=transcript:ENST%011d;Name=ENSE%011d;constitutive=0;ensembl_end_phase=0;ensembl_phase=0;exon_id=ENSE%011d;rank=%d;version=1\n", contig, from, from+exonLength-1, strand, n, n*exons+e, n*exons+e, e+1)
				if e > 0 && e < exons-1 {
					fmt.Fprintf(out, "%d\tmade\tCDS\t%d\t%d\t.\t%s\t0\tID=CDS:ENSP%011d;Parent=transcript:ENST%011d;protein_id=ENSP%011d\n", contig, from, from+exonLength-1, strand, n, n, n)
				}
			}
		}
	}
	require.NoError(t, out.Flush())
	require.NoError(t, f.Close())
}

// peak is the most memory that was resident so far, as Linux counts it.
func peak(t *testing.T) string {
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	return string(regexp.MustCompile(`VmHWM:\s+(.*)`).FindSubmatch(status)[1])
}
