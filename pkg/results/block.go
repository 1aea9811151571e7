package results

import "encoding/binary"

// columnEntry is the size of what a block says of each column: encoding, offset in the block, length, count, each a uint32.
const columnEntry = 16

// blockEntry is what the index says of a block.
type blockEntry struct {
	offset uint64 // in the index's file
	length uint32
	rows   uint32
	text   uint64 // where the block's first line begins in the text of the result
	crc    uint32 // CRC-32C
}

// blockEntrySize is the size of a blockEntry in the file.
const blockEntrySize = 32

func (e blockEntry) appendTo(to []byte) []byte {
	to = binary.LittleEndian.AppendUint64(to, e.offset)
	to = binary.LittleEndian.AppendUint32(to, e.length)
	to = binary.LittleEndian.AppendUint32(to, e.rows)
	to = binary.LittleEndian.AppendUint64(to, e.text)
	to = binary.LittleEndian.AppendUint32(to, e.crc)
	return binary.LittleEndian.AppendUint32(to, 0)
}

func readBlockEntry(from []byte) blockEntry {
	return blockEntry{
		offset: binary.LittleEndian.Uint64(from), length: binary.LittleEndian.Uint32(from[8:]), rows: binary.LittleEndian.Uint32(from[12:]),
		text: binary.LittleEndian.Uint64(from[16:]), crc: binary.LittleEndian.Uint32(from[24:]),
	}
}

// blockBuilder gathers the rows of a block from the lines of a result.
type blockBuilder struct {
	reader    *lineReader
	columns   []columnBuilder
	positions []uint32
	lines     []uint32 // where each row's line begins, from the block's first line on
	alleles   []uint16 // of each row in its record, from 0
	text      uint32   // length of the lines so far
	records   int64
	direct    direct
}

func newBlockBuilder(h *Header) *blockBuilder {
	b := &blockBuilder{reader: newLineReader(h), columns: make([]columnBuilder, h.columnCount())}
	for i, plain := range h.plainColumns() {
		b.columns[i].plain = plain
	}
	return b
}

func (b *blockBuilder) rows() int { return len(b.positions) }

func (b *blockBuilder) reset() {
	for i := range b.columns {
		b.columns[i].reset()
	}
	b.positions, b.lines, b.alleles, b.text, b.records = b.positions[:0], b.lines[:0], b.alleles[:0], 0, 0
	b.direct.reset()
}

// full reports whether a block should end before the next line.
func (b *blockBuilder) full() bool { return b.rows() >= 1<<14 || b.text >= 1<<30 }

// addLine adds the rows of one line, which comes with its line end.
func (b *blockBuilder) addLine(line []byte) error {
	text := line
	for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
		text = text[:len(text)-1]
	}
	if err := b.reader.read(text); err != nil {
		return err
	}
	for allele := range b.reader.alts {
		if b.rows() >= maxRows || allele > 1<<16-1 {
			break
		}
		b.addAllele(allele)
	}
	b.text += uint32(len(line))
	b.records++
	return nil
}

func (b *blockBuilder) addAllele(allele int) {
	r := b.reader
	b.positions, b.lines, b.alleles = append(b.positions, r.pos), append(b.lines, b.text), append(b.alleles, uint16(allele))
	alt := r.alts[allele]
	b.columns[columnChrom].add(r.chrom)
	b.columns[columnID].add(r.id)
	b.columns[columnRef].add(r.ref)
	b.columns[columnAlt].add(alt)
	b.columns[columnQual].add(r.qual)
	b.columns[columnFilter].add(r.filter)
	b.columns[columnType].add(variantType(r.ref, alt))
	p := &r.picks[allele]
	b.columns[columnGene].add(p.gene)
	b.columns[columnTranscript].add(p.transcript)
	b.columns[columnConsequence].add(p.consequence)
	b.columns[columnImpact].add(p.impact)
	b.columns[columnBiotype].add(p.biotype)
	b.columns[columnHGVSc].add(p.hgvsc)
	b.columns[columnHGVSp].add(p.hgvsp)
	b.addAny(p)
	b.addValues(allele)
}

// addAny adds what all transcripts say together. Where there is one text of consequences and impacts it is that of the pick.
func (b *blockBuilder) addAny(p *pick) {
	if !p.found {
		b.columns[columnAnyImpact].add(nil)
		b.columns[columnAnyConsequence].add(nil)
		return
	}
	text := b.reader.anyOf(p.any)
	b.columns[columnAnyImpact].addCode(b.columns[columnAnyImpact].codeOf(text[0]))
	b.columns[columnAnyConsequence].addCode(b.columns[columnAnyConsequence].codeOf(text[1]))
}

// takeOver moves the rows of another builder behind those of this one. They must fit.
func (b *blockBuilder) takeOver(other *blockBuilder) {
	for row := range other.rows() {
		b.positions, b.alleles = append(b.positions, other.positions[row]), append(b.alleles, other.alleles[row])
		b.lines = append(b.lines, b.text+other.lines[row])
		for i := range b.columns {
			b.columns[i].add(other.columns[i].row(row))
		}
	}
	b.text += other.text
	b.records += other.records
	other.reset()
}

// appendTo writes the block: what it says of each column, positions, lines, alleles, columns.
func (b *blockBuilder) appendTo(to []byte) []byte {
	start := len(to)
	to = append(to, make([]byte, len(b.columns)*columnEntry)...)
	for _, list := range [][]uint32{b.positions, b.lines} {
		for _, n := range list {
			to = binary.LittleEndian.AppendUint32(to, n)
		}
	}
	for _, n := range b.alleles {
		to = binary.LittleEndian.AppendUint16(to, n)
	}
	for i := range b.columns {
		at := len(to)
		var encoding, count uint32
		to, encoding, count = b.columns[i].appendTo(to)
		entry := to[start+i*columnEntry:]
		binary.LittleEndian.PutUint32(entry, encoding)
		binary.LittleEndian.PutUint32(entry[4:], uint32(at-start))
		binary.LittleEndian.PutUint32(entry[8:], uint32(len(to)-at))
		binary.LittleEndian.PutUint32(entry[12:], count)
	}
	for len(to)%8 != 0 {
		to = append(to, 0)
	}
	return to
}

// block is a block as it is read.
type block struct {
	data      []byte
	rows      int
	positions []byte
	lines     []byte
	alleles   []byte
}

// openBlock cuts a block. It reports false when its bytes are too few.
func openBlock(data []byte, rows, columns int) (block, bool) {
	head := columns * columnEntry
	if rows <= 0 || rows > maxRows || len(data) < head+10*rows {
		return block{}, false
	}
	at := data[head:]
	return block{data: data, rows: rows, positions: at[:4*rows], lines: at[4*rows : 8*rows], alleles: at[8*rows : 10*rows]}, true
}

func (b *block) position(row int) uint32 { return binary.LittleEndian.Uint32(b.positions[4*row:]) }
func (b *block) line(row int) uint32     { return binary.LittleEndian.Uint32(b.lines[4*row:]) }
func (b *block) allele(row int) int      { return int(binary.LittleEndian.Uint16(b.alleles[2*row:])) }

// column cuts out one column. A damaged one is missing.
func (b *block) column(number int) column {
	entry := b.data[number*columnEntry:]
	n := func(i int) uint32 { return binary.LittleEndian.Uint32(entry[4*i:]) }
	at, length := uint64(n(1)), uint64(n(2))
	if at+length > uint64(len(b.data)) {
		return column{}
	}
	c, ok := readColumn(b.data[at:at+length], n(0), n(3), b.rows)
	if !ok {
		return column{}
	}
	return c
}
