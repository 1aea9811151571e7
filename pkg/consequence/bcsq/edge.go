package bcsq

// An edge check judges one allele against one stretch of a transcript: an exon's coding part, a UTR, an exon, or the whole transcript.
// It finds what lies at and beyond the stretch's ends (splice sites, start, stop), trims the allele to what lies inside,
// and says whether the coding sequence has to be looked at.

// place says where an allele lies with regard to a stretch.
type place int

const (
	noVariant place = iota // REF and ALT are equal
	outside                // beside it; what there is to say has been said
	inside                 // in it: its sequence decides
	across                 // over its end: no sequence can be told
)

// edge is one such check. The fields under "asked" are set by the caller.
type edge struct {
	caller *caller
	record *record
	of     *transcript
	allele int // 1-based

	// asked
	splicePairs bool // donor and acceptor
	start, stop bool // this stretch holds the first or last codon
	left, right bool // there is an intron at this end
	utr         bool // say nothing of splice sites where a UTR follows
	sequences   bool // compare sequences, and give the trimmed alleles

	// found
	terms    Terms
	trimmedL int    // bases that REF and ALT share at the left
	trimmedR int    // and at the right
	from, to int    // what the allele changes, with the bases that anchor it
	ref, alt []byte // the trimmed alleles

	pos     int // of REF's first base
	refText []byte
	altText []byte
	refLen  int // as used up by trimming; of a symbolic allele the length of what it spans
	altLen  int
}

func (e *edge) begin(r *record, allele int) {
	e.record, e.allele = r, allele
	e.pos, e.refText, e.altText = r.pos, r.ref, r.alts[allele-1]
	e.refLen, e.altLen = r.refLen, len(e.altText)
	e.terms, e.ref, e.alt = 0, e.ref[:0], e.alt[:0]
}

// judge tells where the allele lies with regard to first to last, closed.
func (e *edge) judge(first, last int) place {
	e.trim()
	symbolic := len(e.altText) > 0 && e.altText[0] == '<'
	refRest, altRest := e.refLen-e.trimmedL-e.trimmedR, e.altLen-e.trimmedL-e.trimmedR
	switch {
	case e.refLen == e.altLen:
		return e.substitution(first, last)
	case !symbolic && refRest > 1 && altRest > 1:
		if e.refLen > e.altLen {
			e.terms |= featureTruncation
		} else {
			e.terms |= featureElongation
		}
		return e.substitution(first, last)
	case e.refLen < e.altLen:
		return e.insertion(first, last)
	}
	return e.deletion(first, last)
}

// trim counts what REF and ALT share, from the right first.
func (e *edge) trim() {
	ref, alt := e.refText, e.altText
	e.trimmedL, e.trimmedR = 0, 0
	for e.trimmedR < min(len(ref), len(alt)) && ref[len(ref)-1-e.trimmedR] == alt[len(alt)-1-e.trimmedR] {
		e.trimmedR++
	}
	for e.trimmedL < min(len(ref), len(alt))-e.trimmedR && ref[e.trimmedL] == alt[e.trimmedL] {
		e.trimmedL++
	}
}

// donorOrAcceptor adds the splice site at an exon's left or right end.
func (e *edge) donorOrAcceptor(left bool) {
	if !e.splicePairs {
		return
	}
	if left == e.of.forward {
		e.terms |= spliceAcceptor
	} else {
		e.terms |= spliceDonor
	}
}

// firstOrLastCodon adds the loss of start or stop at a stretch's left or right end.
func (e *edge) firstOrLastCodon(left bool) {
	if left == e.of.forward {
		if e.start {
			e.terms |= startLost
		}
	} else if e.stop {
		e.terms |= stopLost
	}
}

// insideEnds adds what the first and last three bases of a stretch say.
func (e *edge) insideEnds(left, right bool) {
	if left {
		if e.left {
			e.terms |= spliceRegion
		}
		e.firstOrLastCodon(true)
	}
	if right {
		if e.right {
			e.terms |= spliceRegion
		}
		e.firstOrLastCodon(false)
	}
}

// stageUTR gives the UTR that lies at first to last instead of a splice site, and tells whether there is one.
func (e *edge) stageUTR(first, last int) bool {
	if !e.utr {
		return false
	}
	found := false
	e.caller.contig.utrs.overlapping(first, last, func(u *span) {
		if found || u.of != e.of {
			return
		}
		found = true
		e.caller.stage(e.record, answer{transcript: e.of, terms: u.term() | e.terms, allele: e.allele})
	})
	return found
}

// stageEdge gives what has been found at the edge.
func (e *edge) stageEdge() {
	if e.terms != 0 {
		e.caller.stage(e.record, answer{transcript: e.of, terms: e.terms, allele: e.allele})
	}
}

func (u *span) term() Terms {
	if u.five {
		return utr5
	}
	return utr3
}

// insertion judges ALT longer than REF. from and to are the bases before and after what is inserted.
func (e *edge) insertion(first, last int) place {
	if e.trimmedL > 0 || e.refText[0] != e.altText[0] {
		e.from = e.pos + e.trimmedL - 1
	} else {
		if e.trimmedR > 0 {
			e.trimmedR--
		}
		e.from = e.pos
	}
	e.to = e.pos + e.refLen - e.trimmedR

	if e.from >= last {
		return e.insertionAfter(last)
	}
	if e.to < first || e.to == first && !e.left {
		return e.insertionBefore(first)
	}
	e.insideEnds(e.from <= first+2, e.to > last-2)
	if e.sequences {
		e.insertedSequence(first)
	}
	e.stageEdge()
	return inside
}

func (e *edge) insertionAfter(last int) place {
	if e.stageUTR(e.from+1, e.from+1) || !e.right {
		return outside
	}
	if e.sequences {
		e.haplotype(last+1, spliceIntron)
	}
	if e.from < last+spliceIntron && e.to > last+splicePair {
		e.terms |= spliceRegion
		e.sameWithin(0, spliceIntron)
	}
	if e.from < last+splicePair {
		e.donorOrAcceptor(false)
		e.sameWithin(0, splicePair)
	}
	e.stageEdge()
	return outside
}

func (e *edge) insertionBefore(first int) place {
	if e.stageUTR(e.to-1, e.to-1) || !e.left {
		return outside
	}
	if e.sequences {
		e.haplotype(first-spliceIntron, spliceIntron)
	}
	if e.to > first-spliceIntron && e.from < first-splicePair {
		e.terms |= spliceRegion
		e.sameWithin(0, spliceIntron)
	}
	if e.to > first-splicePair {
		e.donorOrAcceptor(true)
		e.sameWithin(spliceIntron-splicePair, splicePair)
	}
	e.stageEdge()
	return outside
}

// insertedSequence gives the alleles trimmed to the insertion and the base before it.
func (e *edge) insertedSequence(first int) {
	if e.from < e.pos { // too much was trimmed at the right
		e.trimmedL++
		if e.trimmedL+e.trimmedR == e.refLen {
			e.trimmedR--
		}
		e.from = e.pos
	}
	if e.to == first {
		e.trimmedR-- // no empty REF
	}
	e.haplotype(e.from, e.altLen-e.trimmedR-e.trimmedL+1)
	e.refLen -= e.trimmedL + e.trimmedR - 1
	if e.refLen >= 0 && len(e.ref) > e.refLen {
		e.ref = e.ref[:e.refLen]
	}
}

// sameWithin marks a splice site whose sequence does not change as synonymous.
func (e *edge) sameWithin(offset, n int) {
	if e.sequences && equalWithin(e.ref, e.alt, offset, n) {
		e.terms |= synonymous
	}
}

// equalWithin compares n bytes from an offset; texts that both end before are compared whole.
func equalWithin(a, b []byte, offset, n int) bool {
	a, b = a[min(offset, len(a)):], b[min(offset, len(b)):]
	return string(a[:min(n, len(a))]) == string(b[:min(n, len(b))])
}

// substitution judges ALT as long as REF, and alleles that change in length and sequence at once.
func (e *edge) substitution(first, last int) place {
	if e.trimmedL+e.trimmedR == e.refLen {
		return noVariant
	}
	e.from = e.pos + e.trimmedL
	e.to = e.pos + e.refLen - e.trimmedR - 1
	where := inside
	if e.from < first {
		e.substitutionBefore(first)
		if e.to >= first {
			e.trimmedL, e.from, where = e.from-e.pos, first, across
		}
	}
	if last < e.to {
		e.substitutionAfter(last)
		if e.from <= last {
			e.trimmedR, e.to, where = e.refLen-(e.to-e.pos+1), last, across
		}
	}
	if e.to < first || e.from > last {
		e.stageEdge()
		return outside
	}
	e.insideEnds(e.from < first+3, e.to > last-3)
	if e.sequences {
		e.trimmedAlleles()
	}
	e.stageEdge()
	return where
}

func (e *edge) substitutionBefore(first int) {
	if !e.left || e.stageUTR(e.from, first-1) {
		return
	}
	if e.to >= first-spliceIntron && e.from < first-splicePair {
		e.terms |= spliceRegion
	}
	if e.to >= first-splicePair {
		e.donorOrAcceptor(true)
	}
}

func (e *edge) substitutionAfter(last int) {
	if !e.right || e.stageUTR(last+1, e.to) {
		return
	}
	if e.from <= last+spliceIntron && e.to > last+splicePair {
		e.terms |= spliceRegion
	}
	if e.from <= last+splicePair {
		e.donorOrAcceptor(false)
	}
}

// trimmedAlleles cuts what REF and ALT share.
func (e *edge) trimmedAlleles() {
	e.refLen -= e.trimmedL + e.trimmedR
	e.altLen -= e.trimmedL + e.trimmedR
	e.ref = append(e.ref[:0], part(e.refText, e.trimmedL, e.refLen)...)
	e.alt = append(e.alt[:0], part(e.altText, e.trimmedL, e.altLen)...)
}

// part returns n bytes from an offset, fewer where the text ends.
func part(text []byte, offset, n int) []byte {
	offset = min(max(offset, 0), len(text))
	return text[offset:min(offset+max(n, 0), len(text))]
}
