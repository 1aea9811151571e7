package results

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// How a column of a block is stored. In a dictionary column the code 0 means a missing value; in a plain one a missing value is empty.
const (
	encodingMissing = iota // no row has a value
	encodingDict8          // one byte for each row, then count+1 uint32 offsets, then the values
	encodingDict16         // two bytes for each row, then the same
	encodingPlain          // rows+1 uint32 offsets, then the values
)

// maxRows is the largest number of rows of a block: their codes fit into two bytes.
const maxRows = 1<<16 - 2

// columnBuilder gathers one column of a block.
type columnBuilder struct {
	plain   bool
	codes   []uint16 // of a dictionary
	ends    []uint32 // of the values: of each row when plain, of each code else
	text    []byte
	slots   []uint16 // a hash table of codes, its size a power of two
	seed    maphash.Seed
	last    uint16 // the code that was added last
	scratch []byte
	single  [256]uint16 // codes of values of one byte
}

func (c *columnBuilder) reset() {
	c.codes, c.ends, c.text, c.last = c.codes[:0], c.ends[:0], c.text[:0], 0
	clear(c.slots)
	c.single = [256]uint16{}
}

func (c *columnBuilder) add(value []byte) {
	if c.plain {
		c.text = append(c.text, value...)
		c.ends = append(c.ends, uint32(len(c.text)))
		return
	}
	c.codes = append(c.codes, c.code(value))
}

func (c *columnBuilder) code(value []byte) uint16 {
	switch {
	case len(value) == 0:
		return 0
	case len(value) == 1:
		code := &c.single[value[0]]
		if *code == 0 {
			*code = c.define(value)
		}
		return *code
	case c.last != 0 && bytes.Equal(c.value(c.last), value):
		return c.last
	}
	c.last = c.look(value)
	return c.last
}

// look finds the code of a value in the hash table, or defines it.
func (c *columnBuilder) look(value []byte) uint16 {
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

func (c *columnBuilder) grow() {
	size := max(256, 2*len(c.slots))
	if len(c.slots) == 0 {
		c.seed = maphash.MakeSeed()
	}
	c.slots = make([]uint16, size)
	mask := uint64(size - 1)
	for code := 1; code <= len(c.ends); code++ {
		value := c.value(uint16(code))
		if len(value) == 1 {
			continue
		}
		at := maphash.Bytes(c.seed, value) & mask
		for c.slots[at] != 0 {
			at = (at + 1) & mask
		}
		c.slots[at] = uint16(code)
	}
}

func (c *columnBuilder) define(value []byte) uint16 {
	c.text = append(c.text, value...)
	c.ends = append(c.ends, uint32(len(c.text)))
	return uint16(len(c.ends))
}

// value is the text of a code, counted from 1.
func (c *columnBuilder) value(code uint16) []byte {
	start := uint32(0)
	if code > 1 {
		start = c.ends[code-2]
	}
	return c.text[start:c.ends[code-1]]
}

// row is the value of a row.
func (c *columnBuilder) row(row int) []byte {
	if c.plain {
		return c.value(uint16(row + 1))
	}
	if c.codes[row] == 0 {
		return nil
	}
	return c.value(c.codes[row])
}

// appendTo writes the column and tells how.
func (c *columnBuilder) appendTo(to []byte) (_ []byte, encoding, count uint32) {
	if len(c.text) == 0 {
		return to, encodingMissing, 0
	}
	encoding = encodingPlain
	if !c.plain {
		encoding = encodingDict16
		if len(c.ends) < 256 {
			encoding = encodingDict8
		}
		for _, code := range c.codes {
			to = append(to, byte(code))
			if encoding == encodingDict16 {
				to = append(to, byte(code>>8))
			}
		}
	}
	to = binary.LittleEndian.AppendUint32(to, 0)
	for _, end := range c.ends {
		to = binary.LittleEndian.AppendUint32(to, end)
	}
	return append(to, c.text...), encoding, uint32(len(c.ends))
}

// column is a column of a block as it is read.
type column struct {
	encoding uint32
	rows     int
	count    int // of the dictionary's values
	codes    []byte
	offsets  []byte
	text     []byte
}

// readColumn cuts a column out of its bytes. It reports false when they are too few.
func readColumn(body []byte, encoding, count uint32, rows int) (column, bool) {
	c := column{encoding: encoding, rows: rows, count: int(count)}
	width := 0
	switch encoding {
	case encodingMissing:
		return c, true
	case encodingDict8:
		width = 1
	case encodingDict16:
		width = 2
	case encodingPlain:
		if int(count) != rows {
			return c, false
		}
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

// entry is the value with a number, from 0, of the dictionary or of a plain column's rows. A damaged one is missing.
func (c *column) entry(n int) []byte {
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
	case encodingDict8:
		code = int(c.codes[row])
	case encodingDict16:
		code = int(binary.LittleEndian.Uint16(c.codes[2*row:]))
	}
	if code > c.count {
		return 0
	}
	return code
}

// value is the value of a row, nil where it is missing.
func (c *column) value(row int) []byte {
	if c.encoding == encodingPlain {
		return c.entry(row)
	}
	if code := c.code(row); code > 0 {
		return c.entry(code - 1)
	}
	return nil
}

// codeOf is code for a text that is kept.
func (c *columnBuilder) codeOf(value string) uint16 {
	c.scratch = append(c.scratch[:0], value...)
	return c.code(c.scratch)
}

// addCode adds a row with a value whose code is known.
func (c *columnBuilder) addCode(code uint16) { c.codes = append(c.codes, code) }
