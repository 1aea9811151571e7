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

// genotypeBuilder gathers what a sample's genotypes say of the rows: those that are not ref.
type genotypeBuilder struct {
	rows    []uint16
	classes []uint8
}

func (c *genotypeBuilder) reset() { c.rows, c.classes = c.rows[:0], c.classes[:0] }

func (c *genotypeBuilder) add(row int, class uint8) {
	c.rows, c.classes = append(c.rows, uint16(row)), append(c.classes, class)
}

func (c *genotypeBuilder) takeOver(other columnBuilder, rows int) {
	o := other.(*genotypeBuilder)
	for _, row := range o.rows {
		c.rows = append(c.rows, uint16(rows+int(row)))
	}
	c.classes = append(c.classes, o.classes...)
}

func (c *genotypeBuilder) appendTo(to []byte, rows int) (_ []byte, encoding, count uint32) {
	if 3*len(c.rows) < rows/4 {
		for _, row := range c.rows {
			to = binary.LittleEndian.AppendUint16(to, row)
		}
		return append(to, c.classes...), encodingCarriers, uint32(len(c.rows))
	}
	at := len(to)
	to = append(to, make([]byte, (rows+3)/4)...)
	for i, row := range c.rows {
		to[at+int(row)/4] |= c.classes[i] << (row % 4 * 2)
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

// addGenotypes adds what the genotypes of a record say of one of its alleles to the row that was begun last.
func (b *blockBuilder) addGenotypes(rest []byte, allele int) {
	row := b.rows() - 1
	format, rest, _ := bytes.Cut(rest, []byte{'\t'})
	if !startsWithGT(format) {
		for i := range b.samples {
			b.samples[i].add(row, classMissing)
		}
		b.carriers += len(b.samples)
		return
	}
	for sample := 0; sample < len(b.samples); sample++ {
		for len(rest) >= 8 && sample+1 < len(b.samples) {
			if word := binary.LittleEndian.Uint64(rest); word != unphasedRefs && word != phasedRefs {
				break
			}
			rest = rest[8:]
			if sample += 2; sample == len(b.samples) {
				return
			}
		}
		var gt []byte
		gt, rest = cutGenotype(rest, true)
		if class := genotypeNumber(gt, allele+1); class != classRef {
			b.samples[sample].add(row, class)
			b.carriers++
		}
	}
}

// genotypeNumber is genotypeClass as a number, quick where both alleles have one digit.
func genotypeNumber(gt []byte, allele int) uint8 {
	if len(gt) == 3 && allele <= 9 && gt[0]-'0' <= 9 && gt[2]-'0' <= 9 && (gt[1] == '/' || gt[1] == '|') {
		have, digit := uint8(0), byte(allele)+'0'
		if gt[0] == digit {
			have++
		}
		if gt[2] == digit {
			have++
		}
		return have // classRef, classHet, classHom
	}
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
