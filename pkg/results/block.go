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

// blockBuilder gathers the rows of a block from the lines of a result. Of each column one of dicts, texts and numbers is set, or it is one of the groups.
type blockBuilder struct {
	reader    *lineReader
	columns   []columnBuilder // all but those of samples, in their order
	dicts     []*dictBuilder
	texts     []*textBuilder
	numbers   []*numberBuilder
	handed    []valueBuilder // of the databases' fields, as overlay.Value numbers them
	site      groupBuilder
	effect    groupBuilder
	genotypes genotypeBuilder
	heads     []head // of the rows
	batch     batch
	alleles   []uint16 // of each row in its record, from 0; the last rows are absent where they are the first allele
	text      uint32   // length of the lines so far
	records   int64
	direct    direct
}

// head is what every row has, together: a row begins with one write.
type head struct {
	pos    uint32
	line   uint32             // where its line begins, from the block's first line on
	tuples [groupCount]uint16 // the numbers of its tuples, by group
}

// The places of the groups in a head.
const (
	placeSite   = 0
	placeEffect = 1
)

func newBlockBuilder(h *Header) *blockBuilder {
	kinds := h.columnKinds()
	b := &blockBuilder{
		reader: newLineReader(h), dicts: make([]*dictBuilder, len(kinds)), texts: make([]*textBuilder, len(kinds)), numbers: make([]*numberBuilder, len(kinds)),
		genotypes: genotypeBuilder{count: h.indexedSamples()},
	}
	b.site.heads, b.site.place, b.effect.heads, b.effect.place = &b.heads, placeSite, &b.heads, placeEffect
	for i, kind := range kinds {
		var c columnBuilder
		switch kind {
		case kindGroup:
			c = b.group(i)
		case kindMember:
			group := b.group(groupOf[i])
			b.dicts[i] = new(dictBuilder)
			c = &memberBuilder{group, len(group.members)}
			group.members = append(group.members, b.dicts[i])
		case kindText:
			b.texts[i] = new(textBuilder)
			c = b.texts[i]
		case kindNumber:
			b.numbers[i] = new(numberBuilder)
			c = b.numbers[i]
		default:
			b.dicts[i] = new(dictBuilder)
			c = b.dicts[i]
		}
		b.columns = append(b.columns, c)
	}
	return b
}

// valueBuilder is what a database's values are added to: one of both.
type valueBuilder struct {
	dict    *dictBuilder
	numbers *numberBuilder
}

// takesHanded prepares for values that are handed over for these columns.
func (b *blockBuilder) takesHanded(columns []int) {
	for _, column := range columns {
		b.handed = append(b.handed, valueBuilder{b.dicts[column], b.numbers[column]})
	}
}

// group is the builder of a group, by its column.
func (b *blockBuilder) group(column int) *groupBuilder {
	if column == columnSite {
		return &b.site
	}
	return &b.effect
}

func (b *blockBuilder) rows() int { return len(b.heads) + len(b.batch.rows) }

func (b *blockBuilder) reset() {
	for i := range b.columns {
		b.columns[i].reset()
	}
	b.heads, b.alleles, b.text, b.records = b.heads[:0], b.alleles[:0], 0, 0
	b.batch.reset()
	b.genotypes.reset()
	b.direct.reset()
}

// full reports whether a block should end before the next line.
func (b *blockBuilder) full() bool {
	return b.rows() >= 1<<14 || b.text >= 1<<30 || b.genotypes.size() >= maxCarriers
}

// maxCarriers bounds the memory of a block of many samples.
const maxCarriers = 1 << 18

// addLine adds the rows of one line, which comes with its line end.
func (b *blockBuilder) addLine(line []byte) error {
	b.settle()
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
	p := &r.picks[allele]
	b.begin(r.pos, allele, b.site.number(b.siteOf(r.chrom, r.ref, r.alts[allele], r.filter)), b.effect.number(b.effectOf(p)))
	b.texts[columnID].add(r.id)
	b.numbers[columnQual].addAt(b.rows()-1, r.qual)
	b.texts[columnHGVSc].add(p.hgvsc)
	b.texts[columnHGVSp].add(p.hgvsp)
	b.addValues(allele)
	if b.genotypes.count > 0 {
		b.addGenotypes(r.rest, allele)
	}
}

// begin begins a row with the numbers of its tuples.
func (b *blockBuilder) begin(pos uint32, allele int, site, effect uint16) {
	if allele > 0 {
		b.padAlleles()
		b.alleles = append(b.alleles, uint16(allele))
	}
	b.heads = append(b.heads, head{pos, b.text, [groupCount]uint16{site, effect}})
}

// padAlleles adds the alleles that are absent.
func (b *blockBuilder) padAlleles() {
	for len(b.alleles) < b.rows() {
		b.alleles = append(b.alleles, 0)
	}
}

// siteOf is the tuple of a site, in the order of groups.
func (b *blockBuilder) siteOf(chrom, ref, alt, filters []byte) tuple {
	return tuple{
		b.dicts[columnChrom].code(chrom), b.dicts[columnRef].code(ref), b.dicts[columnAlt].code(alt), b.dicts[columnFilter].code(filters),
		b.dicts[columnType].code(variantType(ref, alt)),
	}
}

// effectOf is the tuple of a pick, in the order of groups.
func (b *blockBuilder) effectOf(p *pick) tuple {
	if !p.found {
		return tuple{}
	}
	all := b.reader.anyOf(p.any)
	return tuple{
		b.dicts[columnGene].code(p.gene), b.dicts[columnTranscript].code(p.transcript), b.dicts[columnConsequence].code(p.consequence), b.dicts[columnImpact].code(p.impact),
		b.dicts[columnBiotype].code(p.biotype), b.dicts[columnAnyImpact].code(all[0]), b.dicts[columnAnyConsequence].code(all[1]),
	}
}

// addValues adds the fields of databases. A row without a value is left out until one follows that has one.
func (b *blockBuilder) addValues(allele int) {
	r, row := b.reader, b.rows()-1
	for i := range r.values {
		value := r.value(i, allele)
		switch {
		case value == nil:
		case b.numbers[fixedColumns+i] != nil:
			b.numbers[fixedColumns+i].addAt(row, value)
		default:
			b.dicts[fixedColumns+i].addAt(row, value)
		}
	}
}

// takeOver moves the rows of another builder behind those of this one. They must fit.
func (b *blockBuilder) takeOver(other *blockBuilder) {
	if len(other.alleles) > 0 {
		b.padAlleles()
		b.alleles = append(b.alleles, other.alleles...)
	}
	rows := b.rows()
	for _, h := range other.heads {
		h.line += b.text
		b.heads = append(b.heads, h)
	}
	for i := range b.columns {
		b.columns[i].takeOver(other.columns[i], rows)
	}
	b.genotypes.takeOver(&other.genotypes, rows)
	b.text += other.text
	b.records += other.records
	other.reset()
}

// appendTo writes the block: what it says of each column and of the alleles, positions, lines, alleles unless all are the first, columns.
func (b *blockBuilder) appendTo(to []byte) []byte {
	start := len(to)
	columns := len(b.columns) + b.genotypes.count
	to = append(to, make([]byte, headSize(columns))...)
	for i := range b.heads {
		to = binary.LittleEndian.AppendUint32(to, b.heads[i].pos)
	}
	for i := range b.heads {
		to = binary.LittleEndian.AppendUint32(to, b.heads[i].line)
	}
	if len(b.alleles) > 0 {
		b.padAlleles()
		to[start+columns*columnEntry] = 1
		for _, n := range b.alleles {
			to = binary.LittleEndian.AppendUint16(to, n)
		}
	}
	b.genotypes.sort()
	for i := range columns {
		at := len(to)
		var encoding, count uint32
		if i < len(b.columns) {
			to, encoding, count = b.columns[i].appendTo(to, b.rows())
		} else {
			to, encoding, count = b.genotypes.appendTo(to, i-len(b.columns), b.rows())
		}
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

// headSize is the size of the head of a block: an entry for each column and one byte that says whether there are alleles, in eight.
func headSize(columns int) int { return columns*columnEntry + 8 }

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
	head := headSize(columns)
	if rows <= 0 || rows > maxRows || len(data) < head+8*rows {
		return block{}, false
	}
	at := data[head:]
	b := block{data: data, rows: rows, positions: at[:4*rows], lines: at[4*rows : 8*rows]}
	if data[columns*columnEntry] == 0 {
		return b, true
	}
	if len(at) < 10*rows {
		return block{}, false
	}
	b.alleles = at[8*rows : 10*rows]
	return b, true
}

func (b *block) position(row int) uint32 { return binary.LittleEndian.Uint32(b.positions[4*row:]) }
func (b *block) line(row int) uint32     { return binary.LittleEndian.Uint32(b.lines[4*row:]) }

func (b *block) allele(row int) int {
	if b.alleles == nil {
		return 0
	}
	return int(binary.LittleEndian.Uint16(b.alleles[2*row:]))
}

// part is the bytes of a column, with what its entry says of it. Damaged ones are empty.
func (b *block) part(number int) (body []byte, encoding, count uint32) {
	entry := b.data[number*columnEntry:]
	n := func(i int) uint32 { return binary.LittleEndian.Uint32(entry[4*i:]) }
	at, length := uint64(n(1)), uint64(n(2))
	if at+length > uint64(len(b.data)) {
		return nil, encodingMissing, 0
	}
	return b.data[at : at+length], n(0), n(3)
}

// sparse cuts out the values of a column that only some rows have, and the bits of those rows. It reports false for every other column, and a damaged one.
func (b *block) sparse(number int) (c column, marks []byte, ok bool) {
	body, encoding, count := b.part(number)
	if encoding&encodingSparse == 0 {
		return c, nil, false
	}
	return cutSparse(body, encoding, count, b.rows)
}

// column cuts out one column. A damaged one is missing.
func (b *block) column(number int) column {
	var c column
	var ok bool
	body, encoding, count := b.part(number)
	if group, isMember := groupOf[number]; isMember && encoding == encodingMember {
		rows, _, tuples := b.part(group)
		c, ok = readMember(body, count, b.rows, rows, tuples)
	} else {
		c, ok = readColumn(body, encoding, count, b.rows)
	}
	if !ok {
		return column{rows: b.rows}
	}
	return c
}
