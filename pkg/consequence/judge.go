package consequence

import (
	"bytes"

	"gas/pkg/genome"
)

// judge decides for one alternative allele at a site which terms hold. Its methods are the rules of VEP's VariationEffect, one for each term, under the names of the terms;
// answers are kept, because many rules ask each other, and because naming the protein change asks again after the site's positions have been moved.
type judge struct {
	*site
	side

	overlapsStart, overlapsStop     optional
	startMoved, startLostKept       optional
	stopMoved, stopLostKept         optional
	stopGainedKept, stopKept        optional
	partial                         optional
	peptidesKnown, peptidesDefined  bool
	referencePeptide, allelePeptide []byte
}

// reset turns the judge to another allele of its site.
func (j *judge) reset(p *site, number int) {
	a := &p.v.alts[number]
	*j = judge{site: p, side: side{seq: a.seq, dna: a.dna, plain: a.plain, number: number}}
}

// delta is by how many bases the allele is longer than the reference allele.
func (j *judge) delta() int { return len(j.v.alts[j.number].seq) - len(j.v.ref) }

// terms are the terms of the allele. Of VEP's tiers only the first matters here: a deleted or amplified transcript gets no further term.
func (j *judge) terms() Terms {
	p := j.site
	if !p.overlap.inside {
		return p.outside()
	}
	if p.overlap.complete {
		switch {
		case j.delta() < 0:
			return TranscriptAblation
		case j.delta() > 0 && j.tandem():
			return TranscriptAmplification
		}
	}
	fx := p.findSplice(&j.side)
	t := p.spliceTerms(fx, false) | p.placeTerms(fx)
	if p.overlap.coding {
		t |= j.codingTerms(fx)
	}
	if p.isProteinCoding() && p.overlap.complete && p.codingLeft != 0 {
		t |= CodingTranscript
	}
	if t == 0 {
		t = Intergenic
	}
	return t
}

// tandem says whether the allele is the reference allele several times over.
func (j *judge) tandem() bool {
	ref, alt := j.v.ref, j.v.alts[j.number].seq
	if len(ref) == 0 || len(alt)%len(ref) != 0 {
		return false
	}
	for ; len(alt) > 0; alt = alt[len(ref):] {
		if !bytes.HasPrefix(alt, ref) {
			return false
		}
	}
	return true
}

// outside is the term of a variation beside the transcript.
func (p *site) outside() Terms {
	if (p.v.end < p.txStart) == p.forward {
		return UpstreamGene
	}
	return DownstreamGene
}

func (p *site) isProteinCoding() bool { return p.engine.biotypes[p.index] == proteinCoding }
func (p *site) isNMD() bool           { return p.engine.biotypes[p.index] == nonsenseMediatedDecay }

// placeTerms are the terms that say only where in the transcript the variation lies.
func (p *site) placeTerms(fx spliceEffects) Terms {
	var t Terms
	if p.isNMD() {
		t |= NMDTranscript
	}
	if p.codingLeft != 0 {
		if p.exonic && p.overlap.utr {
			t |= p.utrTerms(fx)
		}
		return t
	}
	switch {
	case p.isProteinCoding():
	case !p.overlap.complete && p.overlapsExon():
		t |= NonCodingTranscriptExon
	default:
		t |= NonCodingTranscript
	}
	return t
}

// overlapsExon says whether the variation shares a base with an exon, or lies inside one if it is an insertion.
func (p *site) overlapsExon() bool {
	for i := p.firstExon; i <= p.lastExon; i++ {
		if x := p.left(i); touches(p.v.start, p.v.end, int(x.Start)+1, int(x.End)) {
			return true
		}
	}
	return false
}

// utrTerms are the terms for the parts before and after the CDS.
func (p *site) utrTerms(fx spliceEffects) Terms {
	start, end := p.v.start, p.v.end
	insertion := start == end+1
	before := insertion && start == p.codingLeft || touches(start, end, p.txStart, p.codingLeft-1)
	after := insertion && end == p.codingRight || touches(start, end, p.codingRight+1, p.txEnd)
	if !before && !after || !p.withinCDNA(fx) {
		return 0
	}
	if !p.forward {
		before, after = after, before
	}
	var t Terms
	if before {
		t |= FivePrimeUTR
	}
	if after {
		t |= ThreePrimeUTR
	}
	return t
}

// withinCDNA says whether the variation has a base in an exon, or lies in an intron that is taken for a frameshift.
func (p *site) withinCDNA(fx spliceEffects) bool {
	return p.cdnaPieces(0).within(len(p.spliced)) || fx.frameshiftIntron
}

// withinCDS says the same of the coding sequence.
func (p *site) withinCDS(fx spliceEffects) bool {
	if p.cdsPieces(0).within(p.readable()) {
		return true
	}
	return fx.frameshiftIntron && touches(p.v.start, p.v.end, p.codingLeft, p.codingRight)
}

// readable is the length of the CDS as far as VEP reads it. Where the contig's sequence is cut short, the first transcript that reaches across the cut loses all but one base of each exon beyond it;
// which transcript that is, depends in VEP on the order in which it happens to meet them.
func (p *site) readable() int {
	if p.engine.cut[p.v.contig] != p.index {
		return p.sequence().length
	}
	spliced := 0
	for i := range p.exons {
		if x := &p.exons[i]; x.Start >= p.engine.ends[p.v.contig] {
			spliced++
		} else {
			spliced += int(x.End - x.Start)
		}
	}
	return max(min(spliced, p.codingEnd)-p.codingStart+1, 0) + p.pad
}

// codingTerms are the terms about codons and the protein.
func (j *judge) codingTerms(fx spliceEffects) Terms {
	delta := j.delta()
	var t Terms
	add := func(holds bool, term Terms) {
		if holds {
			t |= term
		}
	}
	add(j.stopGained(), StopGained)
	add(delta != 0 && j.frameshift(), Frameshift)
	add(j.stopLost(), StopLost)
	add(j.startLost(), StartLost)
	add(delta > 0 && j.inframeInsertion(), InframeInsertion)
	add(delta < 0 && j.inframeDeletion(), InframeDeletion)
	add(delta == 0 && j.missense(), Missense)
	add(j.proteinAltering(), ProteinAltering)
	add(j.partialCodon(), IncompleteTerminalCodon)
	add(j.startRetained(), StartRetained)
	add(j.stopRetained(), StopRetained)
	add(j.synonymous(), Synonymous)
	add(j.codingUnknown(fx), CodingSequence)
	return t
}

// peptides are the reference's and the allele's amino acids, empty where nothing is left; false where there are none to compare.
func (j *judge) peptides() (ref, alt []byte, ok bool) {
	if !j.peptidesKnown {
		j.peptidesKnown = true
		if alt := j.peptideOf(&j.side); len(alt) > 0 {
			if ref := j.peptideOf(&j.reference); len(ref) > 0 {
				j.referencePeptide, j.allelePeptide, j.peptidesDefined = ungapped(ref), ungapped(alt), true
			}
		}
	}
	return j.referencePeptide, j.allelePeptide, j.peptidesDefined
}

// ungapped is the text, empty where it is "-".
func ungapped(b []byte) []byte {
	if len(b) == 1 && b[0] == '-' {
		return b[:0]
	}
	return b
}

// codons are the reference's and the allele's codons in the same way; a frameshift has none to compare.
func (j *judge) codons() (ref, alt []byte, ok bool) {
	if j.frameshift() {
		return nil, nil, false
	}
	alt = j.codonOf(&j.side)
	if alt == nil {
		return nil, nil, false
	}
	ref = j.codonOf(&j.reference)
	if ref == nil {
		return nil, nil, false
	}
	return ungapped(ref), ungapped(alt), true
}

func hasStop(pep []byte) bool { return bytes.IndexByte(pep, '*') >= 0 }

func (j *judge) stopGained() bool {
	if j.stopGainedKept == unasked {
		holds := false
		if !j.stopRetained() {
			ref, alt, ok := j.peptides()
			holds = ok && hasStop(alt) && !hasStop(ref)
		}
		j.stopGainedKept = answer(holds)
	}
	return j.stopGainedKept == yes
}

func (j *judge) stopLost() bool {
	if j.stopLostKept == unasked {
		if ref, alt, ok := j.peptides(); ok {
			j.stopLostKept = answer(!hasStop(alt) && hasStop(ref))
		} else {
			j.stopLostKept = answer(j.stopAltered())
		}
	}
	return j.stopLostKept == yes
}

func (j *judge) stopRetained() bool {
	if j.partialCodon() || j.stopLost() {
		return false
	}
	if j.stopKept == unasked {
		if ref, alt, ok := j.peptides(); ok && len(alt) > 0 {
			j.stopKept = answer(j.sameProtein(ref, alt))
		} else {
			j.stopKept = answer(j.delta() != 0 && j.touchesStop() && !j.stopAltered())
		}
	}
	return j.stopKept == yes
}

// sameProtein is VEP's question whether the stop stays where it was although the codons changed.
func (j *judge) sameProtein(ref, alt []byte) bool {
	if bytes.Equal(ref, unknown) && bytes.Equal(alt, unknown) {
		return false
	}
	whole, at := j.protein(), j.pepAt(0)
	if at.start > whole.length && alt[0] == '*' {
		return true
	}
	firstAlt := bytes.IndexByte(alt, '*')
	if len(ref) == 1 && ref[0] == alt[0] && firstAlt >= 0 {
		return true
	}
	if firstRef := bytes.IndexByte(ref, '*'); firstRef >= 0 && firstRef == firstAlt {
		return true
	}
	return whole.growsAtEnd(at, alt)
}

var unknown = []byte("X")

// growsAtEnd says whether the protein with alt in place of the amino acids at begins with the whole protein and goes on for one or two more.
func (q protein) growsAtEnd(at limits, alt []byte) bool {
	replaced := min(at.end, q.length) - (at.start - 1)
	if at.end < at.start {
		replaced = 0
	}
	more := len(alt) - replaced
	if more < 1 || more > 2 {
		return false
	}
	for i := at.start - 1; i < q.length; i++ {
		k := i - (at.start - 1)
		var aa byte
		if k < len(alt) {
			aa = alt[k]
		} else {
			aa = q.at(i - more)
		}
		if aa != q.at(i) {
			return false
		}
	}
	return true
}

// touchesStop says whether the variation touches the last three bases of the CDS in the spliced sequence.
func (j *judge) touchesStop() bool {
	if j.overlapsStop == unasked {
		at := j.cdnaAt()
		j.overlapsStop = answer(!j.t.Has(genome.CDSEndNF) && at.both() && touches(at.start, at.end, j.codingEnd-2, j.codingEnd))
	}
	return j.overlapsStop == yes
}

// stopAltered says whether an insertion or a deletion at the stop codon leaves another codon there.
func (j *judge) stopAltered() bool {
	if j.stopMoved == unasked {
		j.stopMoved = answer(j.findStopAltered())
	}
	return j.stopMoved == yes
}

func (j *judge) findStopAltered() bool {
	if !j.plain || !j.touchesStop() || j.delta() == 0 {
		return false
	}
	cdna, cds := j.cdnaAt(), j.cdsAt(0)
	if !cdna.both() || cds.start == 0 {
		return false
	}
	c, with := j.sequence(), j.onTranscript(&j.side)
	from := min(cds.start-1, c.total())
	to := min(from+cdna.end-cdna.start+1, c.total())
	length := c.total() - (to - from) + len(with)
	if length < c.length {
		return true
	}
	x := edited{codingSequence: c, from: from, to: to, with: with, length: length}
	last := c.length - 3
	return last < 0 || translate(j.code, x.at(last), x.at(last+1), x.at(last+2)) != '*'
}

func (j *judge) frameshift() bool {
	if j.partialCodon() || j.stopRetained() {
		return false
	}
	at := j.cdsAt(0)
	if !at.both() || !j.dna {
		return false
	}
	return (len(j.seq)-(at.end-at.start+1))%3 != 0
}

// partialCodon says whether the variation lies in a last codon that is cut short.
func (j *judge) partialCodon() bool {
	if j.partial == unasked {
		last := 0
		if at := j.pepAt(0); at.start != 0 {
			last = j.sequence().length - (at.start*3 - 3)
		}
		j.partial = answer(last > 0 && last < 3)
	}
	return j.partial == yes
}

func (j *judge) synonymous() bool {
	ref, alt, ok := j.peptides()
	return ok && len(ref) > 0 && bytes.Equal(ref, alt) && !j.stopRetained() && !j.startRetained() && bytes.IndexByte(alt, 'X') < 0
}

func (j *judge) missense() bool {
	ref, alt, ok := j.peptides()
	if !ok || j.startLost() || j.stopLost() || j.stopGained() || j.partialCodon() || j.stopRetained() {
		return false
	}
	return len(ref) == len(alt) && !bytes.Equal(ref, alt)
}

func (j *judge) inframeInsertion() bool {
	refCodon, altCodon, ok := j.codons()
	if j.startLost() || !ok || len(altCodon) <= len(refCodon) {
		return false
	}
	ref, alt, ok := j.peptides()
	if !ok || j.startRetained() && bytes.HasSuffix(alt, ref) {
		return false
	}
	if i := bytes.IndexByte(alt, '*'); i >= 0 {
		alt = alt[:i+1]
	}
	return bytes.HasPrefix(alt, ref) || bytes.HasSuffix(alt, ref)
}

func (j *judge) inframeDeletion() bool {
	if j.partialCodon() {
		return false
	}
	ref, alt, ok := j.codons()
	if !ok || len(alt) >= len(ref) {
		return false
	}
	if bytes.HasPrefix(ref, alt) || bytes.HasSuffix(ref, alt) {
		return true
	}
	n := 0
	for n < len(alt) && alt[n] == ref[n] {
		n++
	}
	return bytes.HasSuffix(ref[n:], alt[n:]) && (len(ref)-len(alt))%3 == 0
}

func (j *judge) proteinAltering() bool {
	ref, alt, ok := j.peptides()
	if !ok || len(ref) == len(alt) || len(ref) > 0 && ref[0] == '*' || len(alt) > 0 && alt[0] == '*' || bytes.HasPrefix(alt, ref) || bytes.HasSuffix(alt, ref) {
		return false
	}
	return !j.inframeDeletion() && !j.startLost() && !j.frameshift()
}

// codingUnknown says whether the allele lies in the CDS and no better term can be found for it.
func (j *judge) codingUnknown(fx spliceEffects) bool {
	if j.site.overlap.complete || !j.withinCDS(fx) {
		return false
	}
	alt := j.peptideOf(&j.side)
	if ref, _, ok := j.peptides(); ok && bytes.IndexByte(alt, 'X') < 0 && bytes.IndexByte(ref, 'X') < 0 {
		return false
	}
	return !(j.frameshift() || j.inframeDeletion() || j.proteinAltering() || j.startRetained() || j.startLost() || j.stopRetained() || j.stopLost())
}
