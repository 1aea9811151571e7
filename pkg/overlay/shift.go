package overlay

// farthestShift is how far an allele is moved to the left at most, in bases.
const farthestShift = 1 << 14

// LeftAlign has insertions and deletions that a database does not have as they are spelled looked up once more, moved as far to the left as the sequence lets
// them: there databases have them. bases gives a contig's sequence by its name in the file, nil where it is not known. It must be called before the first AppendInfo.
func (c *Cursor) LeftAlign(bases func(contig []byte) []byte) { c.bases = bases }

// shift adds to a trimmed allele, of which one side is empty, the same change further left. Where the record's REF is not the sequence's, nothing is moved.
func (c *Cursor) shift(a *allele, pos uint32, ref []byte) {
	if !agrees(c.sequence, pos, ref) {
		return
	}
	text := a.ref
	if len(text) == 0 {
		text = a.alt
	}
	steps := stepsLeft(c.sequence, a.pos, text)
	if steps == 0 {
		return
	}
	begin := len(c.shifted)
	c.shifted = appendTurned(c.shifted, text, steps)
	moved := c.shifted[begin:len(c.shifted):len(c.shifted)]
	left := allele{pos: a.pos - uint32(steps), sequence: true}
	if len(a.ref) > 0 {
		left.ref = moved
	} else {
		left.alt = moved
	}
	left.key, left.short = shortKey(left.ref, left.alt)
	c.lefts = append(c.lefts, left)
	a.left = &c.lefts[len(c.lefts)-1]
}

// agrees reports whether the bases from a 1-based position on are those of the sequence.
func agrees(sequence []byte, pos uint32, bases []byte) bool {
	from := int(pos) - 1
	return from >= 0 && from+len(bases) <= len(sequence) && equalBases(sequence[from:from+len(bases)], bases)
}

// stepsLeft counts the bases by which a text that is inserted before, or deleted from, a 1-based position on can be moved to the left: as long as the base before it is
// its last one. Taking CA away from GCACA gives the same sequence at both places.
func stepsLeft(sequence []byte, pos uint32, text []byte) int {
	n, steps := len(text), 0
	for before := int(pos) - 2; before-steps >= 0 && steps < farthestShift; steps++ {
		base := sequence[before-steps]
		if twoBits[base] > 3 || !sameBase(base, text[n-1-steps%n]) {
			break
		}
	}
	return steps
}

// appendTurned appends a text as it reads when it is moved to the left by some steps.
func appendTurned(to, text []byte, steps int) []byte {
	split := len(text) - steps%len(text)
	return append(append(to, text[split:]...), text[:split]...)
}

// leftmost is the least position of a record's alleles and POS.
func leftmost(pos uint32, alleles []allele) uint32 {
	for i := range alleles {
		a := &alleles[i]
		if pos = min(pos, a.pos); a.left != nil {
			pos = min(pos, a.left.pos)
		}
	}
	return pos
}
