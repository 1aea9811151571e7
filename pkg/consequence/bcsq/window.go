package bcsq

// haplotype fills ref and alt with n bases from a position on, as they are in the reference and with the allele applied: before REF, in it, and after it.
// The alternative takes up what an indel pulls in from the right.
func (e *edge) haplotype(from, n int) {
	if from < e.of.first { // exons and introns shorter than a splice region
		from, n = e.of.first, 0
	}
	after := e.pos + e.refLen
	e.ref = e.before(e.ref[:0], from)
	if offset := max(from-e.pos, 0); offset < e.refLen && len(e.ref) < n {
		e.ref = append(e.ref, part(e.refText, offset, min(e.refLen-offset, n-len(e.ref)))...)
	}
	if want := e.within(n, len(e.ref), after); want > len(e.ref) {
		e.ref = append(e.ref, e.of.sequence(after, want-len(e.ref))...)
	}

	e.alt = e.before(e.alt[:0], from)
	skipped := max(from-e.pos, 0)
	if skipped < e.altLen && len(e.alt) < n {
		take := min(e.altLen-skipped, n-len(e.alt))
		e.alt = append(e.alt, part(e.altText, skipped, take)...)
		skipped -= take
	}
	if skipped--; skipped < -1 {
		skipped = 0
	}
	if want := e.within(n, len(e.alt)-skipped, after); want > len(e.alt) {
		e.alt = append(e.alt, e.of.sequence(after+skipped, want-len(e.alt))...)
	}
}

// before appends the bases from a position up to REF.
func (e *edge) before(dst []byte, from int) []byte {
	if from >= e.pos {
		return dst
	}
	return append(dst, e.of.sequence(from, e.pos-from)...)
}

// within shortens n so that what is still missing after have bases ends with the transcript.
func (e *edge) within(n, have, after int) int {
	if have < n && after+n-have-1 > e.of.last {
		n -= after + n - have - 1 - e.of.last
	}
	return n
}
