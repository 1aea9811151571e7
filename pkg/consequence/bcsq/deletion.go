package bcsq

import "bytes"

// deletion judges ALT shorter than REF. from is the base before the first deleted one, to the last deleted one.
func (e *edge) deletion(first, last int) place {
	if e.start && e.startReturns(first, last) {
		e.terms |= startRetained
		return across
	}
	e.from = e.pos + e.trimmedL - 1
	e.to = e.pos + e.refLen - e.trimmedR - 1

	if e.from+1 < first {
		e.deletionBefore(first)
		if e.to >= first {
			e.trimmedL = e.from - e.pos + 1
			e.from = first - 1
			if e.trimmedL+e.trimmedR == e.altLen {
				if e.trimmedR == 0 { // it cannot be moved to the right, into the stretch
					e.terms |= codingSequence
					return across
				}
				e.trimmedR--
			}
		}
	}
	if last < e.to {
		e.deletionAfter(last)
		if e.from < last {
			e.trimmedR = e.refLen - (e.to - e.pos + 1)
			e.to = last
		}
	}
	if e.to < first || e.from >= last {
		e.stageEdge()
		return outside
	}
	e.insideEnds(e.from < first+2, e.to > last-3)
	if e.sequences && e.deletedSequence(first, last) {
		return across
	}
	e.stageEdge()
	return inside
}

func (e *edge) deletionBefore(first int) {
	if !e.left || e.stageUTR(e.from, first-1) {
		return
	}
	if e.sequences {
		e.haplotype(first-spliceIntron, spliceIntron)
	}
	if e.to >= first-spliceIntron && e.from < first-splicePair {
		e.terms |= spliceRegion
		e.sameWithin(0, spliceIntron)
	}
	if e.to >= first-splicePair {
		e.donorOrAcceptor(true)
		if offset := spliceIntron - splicePair; offset < len(e.ref) && offset < len(e.alt) {
			e.sameWithin(offset, splicePair)
		}
	}
}

func (e *edge) deletionAfter(last int) {
	if !e.right || e.stageUTR(last+1, e.to) {
		return
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
		e.sameWithin(spliceIntron-splicePair, splicePair)
	}
}

// deletedSequence gives the alleles trimmed to the deletion and the base before it. A deletion over the stretch's end has no sequence: true.
func (e *edge) deletedSequence(first, last int) bool {
	if e.trimmedL > 0 {
		e.trimmedL--
	}
	if shared := e.trimmedL + e.trimmedR; e.refLen > shared && e.altLen > shared {
		e.refLen -= shared
		e.altLen -= shared
	}
	e.ref = append(e.ref[:0], part(e.refText, e.trimmedL, e.refLen)...)
	e.alt = append(e.alt[:0], part(e.altText, e.trimmedL, e.altLen)...)
	if !(e.from+1 < first && e.to >= first) && !(e.from+1 < last && e.to >= last) {
		return false
	}
	if before := e.from + len(e.alt) - 1; before < e.to {
		if (e.to-before)%3 != 0 {
			e.terms |= frameshift
		} else {
			e.terms |= inframeDeletion
		}
	}
	return true
}

// startReturns tells whether what follows a deletion at the start codon puts the same bases in its place.
func (e *edge) startReturns(first, last int) bool {
	deleted := e.refText[min(len(e.altText), len(e.refText)):]
	n := len(deleted)
	if e.of.forward {
		if e.pos >= first+3 {
			return false
		}
		block := e.pos + len(e.refText) - 2*n // the bases that could take the place of those that go
		return block >= 0 && pad+block >= first && bytes.Equal(deleted, e.of.sequence(block, n))
	}
	if e.pos+e.refLen+2 <= last {
		return false
	}
	end := e.pos + len(e.refText) - 1
	return end+n <= e.of.last+pad && bytes.Equal(deleted, e.of.sequence(end+1, n))
}
