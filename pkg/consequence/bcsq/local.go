package bcsq

import (
	"slices"
	"strconv"
)

// local judges a record alone, without regard to its neighbours. It tells whether the record touches a CDS.
func (c *caller) local(r *record) bool {
	touched := false
	c.contig.segments.overlapping(r.pos, r.pos+r.refLen, func(s *segment) {
		if !s.of.biotype.coding {
			return
		}
		touched = true
		if !s.of.fits(r) {
			return
		}
		for i, alt := range r.alts {
			if isSequence(alt) {
				c.localAllele(r, s, i+1)
			}
		}
	})
	return touched
}

func (c *caller) localAllele(r *record, s *segment, allele int) {
	n, what := c.extend(nil, s, r, allele)
	if what != grown {
		return
	}
	if n.atEdge {
		c.stage(r, answer{transcript: s.of, terms: n.terms, allele: allele})
		return
	}
	t := s.of
	toEnd := n.grows%3 != 0 && len(n.bases) > 0
	total := t.length()
	end := n.offset + n.length
	alt := t.translate(window{bases: n.bases, at: n.offset, total: total + n.grows, from: n.offset, to: end}, toEnd)
	ref := t.translate(window{bases: t.reading()[pad+n.offset : pad+end], at: n.offset, total: total, from: n.offset, to: end}, toEnd)
	ref.cutAtStop()
	alt.cutAtStop()
	terms, lost := localTerms(n, ref, alt)
	if lost {
		c.stage(r, answer{transcript: t, allele: allele})
		return
	}
	if terms.has(compound) {
		refAt, altAt := n.offset/3+1, n.offset/3+1
		if !t.forward {
			refAt, altAt = (total-end)/3+1, (total+n.grows-n.offset-len(n.bases))/3+1
		}
		change := c.appendChange(nil, terms, refAt, ref, altAt, alt)
		change = strconv.AppendInt(change, int64(r.pos+1), 10)
		c.stage(r, answer{transcript: t, terms: terms & compound, allele: allele, change: string(append(change, n.change...))})
	}
	if plain := terms &^ compound; plain != 0 {
		c.stage(r, answer{transcript: t, terms: plain, allele: allele})
	}
}

// localTerms is readingTerms for a record alone. lost: the start goes with the frame, and the edge has said so.
func localTerms(n *node, ref, alt protein) (terms Terms, lost bool) {
	terms = n.terms
	if terms.has(stopLost) {
		switch {
		case ref.last() == '*' && alt.last() == '*':
			terms = terms&^stopLost | stopRetained
		case ref.last() != '*' && alt.last() == '*':
			terms = terms&^stopGained | stopRetained
		case ref.last() != '*':
			terms |= incompleteCDS
		}
	}
	if ref.marks[0] != 'M' {
		terms &^= startLost
	}
	if n.grows == 0 {
		return terms | compareResidues(ref, alt), false
	}
	terms |= lengthTerm(n.grows) | gainedStop(ref, alt)
	return terms, terms.has(startLost) && terms.has(frameshift)
}

// fits tells whether REF is what the transcript's sequence has there.
func (t *transcript) fits(r *record) bool {
	from, to := max(r.pos, t.first-pad), min(r.pos+len(r.ref), t.last+1+pad)
	return from >= to || slices.Equal(t.sequence(from, to-from), r.ref[from-r.pos:to-r.pos])
}

// isSequence tells whether an allele is neither symbolic nor "*".
func isSequence(alt []byte) bool { return len(alt) > 0 && alt[0] != '<' && alt[0] != '*' }
