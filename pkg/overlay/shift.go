package overlay

// farthestShift is how far an allele is moved to the left at most, in bases.
const farthestShift = 1 << 14

// LeftAlign has insertions and deletions that a database does not have as they are spelled looked up once more, moved as far to the left as the sequence lets
// them: there databases have them. bases gives a contig's sequence by its name in the file, nil where it is not known. It must be called before the first AppendInfo.
func (c *Cursor) LeftAlign(bases func(contig []byte) []byte) { c.bases = bases }

// shift adds to a trimmed allele, of which one side is empty, the same change further left: as long as the base before it is its last one, it can be moved. Taking CA away
// from GCACA gives the same sequence at both places. Where the record's REF is not the sequence's, nothing is moved.
func (c *Cursor) shift(a *allele, pos uint32, ref []byte) {
	if from := int(pos) - 1; from < 0 || from+len(ref) > len(c.sequence) || !equalBases(c.sequence[from:from+len(ref)], ref) {
		return
	}
	text := a.ref
	if len(text) == 0 {
		text = a.alt
	}
	n, steps := len(text), 0
	for before := int(a.pos) - 2; before-steps >= 0 && steps < farthestShift; steps++ {
		base := c.sequence[before-steps]
		if twoBits[base] > 3 || !sameBase(base, text[n-1-steps%n]) {
			break
		}
	}
	if steps == 0 {
		return
	}
	begin, split := len(c.shifted), n-steps%n
	c.shifted = append(append(c.shifted, text[split:]...), text[:split]...)
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
