package annotate

import (
	"bytes"

	"gas/pkg/consequence"
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

// counts are one worker's counts, in flat arrays. They say the same whatever the workers' number, once they are added up.
type counts struct {
	alleles       int64
	terms         [termBits]int64 // alleles by their most severe term's rank
	impacts       [4]int64        // alleles by impact
	kinds         [kindCount]int64
	transitions   int64
	transversions int64
	lengths       [2*longestIndel + 1]int64 // indels by the number of bases gained, from -50 to 50
	contigs       map[string]*contigCount
	contig        *contigCount // of the record at hand
	genes         []geneCount  // by index in the reference
	serial        uint32       // of the record at hand
	samples       sampleCounts
}

type contigCount struct {
	records, annotated int64
}

// geneCount counts the alleles that touch a gene, in it or in a way that matters.
type geneCount struct {
	alleles  uint32
	impacts  [4]uint32
	stamp    uint32 // serial of the allele counted last
	severest consequence.Impact
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
	c.contig = c.contigs[string(name)]
	if c.contig == nil {
		c.contig = &contigCount{}
		c.contigs[string(name)] = c.contig
	}
}

// record counts the record at hand.
func (c *counts) record(w *worker, annotated bool) {
	c.contig.records++
	for _, alt := range w.variant.Alts {
		c.allele(w.record.Ref, alt)
	}
	if annotated {
		c.contig.annotated++
		c.effects(w)
	}
	if len(w.record.Rest) > 0 {
		c.samples.record(w.record.Rest)
	}
}

// effects counts the most severe effect of each allele, and the genes touched.
func (c *counts) effects(w *worker) {
	effects := w.scratch.Effects
	transcripts := w.plan.reference.Transcripts
	for i := 0; i < len(effects); {
		allele := effects[i].Allele
		var all consequence.Terms
		c.serial++
		for ; i < len(effects) && effects[i].Allele == allele; i++ {
			effect := &effects[i]
			all |= effect.Terms
			if effect.Transcript >= 0 && effect.Terms&^(consequence.UpstreamGene|consequence.DownstreamGene) != 0 {
				c.gene(transcripts[effect.Transcript].Gene, effect.Impact)
			}
		}
		c.terms[all.Rank()&(termBits-1)]++
		c.impacts[all.Impact()]++
	}
}

// gene counts an allele in a gene once, with the greatest of its impacts there.
func (c *counts) gene(index uint32, impact consequence.Impact) {
	g := &c.genes[index]
	if g.stamp != c.serial {
		g.stamp, g.severest = c.serial, impact
		g.alleles++
		g.impacts[impact]++
		return
	}
	if impact > g.severest {
		g.impacts[g.severest]--
		g.impacts[impact]++
		g.severest = impact
	}
}

// allele counts an allele by its kind.
func (c *counts) allele(ref, alt []byte) {
	c.alleles++
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
	switch ref&^0x20 ^ alt&^0x20 {
	case 'A' ^ 'G', 'C' ^ 'T':
		c.transitions++
	default:
		c.transversions++
	}
}

// add adds another worker's counts.
func (c *counts) add(other *counts) {
	c.alleles += other.alleles
	c.transitions += other.transitions
	c.transversions += other.transversions
	addAll(c.terms[:], other.terms[:])
	addAll(c.impacts[:], other.impacts[:])
	addAll(c.kinds[:], other.kinds[:])
	addAll(c.lengths[:], other.lengths[:])
	for name, n := range other.contigs {
		if c.contigs[name] == nil {
			c.contigs[name] = &contigCount{}
		}
		c.contigs[name].records += n.records
		c.contigs[name].annotated += n.annotated
	}
	for i := range other.genes {
		g := &c.genes[i]
		g.alleles += other.genes[i].alleles
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
