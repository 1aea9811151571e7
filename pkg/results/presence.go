package results

import (
	"encoding/binary"
	"math/bits"
)

// Of many databases most rows have no value. Such a column keeps its values one behind the other, and before them a bit for each row that has one.

// presence tells which rows have a value of a column that is gathered, in their order.
type presence struct {
	lead int      // as long as there are no bits: this many rows have one, from the first on
	bits []uint64 // a bit for each row, once a row was left out
}

func (p *presence) reset() { p.lead, p.bits = 0, p.bits[:0] }

// mark says that a row has a value. It is behind those that were marked before.
func (p *presence) mark(row int) {
	if row == p.lead && len(p.bits) == 0 {
		p.lead++
		return
	}
	p.set(row)
}

func (p *presence) set(row int) {
	if len(p.bits) == 0 {
		for lead := p.lead; lead > 0; lead -= 64 {
			p.bits = append(p.bits, ^uint64(0)>>(64-min(lead, 64)))
		}
	}
	for len(p.bits) <= row>>6 {
		p.bits = append(p.bits, 0)
	}
	p.bits[row>>6] |= 1 << (row & 63)
}

// each calls a function with every row that has a value, in their order.
func (p *presence) each(do func(row int)) {
	if len(p.bits) == 0 {
		for row := range p.lead {
			do(row)
		}
	}
	for i, word := range p.bits {
		for ; word != 0; word &= word - 1 {
			do(64*i + bits.TrailingZeros64(word))
		}
	}
}

// appendTo writes the bits, unless all rows have a value, and gives what is to be added to the encoding.
func (p *presence) appendTo(to []byte, rows int) (_ []byte, sparse uint32) {
	if len(p.bits) == 0 {
		if p.lead == rows {
			return to, 0
		}
		p.set(p.lead - 1) // the last one that is there: it makes the bits
	}
	for i := range bitWords(rows) {
		word := uint64(0)
		if i < len(p.bits) {
			word = p.bits[i]
		}
		to = binary.LittleEndian.AppendUint64(to, word)
	}
	return to, encodingSparse
}

// bitWords is how many uint64 have a bit for each of some rows.
func bitWords(rows int) int { return (rows + 63) / 64 }

// cutSparse cuts a sparse column into the column of the rows that have a value, and the bits that say which. It reports false where bytes are missing.
func cutSparse(body []byte, encoding, count uint32, rows int) (c column, marks []byte, ok bool) {
	size, values := 8*bitWords(rows), 0
	if len(body) < size {
		return c, nil, false
	}
	marks = body[:size]
	for at := 0; at < size; at += 8 {
		values += bits.OnesCount64(binary.LittleEndian.Uint64(marks[at:]))
	}
	if rows%64 > 0 && binary.LittleEndian.Uint64(marks[size-8:])>>(rows%64) != 0 {
		return c, nil, false
	}
	if encoding &^= encodingSparse; encoding > encodingDict16 && encoding != encodingDecimal && encoding != encodingFloat && encoding != encodingNumber {
		return c, nil, false
	}
	c, ok = readColumn(body[size:], encoding, count, values)
	return c, marks, ok
}

// readSparse is readColumn for a sparse column. All rows have a place in what it returns.
func readSparse(body []byte, encoding, count uint32, rows int) (column, bool) {
	c, marks, ok := cutSparse(body, encoding, count, rows)
	if !ok {
		return c, false
	}
	values := c.rows
	c.rows = rows
	switch c.encoding {
	case encodingConstant:
		c.encoding, c.offsets = encodingDict8, binary.LittleEndian.AppendUint32(make([]byte, 4), uint32(len(c.text)))
		c.codes = spread(repeated([]byte{1}, values), marks, rows, []byte{0})
	case encodingDict8:
		c.codes = spread(c.codes, marks, rows, []byte{0})
	case encodingDict16:
		c.codes = spread(c.codes, marks, rows, []byte{0, 0})
	case encodingDecimal:
		c.text = spread(c.text, marks, rows, missingDecimal)
	case encodingFloat:
		c.text = spread(c.text, marks, rows, missingFloat)
	case encodingNumber:
		c.encoding, c.text = encodingFloat, spread(repeated(c.text[:8], values), marks, rows, missingFloat)
	}
	return c, true
}

// repeated is a value as often as it is asked for.
func repeated(value []byte, count int) []byte {
	all := make([]byte, count*len(value))
	for n := copy(all, value); n > 0 && n < len(all); n *= 2 {
		copy(all[n:], all[:n])
	}
	return all
}

// spread gives each row that is marked the next of some values, all others a blank, which is as long as a value.
func spread(values, marks []byte, rows int, blank []byte) []byte {
	width := len(blank)
	all := repeated(blank, rows)
	for first := 0; first < rows; first += 64 {
		word := binary.LittleEndian.Uint64(marks[first/8:])
		for row := first; word != 0; {
			skipped := bits.TrailingZeros64(word)
			word, row = word>>skipped, row+skipped
			run := bits.TrailingZeros64(^word)
			copy(all[row*width:], values[:run*width])
			values, word, row = values[run*width:], word>>run, row+run
		}
	}
	return all
}

// deposit adds to a set of rows those of the marked rows whose numbers among the marked ones are in another.
func deposit(s, of rowSet, marks []byte) {
	at := 0 // bits of the set that were taken
	for i := range s {
		word := binary.LittleEndian.Uint64(marks[8*i:])
		count := bits.OnesCount64(word)
		if count == 0 {
			continue
		}
		chosen := of[at/64] >> (at % 64)
		if at%64+count > 64 {
			chosen |= of[at/64+1] << (64 - at%64)
		}
		at += count
		for chosen &= ^uint64(0) >> (64 - count); chosen != 0; chosen >>= 1 {
			lowest := word & -word
			s[i] |= lowest & -(chosen & 1)
			word ^= lowest
		}
	}
}
