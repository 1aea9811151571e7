package bcsq

import "strconv"

// stretch is an independent part of a haplotype: its variants, and what reference and haplotype read there.
type stretch struct {
	*walk
	leaf        *node
	first, last int // of path, closed
	shift       int // the sum of the variants' growth
	ref, alt    protein
	terms       Terms
	dropped     Terms
	lost        bool // the start is lost with the frame: the sequence says nothing more
}

// report finds the stretch's terms and puts them into its records.
func (s *stretch) report(indel bool) {
	for _, n := range s.path[s.first : s.last+1] {
		s.terms |= n.terms & compound
	}
	if s.shift == 0 && indel {
		s.terms |= inframeAltering
	}
	stoppedBefore := s.stopped
	s.ref.cutAtStop()
	if s.alt.cutAtStop() {
		s.stopped = true
	}
	s.terms, s.dropped = readingTerms(s.terms, s.ref, s.alt, s.shift)
	s.checkFrames()
	if stoppedBefore {
		s.terms |= upstreamStop
	}
	s.terms &^= s.dropped
	if s.lost {
		s.place(s.path[s.first].record, answer{terms: s.terms | s.path[s.first].terms&^s.dropped, allele: s.leaf.allele, at: s.path[s.first].record})
		return
	}
	s.spread(s.describe())
}

// checkFrames corrects the terms of variants that seem to restore the frame but stop before, and of a start that is lost with the frame.
func (s *stretch) checkFrames() {
	const inframe = inframeDeletion | inframeInsertion | inframeAltering
	if s.first != s.last && s.terms.has(inframe) && s.alt.last() == '*' {
		s.dropped |= inframe
		s.terms |= frameshift | stopGained
	}
	if s.terms.has(frameshift) && s.terms.has(startLost) {
		s.dropped |= frameshift
		s.lost = true
	}
}

// describe writes the change of amino acids and the variants: "|5TY>5I|121ACG>A+124TA>T". Both count from 1.
func (s *stretch) describe() string {
	refAt, altAt := s.inReference(s.first)/3+1, s.inHaplotype(s.first)/3+1
	if !s.of.forward {
		refAt = (s.of.length()-s.endInReference(s.last))/3 + 1
		altAt = (s.of.length()+s.growth-s.endInHaplotype(s.last))/3 + 1
	}
	text := s.caller.appendChange(nil, s.terms, refAt, s.ref, altAt, s.alt)
	for i, n := range s.path[s.first : s.last+1] {
		if i > 0 {
			text = append(text, '+')
		}
		text = strconv.AppendInt(text, int64(n.record.pos+1), 10)
		text = append(text, n.change...)
	}
	return string(text)
}

// spread puts the text at the first variant in the order of transcription, and lets the others point to it.
func (s *stretch) spread(change string) {
	named := s.first
	if !s.of.forward {
		named = s.last
	}
	s.place(s.path[named].record, answer{terms: s.terms, allele: s.leaf.allele, change: change})
	for i := s.first; i <= s.last; i++ {
		n := s.path[i]
		plain := n.terms &^ compound
		if plain != 0 {
			s.place(n.record, answer{terms: plain &^ s.dropped, change: change})
		}
		if i != named && (s.terms.has(compound) || plain == 0) {
			s.place(n.record, answer{terms: printedUpstream | n.terms, at: s.path[named].record})
		}
	}
}

func (s *stretch) place(r *record, a answer) {
	a.transcript = s.of
	number, _ := r.put(a)
	s.leaf.answers = append(s.leaf.answers, placed{r, number})
}

// readingTerms adds what the amino acids say to the terms that were found at the edges, and tells which of those they contradict.
func readingTerms(terms Terms, ref, alt protein, shift int) (found, dropped Terms) {
	if terms.has(stopLost) {
		switch {
		case ref.last() == '*' && alt.last() == '*':
			dropped |= stopLost
			terms |= stopRetained
		case ref.last() != '*' && alt.last() == '*': // an incomplete CDS
			dropped |= stopGained
			terms |= stopRetained
		case ref.last() != '*':
			terms |= incompleteCDS
		}
	}
	if terms.has(startLost) && ref.last() == 'M' && alt.last() == 'M' {
		dropped |= startLost
		terms |= startRetained
	}
	if shift == 0 {
		return terms | compareResidues(ref, alt), dropped
	}
	return terms | lengthTerm(shift) | gainedStop(ref, alt), dropped
}

// lengthTerm names a change of length.
func lengthTerm(shift int) Terms {
	switch {
	case shift%3 != 0:
		return frameshift
	case shift < 0:
		return inframeDeletion
	}
	return inframeInsertion
}

func gainedStop(ref, alt protein) Terms {
	if ref.last() != '*' && alt.last() == '*' {
		return stopGained
	}
	return 0
}

// compareResidues compares amino acid by amino acid, as far as the reference reads.
func compareResidues(ref, alt protein) Terms {
	var found Terms
	for i := range ref.aminoAcids {
		residue, mark := alt.at(i)
		switch {
		case ref.aminoAcids[i] == residue:
		case ref.marks[i] == '*':
			found |= stopLost
		case mark == '*':
			found |= stopGained
		default:
			found |= missense
		}
	}
	if found == 0 {
		return synonymous
	}
	return found
}

// appendChange appends "|5TY>5I|", one side alone where nothing changes.
func (c *caller) appendChange(dst []byte, terms Terms, refAt int, ref protein, altAt int, alt protein) []byte {
	dst = c.appendResidues(append(dst, '|'), refAt, ref)
	if !terms.has(synonymous) {
		dst = c.appendResidues(append(dst, '>'), altAt, alt)
	}
	return append(dst, '|')
}

// appendResidues appends a protein with its 1-based position, in brief where the caller was asked to.
func (c *caller) appendResidues(dst []byte, at int, p protein) []byte {
	dst = strconv.AppendInt(dst, int64(at), 10)
	brief, n := c.options.Brief, len(p.aminoAcids)
	if brief <= 0 || n-brief < 3 {
		return append(dst, p.aminoAcids...)
	}
	if p.marks[n-1] == '*' {
		n--
	}
	dst = append(dst, p.aminoAcids[:min(brief, n)]...)
	return strconv.AppendInt(append(dst, ".."...), int64(at+n), 10)
}
