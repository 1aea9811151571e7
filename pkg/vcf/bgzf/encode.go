package bgzf

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// Encoder makes blocks; it is not safe for concurrent use.
type Encoder struct {
	deflate *flate.Writer
	sink    sink
}

// sink collects what the compressor writes.
type sink struct{ bytes []byte }

func (s *sink) Write(p []byte) (int, error) {
	s.bytes = append(s.bytes, p...)
	return len(p), nil
}

// NewEncoder returns an Encoder of a compression level from 0 (none) to 9 (smallest).
func NewEncoder(level int) (*Encoder, error) {
	if level < 0 || level > 9 {
		return nil, fmt.Errorf("make a bgzip encoder: level %d is not one of 0 to 9", level)
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
