package annotate

import (
	"bytes"

	"gas/pkg/consequence"
	"gas/pkg/genome"
)

// Kinds of alleles.
const (
	kindSNV = iota
	kindMNV
	kindInsertion
	kindDeletion
	kindIndel
	kindStructural
	kindOther // *, <*>, <NON_REF> and an allele that equals REF
	kindCount
)

var kindNames = [kindCount]string{"SNV", "MNV", "insertion", "deletion", "indel", "structural", "other"}

// longestIndel is the length, in bases, from which on indels are counted together.
const longestIndel = 50

// termBits is how many terms a set of terms can hold.
const termBits = 64

// counts are one worker's counts, in flat arrays. They say the same whatever the workers' number, once they are added up. What follows from other counts is left to
// the end, because a record passes here within a few dozen cycles: how many alleles there are (settle), and how many of each impact.
type counts struct {
	here          contigCount              // of the contig at hand, since it was entered
	terms         [termBits]int64          // alleles by their most severe term's rank
	bases         [letters * letters]int64 // alleles of one base for another, by their letters, until settle
	serial        uint32                   // of the allele at hand
	genes         []geneCount              // by index in the reference
	samples       sampleCounts
	kinds         [kindCount]int64
	transitions   int64
	transversions int64
	lengths       [2*longestIndel + 1]int64 // indels by the number of bases gained, from -50 to 50
	contigs       map[string]*contigCount
	contig        *contigCount // the contig at hand
}

type contigCount struct {
	records, annotated int64
}

func (c *contigCount) add(other contigCount) {
	c.records += other.records
	c.annotated += other.annotated
}

// geneCount counts the alleles that touch a gene, in it or in a way that matters, by their greatest impact there.
type geneCount struct {
	impacts  [4]uint32
	stamp    uint32 // serial of the allele counted last
	severest consequence.Impact
}

// alleles is how many alleles touch the gene.
func (g *geneCount) alleles() int64 {
	return int64(g.impacts[0]) + int64(g.impacts[1]) + int64(g.impacts[2]) + int64(g.impacts[3])
}

// The letters that bases are mostly written with, and their numbers. All other bytes have the number letters.
const (
	baseLetters = "ACGTacgt"
	letters     = 8
)

var letterNumbers = numbered(baseLetters)

func numbered(list string) (table [256]uint8) {
	for i := range table {
		table[i] = uint8(len(list))
	}
	for i := range list {
		table[list[i]] = uint8(i)
	}
	return table
}

func newCounts(p *plan) *counts {
	c := &counts{contigs: map[string]*contigCount{}}
	if p.reference != nil {
		c.genes = make([]geneCount, len(p.reference.Genes))
	}
	c.samples.init(len(p.header.Samples))
	return c
}

// enter goes to another contig.
func (c *counts) enter(name []byte) {
	c.leave()
	c.contig = c.contigs[string(name)]
	if c.contig == nil {
		c.contig = &contigCount{}
		c.contigs[string(name)] = c.contig
	}
}

// leave adds what was counted since the contig at hand was entered to what was counted of it before.
func (c *counts) leave() {
	if c.contig != nil {
		c.contig.add(c.here)
		c.here = contigCount{}
	}
}

// record counts the record at hand.
func (c *counts) record(w *worker, annotated bool) {
	c.here.records++
	ref := w.record.Ref
	for _, alt := range w.variant.Alts {
		if len(ref) == 1 && len(alt) == 1 {
			if x, y := uint(letterNumbers[ref[0]]), uint(letterNumbers[alt[0]]); x|y < letters {
				c.bases[(x*letters+y)%(letters*letters)]++
				continue
			}
		}
		c.allele(ref, alt)
	}
	if annotated {
		c.here.annotated++
		c.effects(w.scratch.Effects, w.plan.reference.Transcripts)
	}
	if len(w.record.Rest) > 0 {
		c.samples.record(w.record.Rest)
	}
}

// effects counts the most severe effect of each allele, and the genes touched. The effects are in the alleles' order.
func (c *counts) effects(effects []consequence.Effect, transcripts []genome.Transcript) {
	for len(effects) > 0 {
		n := len(effects)
		for effects[n-1].Allele != effects[0].Allele {
			n--
		}
		c.alleleEffects(effects[:n], transcripts)
		effects = effects[n:]
	}
}

// noGene is the index of no gene.
const noGene = ^uint32(0)

// alleleEffects counts the effects of one allele. Those at one gene mostly follow each other, and are told to it in one go.
func (c *counts) alleleEffects(effects []consequence.Effect, transcripts []genome.Transcript) {
	c.serial++
	var all consequence.Terms
	gene, severest := noGene, consequence.Modifier
	for i := range effects {
		effect := &effects[i]
		all |= effect.Terms
		if effect.Terms&^(consequence.UpstreamGene|consequence.DownstreamGene) == 0 || effect.Transcript < 0 {
			continue
		}
		g := transcripts[effect.Transcript].Gene
		if g != gene && gene != noGene {
			c.gene(gene, severest)
			severest = consequence.Modifier
		}
		gene, severest = g, max(severest, effect.Impact)
	}
	if gene != noGene {
		c.gene(gene, severest)
	}
	c.terms[all.Rank()&(termBits-1)]++
}

// gene counts the allele at hand in a gene once, with the greatest of its impacts there.
func (c *counts) gene(index uint32, impact consequence.Impact) {
	g := &c.genes[index]
	if g.stamp != c.serial {
		g.stamp, g.severest = c.serial, impact
		g.impacts[impact]++
		return
	}
	if impact > g.severest {
		g.impacts[g.severest]--
		g.impacts[impact]++
		g.severest = impact
	}
}

// allele counts by its kind an allele that is not one letter for another, or not one of the usual letters.
func (c *counts) allele(ref, alt []byte) {
	if len(ref) == 1 && len(alt) == 1 && alt[0] != '*' {
		if ref[0] != alt[0] {
			c.kinds[kindSNV]++
			c.substitution(ref[0], alt[0])
		} else {
			c.kinds[kindOther]++
		}
		return
	}
	c.kinds[c.longAllele(ref, alt)]++
}

// longAllele is the kind of an allele of which more than one base, or none, is written.
func (c *counts) longAllele(ref, alt []byte) int {
	switch {
	case alt[0] == '*', string(alt) == "<*>", string(alt) == "<NON_REF>":
		return kindOther
	case alt[0] == '<', bytes.IndexAny(alt, "[].") >= 0:
		return kindStructural
	}
	for len(ref) > 0 && len(alt) > 0 && ref[len(ref)-1] == alt[len(alt)-1] {
		ref, alt = ref[:len(ref)-1], alt[:len(alt)-1]
	}
	for len(ref) > 0 && len(alt) > 0 && ref[0] == alt[0] {
		ref, alt = ref[1:], alt[1:]
	}
	gained := len(alt) - len(ref)
	switch {
	case gained == 0 && len(ref) == 0:
		return kindOther
	case gained == 0 && len(ref) == 1:
		c.substitution(ref[0], alt[0])
		return kindSNV
	case gained == 0:
		return kindMNV
	}
	c.lengths[max(-longestIndel, min(longestIndel, gained))+longestIndel]++
	switch {
	case len(ref) == 0:
		return kindInsertion
	case len(alt) == 0:
		return kindDeletion
	}
	return kindIndel
}

// substitution counts transitions (A-G, C-T) and transversions.
func (c *counts) substitution(ref, alt byte) {
	if isTransition(ref, alt) {
		c.transitions++
	} else {
		c.transversions++
	}
}

// isTransition tells a transition (A-G, C-T) from a transversion.
func isTransition(ref, alt byte) bool {
	x := ref&^0x20 ^ alt&^0x20
	return x == 'A'^'G' || x == 'C'^'T'
}

// settle turns the alleles that were counted by their letters into kinds, transitions and transversions.
func (c *counts) settle() {
	for i, n := range c.bases {
		ref, alt := baseLetters[i/letters], baseLetters[i%letters]
		switch {
		case ref == alt:
			c.kinds[kindOther] += n
		case isTransition(ref, alt):
			c.kinds[kindSNV] += n
			c.transitions += n
		default:
			c.kinds[kindSNV] += n
			c.transversions += n
		}
	}
	c.bases = [letters * letters]int64{}
}

// alleles is how many alleles were counted.
func (c *counts) alleles() int64 {
	all := int64(0)
	for _, n := range c.kinds {
		all += n
	}
	return all
}

// impacts is how many annotated alleles have each impact as their greatest.
func (c *counts) impacts() (impacts [4]int64) {
	for rank, n := range c.terms {
		if n > 0 {
			impacts[consequence.Terms(1<<rank).Impact()] += n
		}
	}
	return impacts
}

// add adds another worker's counts.
func (c *counts) add(other *counts) {
	other.leave()
	addAll(c.bases[:], other.bases[:])
	c.transitions += other.transitions
	c.transversions += other.transversions
	addAll(c.terms[:], other.terms[:])
	addAll(c.kinds[:], other.kinds[:])
	addAll(c.lengths[:], other.lengths[:])
	for name, n := range other.contigs {
		if c.contigs[name] == nil {
			c.contigs[name] = &contigCount{}
		}
		c.contigs[name].add(*n)
	}
	for i := range other.genes {
		g := &c.genes[i]
		for k := range g.impacts {
			g.impacts[k] += other.genes[i].impacts[k]
		}
	}
	c.samples.add(&other.samples)
}

func addAll(to, from []int64) {
	for i := range to {
		to[i] += from[i]
	}
}
