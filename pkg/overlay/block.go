package overlay

import (
	"encoding/binary"
	"math"
	"strconv"
)

// blockRows is the number of rows of a full block.
const blockRows = 1 << 15

// How a field's values are stored in a block. A code of 0 and the number noInteger mean a missing value.
const (
	columnMissing = iota // no row has a value
	columnInteger        // one uint32 for each row
	columnDict8          // one byte for each row, then count+1 uint32 offsets, then the values' bytes
	columnDict16         // two bytes for each row, then the same
)

// noInteger is the missing value of a columnInteger.
const noInteger = math.MaxUint32

// columnHeader is the size of what a block says of each field: encoding, offset in the block, length, number of distinct values, each a uint32.
const columnHeader = 16

// blockEntry is what the index of a file says of a block.
type blockEntry struct {
	offset uint64
	length uint32
	rows   uint32
	contig uint32
	first  uint32 // position of the first row
	last   uint32 // position of the last row
	reach  uint32 // the largest end of an interval in this block and those before it on its contig; 0 for alleles
	crc    uint32 // CRC-32C of the block
	_      uint32
}

// blockEntrySize is the size of a blockEntry in the file.
const blockEntrySize = 40

func (e blockEntry) appendTo(to []byte) []byte {
	to = binary.LittleEndian.AppendUint64(to, e.offset)
	for _, n := range []uint32{e.length, e.rows, e.contig, e.first, e.last, e.reach, e.crc, 0} {
		to = binary.LittleEndian.AppendUint32(to, n)
	}
	return to
}

func readBlockEntry(from []byte) blockEntry {
	n := func(i int) uint32 { return binary.LittleEndian.Uint32(from[8+4*i:]) }
	return blockEntry{
		offset: binary.LittleEndian.Uint64(from), length: n(0), rows: n(1), contig: n(2), first: n(3), last: n(4), reach: n(5), crc: n(6),
	}
}

// blockBuilder gathers the rows of one block.
type blockBuilder struct {
	kind      Kind
	contig    int
	positions []uint32
	keys      []uint64 // of alleles
	ends      []uint32 // of intervals
	reaches   []uint32
	reach     uint32 // the largest end so far on the contig
	pool      []byte // of long alleles
	columns   []columnBuilder
}

func newBlockBuilder(kind Kind, fields int) *blockBuilder {
	b := &blockBuilder{kind: kind, contig: -1, columns: make([]columnBuilder, fields)}
	b.reset()
	return b
}

func (b *blockBuilder) reset() {
	b.positions, b.keys, b.ends, b.reaches, b.pool = b.positions[:0], b.keys[:0], b.ends[:0], b.reaches[:0], b.pool[:0]
	for i := range b.columns {
		b.columns[i].reset()
	}
}

// takes reports whether the block has room for a row.
func (b *blockBuilder) takes(r *row) bool {
	return len(b.positions) == 0 || len(b.positions) < blockRows && r.contig == b.contig
}

func (b *blockBuilder) add(r *row) {
	if r.contig != b.contig {
		b.contig, b.reach = r.contig, 0
	}
	b.positions = append(b.positions, r.pos)
	if b.kind == Intervals {
		b.reach = max(b.reach, r.end)
		b.ends, b.reaches = append(b.ends, r.end), append(b.reaches, b.reach)
	} else {
		b.keys = append(b.keys, b.key(r))
	}
	for i := range b.columns {
		b.columns[i].add(r.value(i))
	}
}

func (b *blockBuilder) key(r *row) uint64 {
	if key, ok := shortKey(r.ref(), r.alt()); ok {
		return key
	}
	key := longKey | uint64(len(b.pool))
	b.pool = binary.LittleEndian.AppendUint32(b.pool, uint32(r.refLen))
	b.pool = binary.LittleEndian.AppendUint32(b.pool, uint32(r.altLen))
	b.pool = append(b.pool, r.text[:r.refLen+r.altLen]...)
	return key
}

// encode appends the block, to a multiple of eight bytes: the headers of its columns, the length of the pool, alleles or ends, positions, the pool, columns.
func (b *blockBuilder) encode(to []byte) []byte {
	start := len(to)
	to = append(to, make([]byte, len(b.columns)*columnHeader)...)
	to = binary.LittleEndian.AppendUint64(to, uint64(len(b.pool)))
	for _, key := range b.keys {
		to = binary.LittleEndian.AppendUint64(to, key)
	}
	for _, list := range [][]uint32{b.ends, b.reaches, b.positions} {
		for _, n := range list {
			to = binary.LittleEndian.AppendUint32(to, n)
		}
	}
	to = append(to, b.pool...)
	for i := range b.columns {
		at := len(to)
		var encoding, count uint32
		to, encoding, count = b.columns[i].encode(to)
		header := to[start+i*columnHeader:]
		binary.LittleEndian.PutUint32(header, encoding)
		binary.LittleEndian.PutUint32(header[4:], uint32(at-start))
		binary.LittleEndian.PutUint32(header[8:], uint32(len(to)-at))
		binary.LittleEndian.PutUint32(header[12:], count)
	}
	for len(to)%8 != 0 {
		to = append(to, 0)
	}
	return to
}

func (b *blockBuilder) entry() blockEntry {
	return blockEntry{
		rows: uint32(len(b.positions)), contig: uint32(b.contig), first: b.positions[0], last: b.positions[len(b.positions)-1], reach: b.reach,
	}
}

// columnBuilder gathers the values of one field: as numbers while all are, else by a dictionary of the block.
type columnBuilder struct {
	integers []uint32 // while isInteger
	text     bool     // a value was not a number
	codes    []uint16
	dict     map[string]uint16
	ends     []uint32 // of the dictionary's values in bytes
	bytes    []byte
	any      bool
}

func (c *columnBuilder) reset() {
	c.integers, c.codes, c.ends, c.bytes = c.integers[:0], c.codes[:0], c.ends[:0], c.bytes[:0]
	c.text, c.any = false, false
	if c.dict == nil {
		c.dict = make(map[string]uint16)
	}
	clear(c.dict)
}

func (c *columnBuilder) add(value []byte) {
	c.any = c.any || value != nil
	if !c.text {
		if n, ok := canonicalInteger(value); ok {
			c.integers = append(c.integers, n)
			return
		}
		c.turnToText()
	}
	c.codes = append(c.codes, c.code(value))
}

// turnToText puts the numbers gathered so far into the dictionary.
func (c *columnBuilder) turnToText() {
	c.text = true
	var digits []byte
	for _, n := range c.integers {
		if n == noInteger {
			c.codes = append(c.codes, 0)
			continue
		}
		digits = appendUint(digits[:0], n)
		c.codes = append(c.codes, c.code(digits))
	}
}

func (c *columnBuilder) code(value []byte) uint16 {
	if value == nil {
		return 0
	}
	if code, known := c.dict[string(value)]; known {
		return code
	}
	code := uint16(len(c.ends) + 1)
	c.dict[string(value)] = code
	c.bytes = append(c.bytes, value...)
	c.ends = append(c.ends, uint32(len(c.bytes)))
	return code
}

func (c *columnBuilder) encode(to []byte) (out []byte, encoding, count uint32) {
	switch {
	case !c.any:
		return to, columnMissing, 0
	case !c.text:
		for _, n := range c.integers {
			to = binary.LittleEndian.AppendUint32(to, n)
		}
		return to, columnInteger, 0
	}
	encoding = columnDict16
	if len(c.ends) < 256 {
		encoding = columnDict8
	}
	for _, code := range c.codes {
		to = append(to, byte(code))
		if encoding == columnDict16 {
			to = append(to, byte(code>>8))
		}
	}
	to = binary.LittleEndian.AppendUint32(to, 0)
	for _, end := range c.ends {
		to = binary.LittleEndian.AppendUint32(to, end)
	}
	return append(to, c.bytes...), encoding, uint32(len(c.ends))
}

// canonicalInteger reads a number below noInteger whose text is what appendUint writes. A missing value is noInteger.
func canonicalInteger(value []byte) (uint32, bool) {
	if value == nil {
		return noInteger, true
	}
	n, ok := parsePosition(value)
	return n, ok && n != noInteger && (value[0] != '0' || len(value) == 1)
}

// appendUint appends a number in decimal.
func appendUint(to []byte, n uint32) []byte { return strconv.AppendUint(to, uint64(n), 10) }

// block is a block as it is read: slices of the file.
type block struct {
	rows      int
	keys      []byte // 8 bytes for each row
	ends      []byte // 4 bytes for each row
	reaches   []byte
	positions []byte
	columns   []column
	pool      []byte
}

// column is one field of a block.
type column struct {
	encoding uint32
	values   []byte // codes or numbers
	offsets  []byte // of the dictionary
	bytes    []byte
}

// read cuts a block into its columns. It reports false when they do not fit, which means a damaged file.
func (b *block) read(data []byte, rows int, kind Kind, fields int) bool {
	b.rows = rows
	head := fields*columnHeader + 8
	if len(data) < head || rows <= 0 || rows > blockRows {
		return false
	}
	poolLength := binary.LittleEndian.Uint64(data[head-8:])
	rest := data[head:]
	cut := func(size int) (piece []byte) {
		if rest == nil || len(rest) < size*rows {
			rest = nil
			return nil
		}
		piece, rest = rest[:size*rows], rest[size*rows:]
		return piece
	}
	b.keys, b.ends, b.reaches = nil, nil, nil
	if kind == Intervals {
		b.ends, b.reaches = cut(4), cut(4)
	} else {
		b.keys = cut(8)
	}
	if b.positions = cut(4); b.positions == nil || poolLength > uint64(len(rest)) {
		return false
	}
	b.pool = rest[:poolLength]
	b.columns = b.columns[:0]
	for i := range fields {
		c, ok := readColumn(data, data[i*columnHeader:], rows)
		if !ok {
			return false
		}
		b.columns = append(b.columns, c)
	}
	return true
}

func readColumn(data, header []byte, rows int) (c column, ok bool) {
	c.encoding = binary.LittleEndian.Uint32(header)
	at, length, count := binary.LittleEndian.Uint32(header[4:]), binary.LittleEndian.Uint32(header[8:]), binary.LittleEndian.Uint32(header[12:])
	if uint64(at)+uint64(length) > uint64(len(data)) || count > blockRows {
		return c, false
	}
	body := data[at : at+length]
	width, dict := 0, 0
	switch c.encoding {
	case columnMissing:
	case columnInteger:
		width = 4
	case columnDict8:
		width, dict = 1, 4*(int(count)+1)
	case columnDict16:
		width, dict = 2, 4*(int(count)+1)
	default:
		return c, false
	}
	if len(body) < width*rows+dict {
		return c, false
	}
	c.values, c.offsets, c.bytes = body[:width*rows], body[width*rows:width*rows+dict], body[width*rows+dict:]
	return c, true
}

func (b *block) position(row int) uint32 { return binary.LittleEndian.Uint32(b.positions[4*row:]) }
func (b *block) key(row int) uint64      { return binary.LittleEndian.Uint64(b.keys[8*row:]) }
func (b *block) end(row int) uint32      { return binary.LittleEndian.Uint32(b.ends[4*row:]) }
func (b *block) reach(row int) uint32    { return binary.LittleEndian.Uint32(b.reaches[4*row:]) }

// has reports whether a row's alleles are these, whose short key is given where they have one.
func (b *block) has(row int, a *allele) bool {
	if a.short {
		return b.key(row) == a.key
	}
	return b.hasLong(row, a.ref, a.alt)
}

// hasLong compares a row's alleles with some that have no short key.
func (b *block) hasLong(row int, ref, alt []byte) bool {
	stored := b.key(row)
	at := uint64(uint32(stored))
	if stored&longKey == 0 || at+8 > uint64(len(b.pool)) {
		return false
	}
	refLen, altLen := uint64(binary.LittleEndian.Uint32(b.pool[at:])), uint64(binary.LittleEndian.Uint32(b.pool[at+4:]))
	text := b.pool[at+8:]
	if refLen != uint64(len(ref)) || altLen != uint64(len(alt)) || refLen+altLen > uint64(len(text)) {
		return false
	}
	return equalBases(text[:refLen], ref) && equalBases(text[refLen:refLen+altLen], alt)
}

// integer is the integer of a row that has a value, 0 where the column holds texts.
func (c *column) integer(row int) uint32 {
	if c.encoding == columnInteger {
		return binary.LittleEndian.Uint32(c.values[4*row:])
	}
	return 0
}

// code is the number of a row's text among those of the block, from 1; 0 where it is missing, or the column holds integers.
func (c *column) code(row int) uint16 {
	switch c.encoding {
	case columnDict8:
		return uint16(c.values[row])
	case columnDict16:
		return binary.LittleEndian.Uint16(c.values[2*row:])
	}
	return 0
}

// appendValue appends a row's value, nothing where it is missing.
func (c *column) appendValue(to []byte, row int) []byte {
	if c.encoding == columnInteger {
		if n := binary.LittleEndian.Uint32(c.values[4*row:]); n != noInteger {
			return appendUint(to, n)
		}
		return to
	}
	code := int(c.code(row))
	if code == 0 || 4*code+4 > len(c.offsets) {
		return to
	}
	start, end := binary.LittleEndian.Uint32(c.offsets[4*code-4:]), binary.LittleEndian.Uint32(c.offsets[4*code:])
	if start > end || uint64(end) > uint64(len(c.bytes)) {
		return to
	}
	return append(to, c.bytes[start:end]...)
}
