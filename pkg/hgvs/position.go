package hgvs

// Position is a place in a transcript: a base of an exon, or a base of an intron counted from the nearest one.
type Position struct {
	Base   int  // counted from the start codon, from the stop codon where After, from the transcript's start where it does not code
	After  bool // behind the stop codon: written with "*"
	Offset int  // into the intron, 0 in an exon; negative towards the 5' end
}

// Append appends the position: "76", "-5", "*3", "88+1", "89-2". Behind the very last base of the stop codon VEP writes the offset in the base's place: "*1".
func (p Position) Append(dst []byte) []byte {
	if p.After {
		dst = append(dst, '*')
		if p.Base == 0 {
			return AppendNumber(dst, p.Offset)
		}
	}
	dst = AppendNumber(dst, p.Base)
	if p.Offset > 0 {
		dst = append(dst, '+')
	}
	if p.Offset != 0 {
		dst = AppendNumber(dst, p.Offset)
	}
	return dst
}

// key is what VEP compares two positions by: the first number written, then the second.
func (p Position) key() (int, int) {
	if p.After && p.Base == 0 {
		return p.Offset, 0
	}
	return p.Base, p.Offset
}

// Ordered is the two positions, turned round where the second lies before the first and not behind the stop codon.
func Ordered(start, end Position) (Position, Position) {
	a, i := start.key()
	b, j := end.key()
	if (a > b || a == b && i > j) && !end.After {
		return end, start
	}
	return start, end
}
