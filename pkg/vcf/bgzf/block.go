// Package bgzf reads and writes BGZF, the blocked gzip of the SAM specification (section 4.1): a series of gzip members of at most 64 KiB each,
// whose sizes stand in their headers, so that they can be decoded in parallel and found again by virtual offsets.
package bgzf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Sizes of a block in bytes.
const (
	MaxBlock   = 1 << 16 // of a block, compressed or not
	MaxPayload = 0xff00  // of the text that a Writer puts in one block
	headerSize = 18      // of a block's header as this package writes it
	footerSize = 8
)

// EOF is the empty block that ends every complete BGZF file.
const EOF = "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x06\x00BC\x02\x00\x1b\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// Errors of a block.
var (
	ErrNotBGZF   = errors.New("not a bgzip block")
	ErrTruncated = errors.New("the bgzip file is cut short")
	ErrChecksum  = errors.New("the checksum of a bgzip block is wrong")
	ErrDamaged   = errors.New("a bgzip block is damaged")
)

// VirtualOffset is a position in a BGZF file: the offset of a block in the file in the upper 48 bits, that of a byte in its text in the lower 16.
type VirtualOffset uint64

// At returns the virtual offset of a byte of the block that starts at a file offset.
func At(block int64, within int) VirtualOffset {
	return VirtualOffset(block)<<16 | VirtualOffset(within)
}

// Block is the offset of the block in the file.
func (v VirtualOffset) Block() int64 { return int64(v >> 16) }

// Within is the offset of the byte in the block's text.
func (v VirtualOffset) Within() int { return int(v & 0xffff) }

// BlockSize reads the size of the whole block, in bytes, from its header. It returns ErrTruncated where the header is not all there,
// ErrNotBGZF where this is something else (a plain gzip member too).
func BlockSize(header []byte) (int, error) {
	size, _, err := parseHeader(header)
	return size, err
}

// parseHeader returns a block's size and where its compressed data starts.
func parseHeader(p []byte) (size, data int, err error) {
	const fixed = 12 // bytes before the extra fields
	if len(p) < fixed {
		return 0, 0, ErrTruncated
	}
	if p[0] != 0x1f || p[1] != 0x8b || p[2] != 8 || p[3] != 4 {
		return 0, 0, ErrNotBGZF
	}
	data = fixed + int(binary.LittleEndian.Uint16(p[10:]))
	for at := fixed; at+4 <= data; {
		if len(p) < at+6 {
			return 0, 0, ErrTruncated
		}
		length := int(binary.LittleEndian.Uint16(p[at+2:]))
		if p[at] == 'B' && p[at+1] == 'C' && length == 2 {
			size = int(binary.LittleEndian.Uint16(p[at+4:])) + 1
			if size < data+footerSize {
				return 0, 0, ErrDamaged
			}
			return size, data, nil
		}
		at += 4 + length
	}
	return 0, 0, ErrNotBGZF
}

// Decoder decodes blocks one by one; it is not safe for concurrent use.
type Decoder struct {
	inflater inflater
}

// Append decodes one whole block, checks its checksum and appends its text to dst.
// The block's own statement of its text's size is believed only up to MaxBlock.
func (d *Decoder) Append(dst, block []byte) ([]byte, error) {
	size, data, err := parseHeader(block)
	if err != nil {
		return dst, err
	}
	if size != len(block) {
		return dst, ErrTruncated
	}
	footer := block[size-footerSize:]
	length := binary.LittleEndian.Uint32(footer[4:])
	if length > MaxBlock {
		return dst, ErrDamaged
	}
	start := len(dst)
	dst = grow(dst, int(length))
	text := dst[start:]
	if err := d.inflater.inflate(text, block[data:size-footerSize]); err != nil {
		return dst[:start], fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if crc32.ChecksumIEEE(text) != binary.LittleEndian.Uint32(footer) {
		return dst[:start], ErrChecksum
	}
	return dst, nil
}

// grow lengthens dst by n bytes of any content.
func grow(dst []byte, n int) []byte {
	if len(dst)+n <= cap(dst) {
		return dst[:len(dst)+n]
	}
	return append(dst, make([]byte, n)...)
}

// TextSize is how many bytes of text a whole block says it holds; Decoder.Append refuses a block that says it wrongly.
func TextSize(block []byte) int {
	if len(block) < footerSize {
		return 0
	}
	return int(binary.LittleEndian.Uint32(block[len(block)-4:]))
}
