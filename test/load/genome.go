package main

import (
	"bufio"
	"fmt"
	"strings"

	"gas/pkg/vcf/bgzf"
)

// madeGenome is a made genome: one contig on which a gene begins every spacing bases. Its bases are a function of their place, so that nothing has to be kept.
type madeGenome struct{ transcripts int }

const spacing = 2500 // bases from one gene to the next: two exons of 300 with an intron of 600 between, all coding

func (g madeGenome) length() int { return g.transcripts*spacing + spacing }

// base is the base at a 1-based place.
func (g madeGenome) base(pos int) byte {
	x := uint64(pos) * 0x9e3779b97f4a7c15
	x ^= x >> 29
	return "ACGT"[x*0xbf58476d1ce4e5b9>>62]
}

func (g madeGenome) writeBases(w *bufio.Writer) error {
	fmt.Fprintln(w, ">1")
	for pos := 1; pos <= g.length(); pos++ {
		_ = w.WriteByte(g.base(pos)) // Flush tells what went wrong
		if pos%60 == 0 {
			_ = w.WriteByte('\n')
		}
	}
	return w.WriteByte('\n')
}

func (g madeGenome) writeGenes(w *bufio.Writer) error {
	fmt.Fprintln(w, "##gff-version 3")
	for i := range g.transcripts {
		begin := i*spacing + 601
		line := func(kind string, from, to int, phase, attributes string) {
			fmt.Fprintf(w, "1\tmade\t%s\t%d\t%d\t.\t+\t%s\t%s\n", kind, from, to, phase, attributes)
		}
		line("gene", begin, begin+1199, ".", fmt.Sprintf("ID=gene:G%d;Name=GENE%d;biotype=protein_coding;gene_id=G%d", i, i, i))
		line("mRNA", begin, begin+1199, ".", fmt.Sprintf("ID=transcript:T%d;Parent=gene:G%d;biotype=protein_coding;transcript_id=T%d", i, i, i))
		for n, from := range []int{begin, begin + 900} {
			line("exon", from, from+299, ".", fmt.Sprintf("Parent=transcript:T%d;rank=%d", i, n+1))
			line("CDS", from, from+299, "0", fmt.Sprintf("ID=CDS:P%d;Parent=transcript:T%d;protein_id=P%d", i, i, i))
		}
	}
	return nil
}

// writeVariants writes n variants, spread evenly over the genome, as bgzip: substitutions, and of ten one insertion and one deletion.
func (g madeGenome) writeVariants(to *bufio.Writer, n, samples int) error {
	packed, err := bgzf.NewWriter(to, bgzf.WriterOptions{Level: 1, Threads: 2})
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(packed, 1<<20)
	fmt.Fprintf(w, "##fileformat=VCFv4.2\n##FILTER=<ID=PASS,Description=\"All filters passed\">\n##INFO=<ID=DP,Number=1,Type=Integer,Description=\"Depth\">\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n##contig=<ID=1,length=%d>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", g.length())
	if samples > 0 {
		_, _ = w.WriteString("\tFORMAT")
	}
	for i := range samples {
		fmt.Fprintf(w, "\tS%d", i)
	}
	_ = w.WriteByte('\n')
	rows := []string{strings.Repeat("\t0|0", samples), strings.Repeat("\t0|0", samples/2) + strings.Repeat("\t0|1", samples-samples/2)}
	for i := range n {
		pos := 1 + i*(g.length()-10)/n
		base, next := g.base(pos), g.base(pos+1)
		ref, alt := string(base), string("ACGT"[strings.IndexByte("ACGT", base)^1])
		switch i % 10 {
		case 3:
			alt = ref + "CA"
		case 7:
			ref, alt = ref+string(next), ref
		}
		fmt.Fprintf(w, "1\t%d\t.\t%s\t%s\t50\tPASS\tDP=%d", pos, ref, alt, 10+i%50)
		if samples > 0 {
			_, _ = w.WriteString("\tGT" + rows[i%len(rows)])
		}
		_ = w.WriteByte('\n')
	}
	if err := w.Flush(); err != nil {
		packed.Abort()
		return err
	}
	return packed.Close()
}
