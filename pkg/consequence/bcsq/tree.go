package bcsq

import "bytes"

// tree is the haplotypes of one transcript: a path from the root is a series of variants in the order of their positions. Samples share the nodes of a common beginning.
type tree struct {
	root   *node
	leaves []*node // of haplotype 2*sample + 0 or 1; nil at the root
}

// node is one variant of one or more haplotypes.
type node struct {
	atEdge  bool // its consequence is one of a start, stop or splice site: no sequence
	terms   Terms
	change  string // "ref>alt"
	grows   int    // ALT's length less REF's
	from    int    // on the contig, of what it replaces
	length  int    // of what it replaces, in bases
	offset  int    // of from in the CDS on the forward strand
	segment *segment
	bases   []byte // the CDS from the end of the node before to the end of this one
	record  *record
	allele  int
	ends    int // haplotypes that end here

	children []*node
	current  *record       // the record whose alleles made children last
	byAllele map[int]*node // of current
	answers  []placed
}

// placed is an answer of a haplotype and where it went.
type placed struct {
	record *record
	number int
}

// grow is what became of a variant that was put on a haplotype.
type grow int

const (
	grown    grow = iota
	overlaps      // the haplotype has another variant there
	silent        // it says nothing of this CDS
)

// extend makes the node of an allele behind a parent. at is the segment of the CDS that the record touches.
func (c *caller) extend(parent *node, s *segment, r *record, allele int) (*node, grow) {
	t := s.of
	e := c.edgeOf(s)
	e.begin(r, allele)
	where := e.judge(s.first, s.last())
	if where == noVariant {
		return nil, silent
	}
	n := &node{segment: s, record: r, allele: allele, terms: e.terms, change: string(r.ref) + ">" + string(r.alts[allele-1])}
	if where == outside || where == across {
		n.atEdge, n.from = true, r.pos
		if n.terms == 0 {
			return nil, silent
		}
		return n, grown
	}
	n.terms &^= synonymous // of a splice site; the sequence decides
	ref, alt := e.ref, e.alt
	if lead := s.first - e.from; lead > 0 { // the record begins before the exon, the variant does not
		ref, alt = ref[min(lead, len(ref)):], alt[min(lead, len(alt)):]
		e.from = s.first
	}
	if parent != nil {
		between, ok := t.between(parent, s, e.from)
		if !ok {
			return nil, overlaps
		}
		n.bases = between
	}
	n.bases = append(n.bases, alt...)
	n.offset, n.from, n.length = s.offset+e.from-s.first, e.from, len(ref)
	n.grows = len(r.alts[allele-1]) - len(r.ref)
	if n.from+n.length > s.first+s.length { // the whole segment goes
		n.atEdge = true
		if n.terms == 0 {
			n.terms = codingSequence
		}
	}
	return n, grown
}

// edgeOf prepares the check of a CDS's segment.
func (c *caller) edgeOf(s *segment) *edge {
	t, final := s.of, s.index == len(s.of.segments)-1
	firstCodon, lastCodon := s.index == 0, final
	if !t.forward {
		firstCodon, lastCodon = lastCodon, firstCodon
	}
	return &edge{
		caller: c, of: t, splicePairs: true, utr: true, sequences: true, left: s.index != 0, right: !final,
		start: firstCodon && !t.cut5 && t.startsWithStart(s), stop: lastCodon && !t.cut3,
	}
}

// between returns the bases of the CDS from the end of a node to a position in a later or the same segment. false when they overlap.
func (t *transcript) between(parent *node, s *segment, to int) ([]byte, bool) {
	end := parent.from + parent.length
	if parent.segment.index == s.index {
		if to < end {
			return nil, false
		}
		return bytes.Clone(t.sequence(end, to-end)), true
	}
	bases := bytes.Clone(t.sequence(end, parent.segment.last()+1-end))
	for i := parent.segment.index + 1; i < s.index; i++ {
		bases = append(bases, t.sequence(t.segments[i].first, t.segments[i].length)...)
	}
	return append(bases, t.sequence(s.first, to-s.first)...), true
}
