package bgzf

import (
	"encoding/binary"
	"errors"
	"unsafe"
)

// errDeflate says that DEFLATE data is damaged.
var errDeflate = errors.New("the compressed data is damaged")

// inflater decodes whole DEFLATE streams (RFC 1951) whose decoded size is known beforehand, as bgzf blocks are.
// It is not safe for concurrent use; its tables are reused from block to block.
type inflater struct {
	literals  [literalTable]entry
	distances [distanceTable]entry
	precode   [1 << precodeBits]entry
	lengths   [maxLiterals + maxDistances]uint8
}

// bitReader is a DEFLATE bit stream: the lowest bit of bits comes first. Above count, bits may hold more of the stream's bits, never others.
type bitReader struct {
	src   []byte
	next  int // of src, not yet in bits
	bits  uint64
	count uint
}

// inflate decodes src into dst, which it must fill exactly.
func (z *inflater) inflate(dst, src []byte) error {
	r := bitReader{src: src}
	out := 0
	for {
		r.fill()
		if r.count < 3 {
			return errDeflate
		}
		final, kind := r.bits&1 != 0, r.bits>>1&3
		r.drop(3)
		var err error
		switch kind {
		case 0:
			out, err = r.stored(dst, out)
		case 1:
			z.fixedTables()
			out, err = z.block(dst, out, &r)
		case 2:
			if err = z.readTables(&r); err == nil {
				out, err = z.block(dst, out, &r)
			}
		default:
			err = errDeflate
		}
		if err != nil {
			return err
		}
		if final {
			if out != len(dst) {
				return errDeflate
			}
			return nil
		}
	}
}

// fill loads whole bytes until at least 56 bits are there or src ends, and clears what lies above count.
func (r *bitReader) fill() {
	r.bits &= 1<<r.count - 1
	for r.count <= 56 && r.next < len(r.src) {
		r.bits |= uint64(r.src[r.next]) << r.count
		r.next++
		r.count += 8
	}
}

func (r *bitReader) drop(n uint) {
	r.bits >>= n
	r.count -= n
}

// stored copies a block without compression.
func (r *bitReader) stored(dst []byte, out int) (int, error) {
	r.next -= int(r.count >> 3) // whole bytes go back; the rest of the last one is padding
	r.bits, r.count = 0, 0
	if r.next+4 > len(r.src) {
		return 0, errDeflate
	}
	size := binary.LittleEndian.Uint16(r.src[r.next:])
	if size != ^binary.LittleEndian.Uint16(r.src[r.next+2:]) {
		return 0, errDeflate
	}
	r.next += 4
	n := int(size)
	if r.next+n > len(r.src) || out+n > len(dst) {
		return 0, errDeflate
	}
	copy(dst[out:], r.src[r.next:r.next+n])
	r.next += n
	return out + n, nil
}

// block decodes one compressed block with the tables as they are.
func (z *inflater) block(dst []byte, out int, r *bitReader) (int, error) {
	out, ended, err := z.fast(dst, out, r)
	if err != nil || ended {
		return out, err
	}
	return z.careful(dst, out, r)
}

// Near the ends of the buffers the fast loop, which reads and writes whole words, hands over to the careful one.
const (
	fastInput  = 16             // bytes that one round of the fast loop may read
	fastOutput = 4*2 + 258 + 16 // bytes that one round may write: literals, a match, the rest of its last word
)

// fast decodes symbols while both buffers have room for whole words. It says whether the block's end was reached.
//
// A round fills the bit buffer once and takes up to four literal entries of up to two literals each (44 bits), or fewer and then a match, for
// which it fills the buffer again (48 bits at most).
//
// Its buffers are read and written without checks of their bounds, which the loop's condition makes up for: a round begins at least fastInput bytes before the end of src
// and reads less, begins at least fastOutput bytes before the end of dst and writes less, and reads no byte before dst because a distance is held against out.
func (z *inflater) fast(dst []byte, out int, r *bitReader) (int, bool, error) {
	lastIn, lastOut := len(r.src)-fastInput, len(dst)-fastOutput
	if lastIn < 0 || lastOut < 0 {
		return out, false, nil
	}
	text, src := words{unsafe.Pointer(unsafe.SliceData(dst))}, words{unsafe.Pointer(unsafe.SliceData(r.src))}
	bits, count, next := r.bits, r.count, r.next
	for next <= lastIn && out <= lastOut {
		bits |= src.get(next) << (count & 63)
		next += int(63-count) >> 3
		count |= 56
		e := z.literals[bits&(1<<literalBits-1)]
		if e&literal != 0 {
			text.putPair(out, e)
			out += e.literalCount()
			bits >>= e & bitsMask
			count -= uint(e & bitsMask)
			e = z.literals[bits&(1<<literalBits-1)]
			if e&literal != 0 {
				text.putPair(out, e)
				out += e.literalCount()
				bits >>= e & bitsMask
				count -= uint(e & bitsMask)
				e = z.literals[bits&(1<<literalBits-1)]
				if e&literal != 0 {
					text.putPair(out, e)
					out += e.literalCount()
					bits >>= e & bitsMask
					count -= uint(e & bitsMask)
					e = z.literals[bits&(1<<literalBits-1)]
					if e&literal != 0 {
						text.putPair(out, e)
						out += e.literalCount()
						bits >>= e & bitsMask
						count -= uint(e & bitsMask)
						continue
					}
				}
			}
			bits |= src.get(next) << (count & 63)
			next += int(63-count) >> 3
			count |= 56
		}
		if e&special != 0 {
			if e&subtable != 0 {
				bits >>= literalBits
				count -= literalBits
				e = z.literals[e.inSubtable(bits)]
				if e&literal != 0 {
					text.putPair(out, e)
					out++
					bits >>= e & bitsMask
					count -= uint(e & bitsMask)
					continue
				}
			}
			if e&special != 0 {
				bits >>= e & bitsMask
				count -= uint(e & bitsMask)
				r.bits, r.count, r.next = bits, count, next
				if e&endOfBlock != 0 {
					return out, true, nil
				}
				return 0, false, errDeflate
			}
		}
		length := e.value(bits)
		bits >>= e & bitsMask
		count -= uint(e & bitsMask)
		d := z.distances[bits&(1<<distanceBits-1)]
		if d&special != 0 {
			if d&subtable == 0 {
				return 0, false, errDeflate
			}
			bits >>= distanceBits
			count -= distanceBits
			if d = z.distances[d.inSubtable(bits)]; d&special != 0 {
				return 0, false, errDeflate
			}
		}
		distance := d.value(bits)
		bits >>= d & bitsMask
		count -= uint(d & bitsMask)
		if distance > out {
			return 0, false, errDeflate
		}
		if distance < 8 {
			copyNear(dst, out, distance, length)
			out += length
			continue
		}
		// Most matches are short: sixteen bytes are copied whether they are wanted or not.
		from, end := out-distance, out+length
		text.put(out, text.get(from))
		text.put(out+8, text.get(from+8))
		if length > 16 {
			for out += 16; out < end; out += 8 {
				text.put(out, text.get(out-distance))
			}
		}
		out = end
	}
	r.bits, r.count, r.next = bits, count, next
	return out, false, nil
}

// copyNear copies length bytes from less than eight bytes before out. Up to seven bytes behind the match are overwritten.
func copyNear(dst []byte, out, distance, length int) {
	end := out + length
	if distance == 1 {
		word := uint64(dst[out-1]) * 0x0101010101010101
		for ; out < end; out += 8 {
			binary.LittleEndian.PutUint64(dst[out:], word)
		}
		return
	}
	for ; out < end; out++ {
		dst[out] = dst[out-distance]
	}
}

// careful decodes symbols one by one, with every bound checked.
func (z *inflater) careful(dst []byte, out int, r *bitReader) (int, error) {
	for {
		r.settle()
		e, ok := r.symbol(z.literals[:], literalBits)
		if !ok || e&special != 0 && e&endOfBlock == 0 {
			return 0, errDeflate
		}
		if e&literal != 0 {
			// A pair of which only the first literal belongs to the stream cannot be: both codes were read whole.
			n := e.literalCount()
			if out+n > len(dst) {
				return 0, errDeflate
			}
			dst[out] = byte(e >> valueShift)
			if n == 2 {
				dst[out+1] = byte(e >> (valueShift + 8))
			}
			out += n
			r.drop(uint(e & bitsMask))
			continue
		}
		if e&endOfBlock != 0 {
			r.drop(uint(e & bitsMask))
			return out, nil
		}
		length := e.value(r.bits)
		r.drop(uint(e & bitsMask))
		r.settle()
		d, ok := r.symbol(z.distances[:], distanceBits)
		if !ok || d&special != 0 {
			return 0, errDeflate
		}
		distance := d.value(r.bits)
		r.drop(uint(d & bitsMask))
		if distance > out || out+length > len(dst) {
			return 0, errDeflate
		}
		for end := out + length; out < end; out++ {
			dst[out] = dst[out-distance]
		}
	}
}

// settle gives the whole bytes above the last needed one back and fills the bit buffer byte by byte.
func (r *bitReader) settle() {
	r.next -= int(r.count >> 3)
	r.count &= 7
	r.fill()
}

// symbol looks up the next symbol's entry, through a subtable if need be, and says whether the stream holds all of its bits.
func (r *bitReader) symbol(table []entry, width uint) (entry, bool) {
	e := table[r.bits&(1<<width-1)]
	if e&subtable != 0 {
		if r.count < width {
			return 0, false
		}
		r.drop(width)
		e = table[e.inSubtable(r.bits)]
	}
	if e&literal != 0 && e.literalCount() == 2 && uint(e&bitsMask) > r.count {
		return 0, false
	}
	return e, uint(e&bitsMask) <= r.count
}
