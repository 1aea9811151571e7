package consequence

import (
	"bytes"

	"gas/pkg/genome"
)

// side is one allele at a site: the reference's or an alternative one, with the codons and amino acids that it makes there.
type side struct {
	seq         []byte // on the contig's forward strand, empty for "-"
	isReference bool
	dna, plain  bool
	number      int // of the alternative allele in the variation's list

	shift   *shift // how far the allele can move to the 3' end, while HGVS is being made; nil at other times
	rotated bool   // seq has been turned to where the moved allele lies

	codonKnown, peptideKnown bool
	codon, peptide           []byte // nil where there is none; "-" where nothing is left
}

// gone is what VEP writes for an empty allele, codon or peptide.
var gone = []byte("-")

// shiftLength is by how many bases the side is moved along the transcript.
func (a *side) shiftLength() int {
	if a.shift == nil {
		return 0
	}
	return a.shift.length
}

// onTranscript is the allele on the transcript's strand.
func (p *site) onTranscript(a *side) []byte {
	if p.forward || len(a.seq) == 0 {
		return a.seq
	}
	s := p.scratch
	from := len(s.arena)
	s.arena = genome.AppendReverseComplement(s.arena, a.seq)
	return s.arena[from:]
}

// rotate turns an allele that is being moved to what it reads at its new place. On the reverse strand VEP turns the wrong way when the way is longer than the allele; so do we.
func (p *site) rotate(a *side) {
	if a.shift == nil || a.rotated {
		return
	}
	a.rotated = true
	n, by := len(a.seq), a.shift.length
	if !p.forward {
		by = n - by
	}
	if n == 0 || by <= 0 {
		return
	}
	by %= n
	s := p.scratch
	from := len(s.arena)
	s.arena = append(append(s.arena, a.seq[by:]...), a.seq[:by]...)
	a.seq = s.arena[from:]
}

// alteredCDS is the coding sequence with the allele in place of the reference; false where the allele has no place in it.
func (p *site) alteredCDS(a *side) (edited, bool) {
	at := p.cdsAt(p.signed(a.shiftLength()))
	if !at.both() {
		return edited{}, false
	}
	return p.sequence().edit(at.start-1, at.end, p.onTranscript(a))
}

// codonOf is the codons that the allele makes of those it touches, on the transcript's strand; nil where it lies outside the CDS, "-" where nothing is left.
func (p *site) codonOf(a *side) []byte {
	if a.codonKnown {
		return a.codon
	}
	a.codonKnown = true
	pep := p.pepAt(0)
	if !pep.both() || !a.dna {
		return nil
	}
	shift := p.signed(a.shiftLength())
	if shift != 0 {
		p.rotate(a)
		p.forgetCDS()
	}
	cds := p.cdsAt(shift)
	if !cds.both() {
		return nil
	}
	if shift != 0 {
		p.forgetCDS()
	}
	from, to := pep.start*3-3, pep.end*3
	s := p.scratch
	mark := len(s.arena)
	if a.isReference {
		if at := p.cdsAt(shift); !at.both() || at.end > p.coding.length {
			return nil
		}
		s.arena = p.coding.appendRange(s.arena, from, to)
	} else {
		altered, ok := p.alteredCDS(a)
		if !ok {
			return nil
		}
		mark = len(s.arena)
		s.arena = altered.appendRange(s.arena, from, to+len(a.seq)-(cds.end-cds.start+1))
	}
	a.codon = s.arena[mark:]
	if len(a.codon) == 0 {
		a.codon = gone
		a.peptide, a.peptideKnown = gone, true
	}
	return a.codon
}

// peptideOf is the amino acids of codonOf by the transcript's genetic code; a codon that is cut short at the end reads as X unless all before it is one stop.
func (p *site) peptideOf(a *side) []byte {
	if a.peptideKnown {
		return a.peptide
	}
	a.peptideKnown = true
	if !a.plain {
		return nil
	}
	codon := p.codonOf(a)
	if codon == nil {
		return nil
	}
	if a.peptide != nil {
		return a.peptide
	}
	s := p.scratch
	mark := len(s.arena)
	for ; len(codon) >= 3; codon = codon[3:] {
		s.arena = append(s.arena, translate(p.code, codon[0], codon[1], codon[2]))
	}
	if len(codon) > 0 && !bytes.Equal(s.arena[mark:], stop) {
		s.arena = append(s.arena, 'X')
	}
	a.peptide = s.arena[mark:]
	return a.peptide
}

var stop = []byte("*")
