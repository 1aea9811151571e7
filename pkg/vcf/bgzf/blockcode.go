package bgzf

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// symbolCounts says how often each symbol of an alphabet is used: literals and lengths, or distances.
type symbolCounts [literalSymbols]uint32

const (
	literalSymbols  = 286
	distanceSymbols = 30
	endSymbol       = 256
	// Codes of literals and lengths are kept this short, so that four literals fit into the bit buffer at a time.
	longestLiteral  = 14
	longestDistance = 15
	longestPrecode  = 7
)

var (
	lengthSymbol = makeLengthSymbols()
	nearSymbol   = makeNearSymbols()
)

// makeLengthSymbols gives the symbol of each length.
func makeLengthSymbols() *[greatest + 1]uint16 {
	var t [greatest + 1]uint16
	for symbol := 257; symbol <= 285; symbol++ {
		m := literalMeanings[symbol]
		for extra := range 1 << (m & bitsMask) {
			if n := int(m>>valueShift) + extra; n <= greatest {
				t[n] = uint16(symbol)
			}
		}
	}
	return &t
}

// makeNearSymbols gives the symbol of each distance up to 256, less one.
func makeNearSymbols() *[256]uint8 {
	var t [256]uint8
	for symbol := range distanceSymbols {
		m := distanceMeanings[symbol]
		for extra := range 1 << (m & bitsMask) {
			if n := int(m>>valueShift) + extra; n <= 256 {
				t[n-1] = uint8(symbol)
			}
		}
	}
	return &t
}

// distanceSymbol is the symbol of a distance: distances above 256 have the symbols of 1/128 of them, 14 higher.
func distanceSymbol(distance int) uint8 {
	d := distance - 1
	if d < 256 {
		return nearSymbol[d]
	}
	return nearSymbol[d>>7] + 14
}

// blockCode is the Huffman codes of one block.
type blockCode struct {
	literals  [literalSymbols]codeword
	distances [distanceSymbols]codeword
	packed    [256]uint32            // the literals' codes: their bits above the lowest four, which count them
	lengths   [greatest + 1]codeword // the symbol's code with the extra bits
	cost      int                    // of the block, in bits
	header    []precodeSymbol
	precode   [19]codeword
	counts    [2]int // literal and distance codes that the header lists
	maker     codeMaker
}

// codeword is a code as it goes into the stream: its bits from the lowest, and their number.
type codeword struct {
	bits  uint32
	count uint32
}

// precodeSymbol is a symbol of the header's code, with its extra bits.
type precodeSymbol struct {
	symbol uint8
	extra  uint8
}

// make makes the codes for symbols that are used so often, and the cost of the block.
func (c *blockCode) make(literals, distances *symbolCounts) {
	c.maker.make(c.literals[:], literals[:], longestLiteral)
	c.maker.make(c.distances[:], distances[:distanceSymbols], longestDistance)
	c.cost = 3
	for symbol, n := range literals[:] {
		extra := entry(0)
		if symbol > endSymbol {
			extra = literalMeanings[symbol] & bitsMask
		}
		c.cost += int(n) * int(c.literals[symbol].count+uint32(extra))
	}
	for symbol, n := range distances[:distanceSymbols] {
		c.cost += int(n) * int(c.distances[symbol].count+uint32(distanceMeanings[symbol]&bitsMask))
	}
	c.describe()
	for b := range c.packed {
		c.packed[b] = c.literals[b].bits<<4 | c.literals[b].count
	}
	for length := 3; length <= greatest; length++ {
		symbol := lengthSymbol[length]
		m, code := literalMeanings[symbol], c.literals[symbol]
		extra := uint32(length) - uint32(m>>valueShift)
		c.lengths[length] = codeword{code.bits | extra<<code.count, code.count + uint32(m&bitsMask)}
	}
}

// describe makes the header, which lists the lengths of the codes with repeats (RFC 1951, section 3.2.7).
func (c *blockCode) describe() {
	var lengths [literalSymbols + distanceSymbols]uint8
	c.counts = [2]int{257, 1}
	for symbol, w := range c.literals {
		if w.count > 0 {
			c.counts[0] = max(c.counts[0], symbol+1)
		}
	}
	for symbol, w := range c.distances {
		if w.count > 0 {
			c.counts[1] = max(c.counts[1], symbol+1)
		}
	}
	n := 0
	for _, w := range c.literals[:c.counts[0]] {
		lengths[n] = uint8(w.count)
		n++
	}
	for _, w := range c.distances[:c.counts[1]] {
		lengths[n] = uint8(w.count)
		n++
	}
	c.repeats(lengths[:n])
	var used [19]uint32
	for _, p := range c.header {
		used[p.symbol]++
	}
	c.maker.make(c.precode[:], used[:], longestPrecode)
	c.cost += 14 + 3*c.precodes()
	for _, p := range c.header {
		c.cost += int(c.precode[p.symbol].count) + extraBits(p.symbol)
	}
}

func extraBits(symbol uint8) int {
	if symbol < 16 {
		return 0
	}
	return [...]int{2, 3, 7}[symbol-16]
}

// repeats codes runs of the same length.
func (c *blockCode) repeats(lengths []uint8) {
	c.header = c.header[:0]
	for i := 0; i < len(lengths); {
		run := 1
		for i+run < len(lengths) && lengths[i+run] == lengths[i] {
			run++
		}
		length := lengths[i]
		i += run
		if length != 0 {
			c.header = append(c.header, precodeSymbol{length, 0})
			run--
		}
		for length == 0 && run >= 11 {
			n := min(run, 138)
			c.header = append(c.header, precodeSymbol{18, uint8(n - 11)})
			run -= n
		}
		for length == 0 && run >= 3 {
			n := min(run, 10)
			c.header = append(c.header, precodeSymbol{17, uint8(n - 3)})
			run -= n
		}
		for length != 0 && run >= 3 {
			n := min(run, 6)
			c.header = append(c.header, precodeSymbol{16, uint8(n - 3)})
			run -= n
		}
		for ; run > 0; run-- {
			c.header = append(c.header, precodeSymbol{length, 0})
		}
	}
}

// precodes is how many lengths of the header's code the header lists.
func (c *blockCode) precodes() int {
	n := 19
	for n > 4 && c.precode[precodeOrder[n-1]].count == 0 {
		n--
	}
	return n
}

// bitWriter writes bits from the lowest on into a buffer that is long enough.
type bitWriter struct {
	dst   []byte
	at    int
	bits  uint64
	count uint
}

// put adds up to 56 bits, less those that were added since the last flush.
func (w *bitWriter) put(c codeword) {
	w.bits |= uint64(c.bits) << w.count
	w.count += uint(c.count)
}

// flush writes whole bytes.
func (w *bitWriter) flush() {
	binary.LittleEndian.PutUint64(w.dst[w.at:], w.bits)
	w.at += int(w.count >> 3)
	w.bits >>= w.count &^ 7
	w.count &= 7
}

// appendBlock appends the one block of a text's stream.
func (c *blockCode) appendBlock(dst, text []byte, sequences []sequence) []byte {
	start := len(dst)
	dst = grow(dst, (c.cost+7)/8+8)
	w := bitWriter{dst: dst, at: start}
	c.writeHeader(&w)
	c.writeSequences(&w, text, sequences)
	w.put(c.literals[endSymbol])
	w.flush()
	if w.count > 0 {
		w.at++
	}
	return dst[:w.at]
}

func (c *blockCode) writeHeader(w *bitWriter) {
	n := c.precodes()
	w.put(codeword{1 | 2<<1, 3}) // the last block, with codes of its own
	w.put(codeword{uint32(c.counts[0] - 257), 5})
	w.put(codeword{uint32(c.counts[1] - 1), 5})
	w.put(codeword{uint32(n - 4), 4})
	w.flush()
	for _, symbol := range precodeOrder[:n] {
		w.put(codeword{c.precode[symbol].count, 3})
		w.flush()
	}
	for _, p := range c.header {
		w.put(c.precode[p.symbol])
		w.put(codeword{uint32(p.extra), uint32(extraBits(p.symbol))})
		w.flush()
	}
}

// writeSequences writes the sequences, whose literals follow each other in text, behind which four bytes can be read. The writer's fields are kept in
// variables meanwhile: this is where most of the writing is done.
//
// Up to four literals are written without asking how many there are: the codes of those that there are not are blanked. That is faster than a
// branch that nobody can foresee.
func (c *blockCode) writeSequences(out *bitWriter, text []byte, sequences []sequence) {
	dst, at, buffer, count := out.dst, out.at, out.bits, out.count
	for _, s := range sequences {
		left := int32(s.literals)
		for {
			four := binary.LittleEndian.Uint32(text)
			code := c.packed[four&0xff] & uint32((0-left)>>31)
			buffer |= uint64(code>>4) << (count & 63)
			count += uint(code & 15)
			code = c.packed[four>>8&0xff] & uint32((1-left)>>31)
			buffer |= uint64(code>>4) << (count & 63)
			count += uint(code & 15)
			code = c.packed[four>>16&0xff] & uint32((2-left)>>31)
			buffer |= uint64(code>>4) << (count & 63)
			count += uint(code & 15)
			code = c.packed[four>>24] & uint32((3-left)>>31)
			buffer |= uint64(code>>4) << (count & 63)
			count += uint(code & 15)
			binary.LittleEndian.PutUint64(dst[at:], buffer)
			at += int(count >> 3)
			buffer >>= count & 56
			count &= 7
			if left <= 4 {
				break
			}
			text = text[4:]
			left -= 4
		}
		text = text[left:]
		if s.length == 0 {
			continue
		}
		code := c.lengths[s.length]
		buffer |= uint64(code.bits) << (count & 63)
		count += uint(code.count)
		m := distanceMeanings[s.symbol]
		code = c.distances[s.symbol]
		buffer |= uint64(code.bits|(uint32(s.distance)-uint32(m>>valueShift))<<(code.count&31)) << (count & 63)
		count += uint(code.count) + uint(m&bitsMask)
		binary.LittleEndian.PutUint64(dst[at:], buffer)
		at += int(count >> 3)
		buffer >>= count & 56
		count &= 7
	}
	*out = bitWriter{dst, at, buffer, count}
}

// codeMaker makes canonical Huffman codes of a limited length.
type codeMaker struct {
	used  []uint32 // symbols with their counts above them, in ascending order
	nodes []uint32 // of the tree: first their weights, then their parents, then their depths
}

// symbolBits are the bits of a symbol's number below its count in codeMaker.used.
const symbolBits = 9

// make gives each symbol that is used a code of at most longest bits, the shorter the more often it is used.
func (m *codeMaker) make(code []codeword, counts []uint32, longest int) {
	m.used = m.used[:0]
	for symbol, n := range counts {
		code[symbol] = codeword{}
		if n > 0 {
			m.used = append(m.used, n<<symbolBits|uint32(symbol))
		}
	}
	switch len(m.used) {
	case 0:
		return
	case 1:
		code[m.used[0]&(1<<symbolBits-1)] = codeword{0, 1}
		return
	}
	slices.Sort(m.used)
	var ofLength [maxCodeLength + 1]int
	m.depths(&ofLength, longest)
	m.assign(code, &ofLength, longest)
}

// depths builds the tree in place, as Moffat and Katajainen describe it ("In-place calculation of minimum-redundancy codes", 1995), and counts the
// codes of each length. Longer codes than the longest are shortened, at the cost of shorter ones.
func (m *codeMaker) depths(ofLength *[maxCodeLength + 1]int, longest int) {
	n := len(m.used)
	m.nodes = m.nodes[:0]
	for _, u := range m.used {
		m.nodes = append(m.nodes, u>>symbolBits)
	}
	a := m.nodes
	leaf, root := 2, 0
	a[0] += a[1]
	for next := 1; next < n-1; next++ {
		if leaf >= n || a[root] < a[leaf] {
			a[next], a[root] = a[root], uint32(next)
			root++
		} else {
			a[next] = a[leaf]
			leaf++
		}
		if leaf >= n || root < next && a[root] < a[leaf] {
			a[next] += a[root]
			a[root] = uint32(next)
			root++
		} else {
			a[next] += a[leaf]
			leaf++
		}
	}
	a[n-2] = 0
	for next := n - 3; next >= 0; next-- {
		a[next] = a[a[next]] + 1 // inner nodes lie one deeper than their parents
	}
	available, inner, depth, root := 1, 0, 0, n-2
	for left := n; left > 0; depth++ {
		for inner = 0; root >= 0 && int(a[root]) == depth; root-- {
			inner++
		}
		leaves := available - inner
		ofLength[min(depth, longest)] += leaves
		left -= leaves
		available = 2 * inner
	}
	limitLengths(ofLength, longest)
}

// limitLengths restores that the codes fit each other, after too long ones were shortened: a code is made longer, and makes room for another.
func limitLengths(ofLength *[maxCodeLength + 1]int, longest int) {
	room := 0
	for length := 1; length <= longest; length++ {
		room += ofLength[length] << (longest - length)
	}
	for ; room > 1<<longest; room-- {
		length := longest - 1
		for ofLength[length] == 0 {
			length--
		}
		ofLength[length]--
		ofLength[length+1] += 2
		ofLength[longest]--
	}
}

// assign gives the longest codes to the symbols that are used least, and numbers the codes in the canonical order.
func (m *codeMaker) assign(code []codeword, ofLength *[maxCodeLength + 1]int, longest int) {
	i := 0
	for length := longest; length > 0; length-- {
		for range ofLength[length] {
			code[m.used[i]&(1<<symbolBits-1)].count = uint32(length)
			i++
		}
	}
	var next [maxCodeLength + 1]uint32
	for length := 1; length < longest; length++ {
		next[length+1] = (next[length] + uint32(ofLength[length])) << 1
	}
	for symbol := range code {
		if n := code[symbol].count; n > 0 {
			code[symbol].bits = bits.Reverse32(next[n]) >> (32 - n)
			next[n]++
		}
	}
}
