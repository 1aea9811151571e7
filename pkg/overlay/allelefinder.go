package overlay

// alleleFinder finds rows by exact allele.
type alleleFinder struct {
	walk
	hits []place // of each allele; a negative row for none
}

// place is a row of a block.
type place struct{ block, row int }

func (f *alleleFinder) matches(pos uint32, _ []byte, alleles []allele) bool {
	f.hits = f.hits[:0]
	any := false
	f.lowerBound(leftmost(pos, alleles))
	for i := range alleles {
		hit := place{row: -1}
		if a := &alleles[i]; a.sequence {
			if hit = f.find(a); hit.row < 0 && a.left != nil {
				hit = f.find(a.left)
			}
		}
		any = any || hit.row >= 0
		f.hits = append(f.hits, hit)
	}
	return any
}

// lowerBound moves to the first row of the contig at or after a position.
func (f *alleleFinder) lowerBound(pos uint32) {
	if pos <= f.first || pos > f.last {
		f.enterBlock(pos)
	}
	if f.number < f.blocks.end && f.load(f.number) {
		f.row = gallop(&f.block, f.row, pos)
	}
}

// enterBlock moves to the first row of the first block of the contig that reaches a position.
func (f *alleleFinder) enterBlock(pos uint32) {
	blocks := f.db.blocks
	f.number = f.blocks.start + blockBefore(blocks[f.blocks.start:f.blocks.end], pos)
	f.row, f.first, f.last = 0, 1, 0
	if f.number < f.blocks.end {
		f.first, f.last = blocks[f.number].first, blocks[f.number].last
	}
}

// blockBefore returns the number of blocks that end before a position.
func blockBefore(blocks []blockEntry, pos uint32) int {
	low, high := 0, len(blocks)
	for low < high {
		if middle := int(uint(low+high) >> 1); blocks[middle].last < pos {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// gallop returns the first row at or after a position, looking from a row on: at the next few, then in steps that double.
func gallop(b *block, from int, pos uint32) int {
	const few = 8
	if from > 0 && b.position(from-1) >= pos {
		from = 0
	}
	if from+few <= b.rows {
		before := 0
		for row := from; row < from+few; row++ {
			before += int((uint64(b.position(row)) - uint64(pos)) >> 63) // without a branch that nobody can foresee
		}
		if from += before; before < few {
			return from
		}
	}
	step := 1
	low, high := from, from
	for high < b.rows && b.position(high) < pos {
		low = high + 1
		high += step
		step *= 2
	}
	high = min(high, b.rows)
	for low < high {
		if middle := int(uint(low+high) >> 1); b.position(middle) < pos {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// findWithin looks for an allele from the place on, where all rows at its position lie in the block that is read. It returns its row, -1 for none.
func (f *alleleFinder) findWithin(a *allele) int {
	b := &f.block
	row := f.row
	if row < b.rows && b.position(row) < a.pos {
		row = gallop(b, row, a.pos)
	}
	for ; row < b.rows && b.position(row) == a.pos; row++ {
		if b.has(row, a) {
			return row
		}
	}
	return -1
}

// find looks for an allele from the place on, which stays as it is.
func (f *alleleFinder) find(a *allele) place {
	if f.first < a.pos && a.pos < f.last && f.loaded == f.number {
		return place{f.number, f.findWithin(a)}
	}
	return f.findAcross(a)
}

// findAcross looks for an allele from the place on in as many blocks as it takes.
func (f *alleleFinder) findAcross(a *allele) place {
	number, row := f.number, f.row
	for ; number < f.blocks.end; number, row = number+1, 0 {
		entry := &f.db.blocks[number]
		if entry.first > a.pos {
			break
		}
		if entry.last < a.pos || !f.load(number) {
			continue
		}
		for row = gallop(&f.block, row, a.pos); row < f.block.rows && f.block.position(row) == a.pos; row++ {
			if f.block.has(row, a) {
				return place{number, row}
			}
		}
		if row < f.block.rows {
			break
		}
	}
	return place{row: -1}
}

func (f *alleleFinder) appendValue(to []byte, field, allele int) []byte {
	hit := f.hits[allele]
	if hit.row < 0 || !f.load(hit.block) {
		return to
	}
	return f.block.columns[field].appendValue(to, hit.row)
}

// appendRow appends the fields of the row that was found for the only allele of a record, and their values to a list, numbered from first on.
func (f *alleleFinder) appendRow(to []byte, start int, fields []shown, values []Value, first int) ([]byte, []Value) {
	hit := f.hits[0]
	if !f.load(hit.block) {
		return to, values
	}
	for i := range fields {
		field := &fields[i]
		column := &f.block.columns[field.field]
		before := len(to)
		to = field.begin(to, start)
		from := len(to)
		to = column.appendValue(to, hit.row)
		any := len(to) > from
		to = field.end(to, before, from, any)
		if any {
			values = append(values, Value{int32(from), int32(len(to)), int32(hit.block), column.integer(hit.row), uint16(first + i), column.code(hit.row)})
		}
	}
	return to, values
}
