package genome

import (
	"fmt"
	"math"
)

// longestContig is the longest contig in bases: positions and distances fit in int32.
const longestContig = math.MaxInt32

// checker walks over the tables of a decoded file and checks that whatever an accessor will look up is there.
type checker struct{ *Reference }

func (c checker) all(h *header) error {
	if !c.texts(h.name, h.source) {
		return fmt.Errorf("its name lies outside the string pool")
	}
	for i := range c.Contigs {
		if err := c.contig(&c.Contigs[i]); err != nil {
			return fmt.Errorf("contig %d: %w", i, err)
		}
	}
	for i, a := range c.Aliases {
		if !c.texts(a.Name) || int(a.Contig) >= len(c.Contigs) {
			return fmt.Errorf("alias %d lies outside its tables", i)
		}
	}
	for i := range c.Genes {
		g := &c.Genes[i]
		if !c.texts(g.ID, g.Symbol, g.SymbolSource, g.HGNC, g.Biotype) || !c.interval(g.Contig, g.Start, g.End) || g.Strand != 1 && g.Strand != -1 {
			return fmt.Errorf("gene %d lies outside its tables", i)
		}
	}
	for i := range c.Transcripts {
		if err := c.transcript(i, &c.Transcripts[i]); err != nil {
			return fmt.Errorf("transcript %d: %w", i, err)
		}
	}
	return nil
}

func (c checker) contig(t *Contig) error {
	_, known := Code(t.GeneticCode)
	switch {
	case !c.texts(t.Name) || t.Name.Length == 0:
		return fmt.Errorf("its name lies outside the string pool")
	case t.Length > longestContig || !within(t.Offset, uint64(t.Length), uint64(len(c.Sequence))):
		return fmt.Errorf("its bases lie outside the sequence")
	case !within(uint64(t.FirstTranscript), uint64(t.TranscriptCount), uint64(len(c.Transcripts))):
		return fmt.Errorf("its transcripts lie outside their table")
	case t.LongestSpan > t.Length || !known || t.Circular > 1:
		return fmt.Errorf("an impossible span, genetic code or shape")
	}
	return nil
}

func (c checker) transcript(i int, t *Transcript) error {
	_, known := Code(t.GeneticCode)
	switch {
	case !c.texts(t.ID, t.Version, t.Protein, t.Biotype, t.Source, t.ManeSelect, t.ManePlus, t.CCDS, t.APPRIS, t.TSL):
		return fmt.Errorf("a text lies outside the string pool")
	case int(t.Gene) >= len(c.Genes) || !c.interval(t.Contig, t.Start, t.End) || t.Strand != 1 && t.Strand != -1 || t.Phase > 2 || !known:
		return fmt.Errorf("an impossible gene, place, strand, phase or genetic code")
	case !within(t.SplicedOffset, uint64(t.SplicedLength), uint64(len(c.Spliced))):
		return fmt.Errorf("its bases lie outside the spliced sequence")
	case t.ExonCount == 0 || !within(uint64(t.FirstExon), uint64(t.ExonCount), uint64(len(c.Exons))) || !within(uint64(t.FirstEdit), uint64(t.EditCount), uint64(len(c.Edits))):
		return fmt.Errorf("its exons or edits lie outside their tables")
	case t.CDSStart > t.CDSEnd || t.CDSEnd > t.SplicedLength || t.CodingStart > t.CodingEnd:
		return fmt.Errorf("its CDS lies outside its bases")
	case t.CDSEnd > t.CDSStart && (t.CodingStart < t.Start || t.CodingEnd > t.End):
		return fmt.Errorf("its CDS lies outside its exons")
	}
	if err := c.order(i, t); err != nil {
		return err
	}
	return c.parts(t)
}

// order checks that a transcript is in its contig's range and after the one before it.
func (c checker) order(i int, t *Transcript) error {
	contig := &c.Contigs[t.Contig]
	if uint32(i) < contig.FirstTranscript || uint32(i)-contig.FirstTranscript >= contig.TranscriptCount || t.End-t.Start > contig.LongestSpan {
		return fmt.Errorf("not among its contig's")
	}
	if i > 0 && c.Transcripts[i-1].Contig == t.Contig && c.Transcripts[i-1].Start > t.Start {
		return fmt.Errorf("not in order")
	}
	return nil
}

// parts checks that the exons follow each other and add up to the spliced sequence, and that the edits lie in it.
func (c checker) parts(t *Transcript) error {
	at := uint64(0)
	exons := c.ExonsOf(t)
	for i, e := range exons {
		if e.Start >= e.End || e.Start < t.Start || e.End > t.End || uint64(e.SplicedStart) != at || e.Phase < -1 || e.Phase > 2 {
			return fmt.Errorf("exon %d lies outside", i+1)
		}
		if i > 0 && (t.Strand > 0 && e.Start < exons[i-1].End || t.Strand < 0 && e.End > exons[i-1].Start) {
			return fmt.Errorf("exon %d is not in order", i+1)
		}
		at += uint64(e.End - e.Start)
	}
	if at != uint64(t.SplicedLength) {
		return fmt.Errorf("its exons do not add up to its bases")
	}
	for _, e := range c.EditsOf(t) {
		if e.Position > t.SplicedLength || e.Kind != Recoded && e.Kind != Slip {
			return fmt.Errorf("an edit lies outside")
		}
	}
	return nil
}

// texts reports whether all texts lie in the string pool.
func (c checker) texts(list ...Text) bool {
	for _, t := range list {
		if !within(uint64(t.Offset), uint64(t.Length), uint64(len(c.Pool))) {
			return false
		}
	}
	return true
}

// interval reports whether start:end is a part of the contig that has a base.
func (c checker) interval(contig, start, end uint32) bool {
	return int(contig) < len(c.Contigs) && start < end && end <= c.Contigs[contig].Length
}

// within reports whether length bytes or rows from start on lie within total, also where start+length would overflow.
func within(start, length, total uint64) bool { return start <= total && length <= total-start }
