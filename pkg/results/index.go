package results

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"gas/pkg/fault"
	"gas/pkg/results/filter"
)

// Index is the open index of a result. It is safe for concurrent use, and must be closed.
type Index struct {
	about   description
	schema  *schema
	data    []byte
	entries []blockEntry
	first   []int64 // the number of each block's first row, and the number of rows at the end
	text    *text
	unmap   func() error

	mutex   sync.Mutex
	checked []bool       // blocks whose checksum was found right
	recent  []*selection // what was asked last, the latest first
	ranks   map[int]rankTable
}

// Open maps the index in a file and takes the result that it belongs to, which is read only for rows that are shown. The result must stay open as long as the index.
// A fault of kind BadInput means that the index is damaged or does not fit the result, and must be made again by Rebuild; one of kind NotFound that there is none.
func Open(path string, result io.ReaderAt, size int64) (*Index, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "The result has no index yet.").Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("open the index %s: %w", path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("size of the index %s: %w", path, err)
	}
	if info.Size() < int64(trailerSize) {
		return nil, damaged(errors.New("the file is too short"))
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the index %s: %w", filepath.Base(path), err)
	}
	x, err := newIndex(data, result, size)
	if err != nil {
		return nil, errors.Join(damaged(err), syscall.Munmap(data))
	}
	x.unmap = func() error { return syscall.Munmap(data) }
	return x, nil
}

func damaged(cause error) error {
	return fault.New(fault.BadInput, "The index of the result is damaged or does not fit it.").WithHint("It can be made again from the result.").Because(cause)
}

// newIndex reads an index from its bytes.
func newIndex(data []byte, result io.ReaderAt, size int64) (*Index, error) {
	if len(data) < trailerSize || string(data[len(data)-len(magic):]) != magic || string(data[:len(magic)]) != magic {
		return nil, errors.New("magic is missing or the file is cut off")
	}
	trailer := data[len(data)-trailerSize:]
	if v := binary.LittleEndian.Uint32(trailer[52:]); v != formatVersion {
		return nil, fmt.Errorf("version %d of the format, expected %d", v, formatVersion)
	}
	var parts [3][]byte
	crc := uint32(0)
	for i := range parts {
		at, length := binary.LittleEndian.Uint64(trailer[16*i:]), binary.LittleEndian.Uint64(trailer[16*i+8:])
		if at > uint64(len(data)) || length > uint64(len(data))-at {
			return nil, errors.New("a table lies outside of the file")
		}
		parts[i] = data[at : at+length]
		crc = crc32.Update(crc, castagnoli, parts[i])
	}
	if crc != binary.LittleEndian.Uint32(trailer[48:]) {
		return nil, errors.New("the checksum of the tables is wrong")
	}
	x := &Index{data: data, text: &text{file: result, size: size, places: parts[1]}, ranks: make(map[int]rankTable)}
	if err := json.Unmarshal(parts[2], &x.about); err != nil {
		return nil, fmt.Errorf("description: %w", err)
	}
	if x.about.ResultSize != size {
		return nil, fmt.Errorf("the result has %d bytes, the index is of one of %d", size, x.about.ResultSize)
	}
	x.schema = newSchema(&x.about.Header)
	return x, x.readEntries(parts[0])
}

func (x *Index) readEntries(table []byte) error {
	if len(table)%blockEntrySize != 0 {
		return errors.New("the table of blocks is cut off")
	}
	rows := int64(0)
	for ; len(table) > 0; table = table[blockEntrySize:] {
		e := readBlockEntry(table)
		if e.offset > uint64(len(x.data)) || uint64(e.length) > uint64(len(x.data))-e.offset {
			return errors.New("a block lies outside of the file")
		}
		x.entries, x.first = append(x.entries, e), append(x.first, rows)
		rows += int64(e.rows)
	}
	x.first, x.checked = append(x.first, rows), make([]bool, len(x.entries))
	if rows != x.about.Rows {
		return errors.New("the blocks have not as many rows as the index says")
	}
	return nil
}

// Close releases the file. No query of the index may run any more.
func (x *Index) Close() error {
	if x.unmap == nil {
		return nil
	}
	return x.unmap()
}

// Header is what the header of the result says: samples, databases, fields of CSQ.
func (x *Index) Header() *Header { return &x.about.Header }

// Alleles is the number of rows: one for each allele of each record.
func (x *Index) Alleles() int64 { return x.about.Rows }

// Records is the number of records of the result.
func (x *Index) Records() int64 { return x.about.Records }

// Fields are the fields that a filter may ask for, in the order in which a person wants them.
func (x *Index) Fields() []filter.Field { return slices.Clone(x.schema.fields) }

// Presets are the filters that everybody wants, those of them that this result can answer.
func (x *Index) Presets() []Preset { return PresetsOf(&x.about.Header) }

// Parse reads a filter for this result. A mistake is a fault of kind BadInput with its Column.
func (x *Index) Parse(text string) (filter.Expr, error) { return filter.Parse(text, x.schema) }

// block opens a block, after the check of its checksum when it is read for the first time.
func (x *Index) block(number int) (block, error) {
	e := x.entries[number]
	data := x.data[e.offset : e.offset+uint64(e.length)]
	x.mutex.Lock()
	checked := x.checked[number]
	x.mutex.Unlock()
	if !checked {
		if crc32.Checksum(data, castagnoli) != e.crc {
			return block{}, damaged(fmt.Errorf("checksum of block %d", number))
		}
		x.mutex.Lock()
		x.checked[number] = true
		x.mutex.Unlock()
	}
	b, ok := openBlock(data, int(e.rows), x.about.columnCount())
	if !ok {
		return block{}, damaged(fmt.Errorf("block %d", number))
	}
	return b, nil
}
