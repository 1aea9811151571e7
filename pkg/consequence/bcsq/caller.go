package bcsq

import (
	"bytes"
	"fmt"
	"slices"

	"gas/pkg/fault"
	"gas/pkg/genome"
)

// Phase says how genotypes are read that are heterozygous and not phased.
type Phase byte

// The ways, by the letters of csq's option.
const (
	Require Phase = 'r' // refuse them
	Merge   Phase = 'm' // put all alleles on one haplotype
	AsIs    Phase = 'a' // take them as if they were phased
	Skip    Phase = 's' // leave them out
	NonRef  Phase = 'R' // put the alternative alleles on both haplotypes
)

// Options are the ways to call. The zero value judges haplotypes and refuses unphased genotypes.
type Options struct {
	Local     bool  // each record alone
	Phase     Phase // 0 = Require
	Brief     int   // amino acids that a text shows of a change; 0 = all
	Samples   int   // in the file; 0 = all records are one haplotype
	AllStarts bool  // every start codon of NCBI's table 1 is one, not ATG alone
	Most      int   // answers of a record that a sample's bits can name; 0 = 15
}

// Answer is what the caller says of one record.
type Answer struct {
	Record Record
	Text   []byte     // the value of BCSQ, empty when there is nothing to say
	Bits   [][]uint32 // by sample; nil without samples or text
}

// Caller judges the records of a file, which must be sorted. It is used by one goroutine.
//
// Answers come in the order of the records, each when all haplotypes that it is part of are complete.
type Caller struct{ caller }

type caller struct {
	reference *genome.Reference
	options   Options
	emit      func(Answer) error
	contig    *contig
	waiting   []*record
	until     map[*record]int // the last base of the transcripts that a record waits for
	active    []*transcript
	previous  int // position of the last record
}

// New returns a caller that gives its answers to emit.
func New(reference *genome.Reference, options Options, emit func(Answer) error) *Caller {
	if options.Phase == 0 {
		options.Phase = Require
	}
	if options.Most == 0 {
		options.Most = 15
	}
	return &Caller{caller{reference: reference, options: options, emit: emit, until: map[*record]int{}}}
}

// Push takes the next record. A record out of order, and an unphased genotype that the options refuse, is a fault.BadInput.
func (c *Caller) Push(source Record) error {
	if c.contig == nil || c.contig.name != source.Contig {
		if err := c.Flush(); err != nil {
			return err
		}
		if err := c.enter(source.Contig); err != nil {
			return err
		}
	}
	r := c.newRecord(source)
	if r.pos < c.previous {
		return fault.New(fault.BadInput, "%s:%d comes after position %d: haplotypes need a sorted file", source.Contig, source.Pos, c.previous+1).
			WithHint("sort the file, for example with bcftools sort")
	}
	c.previous = r.pos
	c.waiting = append(c.waiting, r)
	if callable(r) {
		if err := c.judge(r); err != nil {
			return err
		}
	}
	return c.advance(r.pos - 1)
}

// Flush judges what is left and gives all answers that wait.
func (c *Caller) Flush() error {
	const end = 1 << 40
	return c.advance(end)
}

// enter reads the model of a contig. One that the reference lacks has no transcripts.
func (c *caller) enter(name string) error {
	number, ok := c.reference.Contig(name)
	if !ok {
		c.contig = &contig{}
	} else {
		c.contig = read(c.reference, number, c.options.AllStarts)
	}
	c.contig.name, c.previous = name, 0
	return nil
}

func (c *caller) newRecord(source Record) *record {
	r := &record{source: source, pos: source.Pos - 1, ref: source.Ref, alts: source.Alts, refLen: len(source.Ref)}
	if source.Span > 0 {
		r.refLen = source.Span
	}
	if c.options.Samples > 0 {
		words := (2*c.options.Most-1)/30 + 1
		r.bits = make([][]uint32, c.options.Samples)
		for i := range r.bits {
			r.bits[i] = make([]uint32, words)
		}
	}
	return r
}

// callable tells whether a record has an allele to judge; "*" and the "<*>" of a gVCF are none.
func callable(r *record) bool {
	if len(r.alts) == 0 || len(r.alts[0]) == 0 {
		return false
	}
	first := r.alts[0]
	return len(r.alts) > 1 || first[0] != '*' && !(len(first) > 1 && first[1] == '*') && first[0] != '.'
}

// judge puts a record on the haplotypes of its transcripts and says what lies beside coding sequence.
func (c *caller) judge(r *record) error {
	if r.alts[0][0] == '<' {
		c.symbolic(r)
		return nil
	}
	var touched bool
	var err error
	if c.options.Local {
		touched = c.local(r)
	} else if touched, err = c.coding(r); err != nil {
		return err
	}
	touched = c.untranslated(r) || touched
	touched = c.spliceSites(r) || touched
	if !touched {
		c.transcripts(r)
	}
	return nil
}

// coding puts a record on the haplotypes of the coding transcripts that it touches.
func (c *caller) coding(r *record) (touched bool, err error) {
	c.contig.segments.overlapping(r.pos, r.pos+r.refLen, func(s *segment) {
		t := s.of
		if err != nil || !t.biotype.coding {
			return
		}
		touched = true
		c.until[r] = max(c.until[r], t.last)
		if t.tree == nil {
			t.tree = &tree{root: &node{}, leaves: make([]*node, max(1, 2*c.options.Samples))}
			c.active = append(c.active, t)
		}
		if !t.fits(r) {
			return
		}
		if c.options.Samples == 0 {
			if isSequence(r.alts[0]) {
				c.put(r, s, 0, 1)
			}
			return
		}
		err = c.sampled(r, s)
	})
	return touched, err
}

// sampled puts the alleles of every sample on its haplotypes.
func (c *caller) sampled(r *record, s *segment) error {
	if r.source.Ploidy != 1 && r.source.Ploidy != 2 {
		return nil
	}
	for sample := range r.source.Genotypes {
		alleles, ok, err := c.haplotypes(r, sample)
		if err != nil {
			return err
		}
		for h, allele := range alleles[:r.source.Ploidy] {
			if ok && allele > 0 && allele <= len(r.alts) && isSequence(r.alts[allele-1]) {
				c.put(r, s, 2*sample+h, allele)
			}
		}
	}
	return nil
}

// haplotypes reads a sample's genotype by the option for those that are not phased.
func (c *caller) haplotypes(r *record, sample int) (alleles [2]int, ok bool, err error) {
	g := r.source.Genotypes[sample]
	alleles = g.Alleles
	if alleles[0] < 0 {
		return alleles, false, nil
	}
	if r.source.Ploidy < 2 || alleles[1] < 0 || alleles[0] == alleles[1] {
		return alleles, true, nil
	}
	if c.options.Phase == Merge && alleles[0] == 0 {
		alleles[0] = alleles[1]
	}
	if g.Phased {
		return alleles, true, nil
	}
	switch c.options.Phase {
	case Require:
		return alleles, false, fault.New(fault.BadInput, "the genotype of sample %d at %s:%d is heterozygous and not phased", sample+1, c.contig.name, r.pos+1).
			WithHint("phase the file, or choose with --phase how such genotypes are read")
	case Skip:
		return alleles, false, nil
	case NonRef:
		if alleles[0] == 0 {
			alleles[0] = alleles[1]
		} else if alleles[1] == 0 {
			alleles[1] = alleles[0]
		}
	}
	return alleles, true, nil
}

// put extends one haplotype of a transcript by an allele.
func (c *caller) put(r *record, s *segment, haplotype, allele int) {
	t := s.of.tree
	parent := t.leaves[haplotype]
	at := parent
	if at == nil {
		at = t.root
	}
	if known := at.byAllele[allele]; at.current == r && known != nil { // seen in another haplotype
		t.moveTo(known, haplotype, at)
		return
	}
	n, what := c.extend(parent, s, r, allele)
	if what != grown {
		return
	}
	if n.atEdge {
		c.stage(r, answer{transcript: s.of, terms: n.terms, allele: allele})
		return
	}
	if at.current != r {
		at.current, at.byAllele = r, map[int]*node{}
	}
	at.byAllele[allele] = n
	at.children = append(at.children, n)
	t.moveTo(n, haplotype, at)
}

func (t *tree) moveTo(n *node, haplotype int, from *node) {
	t.leaves[haplotype] = n
	n.ends++
	from.ends--
}

// stage puts an answer into a record and marks the haplotypes that carry its allele.
func (c *caller) stage(r *record, a answer) {
	number, isNew := r.put(a)
	if !isNew && c.options.Samples == 0 {
		return
	}
	for sample, g := range r.source.Genotypes {
		for h, allele := range g.Alleles[:min(r.source.Ploidy, 2)] {
			if allele > 0 && allele == a.allele {
				r.mark(sample, h, number, 2*c.options.Most)
			}
		}
	}
}

// advance judges the haplotypes of transcripts that end at or before a position, and gives the answers of records that wait for none.
func (c *caller) advance(pos int) error {
	left := c.active[:0]
	slices.SortStableFunc(c.active, func(a, b *transcript) int { return a.last - b.last })
	for _, t := range c.active {
		if t.last > pos {
			left = append(left, t)
			continue
		}
		c.finish(t)
		c.markLeaves(t)
		t.tree, t.spliced = nil, nil
	}
	clear(c.active[len(left):])
	c.active = left
	done := 0
	for _, r := range c.waiting {
		if len(c.active) > 0 && c.until[r] > pos {
			break
		}
		if err := c.release(r); err != nil {
			return err
		}
		done++
	}
	c.waiting = slices.Delete(c.waiting, 0, done)
	return nil
}

// markLeaves notes for every sample which answers its haplotypes have.
func (c *caller) markLeaves(t *transcript) {
	for sample := range c.options.Samples {
		for h := range 2 {
			leaf := t.tree.leaves[2*sample+h]
			if leaf == nil {
				continue
			}
			for _, p := range leaf.answers {
				if 2*p.number+h >= 2*c.options.Most {
					break
				}
				p.record.mark(sample, h, p.number, 2*c.options.Most)
			}
		}
	}
}

// release gives a record's answer.
func (c *caller) release(r *record) error {
	delete(c.until, r)
	a := Answer{Record: r.source}
	for i := range r.answers {
		if i > 0 {
			a.Text = append(a.Text, ',')
		}
		a.Text = r.answers[i].appendText(a.Text)
	}
	if len(a.Text) > 0 && c.options.Samples > 0 {
		a.Bits = r.bits
		for i := range a.Bits {
			a.Bits[i] = a.Bits[i][:max(1, r.words)]
		}
	}
	if err := c.emit(a); err != nil {
		return fmt.Errorf("give the answer for %s:%d: %w", c.contig.name, r.pos+1, err)
	}
	return nil
}

// Header returns the lines that declare what the caller adds to a file, without line ends.
func Header(options Options) []string {
	kind := "Haplotype-aware"
	if options.Local {
		kind = "Local"
	}
	lines := []string{fmt.Sprintf("##INFO=<ID=BCSQ,Number=.,Type=String,Description=\"%s consequences named as bcftools csq names them. "+
		"Format: Consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change\">", kind)}
	if options.Samples > 0 {
		lines = append(lines, `##FORMAT=<ID=BCSQ,Number=.,Type=Integer,Description="Bitmask of indexes to INFO/BCSQ, with interleaved first and second haplotype.">`)
	}
	return lines
}

// isInsertion and isDeletion tell symbolic alleles apart.
func isInsertion(alt []byte) bool { return bytes.HasPrefix(bytes.ToUpper(alt), []byte("<INS")) }
func isDeletion(alt []byte) bool  { return bytes.HasPrefix(bytes.ToUpper(alt), []byte("<DEL")) }
