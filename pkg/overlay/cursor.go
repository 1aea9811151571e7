package overlay

import (
	"bytes"
	"slices"
)

// Cursor walks along the databases of a set. One goroutine may use it. Variants in the order of the databases are found fastest: a few rows on from the last one;
// any other order is right as well.
type Cursor struct {
	members []memberCursor
	alleles []allele
	contig  []byte
	value   []byte
	err     error
}

// allele is an alternative allele as databases are asked for it.
type allele struct {
	pos      uint32
	ref, alt []byte // trimmed
	key      uint64
	short    bool
	sequence bool // false for symbolic alleles, breakends, `*` and `.`: they are in no database
}

// memberCursor is the place in one database.
type memberCursor struct {
	*member
	contig int // of the database, -1 for none
	found  finder
}

// finder finds the rows of a database that belong to a record.
type finder interface {
	// seek moves to a contig of the database.
	seek(contig int)
	// matches finds the row of each allele, which value then reads. It reports whether there is any.
	matches(pos uint32, ref []byte, alleles []allele) bool
	// appendValue appends the value of a field for an allele, nothing where it is missing.
	appendValue(to []byte, field, allele int) []byte
	// failure is the error that made the answers incomplete.
	failure() error
}

// Cursor returns a new cursor.
func (s *Set) Cursor() *Cursor {
	c := &Cursor{}
	for _, m := range s.members {
		mc := memberCursor{member: m, contig: -1}
		switch {
		case m.compiled == nil:
			mc.found = newIndexedFinder(m.indexed)
		case m.Kind == Intervals:
			mc.found = &intervalFinder{walk: walk{db: m.compiled, loaded: -1}}
		default:
			mc.found = &alleleFinder{walk: walk{db: m.compiled, loaded: -1}}
		}
		c.members = append(c.members, mc)
	}
	return c
}

// AppendInfo appends what the databases say of a record, as INFO writes it: `KEY=value;KEY=value`, without a semicolon before or after; nothing where they say nothing.
// pos is the 1-based POS. It allocates nothing once its buffers have grown.
func (c *Cursor) AppendInfo(to, contig []byte, pos uint32, ref []byte, alts [][]byte) []byte {
	if !bytes.Equal(contig, c.contig) {
		c.enter(contig)
	}
	c.prepare(pos, ref, alts)
	start := len(to)
	for i := range c.members {
		if m := &c.members[i]; m.contig >= 0 && m.found.matches(pos, ref, c.alleles) {
			to = c.appendFields(to, start, m)
		}
	}
	return to
}

// Err returns the first error that made answers incomplete: a damaged file. A result that was written until then must not be used.
func (c *Cursor) Err() error {
	for i := range c.members {
		if err := c.members[i].found.failure(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cursor) enter(contig []byte) {
	c.contig = append(c.contig[:0], contig...)
	for i := range c.members {
		m := &c.members[i]
		if m.contig = m.contigs().find(string(contig)); m.contig >= 0 {
			m.found.seek(m.contig)
		}
	}
}

func (m *member) contigs() *contigNames {
	if m.compiled != nil {
		return m.compiled.names
	}
	return m.indexed.names
}

// prepare trims the alleles of a record.
func (c *Cursor) prepare(pos uint32, ref []byte, alts [][]byte) {
	c.alleles = c.alleles[:0]
	isBases := isSequence(ref)
	for _, alt := range alts {
		a := allele{pos: pos, ref: ref, alt: alt}
		if isBases && isSequence(alt) {
			var shift int
			if len(ref) != 1 || len(alt) != 1 {
				shift, a.ref, a.alt = trim(ref, alt)
			}
			a.pos += uint32(shift)
			a.sequence = true
			a.key, a.short = shortKey(a.ref, a.alt)
		}
		c.alleles = append(c.alleles, a)
	}
}

// appendFields appends the fields of one database.
func (c *Cursor) appendFields(to []byte, start int, m *memberCursor) []byte {
	for n, field := range m.chosen {
		before := len(to)
		if before > start {
			to = append(to, ';')
		}
		to = append(to, m.starts[n]...)
		from := len(to)
		var any bool
		switch flag := m.Fields[field].Type == "Flag"; {
		case m.Kind == Intervals || flag:
			if to, any = c.appendUnion(to, m.found, field), false; len(to) > from {
				any = true
			}
			if flag {
				to = to[:from]
			}
		default:
			to, any = c.appendPerAllele(to, m.found, field)
		}
		if !any {
			to = to[:before]
		}
	}
	return to
}

// appendPerAllele appends one element for each allele.
func (c *Cursor) appendPerAllele(to []byte, found finder, field int) (_ []byte, any bool) {
	if len(c.alleles) == 1 {
		before := len(to)
		to = found.appendValue(to, field, 0)
		return to, len(to) > before
	}
	for i := range c.alleles {
		if i > 0 {
			to = append(to, ',')
		}
		before := len(to)
		to = found.appendValue(to, field, i)
		if len(to) == before {
			to = append(to, '.')
			continue
		}
		any = true
		for j := before; j < len(to); j++ {
			if to[j] == ',' {
				to[j] = '&'
			}
		}
	}
	return to, any
}

// appendUnion appends the first value that there is: what all alleles of the record share.
func (c *Cursor) appendUnion(to []byte, found finder, field int) []byte {
	before := len(to)
	for i := range c.alleles {
		if to = found.appendValue(to, field, i); len(to) > before {
			break
		}
	}
	return to
}

// walk is a place in a compiled database.
type walk struct {
	db     *database
	blocks blockRange
	number int // of the block that the place is in
	row    int
	block  block
	loaded int // the block that is read, -1 for none
	err    error
}

func (w *walk) seek(contig int) {
	w.blocks = w.db.ofContig[contig]
	w.number, w.row = w.blocks.start, 0
}

func (w *walk) failure() error { return w.err }

// load reads a block unless it is the one that is read.
func (w *walk) load(number int) bool {
	if w.loaded == number {
		return true
	}
	w.loaded = -1
	if err := w.db.read(&w.block, number); err != nil {
		if w.err == nil {
			w.err = err
		}
		return false
	}
	w.loaded = number
	return true
}

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
	f.lowerBound(pos)
	for i := range alleles {
		hit := place{row: -1}
		if alleles[i].sequence {
			hit = f.find(&alleles[i])
		}
		any = any || hit.row >= 0
		f.hits = append(f.hits, hit)
	}
	return any
}

// lowerBound moves to the first row of the contig at or after a position.
func (f *alleleFinder) lowerBound(pos uint32) {
	blocks := f.db.blocks
	if f.number >= f.blocks.end || blocks[f.number].first > pos || blocks[f.number].last < pos {
		f.number = f.blocks.start + blockBefore(blocks[f.blocks.start:f.blocks.end], pos)
		f.row = 0
	}
	if f.number < f.blocks.end && f.load(f.number) {
		f.row = gallop(&f.block, f.row, pos)
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

// gallop returns the first row at or after a position, looking from a row on in steps that double.
func gallop(b *block, from int, pos uint32) int {
	if from > 0 && b.position(from-1) >= pos {
		from = 0
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

// find looks for an allele from the place on, which stays as it is.
func (f *alleleFinder) find(a *allele) place {
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
			if f.block.has(row, a.key, a.short, a.ref, a.alt) {
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

// intervalFinder finds the intervals that overlap the bases of REF.
type intervalFinder struct {
	walk
	hits []place
	seen [][2]int // values that were appended: start and end in the text
}

func (f *intervalFinder) matches(pos uint32, ref []byte, _ []allele) bool {
	f.hits = f.hits[:0]
	end := pos
	if isSequence(ref) {
		end = pos + uint32(len(ref)) - 1
	}
	for number := f.firstReaching(pos); number < f.blocks.end; number++ {
		if f.db.blocks[number].first > end || !f.load(number) {
			break
		}
		row := rowReaching(&f.block, pos)
		for ; row < f.block.rows && f.block.position(row) <= end; row++ {
			if f.block.end(row) >= pos {
				f.hits = append(f.hits, place{number, row})
			}
		}
	}
	return len(f.hits) > 0
}

// firstReaching returns the first block of the contig in which an interval may reach a position.
func (f *intervalFinder) firstReaching(pos uint32) int {
	low, high := f.blocks.start, f.blocks.end
	for low < high {
		if middle := int(uint(low+high) >> 1); f.db.blocks[middle].reach < pos {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// rowReaching returns the first row of a block up to which an interval of the contig reaches a position.
func rowReaching(b *block, pos uint32) int {
	low, high := 0, b.rows
	for low < high {
		if middle := int(uint(low+high) >> 1); b.reach(middle) < pos {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// appendValue appends the distinct values of all intervals, in their order, separated by commas.
func (f *intervalFinder) appendValue(to []byte, field, _ int) []byte {
	f.seen = f.seen[:0]
	begin := len(to)
	for _, hit := range f.hits {
		if !f.load(hit.block) {
			return to
		}
		before := len(to)
		if before > begin {
			to = append(to, ',')
		}
		start := len(to)
		to = f.block.columns[field].appendValue(to, hit.row)
		value := to[start:]
		known := func(s [2]int) bool { return bytes.Equal(to[s[0]:s[1]], value) }
		if len(value) == 0 || slices.ContainsFunc(f.seen, known) {
			to = to[:before]
			continue
		}
		f.seen = append(f.seen, [2]int{start, len(to)})
	}
	return to
}
