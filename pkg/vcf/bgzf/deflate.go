package bgzf

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// deflater is a fast DEFLATE compressor for whole texts of at most MaxPayload bytes, which is what bgzip blocks hold. It knows nothing of other blocks, so
// that a text's compressed bytes depend on the text alone, and its tables fit into the processor's nearest cache.
//
// It looks for the last place where the next six bytes were seen, takes the match that starts there as long as it goes, and codes everything
// in one block.
type deflater struct {
	last      [1 << hashBits]uint16 // where a hash was seen last
	sequences []sequence
	text      [MaxPayload + 16]byte // the literals of all sequences
	kept      int                   // bytes of them
	literals  symbolCounts          // of literals and lengths
	distances symbolCounts
	code      blockCode
}

// sequence is some literals and the match that follows them.
type sequence struct {
	literals uint16
	length   uint16 // of the match, 0 for none
	distance uint16
	symbol   uint8 // of the distance
}

const (
	hashBits    = 13
	greatest    = 258 // the longest match
	matchMargin = 16  // bytes before the end of the text where no match is looked for
)

// hash mixes six bytes.
func hash(word uint64) uint32 {
	return uint32(word << 8 * 0x9e3779b185ebca87 >> (64 - hashBits))
}

// appendDeflated appends a whole DEFLATE stream of the text.
func (d *deflater) appendDeflated(dst, text []byte) []byte {
	d.literals, d.distances = symbolCounts{}, symbolCounts{}
	d.sequences, d.kept = d.sequences[:0], 0
	d.match(text)
	d.literals[endSymbol]++
	d.code.make(&d.literals, &d.distances)
	if d.code.cost >= 8*len(text) {
		return appendStored(dst, [][]byte{text}, len(text))
	}
	return d.code.appendBlock(dst, d.text[:], d.sequences)
}

// match cuts the text into sequences and counts their symbols. It reads the text without checks of its bounds: no place from limit on is looked at, and the
// words that are read at a place, or at one before it, end before the text does.
func (d *deflater) match(text []byte) {
	start, at, limit := 0, 1, len(text)-matchMargin
	if limit <= 0 {
		d.finish(text, 0)
		return
	}
	t := words{unsafe.Pointer(unsafe.SliceData(text))}
	clear(d.last[:])
	d.last[hash(t.get(0))] = 0
	for {
		var candidate int
		var differ uint64
		for {
			if at >= limit {
				d.finish(text, start)
				return
			}
			word := t.get(at)
			h := hash(word)
			candidate = int(d.last[h])
			d.last[h] = uint16(at)
			differ = word ^ t.get(candidate)
			if uint32(differ) == 0 && at-candidate <= maxDistance {
				break
			}
			at += 1 + (at-start)>>6
		}
		end := at + bits.TrailingZeros64(differ)>>3
		if differ == 0 {
			end = matchEnd(text, at+8, candidate+8)
		}
		end = min(end, at+greatest)
		for candidate >= 8 {
			same := bits.LeadingZeros64(t.get(at-8)^t.get(candidate-8)) >> 3
			back := min(same, at-start, greatest-(end-at))
			at, candidate = at-back, candidate-back
			if back < 8 {
				break
			}
		}
		d.take(text, start, at, end-at, at-candidate)
		at, start = end, end
		if at >= limit {
			d.finish(text, start)
			return
		}
		d.last[hash(t.get(at-2))] = uint16(at - 2)
	}
}

const maxDistance = 32768

// matchEnd is where the bytes from at on begin to differ from those from candidate on, as far as one match can go.
func matchEnd(text []byte, at, candidate int) int {
	end := min(at+greatest, len(text))
	for ; at+8 <= end; at, candidate = at+8, candidate+8 {
		if x := binary.LittleEndian.Uint64(text[at:]) ^ binary.LittleEndian.Uint64(text[candidate:]); x != 0 {
			return at + bits.TrailingZeros64(x)>>3
		}
	}
	for at < end && text[at] == text[candidate] {
		at++
		candidate++
	}
	return at
}

// take keeps a sequence: the literals from start to at, and a match. Behind at there are at least eight bytes of text.
func (d *deflater) take(text []byte, start, at, length, distance int) {
	// Literals are few mostly: eight bytes are copied whether they are wanted or not, which is faster than to ask.
	binary.LittleEndian.PutUint64(d.text[d.kept:], binary.LittleEndian.Uint64(text[start:]))
	if at-start > 8 {
		copy(d.text[d.kept+8:], text[start+8:at])
	}
	d.kept += at - start
	d.literals[lengthSymbol[length]]++
	symbol := distanceSymbol(distance)
	d.distances[symbol]++
	d.sequences = append(d.sequences, sequence{uint16(at - start), uint16(length), uint16(distance), symbol})
}

// finish keeps the literals that are left, and counts all of them.
func (d *deflater) finish(text []byte, start int) {
	if start < len(text) {
		d.sequences = append(d.sequences, sequence{literals: uint16(len(text) - start)})
		d.kept += copy(d.text[d.kept:], text[start:])
	}
	var odd [256]uint32
	kept := d.text[:d.kept]
	for ; len(kept) >= 2; kept = kept[2:] { // two counts at a time do not wait for each other
		d.literals[kept[0]]++
		odd[kept[1]]++
	}
	for _, c := range kept {
		d.literals[c]++
	}
	for c, n := range odd {
		d.literals[c] += n
	}
}
