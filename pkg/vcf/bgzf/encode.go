package bgzf

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// Encoder makes blocks; it is not safe for concurrent use.
type Encoder struct {
	fast    *deflater     // for fastLevel
	deflate *flate.Writer // for the other levels
	sink    sink
	joined  []byte // the text of several parts
}

// sink collects what the compressor writes.
type sink struct{ bytes []byte }

func (s *sink) Write(p []byte) (int, error) {
	s.bytes = append(s.bytes, p...)
	return len(p), nil
}

// fastLevel is the level that is compressed by this package's own compressor.
const fastLevel = 1

// NewEncoder returns an Encoder of a compression level from 0 (none) to 9 (smallest).
func NewEncoder(level int) (*Encoder, error) {
	if level < 0 || level > 9 {
		return nil, fmt.Errorf("make a bgzip encoder: level %d is not one of 0 to 9", level)
	}
	if level == fastLevel {
		return &Encoder{fast: &deflater{}}, nil
	}
	e := &Encoder{}
	var err error
	if e.deflate, err = flate.NewWriter(&e.sink, level); err != nil {
		return nil, fmt.Errorf("make a bgzip encoder: %w", err)
	}
	return e, nil
}

// Append appends one block that holds the text of all parts, together at most MaxPayload bytes.
func (e *Encoder) Append(dst []byte, parts ...[]byte) []byte {
	start := len(dst)
	dst = append(dst, EOF[:headerSize]...)
	if e.fast != nil {
		return e.appendFast(dst, start, parts)
	}
	e.sink.bytes = dst
	e.deflate.Reset(&e.sink)
	checksum, length := uint32(0), 0
	for _, part := range parts {
		checksum = crc32.Update(checksum, crc32.IEEETable, part)
		length += len(part)
		_, _ = e.deflate.Write(part) // a sink takes everything
	}
	_ = e.deflate.Close()
	dst, e.sink.bytes = e.sink.bytes, nil
	if len(dst)-start+footerSize > MaxBlock {
		dst = appendStored(dst[:start+headerSize], parts, length)
	}
	return appendFooter(dst, start, checksum, length)
}

// appendFast appends a block's data and footer by the fast compressor.
func (e *Encoder) appendFast(dst []byte, start int, parts [][]byte) []byte {
	text := e.joined[:0]
	if len(parts) == 1 {
		text = parts[0]
	} else {
		for _, part := range parts {
			text = append(text, part...)
		}
		e.joined = text
	}
	dst = e.fast.appendDeflated(dst, text)
	return appendFooter(dst, start, crc32.ChecksumIEEE(text), len(text))
}

// appendFooter completes the block that begins at start.
func appendFooter(dst []byte, start int, checksum uint32, length int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, checksum)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(length))
	binary.LittleEndian.PutUint16(dst[start+16:], uint16(len(dst)-start-1))
	return dst
}

// appendStored appends text that does not get smaller as one DEFLATE block without compression.
func appendStored(dst []byte, parts [][]byte, length int) []byte {
	dst = append(dst, 1, byte(length), byte(length>>8), ^byte(length), ^byte(length>>8))
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return dst
}
