package bgzf

import "math/bits"

// Widths of the decoding tables' first level, and room for their second levels (the most that any code of that many symbols needs).
const (
	literalBits   = 11
	distanceBits  = 8
	precodeBits   = 7
	literalTable  = 2400
	distanceTable = 420
	maxLiterals   = 288
	maxDistances  = 32
	maxCodeLength = 15
)

// entry is what a table says about the next bits of the stream.
//
// Bits 0-5 count the bits to drop, extra bits included. Bits 8-11 count the literals (1 or 2), or the bits of the code alone, or of an index
// in a subtable. Bits 16-31 hold the literals, the least length or distance, or the start of the subtable.
type entry uint32

const (
	bitsMask   entry = 63
	fieldShift       = 8
	fieldMask        = 15
	valueShift       = 16

	special    entry = 1 << 12 // none of a literal, a length and a distance
	endOfBlock entry = 1 << 13 // with special
	subtable   entry = 1 << 14 // with special
	literal    entry = 1 << 15
)

func (e entry) literalCount() int { return int(e >> fieldShift & fieldMask) }

// value is the length or distance that the entry and its extra bits say.
func (e entry) value(bits uint64) int {
	return int(e>>valueShift) + int(bits&(1<<(e&bitsMask)-1)>>(e>>fieldShift&fieldMask))
}

// inSubtable is the index of the entry that the bits behind the first level's choose.
func (e entry) inSubtable(bits uint64) int {
	return int(e>>valueShift) + int(bits&(1<<(e>>fieldShift&fieldMask)-1))
}

// withCode completes a symbol's meaning by the length of its code.
func (e entry) withCode(length uint) entry {
	if e&literal != 0 {
		return e + entry(length)
	}
	return e + entry(length) + entry(length)<<fieldShift
}

// meanings of the symbols, without the lengths of their codes.
type meanings [maxLiterals]entry

var (
	literalMeanings  = makeLiteralMeanings()
	distanceMeanings = makeDistanceMeanings()
	precodeMeanings  = makePrecodeMeanings()
)

// makeLiteralMeanings follows RFC 1951, section 3.2.5.
func makeLiteralMeanings() *meanings {
	var m meanings
	for i := range 256 {
		m[i] = literal | 1<<fieldShift | entry(i)<<valueShift
	}
	m[256] = special | endOfBlock
	length := 3
	for i := 257; i < 285; i++ {
		extra := max(0, (i-261)/4)
		m[i] = entry(length)<<valueShift | entry(extra)
		length += 1 << extra
	}
	m[285] = 258 << valueShift
	m[286], m[287] = special, special
	return &m
}

func makeDistanceMeanings() *meanings {
	var m meanings
	distance := 1
	for i := range 30 {
		extra := max(0, (i-2)/2)
		m[i] = entry(distance)<<valueShift | entry(extra)
		distance += 1 << extra
	}
	m[30], m[31] = special, special
	return &m
}

func makePrecodeMeanings() *meanings {
	var m meanings
	for i := range 19 {
		m[i] = entry(i) << valueShift
	}
	return &m
}

// precodeOrder is the order in which a block lists the lengths of the codes for code lengths (RFC 1951, section 3.2.7).
var precodeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// fixedTables sets the tables of RFC 1951, section 3.2.6.
func (z *inflater) fixedTables() {
	lengths := z.lengths[:maxLiterals]
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	buildTable(z.literals[:], literalBits, lengths, literalMeanings)
	pairLiterals(&z.literals)
	distances := z.lengths[maxLiterals:]
	for i := range distances {
		distances[i] = 5
	}
	buildTable(z.distances[:], distanceBits, distances, distanceMeanings)
}

// readTables reads a dynamic block's codes and builds the tables.
func (z *inflater) readTables(r *bitReader) error {
	r.fill()
	if r.count < 14 {
		return errDeflate
	}
	literals, distances, precodes := int(r.bits&31)+257, int(r.bits>>5&31)+1, int(r.bits>>10&15)+4
	r.drop(14)
	if literals > 286 || distances > 30 {
		return errDeflate
	}
	var precode [19]uint8
	for _, symbol := range precodeOrder[:precodes] {
		if r.fill(); r.count < 3 {
			return errDeflate
		}
		precode[symbol] = uint8(r.bits & 7)
		r.drop(3)
	}
	if !buildTable(z.precode[:], precodeBits, precode[:], precodeMeanings) {
		return errDeflate
	}
	lengths := z.lengths[:literals+distances]
	if !z.readLengths(lengths, r) {
		return errDeflate
	}
	if !buildTable(z.distances[:], distanceBits, lengths[literals:], distanceMeanings) ||
		!buildTable(z.literals[:], literalBits, lengths[:literals], literalMeanings) {
		return errDeflate
	}
	pairLiterals(&z.literals)
	return nil
}

// readLengths reads the run-length coded lengths of the codes.
func (z *inflater) readLengths(lengths []uint8, r *bitReader) bool {
	for i := 0; i < len(lengths); {
		r.fill()
		e := z.precode[r.bits&(1<<precodeBits-1)]
		n := uint(e & bitsMask)
		symbol := e >> valueShift
		extra, least := [3]uint{2, 3, 7}, [3]int{3, 3, 11}
		if e&special != 0 || n > r.count {
			return false
		}
		r.drop(n)
		if symbol < 16 {
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		row := symbol - 16
		if r.count < extra[row] {
			return false
		}
		repeat := least[row] + int(r.bits&(1<<extra[row]-1))
		r.drop(extra[row])
		if i+repeat > len(lengths) || row == 0 && i == 0 {
			return false
		}
		var length uint8
		if row == 0 {
			length = lengths[i-1]
		}
		for range repeat {
			lengths[i] = length
			i++
		}
	}
	return true
}

// buildTable fills a decoding table of a first level of width bits from the lengths of the codes. It refuses over-subscribed codes, and incomplete
// ones but for a single code of one bit and no code at all, as every inflater does.
func buildTable(table []entry, width uint, lengths []uint8, meaning *meanings) bool {
	var count, offset [maxCodeLength + 2]int
	for _, length := range lengths {
		count[length]++
	}
	used, room := 0, 1
	for length := 1; length <= maxCodeLength; length++ {
		offset[length+1] = offset[length] + count[length]
		used += count[length]
		if room = room<<1 - count[length]; room < 0 {
			return false
		}
	}
	if room > 0 && (used > 1 || used == 1 && count[1] != 1) {
		return false
	}
	if room > 0 {
		for i := range table[:1<<width] {
			table[i] = special | 1
		}
	}
	var sorted [maxLiterals]uint16
	for symbol, length := range lengths {
		if length != 0 {
			sorted[offset[length]] = uint16(symbol)
			offset[length]++
		}
	}
	return fillTable(table, width, &count, sorted[:used], meaning)
}

// fillTable enters the codes in their canonical order: shorter first, then by symbol.
func fillTable(table []entry, width uint, count *[maxCodeLength + 2]int, sorted []uint16, meaning *meanings) bool {
	code, free := uint32(0), 1<<width
	prefix, start, subWidth := ^uint32(0), 0, uint(0)
	for length := uint(1); length <= maxCodeLength; length++ {
		for left := count[length]; left > 0; left-- {
			e := meaning[sorted[0]]
			sorted = sorted[1:]
			reversed := bits.Reverse32(code) >> (32 - length)
			code++
			if length <= width {
				e = e.withCode(length)
				for i := int(reversed); i < 1<<width; i += 1 << length {
					table[i] = e
				}
				continue
			}
			if p := reversed & (1<<width - 1); p != prefix {
				prefix, start = p, free
				subWidth = subtableWidth(count, left, length, width)
				if free += 1 << subWidth; free > len(table) {
					return false
				}
				table[p] = special | subtable | entry(width) | entry(subWidth)<<fieldShift | entry(start)<<valueShift
			}
			e = e.withCode(length - width)
			for i := int(reversed >> width); i < 1<<subWidth; i += 1 << (length - width) {
				table[start+i] = e
			}
		}
		code <<= 1
	}
	return true
}

// subtableWidth is how many bits the subtable of the next code needs, of which left have the given length.
func subtableWidth(count *[maxCodeLength + 2]int, left int, length, width uint) uint {
	sub := length - width
	for filled := left; filled < 1<<sub && sub+width < maxCodeLength; {
		sub++
		filled = filled<<1 + count[sub+width]
	}
	return sub
}

// pairLiterals joins two literals in one entry where both of their codes lie in the first level's bits.
// It goes from the last entry to the first, so that the entry of the second literal, which lies before, is still its own.
func pairLiterals(table *[literalTable]entry) {
	for i := 1<<literalBits - 1; i >= 0; i-- {
		first := table[i]
		if first&literal == 0 {
			continue
		}
		n := first & bitsMask
		second := table[i>>n]
		if second&literal != 0 && n+second&bitsMask <= literalBits {
			table[i] = literal | 2<<fieldShift | (n + second&bitsMask) | first>>valueShift<<valueShift | second>>valueShift<<(valueShift+8)
		}
	}
}
