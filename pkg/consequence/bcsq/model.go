package bcsq

import (
	"sort"

	"gas/pkg/genome"
)

// pad is how many bases beside a transcript are looked at where an indel reaches over its edge.
const pad = 10

// The widths of the regions beside an exon, in bases.
const (
	splicePair   = 2 // donor and acceptor
	spliceIntron = 8 // the splice region inside an intron
)

// segment is one exon's part of a CDS, on the contig.
type segment struct {
	first, length int
	index         int // among the transcript's segments, from the left
	offset        int // of its first base in the CDS on the forward strand
	of            *transcript
}

func (s *segment) last() int { return s.first + s.length - 1 }

// span is one exon or one UTR of a transcript, on the contig, closed.
type span struct {
	first, last int
	five        bool // a 5' UTR
	of          *transcript
}

// transcript is a transcript as csq sees it: the CDS cut to whole codons.
type transcript struct {
	id, gene    string
	biotype     biotype
	forward     bool
	first, last int // on the contig, closed
	segments    []*segment
	cut5, cut3  bool // the CDS is incomplete at this end
	code        *codonTable
	bases       []byte // of the contig
	spliced     []byte // the CDS on the forward strand with pad bases at both ends
	tree        *tree  // the haplotypes under way; nil when none
}

// sequence returns n bases of the contig from a 0-based position, N where the contig has none.
func (t *transcript) sequence(from, n int) []byte {
	if n <= 0 {
		return nil
	}
	if from >= 0 && from+n <= len(t.bases) {
		return t.bases[from : from+n]
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = 'N'
		if p := from + i; p >= 0 && p < len(t.bases) {
			out[i] = t.bases[p]
		}
	}
	return out
}

// length is that of the CDS in bases.
func (t *transcript) length() int { return len(t.reading()) - 2*pad }

// reading returns the spliced CDS on the forward strand with pad bases at both ends. As csq does, the right pad repeats the first bases of the last segment.
func (t *transcript) reading() []byte {
	if t.spliced == nil {
		t.spliced = append(t.spliced, t.sequence(t.segments[0].first-pad, pad)...)
		for _, s := range t.segments {
			t.spliced = append(t.spliced, t.sequence(s.first, s.length)...)
		}
		t.spliced = append(t.spliced, t.sequence(t.segments[len(t.segments)-1].first, pad)...)
	}
	return t.spliced
}

// contig is what lies on one contig, each list sorted by its first base.
type contig struct {
	name        string
	bases       []byte
	transcripts index[*transcript]
	segments    index[*segment]
	exons       index[*span]
	utrs        index[*span]
}

// index finds what overlaps a range by binary search, bounded by the longest item.
type index[T any] struct {
	items   []item[T]
	longest int
}

type item[T any] struct {
	first, last int // closed
	value       T
}

func (x *index[T]) add(first, last int, value T) {
	x.items = append(x.items, item[T]{first, last, value})
	x.longest = max(x.longest, last-first)
}

func (x *index[T]) sort() {
	sort.SliceStable(x.items, func(i, j int) bool {
		a, b := x.items[i], x.items[j]
		return a.first < b.first || a.first == b.first && a.last < b.last
	})
}

// overlapping calls visit for every item that shares a base with first to last, closed, from the left.
func (x *index[T]) overlapping(first, last int, visit func(T)) {
	start := sort.Search(len(x.items), func(i int) bool { return x.items[i].first >= first-x.longest })
	for _, it := range x.items[start:] {
		if it.first > last {
			return
		}
		if it.last >= first {
			visit(it.value)
		}
	}
}

// read builds the contig's model from a compiled reference.
func read(r *genome.Reference, number int, allStarts bool) *contig {
	c := &contig{name: r.String(r.Contigs[number].Name), bases: r.Bases(number, 0, r.Contigs[number].Length)}
	for i := range r.TranscriptsOf(number) {
		source := &r.TranscriptsOf(number)[i]
		word := r.String(source.Biotype)
		if word == "transcript" { // the gene model names the gene's biotype alone
			word = r.String(r.Genes[source.Gene].Biotype)
		}
		kind, known := biotypeOf(word)
		if !known {
			continue
		}
		c.add(r, source, kind, tableOf(source.GeneticCode, allStarts))
	}
	c.transcripts.sort()
	c.segments.sort()
	c.exons.sort()
	c.utrs.sort()
	return c
}

// add takes up one transcript with its CDS, exons and UTRs.
func (c *contig) add(r *genome.Reference, source *genome.Transcript, kind biotype, code *codonTable) {
	gene := &r.Genes[source.Gene]
	t := &transcript{
		id: r.String(source.ID), gene: r.String(gene.Symbol), biotype: kind, forward: source.Strand > 0,
		first: int(source.Start), last: int(source.End) - 1, bases: c.bases, code: code,
	}
	if t.gene == "" {
		t.gene = r.String(gene.ID)
	}
	c.transcripts.add(t.first, t.last, t)
	exons := r.ExonsOf(source)
	if source.Flags&genome.ExonsListed != 0 {
		for _, e := range exons {
			c.exons.add(int(e.Start)-spliceIntron, int(e.End)-1+spliceIntron, &span{first: int(e.Start), last: int(e.End) - 1, of: t})
		}
	}
	if source.CDSEnd == source.CDSStart {
		return
	}
	if source.Flags&genome.UTRsListed != 0 {
		c.addUTRs(source, exons, t)
	}
	t.segments = segmentsOf(source, exons, r.EditsOf(source))
	t.cutToCodons(int(source.Phase))
	offset := 0
	for i, s := range t.segments {
		s.index, s.offset, s.of = i, offset, t
		offset += s.length
		c.segments.add(s.first, s.last(), s)
	}
}

// addUTRs takes up the parts of exons that lie outside of the CDS.
func (c *contig) addUTRs(source *genome.Transcript, exons []genome.Exon, t *transcript) {
	for _, e := range exons {
		if e.Start < source.CodingStart {
			u := &span{first: int(e.Start), last: int(min(e.End, source.CodingStart)) - 1, five: t.forward, of: t}
			c.utrs.add(u.first, u.last, u)
		}
		if e.End > source.CodingEnd {
			u := &span{first: int(max(e.Start, source.CodingEnd)), last: int(e.End) - 1, five: !t.forward, of: t}
			c.utrs.add(u.first, u.last, u)
		}
	}
}

// segmentsOf cuts the exons to the CDS and at the places where the ribosome slips, and returns the parts from the left.
func segmentsOf(source *genome.Transcript, exons []genome.Exon, edits []genome.Edit) []*segment {
	var parts []*segment
	add := func(e genome.Exon, from, to uint32) { // spliced coordinates, half-open
		if from >= to {
			return
		}
		first := int(e.Start + from - e.SplicedStart)
		if source.Strand < 0 {
			first = int(e.End - (to - e.SplicedStart))
		}
		parts = append(parts, &segment{first: first, length: int(to - from)})
	}
	for _, e := range exons {
		from, to := max(e.SplicedStart, source.CDSStart), min(e.SplicedStart+e.End-e.Start, source.CDSEnd)
		for _, edit := range edits {
			if edit.Kind == genome.Slip && edit.Position > from && edit.Position < to {
				add(e, from, edit.Position)
				from = uint32(int(edit.Position) + int(edit.Shift))
			}
		}
		add(e, from, to)
	}
	sort.SliceStable(parts, func(i, j int) bool { return parts[i].first < parts[j].first })
	return parts
}

// cutToCodons leaves out the bases of a CDS that belong to no whole codon. missing is the number of bases that the first codon lacks.
func (t *transcript) cutToCodons(missing int) {
	if skip := (3 - missing) % 3; skip != 0 {
		t.cut5 = true
		t.cut(skip, t.forward)
	}
	total := 0
	for _, s := range t.segments {
		total += s.length
	}
	if total%3 != 0 {
		t.cut3 = true
		t.cut(total%3, !t.forward)
	}
}

// cut drops n bases at the left end, else at the right one.
func (t *transcript) cut(n int, left bool) {
	for i := range t.segments {
		s := t.segments[i]
		if !left {
			s = t.segments[len(t.segments)-1-i]
		}
		take := min(n, s.length)
		s.length -= take
		if left {
			s.first += take
		}
		if n -= take; n == 0 {
			return
		}
	}
}
