package results

import (
	"bytes"
	"encoding/binary"
)

// genotypeClasses are what a genotype can say of an allele, in the order in which a block numbers them.
var genotypeClasses = [4][]byte{genotypeRef, genotypeHet, genotypeHom, genotypeMissing}

// The numbers of genotypeClasses.
const (
	classRef = iota
	classHet
	classHom
	classMissing
)

// genotypeBuilder gathers what all samples' genotypes say of the rows, those that are not ref, in the order of the rows.
type genotypeBuilder struct {
	count  int        // of samples
	before []carriers // taken over from other builders
	taken  int        // how many those are
	found  []genotype // of the rows behind those
	free   [][]genotype

	bySample []genotype // as the columns have them
	starts   []int      // of each sample in bySample, and the end
}

// genotype is one of a sample that is not ref: its row, its sample and its class in 16, 14 and 2 bits.
type genotype uint32

func (g genotype) row() uint16  { return uint16(g >> 16) }
func (g genotype) sample() int  { return int(g >> 2 & (1<<14 - 1)) }
func (g genotype) class() uint8 { return uint8(g & 3) }

// carriers are genotypes of rows that are counted from one on.
type carriers struct {
	first genotype // the row, where a genotype has it
	list  []genotype
}

func (c *genotypeBuilder) reset() {
	for _, b := range c.before {
		c.free = append(c.free, b.list[:0])
	}
	c.before, c.taken, c.found = c.before[:0], 0, c.found[:0]
}

func (c *genotypeBuilder) add(sample, row int, class uint8) {
	c.found = append(c.found, genotype(row)<<16|genotype(sample)<<2|genotype(class))
}

// size is how many genotypes were found.
func (c *genotypeBuilder) size() int { return c.taken + len(c.found) }

// fewCarriers is up to how many genotypes are copied when they are taken over. More are taken as they are.
const fewCarriers = 256

// takeOver adds the rows of another builder behind the rows that are there.
func (c *genotypeBuilder) takeOver(o *genotypeBuilder, rows int) {
	first := genotype(rows) << 16
	if o.size() <= fewCarriers {
		o.each(func(g genotype) { c.found = append(c.found, g+first) })
		return
	}
	c.seal(0)
	o.seal(0)
	for _, b := range o.before {
		c.before = append(c.before, carriers{b.first + first, b.list})
		c.taken += len(b.list)
	}
	o.before, o.taken = o.before[:0], 0
	if n := len(c.free); n > 0 && o.found == nil {
		o.found, c.free = c.free[n-1], c.free[:n-1]
	}
}

// seal puts what was found behind what was taken over.
func (c *genotypeBuilder) seal(first genotype) {
	if len(c.found) == 0 {
		return
	}
	c.before, c.taken = append(c.before, carriers{first, c.found}), c.taken+len(c.found)
	c.found = nil
}

// each calls a function with all genotypes in the order of their rows.
func (c *genotypeBuilder) each(do func(genotype)) {
	for _, b := range c.before {
		for _, g := range b.list {
			do(g + b.first)
		}
	}
	for _, g := range c.found {
		do(g)
	}
}

// sort sorts by sample, those of each by row.
func (c *genotypeBuilder) sort() {
	c.starts = append(c.starts[:0], make([]int, c.count+1)...)
	if c.count <= 1 && len(c.before) == 0 {
		c.bySample, c.starts[c.count] = c.found, len(c.found)
		return
	}
	c.seal(0)
	for _, b := range c.before {
		for _, g := range b.list {
			c.starts[g.sample()+1]++
		}
	}
	for i := range c.count {
		c.starts[i+1] += c.starts[i]
	}
	if cap(c.bySample) < c.taken {
		c.bySample = make([]genotype, c.taken, c.taken+c.taken/4)
	}
	c.bySample = c.bySample[:c.taken]
	for _, b := range c.before {
		for _, g := range b.list {
			at := &c.starts[g.sample()]
			c.bySample[*at] = g + b.first
			*at++
		}
	}
	copy(c.starts[1:], c.starts[:c.count]) // each has moved to its end
	c.starts[0] = 0
}

// appendTo writes the column of a sample, after sort.
func (c *genotypeBuilder) appendTo(to []byte, sample, rows int) (_ []byte, encoding, count uint32) {
	list := c.bySample[c.starts[sample]:c.starts[sample+1]]
	if 3*len(list) < rows/4 {
		for _, g := range list {
			to = binary.LittleEndian.AppendUint16(to, g.row())
		}
		for _, g := range list {
			to = append(to, g.class())
		}
		return to, encodingCarriers, uint32(len(list))
	}
	at := len(to)
	to = append(to, make([]byte, (rows+3)/4)...)
	for _, g := range list {
		to[at+int(g.row())/4] |= g.class() << (g.row() % 4 * 2)
	}
	return to, encodingGenotypes, 0
}

// genotypeEntries are the offsets and texts of the dictionary of genotypeClasses.
var genotypeEntries = func() (d dictBuilder) {
	for _, class := range genotypeClasses {
		d.define(class)
	}
	return d
}()

// readGenotypes turns a column of genotypes into a dictionary, whose codes are the classes and one.
func readGenotypes(body []byte, encoding, count uint32, rows int) (column, bool) {
	c := column{encoding: encodingDict8, rows: rows, count: len(genotypeClasses), codes: make([]byte, rows), text: genotypeEntries.text, offsets: genotypeOffsets}
	if encoding == encodingGenotypes {
		if len(body) < (rows+3)/4 {
			return c, false
		}
		for row := range c.codes {
			c.codes[row] = body[row/4]>>(row%4*2)&3 + 1
		}
		return c, true
	}
	if uint64(len(body)) < 3*uint64(count) {
		return c, false
	}
	for row := range c.codes {
		c.codes[row] = classRef + 1
	}
	for i := range int(count) {
		row, class := int(binary.LittleEndian.Uint16(body[2*i:])), body[2*int(count)+i]
		if row >= rows {
			return c, false
		}
		c.codes[row] = class&3 + 1
	}
	return c, true
}

var genotypeOffsets = func() []byte {
	offsets := make([]byte, 4)
	for _, end := range genotypeEntries.ends {
		offsets = binary.LittleEndian.AppendUint32(offsets, end)
	}
	return offsets
}()

// Two samples that are ref as eight bytes, unphased and phased.
var (
	unphasedRefs = binary.LittleEndian.Uint64([]byte("0/0\t0/0\t"))
	phasedRefs   = binary.LittleEndian.Uint64([]byte("0|0\t0|0\t"))
)

// addGenotypes adds what the genotypes of a record, the text from FORMAT on, say of one of its alleles to the row that was begun last.
func (b *blockBuilder) addGenotypes(text []byte, allele int) {
	g, row := &b.genotypes, b.rows()-1
	rest := genotypesOf(text)
	for sample := 0; sample < g.count; sample++ {
		for len(rest) >= 8 && sample+1 < g.count {
			if word := binary.LittleEndian.Uint64(rest); word != unphasedRefs && word != phasedRefs {
				break
			}
			rest = rest[8:]
			if sample += 2; sample == g.count {
				return
			}
		}
		class, length := leadingGenotype(rest, allele+1)
		if class != classRef {
			g.add(sample, row, class)
		}
		if sample+1 == g.count {
			return
		}
		if rest = rest[length:]; len(rest) > 0 && rest[0] != '\t' {
			tab := bytes.IndexByte(rest, '\t')
			if tab < 0 {
				tab = len(rest)
			}
			rest = rest[tab:]
		}
		rest = rest[min(1, len(rest)):]
	}
}

// addSamples is addGenotypes for samples that were found before in the text.
func (b *blockBuilder) addSamples(text []byte, samples []Sample, allele int) {
	g, row := &b.genotypes, b.rows()-1
	for _, s := range samples {
		if int(s.Number) >= g.count {
			return
		}
		if class, _ := leadingGenotype(text[s.At:], allele+1); class != classRef {
			g.add(int(s.Number), row, class)
		}
	}
}

// genotypesOf is the text of the first sample and those behind it, where GT is the first key of FORMAT; else nil.
func genotypesOf(text []byte) []byte {
	if len(text) < 3 || text[0] != 'G' || text[1] != 'T' {
		return nil
	}
	if text[2] == '\t' {
		return text[3:]
	}
	if tab := bytes.IndexByte(text, '\t'); text[2] == ':' && tab > 0 {
		return text[tab+1:]
	}
	return nil
}

// leadingGenotype is the number of the class of the GT that a text begins with, and the length of that; quick where both alleles have one digit.
func leadingGenotype(text []byte, allele int) (class uint8, length int) {
	if len(text) >= 3 && allele <= 9 && text[0]-'0' <= 9 && text[2]-'0' <= 9 && (text[1] == '/' || text[1] == '|') && (len(text) == 3 || text[3] == ':' || text[3] == '\t') {
		digit := byte(allele) + '0'
		return one(text[0] == digit) + one(text[2] == digit), 3 // classRef, classHet, classHom
	}
	for length < len(text) && text[length] != ':' && text[length] != '\t' {
		length++
	}
	return genotypeNumber(text[:length], allele), length
}

// one is 1 for true, without a branch.
func one(is bool) uint8 {
	if is {
		return 1
	}
	return 0
}

// genotypeNumber is genotypeClass as a number.
func genotypeNumber(gt []byte, allele int) uint8 {
	switch class := genotypeClass(gt, allele); class[1] {
	case 'o':
		return classHom
	case 'i':
		return classMissing
	default:
		if class[0] == 'h' {
			return classHet
		}
		return classRef
	}
}
