package results

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"

	"gas/pkg/fault"
	"gas/pkg/vcf/bgzf"
)

// text is the text of a result, read at any place.
type text struct {
	file   io.ReaderAt
	size   int64
	places Places
	pool   sync.Pool
}

func openText(file io.ReaderAt, size int64) (*text, error) {
	places, err := listBlocks(file, size)
	if err != nil {
		return nil, err
	}
	return &text{file: file, size: size, places: places}, nil
}

func (t *text) blocks() int { return len(t.places) / 16 }

func (t *text) place(block int) (file, text uint64) {
	return binary.LittleEndian.Uint64(t.places[16*block:]), binary.LittleEndian.Uint64(t.places[16*block+8:])
}

// textReader reads the text from a place on.
type textReader struct {
	text    *text
	at      uint64 // in the text, of what is read next
	block   int    // the block that is inflated, -1 for none
	begin   uint64 // where it begins in the text
	inflate bgzf.Decoder
	packed  []byte
	plain   []byte
}

func (t *text) reader(at uint64) *textReader {
	return &textReader{text: t, at: at, block: -1}
}

func (r *textReader) seek(at uint64) { r.at = at }

// Read gives the text of one block at most.
func (r *textReader) Read(to []byte) (int, error) {
	if r.text.blocks() == 0 {
		n, err := r.text.file.ReadAt(to[:min(int64(len(to)), max(r.text.size-int64(r.at), 0))], int64(r.at))
		r.at += uint64(n)
		if n == 0 && err == nil {
			err = io.EOF
		}
		if n > 0 && errors.Is(err, io.EOF) {
			err = nil
		}
		return n, err
	}
	rest, err := r.rest()
	if err != nil {
		return 0, err
	}
	n := copy(to, rest)
	r.at += uint64(n)
	return n, nil
}

// rest is what is left of the block that holds the place; io.EOF at the end of the text.
func (r *textReader) rest() ([]byte, error) {
	for {
		if r.block >= 0 && r.at >= r.begin && r.at < r.begin+uint64(len(r.plain)) {
			return r.plain[r.at-r.begin:], nil
		}
		block := sort.Search(r.text.blocks(), func(i int) bool { _, begin := r.text.place(i); return begin > r.at }) - 1
		if block < 0 || block == r.block {
			return nil, io.EOF
		}
		if err := r.load(block); err != nil {
			return nil, err
		}
	}
}

func (r *textReader) load(block int) error {
	from, begin := r.text.place(block)
	to := uint64(r.text.size)
	if block+1 < r.text.blocks() {
		to, _ = r.text.place(block + 1)
	}
	r.block = -1
	if to < from || to-from > 1<<16 {
		return fault.New(fault.BadInput, "The index does not fit the result.")
	}
	r.packed = append(r.packed[:0], make([]byte, to-from)...)
	if _, err := r.text.file.ReadAt(r.packed, int64(from)); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the result: %w", err)
	}
	var err error
	if r.plain, err = r.inflate.Append(r.plain[:0], r.packed); err != nil {
		return fault.New(fault.BadInput, "The result is damaged.").Because(err)
	}
	r.block, r.begin = block, begin
	return nil
}

// line reads the line that begins at a place, without its end, into a buffer that is returned.
func (r *textReader) line(at uint64, buffer []byte) ([]byte, error) {
	r.seek(at)
	buffer = buffer[:0]
	var small [4096]byte
	for {
		var piece []byte
		if r.text.blocks() > 0 {
			rest, err := r.rest()
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			piece = rest
		} else {
			n, err := r.Read(small[:])
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("read the result: %w", err)
			}
			piece, r.at = small[:n], r.at-uint64(n)
		}
		if len(piece) == 0 {
			return buffer, nil
		}
		for i, c := range piece {
			if c == '\n' {
				return append(buffer, piece[:i]...), nil
			}
		}
		buffer = append(buffer, piece...)
		r.at += uint64(len(piece))
	}
}
