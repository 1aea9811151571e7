package bcsq

import "strconv"

// Record is one line of a VCF as the caller needs it.
type Record struct {
	Contig    string
	Pos       int      // 1-based
	Ref       []byte   // upper case
	Alts      [][]byte // upper case, symbolic ones as they are
	Span      int      // bases that the record covers; 0 = the length of REF
	Genotypes []Genotype
	Ploidy    int // the largest of the record's genotypes, 0 when it has none
	Line      any // given back with the answer
}

// Genotype is one sample's two alleles: 0 = REF, -1 = missing, -2 = there is none.
type Genotype struct {
	Alleles [2]int
	Phased  bool
}

// record is a line that waits for its haplotypes to be complete.
type record struct {
	source  Record
	pos     int // 0-based
	ref     []byte
	alts    [][]byte
	refLen  int
	answers []answer
	bits    [][]uint32 // by sample: which answers each haplotype has, first and second interleaved, 30 to a word
	words   int        // of bits that are in use
}

// answer is one consequence of a record, as it is printed.
type answer struct {
	transcript *transcript
	terms      Terms
	allele     int
	at         *record // of printedUpstream: where the text is
	change     string  // "|5TY>5I|121ACG>A+124TA>T"
}

// put adds an answer to the record, or joins it to one that says the same. It returns the answer's number and whether it is new.
func (r *record) put(s answer) (int, bool) {
	s.terms = tidy(s.terms)
	var number int
	var joined bool
	switch {
	case s.terms.has(printedUpstream):
		number, joined = r.joinReference(s)
	case s.terms.has(compound):
		number, joined = r.joinCompound(s)
	default:
		number, joined = r.joinPlain(s)
	}
	if joined {
		return number, false
	}
	r.answers = append(r.answers, s)
	return len(r.answers) - 1, true
}

// tidy drops terms that a stronger one beside them includes.
func tidy(t Terms) Terms {
	if t.has(inframeInsertion) && t.has(featureElongation) {
		t &^= inframeInsertion
	}
	if t.has(inframeDeletion) && t.has(featureTruncation) {
		t &^= inframeDeletion
	}
	if t.has(spliceRegion) && t.has(spliceDonor|spliceAcceptor) {
		t &^= spliceRegion
	}
	return t
}

// joinReference joins "@POS" to one that points to the same record, and lets it take the place of a start or stop that says the same.
func (r *record) joinReference(s answer) (int, bool) {
	for i := range r.answers {
		a := &r.answers[i]
		if s.terms.has(startStop) && a.terms.has(startStop) {
			*a = s
			return i, true
		}
		if a.terms.has(printedUpstream) && a.at == s.at {
			return i, true
		}
	}
	return 0, false
}

func (r *record) joinCompound(s answer) (int, bool) {
	for i := range r.answers {
		a := &r.answers[i]
		if !a.about(s) || a.transcript.gene != s.transcript.gene || a.allele != s.allele || a.terms.has(upstreamStop) != s.terms.has(upstreamStop) {
			continue
		}
		if (s.change == "") != (a.change == "") { // a start or stop found at the edge, and the same one found in the sequence
			if !s.terms.has(startStop) || !a.terms.has(startStop) {
				continue
			}
			a.terms |= s.terms
			if a.terms.has(stopRetained) {
				a.terms &^= stopLost | synonymous
			}
			if a.terms.has(startRetained) {
				a.terms &^= startLost | synonymous
			}
			if a.change == "" {
				a.change = s.change
			}
			return i, true
		}
		if s.change != a.change {
			continue
		}
		a.terms |= s.terms
		return i, true
	}
	return 0, false
}

func (r *record) joinPlain(s answer) (int, bool) {
	for i := range r.answers {
		a := &r.answers[i]
		if !a.about(s) {
			continue
		}
		if !a.terms.has(compound) {
			a.terms |= s.terms
			return i, true
		}
		if a.terms|s.terms == a.terms {
			return i, true
		}
	}
	return 0, false
}

// about tells whether two answers are about the same transcript, or about none that is named, and the same biotype.
func (a *answer) about(s answer) bool {
	if a.transcript.id != s.transcript.id && (a.terms | s.terms).namesTranscript() {
		return false
	}
	return a.transcript.biotype.name == s.transcript.biotype.name
}

// mark notes that a sample's haplotype (0 or 1) has an answer, while there is room.
func (r *record) mark(sample, haplotype, number, limit int) {
	bit := 2*number + haplotype
	if bit >= limit {
		return
	}
	r.words = max(r.words, bit/30+1)
	r.bits[sample][bit/30] |= 1 << (bit % 30)
}

// appendText appends the answer as BCSQ prints it: Consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change.
func (a *answer) appendText(dst []byte) []byte {
	terms := a.terms
	if terms.has(incompleteCDS) && terms&^(startStop|incompleteCDS|upstreamStop) != 0 {
		terms &^= startStop | incompleteCDS // there is something else to report
	}
	if terms.has(startStop) {
		terms &^= missense
	}
	if terms.has(printedUpstream) && a.at != nil {
		return strconv.AppendInt(append(dst, '@'), int64(a.at.pos+1), 10)
	}
	if terms.has(upstreamStop) {
		dst = append(dst, '*')
	}
	dst, any := appendWords(dst, terms)
	if a.transcript.biotype.name == nonsenseMediatedDecay && terms.namesTranscript() {
		if any {
			dst = append(dst, '&')
		}
		dst = append(dst, "NMD_transcript"...)
	}
	dst = append(append(append(dst, '|'), a.transcript.gene...), '|')
	if terms.namesTranscript() {
		dst = append(dst, a.transcript.id...)
	}
	dst = append(append(dst, '|'), a.transcript.biotype.name...)
	if terms.namesStrand() || a.change != "" {
		if a.transcript.forward {
			dst = append(dst, "|+"...)
		} else {
			dst = append(dst, "|-"...)
		}
	}
	return append(dst, a.change...)
}

func appendWords(dst []byte, terms Terms) ([]byte, bool) {
	any := false
	for bit, word := range words {
		if word == "" || terms&(1<<bit) == 0 {
			continue
		}
		if any {
			dst = append(dst, '&')
		}
		dst = append(dst, word...)
		any = true
	}
	return dst, any
}
