package consequence

import (
	"bytes"

	"gas/pkg/genome"
)

// codingSequence is a transcript's CDS from its first codon on, missing bases as N, and the 3' UTR that follows it.
type codingSequence struct {
	site   *site
	bases  []byte // of the CDS
	pad    int    // missing bases before them
	length int    // of the CDS, pad included
}

// sequence is the transcript's coding sequence.
func (p *site) sequence() *codingSequence { return &p.coding }

// setCoding sets the site's coding sequence.
func (p *site) setCoding() {
	p.coding = codingSequence{site: p, bases: p.spliced[p.codingStart-1 : p.codingEnd], pad: p.pad, length: p.pad + p.codingEnd - p.codingStart + 1}
}

// total is the length of CDS and 3' UTR.
func (c *codingSequence) total() int { return c.length + len(c.site.spliced) - c.site.codingEnd }

// at is the i-th base, 0-based.
func (c *codingSequence) at(i int) byte {
	switch {
	case i < c.pad:
		return 'N'
	case i < c.length:
		return c.bases[i-c.pad]
	}
	return c.site.threePrimeUTR()[i-c.length]
}

// appendRange appends the bases from:to, cut at the CDS's end.
func (c *codingSequence) appendRange(dst []byte, from, to int) []byte {
	to = min(to, c.length)
	for ; from < to && from < c.pad; from++ {
		dst = append(dst, 'N')
	}
	if from < to {
		dst = append(dst, c.bases[from-c.pad:to-c.pad]...)
	}
	return dst
}

// threePrimeUTR is the bases behind the CDS.
func (p *site) threePrimeUTR() []byte {
	if p.forward || !p.engine.asVEP {
		return p.spliced[p.codingEnd:]
	}
	if !p.tailMade {
		p.tailMade = true
		p.scratch.tail = p.appendMirrored(p.scratch.tail[:0], p.codingEnd, len(p.spliced))
	}
	return p.scratch.tail
}

// fivePrimeUTR is the bases before the CDS.
func (p *site) fivePrimeUTR() []byte {
	if p.forward || !p.engine.asVEP {
		return p.spliced[:p.codingStart-1]
	}
	p.scratch.head = p.appendMirrored(p.scratch.head[:0], 0, p.codingStart-1)
	return p.scratch.head
}

// appendMirrored appends what VEP takes for the part from:to of the spliced sequence when it looks for a UTR on the reverse strand with a sequence from a file: each exon's place is counted from the wrong end
// of the transcript's stretch of the contig. docs/differences.md has the story.
func (p *site) appendMirrored(dst []byte, from, to int) []byte {
	contig := p.engine.ref.Bases(p.v.contig, 0, p.t.End)
	for i := range p.exons {
		x := &p.exons[i]
		first, last := int(x.SplicedStart), int(x.SplicedStart+x.End-x.Start)
		place := p.txStart + p.txEnd - int(x.Start) - 2 + first
		for k := max(first, from); k < min(last, to); k++ {
			dst = append(dst, genome.Complement(contig[place-k]))
		}
	}
	return dst
}

// edited is a coding sequence in which the bases from:to are replaced: an edit window, so that nothing of the length of a transcript is ever copied.
type edited struct {
	*codingSequence
	from, to int
	with     []byte
	length   int // of the whole: CDS with the edit, and 3' UTR
	cds      int // of the CDS with the edit
}

// edit replaces the bases from:to of the coding sequence. It reports false where the place lies beyond the CDS.
func (c *codingSequence) edit(from, to int, with []byte) (edited, bool) {
	if to > c.length || to < 0 {
		return edited{}, false
	}
	from = min(from, c.length)
	x := edited{codingSequence: c, from: from, to: to, with: with}
	x.cds = from + len(with) + c.length - to
	if x.cds < 3 { // VEP drops what is less than a codon and reads the UTR alone.
		x.from, x.to, x.with, x.cds = 0, c.length, nil, 0
	}
	x.length = x.cds + c.total() - c.length
	return x, true
}

// at is the i-th base of the edited sequence.
func (x *edited) at(i int) byte {
	switch {
	case i < x.from:
		return x.codingSequence.at(i)
	case i < x.from+len(x.with):
		return x.with[i-x.from]
	}
	return x.codingSequence.at(i - x.from - len(x.with) + x.to)
}

// appendRange appends the bases from:to of the edited sequence, cut at its end.
func (x *edited) appendRange(dst []byte, from, to int) []byte {
	to = min(to, x.length)
	if from < x.from {
		dst = x.codingSequence.appendRange(dst, from, min(to, x.from))
	}
	after := x.from + len(x.with)
	if a, b := max(from, x.from), min(to, after); a < b {
		dst = append(dst, x.with[a-x.from:b-x.from]...)
	}
	for i := max(from, after); i < to; i++ {
		dst = append(dst, x.codingSequence.at(i-after+x.to))
	}
	return dst
}

// residue is the i-th amino acid of the edited sequence; 0 past the end.
func (x *edited) residue(i int) byte {
	if 3*i+3 > x.length {
		return 0
	}
	return translate(x.site.reading, x.at(3*i), x.at(3*i+1), x.at(3*i+2))
}

// residues is how many whole codons the edited sequence has.
func (x *edited) residues() int { return x.length / 3 }

// firstStop is the place of the edited sequence's first stop codon, -1 where there is none. unedited is the place of the first stop codon of the CDS without the edit, -1 for none.
func (x *edited) firstStop(unedited int) int {
	n, i := x.residues(), x.from/3
	if unedited >= 0 && unedited < i {
		return unedited
	}
	for ; i < n && 3*i < max(x.from+len(x.with), x.pad); i++ {
		if x.residue(i) == '*' {
			return i
		}
	}
	shift := x.from + len(x.with) - x.to + x.pad
	for ; x.site.reading == standard && 3*i+3-shift <= len(x.bases); i++ {
		if c := x.bases[3*i-shift:]; c[0] == 'T' && isStop(c) {
			return i
		}
	}
	for ; i < n; i++ {
		if x.residue(i) == '*' {
			return i
		}
	}
	return -1
}

// isStop says whether three bases that begin with T are a stop codon of the standard code.
func isStop(c []byte) bool {
	return c[1] == 'A' && (c[2] == 'A' || c[2] == 'G' || c[2] == 'R') || c[2] == 'A' && (c[1] == 'G' || c[1] == 'R')
}

var standard = mustCode(1)

func mustCode(id uint8) *genome.GeneticCode {
	code, ok := genome.Code(id)
	if !ok {
		panic("consequence: no genetic code 1")
	}
	return code
}

// translate is the amino acid of a codon. Where IUPAC codes leave two amino acids, B and Z are used as they are for Asp or Asn and Glu or Gln; else X.
func translate(code *genome.GeneticCode, a, b, c byte) byte {
	aa := code.Translate(a, b, c)
	if aa != 'X' || acgt[a] && acgt[b] && acgt[c] {
		return aa
	}
	return translateAmbiguous(code, a, b, c)
}

func translateAmbiguous(code *genome.GeneticCode, a, b, c byte) byte {
	var seen [256]bool
	count := 0
	for _, i := range expand(a) {
		for _, j := range expand(b) {
			for _, k := range expand(c) {
				if aa := code.Translate(byte(i), byte(j), byte(k)); !seen[aa] {
					seen[aa] = true
					count++
				}
			}
		}
	}
	switch {
	case count == 2 && seen['D'] && seen['N']:
		return 'B'
	case count == 2 && seen['E'] && seen['Q']:
		return 'Z'
	}
	return 'X'
}

// expand lists the bases that an IUPAC code stands for.
func expand(base byte) string {
	switch base {
	case 'A', 'C', 'G', 'T':
		return "ACGT"[bytes.IndexByte([]byte("ACGT"), base):][:1]
	case 'M':
		return "AC"
	case 'R':
		return "AG"
	case 'W':
		return "AT"
	case 'S':
		return "CG"
	case 'Y':
		return "CT"
	case 'K':
		return "GT"
	case 'V':
		return "ACG"
	case 'H':
		return "ACT"
	case 'D':
		return "AGT"
	case 'B':
		return "CGT"
	case 'N', 'X':
		return "ACGT"
	}
	return ""
}

// protein is the reference protein, without the stop codon at its end, and M for what a start codon codes for.
type protein struct {
	*codingSequence
	length int // in amino acids
}

// protein is the transcript's protein.
func (p *site) protein() protein {
	if p.residues < 0 {
		p.residues = p.coding.length / 3
		if n := p.residues; n > 0 && p.coding.codonIsStop(n-1) {
			p.residues--
		}
	}
	return protein{&p.coding, p.residues}
}

// codonIsStop says whether the i-th codon is a stop codon.
func (c *codingSequence) codonIsStop(i int) bool {
	return translate(c.site.reading, c.at(3*i), c.at(3*i+1), c.at(3*i+2)) == '*'
}

// at is the i-th amino acid, 0-based.
func (q protein) at(i int) byte {
	a, b, c := q.codingSequence.at(3*i), q.codingSequence.at(3*i+1), q.codingSequence.at(3*i+2)
	if i == 0 && mayStart(q.site.reading, a, b, c) {
		return 'M'
	}
	return translate(q.site.reading, a, b, c)
}

// mayStart says whether a codon can be one of the code's start codons.
func mayStart(code *genome.GeneticCode, a, b, c byte) bool {
	for _, i := range expand(a) {
		for _, j := range expand(b) {
			for _, k := range expand(c) {
				if code.Starts(byte(i), byte(j), byte(k)) {
					return true
				}
			}
		}
	}
	return false
}

// appendRange appends the amino acids from:to, cut at the protein's end.
func (q protein) appendRange(dst []byte, from, to int) []byte {
	for i := max(from, 0); i < min(to, q.length); i++ {
		dst = append(dst, q.at(i))
	}
	return dst
}
