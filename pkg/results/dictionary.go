package results

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// dictBuilder gathers a column whose values repeat.
type dictBuilder struct {
	present  presence
	codes    []uint16 // of the rows that have a value
	ends     []uint32 // of the values, by code
	text     []byte
	slots    []uint32 // a hash table: half of a hash above a code, 0 where it is free; its size is a power of two
	hashed   int      // how many values are in it
	last     uint16   // the last of them
	lastText []byte   // its text

	handed      []uint16 // by the codes of one block of a database: the codes of the same texts here, 0 for those that were not met
	handedBlock int32    // that block's number and one; 0 for none
	foreign     bool     // there are values that are not of that block
}

func (c *dictBuilder) reset() {
	c.present.reset()
	c.codes, c.ends, c.text, c.last, c.lastText = c.codes[:0], c.ends[:0], c.text[:0], 0, nil
	clear(c.slots)
	c.hashed, c.handedBlock, c.foreign = 0, 0, false
}

// addAt adds the value of a row, behind those that were added before. An empty text is none.
func (c *dictBuilder) addAt(row int, value []byte) {
	if len(value) == 0 {
		return
	}
	if !bytes.Equal(value, c.lastText) {
		c.last = c.code(value)
		c.lastText = c.value(c.last)
	}
	c.addCodeAt(row, c.last)
}

func (c *dictBuilder) addCodeAt(row int, code uint16) {
	c.present.mark(row)
	c.codes = append(c.codes, code)
}

// addHandedAt is addAt for a text with a code in a block of a database, 0 for none.
func (c *dictBuilder) addHandedAt(row int, block int32, code uint16, text []byte) {
	if code == 0 {
		c.foreign = true
		c.addAt(row, text)
		return
	}
	if block+1 != c.handedBlock {
		c.handedBlock, c.handed, c.foreign = block+1, c.handed[:0], len(c.ends) > 0
	}
	if int(code) >= len(c.handed) {
		c.handed = append(c.handed, make([]uint16, int(code)+1-len(c.handed))...)
	}
	known := &c.handed[code]
	switch {
	case *known > 0:
	case c.foreign:
		*known = c.code(text)
	default: // it cannot be known by another code
		*known = c.define(text)
	}
	c.addCodeAt(row, *known)
}

// code finds the code of a value, or defines it.
func (c *dictBuilder) code(value []byte) uint16 {
	if len(value) == 0 {
		return 0
	}
	if len(c.slots) < 2*(len(c.ends)+1) || c.hashed < len(c.ends) {
		c.grow()
	}
	hash := hashOf(value)
	mask := uint32(len(c.slots) - 1)
	for at := uint32(hash) & mask; ; at = (at + 1) & mask {
		slot := c.slots[at]
		if slot == 0 {
			code := c.define(value)
			c.slots[at] = uint32(hash>>32)&tagBits | uint32(code)
			c.hashed++
			return code
		}
		if (slot^uint32(hash>>32))&tagBits == 0 && bytes.Equal(c.value(uint16(slot)), value) {
			return uint16(slot)
		}
	}
}

// tagBits are those of a slot that hold a part of the hash.
const tagBits = 0xffff_0000

// grow makes a table with room for one value more, and puts all of them in it.
func (c *dictBuilder) grow() {
	size := max(256, len(c.slots))
	for size < 2*(len(c.ends)+1) {
		size *= 2
	}
	if size > len(c.slots) {
		c.slots = make([]uint32, size)
	} else {
		clear(c.slots)
	}
	mask := uint32(size - 1)
	for code := 1; code <= len(c.ends); code++ {
		hash := hashOf(c.value(uint16(code)))
		at := uint32(hash) & mask
		for c.slots[at] != 0 {
			at = (at + 1) & mask
		}
		c.slots[at] = uint32(hash>>32)&tagBits | uint32(code)
	}
	c.hashed = len(c.ends)
}

// hashSeed differs from run to run, so that no file can be made whose values fall together.
var hashSeed = [2]uint64{rand.Uint64(), rand.Uint64() | 1}

// hashOf is a hash of a value that is not empty: most are of a few bytes, for which this is quicker than hash/maphash.
func hashOf(value []byte) uint64 {
	hash := hashSeed[0] ^ uint64(len(value))
	for len(value) > 8 {
		hash = fold(hash ^ binary.LittleEndian.Uint64(value))
		value = value[8:]
	}
	var word uint64
	if n := len(value); n >= 4 {
		word = uint64(binary.LittleEndian.Uint32(value)) | uint64(binary.LittleEndian.Uint32(value[n-4:]))<<32
	} else {
		word = uint64(value[0]) | uint64(value[n>>1])<<8 | uint64(value[n-1])<<16
	}
	return fold(hash ^ word)
}

// fold mixes the bits of a hash: the halves of a product.
func fold(hash uint64) uint64 {
	high, low := bits.Mul64(hash, hashSeed[1])
	return high ^ low
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
	codes := o.codes
	o.present.each(func(row int) {
		c.addAt(rows+row, o.value(codes[0]))
		codes = codes[1:]
	})
}

func (c *dictBuilder) appendTo(to []byte, rows int) (_ []byte, encoding, count uint32) {
	if len(c.codes) == 0 {
		return to, encodingMissing, 0
	}
	to, sparse := c.present.appendTo(to, rows)
	to, encoding, count = c.appendCodes(to)
	return to, encoding | sparse, count
}

// appendCodes writes the codes of the rows that have one, and the dictionary.
func (c *dictBuilder) appendCodes(to []byte) (_ []byte, encoding, count uint32) {
	switch {
	case len(c.ends) == 1:
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
