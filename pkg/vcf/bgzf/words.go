package bgzf

import (
	"encoding/binary"
	"unsafe"
)

// words reads and writes words at offsets of a buffer, without a check of its bounds.
type words struct{ start unsafe.Pointer }

func (w words) get(at int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(w.start, at))[:])
}

func (w words) put(at int, word uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(w.start, at))[:], word)
}

// putPair writes the two bytes of an entry for literals, of which the second may not count.
func (w words) putPair(at int, e entry) {
	binary.LittleEndian.PutUint16((*[2]byte)(unsafe.Add(w.start, at))[:], uint16(e>>valueShift))
}
