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
	count int // of samples
	found []genotype

	bySample []genotype // as the columns have them
	starts   []int      // of each sample in bySample, and the end
}

// genotype is one of a sample that is not ref.
type genotype struct {
	row    uint16
	sample uint16
	class  uint8
}

func (c *genotypeBuilder) reset() { c.found = c.found[:0] }

func (c *genotypeBuilder) add(sample, row int, class uint8) {
	c.found = append(c.found, genotype{uint16(row), uint16(sample), class})
}

// takeOver adds the rows of another builder behind the rows that are there.
func (c *genotypeBuilder) takeOver(o *genotypeBuilder, rows int) {
	for _, g := range o.found {
		g.row += uint16(rows)
		c.found = append(c.found, g)
	}
}

// sort sorts by sample, those of each by row.
func (c *genotypeBuilder) sort() {
	c.starts = append(c.starts[:0], make([]int, c.count+1)...)
	if c.count <= 1 {
		c.bySample, c.starts[c.count] = c.found, len(c.found)
		return
	}
	for _, g := range c.found {
		c.starts[g.sample+1]++
	}
	for i := range c.count {
		c.starts[i+1] += c.starts[i]
	}
	if cap(c.bySample) < len(c.found) {
		c.bySample = make([]genotype, len(c.found), len(c.found)+len(c.found)/4)
	}
	c.bySample = c.bySample[:len(c.found)]
	for _, g := range c.found {
		c.bySample[c.starts[g.sample]] = g
		c.starts[g.sample]++
	}
	copy(c.starts[1:], c.starts[:c.count]) // each has moved to its end
	c.starts[0] = 0
}

// appendTo writes the column of a sample, after sort.
func (c *genotypeBuilder) appendTo(to []byte, sample, rows int) (_ []byte, encoding, count uint32) {
	list := c.bySample[c.starts[sample]:c.starts[sample+1]]
	if 3*len(list) < rows/4 {
		for _, g := range list {
			to = binary.LittleEndian.AppendUint16(to, g.row)
		}
		for _, g := range list {
			to = append(to, g.class)
		}
		return to, encodingCarriers, uint32(len(list))
	}
	at := len(to)
	to = append(to, make([]byte, (rows+3)/4)...)
	for _, g := range list {
		to[at+int(g.row)/4] |= g.class << (g.row % 4 * 2)
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
		if text[0] == digit {
			class++
		}
		if text[2] == digit {
			class++
		}
		return class, 3 // classRef, classHet, classHom
	}
	for length < len(text) && text[length] != ':' && text[length] != '\t' {
		length++
	}
	return genotypeNumber(text[:length], allele), length
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
