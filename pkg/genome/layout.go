package genome

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"
)

// ModelFile is the name of the compiled file in a reference's folder.
const ModelFile = "model.gasref"

// The compiled file is a header of headerSize bytes and then its sections, each at a multiple of sectionAlignment. All numbers are little-endian; the rows of a table are the Go structs of
// this package as they lie in memory, which TestTheRowsOfACompiledFileKeepTheirSizes pins down.
//
//	 0  magic, 8 bytes
//	 8  version of the layout, uint32
//	12  number of sections, uint32
//	16  sha256 of the header with these 32 bytes zero
//	48  the reference's name, a Text
//	56  the reference's source, a Text
//	64  the sections: kind uint32, size of a row uint32, offset uint64, length in bytes uint64, sha256 of its bytes
const (
	headerSize       = 1024
	layoutVersion    = 1
	sectionAlignment = 64
	entrySize        = 56
	entriesAt        = 64
)

// magic begins every compiled file. Its carriage return and line feed show damage by a transfer as text.
var magic = [8]byte{'G', 'A', 'S', 'R', 'E', 'F', '\r', '\n'}

// Errors of Open and Verify.
var (
	ErrNotReference = errors.New("not a compiled reference")
	ErrVersion      = errors.New("a compiled reference of another version: build it again")
	ErrDamaged      = errors.New("the compiled reference is damaged: build it again")
)

// sectionKind numbers the sections of a compiled file.
type sectionKind uint32

const (
	sequenceSection sectionKind = iota
	splicedSection
	poolSection
	contigSection
	aliasSection
	geneSection
	transcriptSection
	exonSection
	editSection
	sectionCount
)

// rowSizes are the sizes of the sections' rows in bytes.
var rowSizes = [sectionCount]uint32{
	1, 1, 1,
	uint32(unsafe.Sizeof(Contig{})), uint32(unsafe.Sizeof(Alias{})), uint32(unsafe.Sizeof(Gene{})),
	uint32(unsafe.Sizeof(Transcript{})), uint32(unsafe.Sizeof(Exon{})), uint32(unsafe.Sizeof(Edit{})),
}

// section is where one section lies in the file.
type section struct {
	offset, length uint64
	digest         [sha256.Size]byte
}

// header is the decoded header of a compiled file.
type header struct {
	name, source Text
	sections     [sectionCount]section
}

// encode returns the header's bytes and its digest.
func (h *header) encode() ([]byte, [sha256.Size]byte) {
	b := make([]byte, headerSize)
	copy(b, magic[:])
	binary.LittleEndian.PutUint32(b[8:], layoutVersion)
	binary.LittleEndian.PutUint32(b[12:], uint32(sectionCount))
	putText(b[48:], h.name)
	putText(b[56:], h.source)
	for kind, s := range h.sections {
		entry := b[entriesAt+kind*entrySize:]
		binary.LittleEndian.PutUint32(entry, uint32(kind))
		binary.LittleEndian.PutUint32(entry[4:], rowSizes[kind])
		binary.LittleEndian.PutUint64(entry[8:], s.offset)
		binary.LittleEndian.PutUint64(entry[16:], s.length)
		copy(entry[24:], s.digest[:])
	}
	digest := sha256.Sum256(b)
	copy(b[16:], digest[:])
	return b, digest
}

func putText(b []byte, t Text) {
	binary.LittleEndian.PutUint32(b, t.Offset)
	binary.LittleEndian.PutUint32(b[4:], t.Length)
}

func getText(b []byte) Text {
	return Text{Offset: binary.LittleEndian.Uint32(b), Length: binary.LittleEndian.Uint32(b[4:])}
}

// decodeHeader checks the first bytes of a file of this size and returns what they say.
func decodeHeader(b []byte, size uint64) (*header, [sha256.Size]byte, error) {
	var digest [sha256.Size]byte
	if len(b) < headerSize || !bytes.Equal(b[:len(magic)], magic[:]) {
		return nil, digest, ErrNotReference
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != layoutVersion {
		return nil, digest, fmt.Errorf("%w (the file has version %d, this program reads %d)", ErrVersion, v, layoutVersion)
	}
	zeroed := bytes.Clone(b[:headerSize])
	copy(digest[:], zeroed[16:])
	clear(zeroed[16 : 16+sha256.Size])
	if sha256.Sum256(zeroed) != digest {
		return nil, digest, fmt.Errorf("%w: its header does not match its digest", ErrDamaged)
	}
	if binary.LittleEndian.Uint32(b[12:]) != uint32(sectionCount) {
		return nil, digest, fmt.Errorf("%w: another number of sections", ErrVersion)
	}
	h := &header{name: getText(b[48:]), source: getText(b[56:])}
	for kind := range h.sections {
		if err := h.sections[kind].decode(b[entriesAt+kind*entrySize:], uint32(kind), size); err != nil {
			return nil, digest, err
		}
	}
	return h, digest, nil
}

func (s *section) decode(entry []byte, kind uint32, size uint64) error {
	if binary.LittleEndian.Uint32(entry) != kind || binary.LittleEndian.Uint32(entry[4:]) != rowSizes[kind] {
		return fmt.Errorf("%w: section %d has another shape", ErrVersion, kind)
	}
	s.offset, s.length = binary.LittleEndian.Uint64(entry[8:]), binary.LittleEndian.Uint64(entry[16:])
	copy(s.digest[:], entry[24:])
	if s.offset%sectionAlignment != 0 || s.offset < headerSize || s.offset > size || s.length > size-s.offset || s.length%uint64(rowSizes[kind]) != 0 {
		return fmt.Errorf("%w: section %d reaches beyond the file's %d bytes", ErrDamaged, kind, size)
	}
	return nil
}

// littleEndian reports whether this machine keeps numbers as the compiled file does.
func littleEndian() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 1
}

// table views the bytes of a section as rows.
func table[T any](b []byte) []T {
	if len(b) == 0 {
		return nil
	}
	var row T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(row)))
}

// rowBytes views rows as bytes.
func rowBytes[T any](rows []T) []byte {
	if len(rows) == 0 {
		return nil
	}
	var row T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(rows))), len(rows)*int(unsafe.Sizeof(row)))
}
