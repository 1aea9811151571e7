package bcsq

import "gas/pkg/genome"

// codonTable is a genetic code as csq reads it. A mark is '*' for a stop, 'M' for a start, '-' for any other codon.
type codonTable struct {
	code     *genome.GeneticCode
	atgAlone bool // of the starts of NCBI's table 1 csq takes ATG alone
}

// tableOf returns the table of NCBI's number, the standard code where there is none.
// Where allStarts is set, every start of the table is one.
func tableOf(number uint8, allStarts bool) *codonTable {
	code, ok := genome.Code(number)
	if !ok {
		number = 1
		code, _ = genome.Code(1)
	}
	return &codonTable{code: code, atgAlone: number == 1 && !allStarts}
}

// read returns the amino acid and the mark of a codon.
func (t *codonTable) read(a, b, c byte) (aminoAcid, mark byte) {
	aminoAcid = t.code.Translate(a, b, c)
	switch {
	case aminoAcid == '*':
		return aminoAcid, '*'
	case t.atgAlone && a == 'A' && b == 'T' && c == 'G', !t.atgAlone && t.code.Starts(a, b, c):
		return aminoAcid, 'M'
	}
	return aminoAcid, '-'
}

// complement holds each base's partner, N for what is no base.
var complement = func() (table [256]byte) {
	for i := range table {
		table[i] = 'N'
	}
	for _, pair := range []string{"AT", "CG", "GC", "TA"} {
		table[pair[0]] = pair[1]
	}
	return table
}()

// startsWith tells whether the transcript's first codon is a start; false for an incomplete CDS.
func (t *transcript) startsWithStart(s *segment) bool {
	if t.forward {
		c := t.sequence(s.first, 3)
		_, mark := t.code.read(c[0], c[1], c[2])
		return mark == 'M'
	}
	c := t.sequence(s.first+s.length-3, 3)
	_, mark := t.code.read(complement[c[2]], complement[c[1]], complement[c[0]])
	return mark == 'M'
}

// protein is a stretch of amino acids with a mark for each.
type protein struct {
	aminoAcids []byte
	marks      []byte
	whole      int // how many were read before the stretch was cut at a stop
}

// last is the last mark.
func (p *protein) last() byte {
	if len(p.marks) == 0 {
		return 0
	}
	return p.marks[len(p.marks)-1]
}

// at gives a residue and its mark. Behind the end there is one that equals nothing; after it, what was read behind a stop stays in sight, as it does in csq.
func (p *protein) at(i int) (aminoAcid, mark byte) {
	if i == len(p.aminoAcids) || i >= p.whole {
		return 0, 0
	}
	return p.aminoAcids[:p.whole][i], p.marks[:p.whole][i]
}

// cutAtStop drops what follows the first stop and tells whether there was one.
func (p *protein) cutAtStop() bool {
	p.whole = len(p.marks)
	for i, mark := range p.marks {
		if mark == '*' {
			p.aminoAcids, p.marks = p.aminoAcids[:i+1], p.marks[:i+1]
			return true
		}
	}
	return false
}

// window is a stretch of a CDS, of the reference or of a haplotype, on the forward strand.
type window struct {
	bases []byte
	at    int // of its first base in its own CDS
	total int // the length of its own CDS
	from  int // the part of the reference's CDS that it stands for, half-open
	to    int
}

// translate reads the codons that a window touches, filled up with bases of the reference at both sides. With toEnd it reads on to the end of the CDS,
// as after a shift of the frame. An empty window is unknown: "?".
func (t *transcript) translate(w window, toEnd bool) protein {
	if len(w.bases) == 0 {
		return protein{aminoAcids: []byte("?"), marks: []byte("?")}
	}
	reference := t.reading()
	if t.forward {
		return t.translateForward(reference, w, toEnd)
	}
	return t.translateReverse(reference, w, toEnd)
}

func (t *transcript) translateForward(reference []byte, w window, toEnd bool) protein {
	before := w.at % 3
	line := append([]byte(nil), reference[pad+w.from-before:pad+w.from]...)
	line = append(line, w.bases...)
	next := pad + w.to
	for len(line)%3 != 0 && next < len(reference) {
		line = append(line, reference[next])
		next++
	}
	if toEnd {
		end := len(reference) - pad
		if whole := (end - next) / 3 * 3; whole > 0 {
			line = append(line, reference[next:next+whole]...)
		}
	}
	var p protein
	for i := 0; i+3 <= len(line); i += 3 {
		p.add(t.code.read(line[i], line[i+1], line[i+2]))
	}
	return p
}

func (t *transcript) translateReverse(reference []byte, w window, toEnd bool) protein {
	after := (w.total - (w.at + len(w.bases))) % 3
	if after < 0 {
		after = 0
	}
	line := make([]byte, 0, len(w.bases)+after+3) // complemented, 5' to 3'
	for i := min(after, len(reference)-pad-w.to) - 1; i >= 0; i-- {
		line = append(line, complement[reference[pad+w.to+i]])
	}
	for i := len(w.bases) - 1; i >= 0; i-- {
		line = append(line, complement[w.bases[i]])
	}
	next := pad + w.from - 1
	for len(line)%3 != 0 && next >= 0 {
		line = append(line, complement[reference[next]])
		next--
	}
	if toEnd {
		for ; next-2 >= pad; next -= 3 {
			line = append(line, complement[reference[next]], complement[reference[next-1]], complement[reference[next-2]])
		}
	}
	var p protein
	for i := 0; i+3 <= len(line); i += 3 {
		p.add(t.code.read(line[i], line[i+1], line[i+2]))
	}
	return p
}

func (p *protein) add(aminoAcid, mark byte) {
	p.aminoAcids = append(p.aminoAcids, aminoAcid)
	p.marks = append(p.marks, mark)
}
