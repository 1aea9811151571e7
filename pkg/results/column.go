package results

import "encoding/binary"

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

	encodingSparse = 0x80 // with one of a dictionary or of numbers: as uint64, a bit for each row that has a value, then the column of those rows alone
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
	if encoding&encodingSparse != 0 {
		return readSparse(body, encoding, count, rows)
	}
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
