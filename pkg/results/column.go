package results

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// How a column of a block is stored; `count` is what its entry says beside. In a dictionary column the code 0 means a missing value.
const (
	encodingMissing   = iota // no row has a value
	encodingConstant         // a dictionary of one value that every row has: its text
	encodingDict8            // one byte for each row, then count+1 uint32 offsets, then the values
	encodingDict16           // two bytes for each row, then the same
	encodingText             // see textBuilder
	encodingDecimal          // one int32 for each row: a number times ten to the power of count
	encodingFloat            // one float64 for each row
	encodingNumber           // one float64 for all rows
	encodingGenotypes        // two bits for each row: the place in genotypeClasses
	encodingCarriers         // count uint16, the rows that are not ref, then a byte for each: the place in genotypeClasses
	encodingGroup            // of count tuples: the number of each row's, in no byte for one, one byte for up to 256, two bytes for more
	encodingMember           // one uint16 for each tuple of the group: a code; then as behind the codes of a dictionary
	encodingPositions        // POS, which no block has as a column: one uint32 for each row
)

// maxRows is the largest number of rows of a block: their codes fit into two bytes.
const maxRows = 1<<16 - 2

// columnBuilder gathers one column of a block.
type columnBuilder interface {
	reset()
	// takeOver adds the rows of another builder of the same column behind the rows that are there. The last rows may be absent from either when they have no value.
	takeOver(other columnBuilder, rows int)
	// appendTo writes the column and tells how.
	appendTo(to []byte, rows int) (_ []byte, encoding, count uint32)
}

// recentValue is a value of a dictionary with its code.
type recentValue struct {
	text []byte
	code uint16
}

// dictBuilder gathers a column whose values repeat.
type dictBuilder struct {
	codes    []uint16
	ends     []uint32 // of the values, by code
	text     []byte
	slots    []uint16 // a hash table of codes, its size a power of two
	seed     maphash.Seed
	last     uint16 // the code of the last row
	lastText []byte // its text
	scratch  []byte
	recent   [16]recentValue // by a hash
}

func (c *dictBuilder) reset() {
	c.codes, c.ends, c.text, c.last, c.lastText = c.codes[:0], c.ends[:0], c.text[:0], 0, nil
	clear(c.slots)
	c.recent = [16]recentValue{}
}

// addAt adds a row behind rows without a value.
func (c *dictBuilder) addAt(row int, value []byte) {
	for len(c.codes) < row {
		c.codes = append(c.codes, 0)
	}
	c.add(value)
}

// add adds a row.
func (c *dictBuilder) add(value []byte) {
	if !bytes.Equal(value, c.lastText) {
		c.last = c.code(value)
		c.lastText = nil
		if c.last > 0 {
			c.lastText = c.value(c.last)
		}
	}
	c.codes = append(c.codes, c.last)
}

// addCode adds a row with a value whose code is known.
func (c *dictBuilder) addCode(code uint16) { c.codes = append(c.codes, code) }

// code finds the code of a value, or defines it.
func (c *dictBuilder) code(value []byte) uint16 {
	if len(value) == 0 {
		return 0
	}
	recent := &c.recent[(uint(value[0])^uint(len(value))<<3^uint(value[len(value)-1])<<1)%uint(len(c.recent))]
	if !bytes.Equal(recent.text, value) {
		recent.code = c.look(value)
		recent.text = c.value(recent.code)
	}
	return recent.code
}

// codeOf is code for a text that is kept.
func (c *dictBuilder) codeOf(value string) uint16 {
	c.scratch = append(c.scratch[:0], value...)
	return c.code(c.scratch)
}

// look finds the code of a value in the hash table, or defines it.
func (c *dictBuilder) look(value []byte) uint16 {
	if len(c.slots) < 4*(len(c.ends)+1) {
		c.grow()
	}
	mask := uint64(len(c.slots) - 1)
	for at := maphash.Bytes(c.seed, value) & mask; ; at = (at + 1) & mask {
		code := c.slots[at]
		if code == 0 {
			code = c.define(value)
			c.slots[at] = code
			return code
		}
		if bytes.Equal(c.value(code), value) {
			return code
		}
	}
}

func (c *dictBuilder) grow() {
	size := max(256, 2*len(c.slots))
	if len(c.slots) == 0 {
		c.seed = maphash.MakeSeed()
	}
	c.slots = make([]uint16, size)
	mask := uint64(size - 1)
	for code := 1; code <= len(c.ends); code++ {
		at := maphash.Bytes(c.seed, c.value(uint16(code))) & mask
		for c.slots[at] != 0 {
			at = (at + 1) & mask
		}
		c.slots[at] = uint16(code)
	}
}

func (c *dictBuilder) define(value []byte) uint16 {
	c.text = append(c.text, value...)
	c.ends = append(c.ends, uint32(len(c.text)))
	return uint16(len(c.ends))
}

// value is the text of a code, counted from 1.
func (c *dictBuilder) value(code uint16) []byte {
	start := uint32(0)
	if code > 1 {
		start = c.ends[code-2]
	}
	return c.text[start:c.ends[code-1]]
}

func (c *dictBuilder) takeOver(other columnBuilder, rows int) {
	o := other.(*dictBuilder)
	for row, code := range o.codes {
		if code > 0 {
			c.addAt(rows+row, o.value(code))
		}
	}
}

func (c *dictBuilder) appendTo(to []byte, rows int) (_ []byte, encoding, count uint32) {
	for len(c.codes) < rows {
		c.codes = append(c.codes, 0)
	}
	switch {
	case len(c.ends) == 0:
		return to, encodingMissing, 0
	case len(c.ends) == 1 && !hasZero(c.codes):
		return append(to, c.text...), encodingConstant, 1
	case len(c.ends) < 256:
		encoding = encodingDict8
		for _, code := range c.codes {
			to = append(to, byte(code))
		}
	default:
		encoding = encodingDict16
		for _, code := range c.codes {
			to = binary.LittleEndian.AppendUint16(to, code)
		}
	}
	return c.appendValues(to), encoding, uint32(len(c.ends))
}

// appendValues writes the dictionary.
func (c *dictBuilder) appendValues(to []byte) []byte {
	to = binary.LittleEndian.AppendUint32(to, 0)
	for _, end := range c.ends {
		to = binary.LittleEndian.AppendUint32(to, end)
	}
	return append(to, c.text...)
}

func hasZero(codes []uint16) bool {
	for _, code := range codes {
		if code == 0 {
			return true
		}
	}
	return false
}

// column is a column of a block as it is read.
type column struct {
	encoding uint32
	rows     int
	count    int // of the dictionary's values; of decimals the power of ten
	codes    []byte
	tuples   []byte // of a member of a group: the code of each tuple, whose number codes has
	offsets  []byte
	text     []byte
}

// readColumn cuts a column out of its bytes. It reports false when they are too few. Genotypes become a dictionary.
func readColumn(body []byte, encoding, count uint32, rows int) (column, bool) {
	c := column{encoding: encoding, rows: rows, count: int(count)}
	width := 0
	switch encoding {
	case encodingMissing:
		c.count = 0
		return c, true
	case encodingConstant:
		c.count, c.text = 1, body
		return c, len(body) > 0
	case encodingDict8:
		width = 1
	case encodingDict16:
		width = 2
	case encodingText:
		c.count, c.text = 0, body
		return c, true
	case encodingDecimal, encodingFloat, encodingNumber:
		c.text = body
		return c, numbersFit(&c)
	case encodingGenotypes, encodingCarriers:
		return readGenotypes(body, encoding, count, rows)
	default:
		return c, false
	}
	offsets := 4 * (uint64(count) + 1)
	if count > maxRows || uint64(len(body)) < uint64(width*rows)+offsets {
		return c, false
	}
	c.codes, body = body[:width*rows], body[width*rows:]
	c.offsets, c.text = body[:offsets], body[offsets:]
	return c, true
}

// isDictionary reports whether rows have codes. A column without any value is one too.
func (c *column) isDictionary() bool { return c.encoding <= encodingDict16 }

// entry is the value with a number, from 0, of the dictionary. A damaged one is missing.
func (c *column) entry(n int) []byte {
	if c.encoding == encodingConstant {
		return c.text
	}
	start, end := binary.LittleEndian.Uint32(c.offsets[4*n:]), binary.LittleEndian.Uint32(c.offsets[4*n+4:])
	if start > end || uint64(end) > uint64(len(c.text)) {
		return nil
	}
	return c.text[start:end]
}

// code is the code of a row of a dictionary column, 0 for a missing value or one that is out of bounds.
func (c *column) code(row int) int {
	code := 0
	switch c.encoding {
	case encodingConstant:
		return 1
	case encodingDict8:
		code = int(c.codes[row])
	case encodingDict16:
		code = int(binary.LittleEndian.Uint16(c.codes[2*row:]))
	}
	if c.tuples != nil {
		code = c.codeOfTuple(code)
	}
	if code > c.count {
		return 0
	}
	return code
}

// value is the value of a row of a dictionary column, nil where it is missing.
func (c *column) value(row int) []byte {
	if code := c.code(row); code > 0 {
		return c.entry(code - 1)
	}
	return nil
}
