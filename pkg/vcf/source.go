package vcf

import (
	"bufio"
	"errors"
	"hash"
	"io"
	"slices"
	"sync/atomic"

	"gas/pkg/fault"
	"gas/pkg/vcf/bgzf"

	"github.com/klauspost/compress/gzip"
)

// Piece is a stretch of an input: text, or bgzip blocks that some goroutine will turn into text. Where it begins and ends means nothing for the
// lines in it. A Piece is reused.
type Piece struct {
	Offset int64 // how many bytes of the file were read up to the piece's end

	text   []byte
	blocks []byte
	ends   []int // of each block in blocks
	packed bool  // text is yet to be made from blocks
}

// Text decodes the piece, where it is not text already. On damage it gives the text before it, too.
func (p *Piece) Text(d *bgzf.Decoder) ([]byte, error) {
	if !p.packed {
		return p.text, nil
	}
	p.text = slices.Grow(p.text[:0], p.says())
	start := 0
	for _, end := range p.ends {
		var err error
		if p.text, err = d.Append(p.text, p.blocks[start:end]); err != nil {
			return p.text, damaged(err)
		}
		start = end
	}
	p.packed = false
	return p.text, nil
}

// says is how many bytes of text the blocks say they hold, as far as that can be.
func (p *Piece) says() int {
	total, start := 0, 0
	for _, end := range p.ends {
		total += min(bgzf.TextSize(p.blocks[start:end]), bgzf.MaxBlock)
		start = end
	}
	return total
}

// Source cuts an input into pieces. It is used by one goroutine; Read may be asked by others at any time.
type Source struct {
	compression Compression
	raw         *bufio.Reader // of the file's bytes
	text        io.Reader     // of the text, for plain and gzip
	left        int64         // of the limit on text, below 0 when there is none
	limited     bool
	read        atomic.Int64
	ended       bool   // the last bgzip block was the one that ends a file
	pending     error  // to be told after the pieces before it
	front       []byte // text that was put back
}

// counter counts the bytes read from a file and hashes them.
type counter struct {
	src    io.Reader
	read   *atomic.Int64
	digest hash.Hash // may be nil
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	if n > 0 {
		c.read.Add(int64(n))
		if c.digest != nil {
			c.digest.Write(p[:n])
		}
	}
	return n, err
}

// NewSource looks at the first bytes of src and returns a Source of its text. The digest, when it is not nil, is written all bytes of src.
// It refuses an empty file and other kinds of files with a fault.
func NewSource(src io.Reader, limits Limits, digest hash.Hash) (*Source, error) {
	s := &Source{left: limits.Text, limited: limits.Text > 0}
	s.raw = bufio.NewReaderSize(&counter{src, &s.read, digest}, 1<<18)
	first, err := s.raw.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(err)
	}
	if s.compression, err = compressionOf(first); err != nil {
		return nil, err
	}
	switch s.compression {
	case Plain:
		s.text = s.raw
	case Gzip:
		if s.text, err = gzip.NewReader(s.raw); err != nil {
			return nil, damaged(err)
		}
	}
	return s, nil
}

// Compression is how the input is packed.
func (s *Source) Compression() Compression { return s.compression }

// Read is how many bytes of the file were read so far.
func (s *Source) Read() int64 { return s.read.Load() }

// Next fills a piece with up to size bytes of text, or with at least one block. It returns io.EOF after the last piece. What goes wrong is told
// after the last good piece before it.
func (s *Source) Next(p *Piece, size int) error {
	p.text, p.blocks, p.ends, p.packed = p.text[:0], p.blocks[:0], p.ends[:0], false
	if len(s.front) > 0 {
		n := min(size, len(s.front))
		p.text = append(p.text, s.front[:n]...)
		s.front = s.front[n:]
		return nil
	}
	s.front = nil
	if s.pending != nil {
		return s.pending
	}
	var n int
	if s.compression == BGZF {
		n, s.pending = s.nextBlocks(p, size)
	} else {
		n, s.pending = s.nextText(p, size)
	}
	p.Offset = s.read.Load() - int64(s.raw.Buffered())
	if s.limited {
		if s.left -= int64(n); s.left < 0 {
			s.pending = fault.New(fault.TooLarge, "The file is larger than the limit after decompression.")
			return s.pending
		}
	}
	if n > 0 || p.packed {
		return nil
	}
	return s.pending
}

// nextText reads text.
func (s *Source) nextText(p *Piece, size int) (int, error) {
	if cap(p.text) < size {
		p.text = make([]byte, size)
	}
	p.text = p.text[:size]
	n := 0
	var err error
	for n < size && err == nil {
		var m int
		m, err = s.text.Read(p.text[n:])
		n += m
	}
	p.text = p.text[:n]
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return n, err
	case s.compression == Gzip:
		return n, damaged(err)
	}
	return n, unreadable(err)
}

// nextBlocks reads whole blocks and counts the text that they say they hold, which decoding checks.
func (s *Source) nextBlocks(p *Piece, size int) (int, error) {
	total := 0
	for total < size {
		before := len(p.blocks)
		var err error
		p.blocks, err = bgzf.ReadBlock(s.raw, p.blocks)
		if err != nil {
			if errors.Is(err, io.EOF) && !s.ended {
				err = bgzf.ErrTruncated
			}
			if errors.Is(err, io.EOF) {
				return total, io.EOF
			}
			return total, damaged(err)
		}
		n := bgzf.TextSize(p.blocks[before:])
		s.ended = n == 0
		total += n
		p.ends = append(p.ends, len(p.blocks))
		p.packed = true
	}
	return total, nil
}

// damaged is the fault of a file that cannot be decompressed.
func damaged(err error) error {
	switch {
	case errors.Is(err, bgzf.ErrTruncated), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fault.New(fault.BadInput, "The compressed file is cut short: its end is missing.").
			WithHint("Copy or make the file again; bgzip -t FILE and gzip -t FILE check it.").Because(err)
	case errors.Is(err, bgzf.ErrChecksum), errors.Is(err, gzip.ErrChecksum):
		return fault.New(fault.BadInput, "The compressed file is damaged: a checksum is wrong.").WithHint("Copy or make the file again.").Because(err)
	case errors.Is(err, bgzf.ErrNotBGZF), errors.Is(err, gzip.ErrHeader):
		return fault.New(fault.BadInput, "The compressed file is damaged: there is something else among its blocks.").Because(err)
	}
	return fault.New(fault.BadInput, "The compressed file is damaged.").WithHint("Copy or make the file again.").Because(err)
}

// unreadable is the error of a source that fails.
func unreadable(err error) error {
	return fault.New(fault.Unavailable, "The input cannot be read.").Because(err)
}

// Unread puts text back before what Next gives. The source keeps it.
func (s *Source) Unread(text []byte) { s.front = append(text[:len(text):len(text)], s.front...) }

// Fail has Next return an error once the text before it was given.
func (s *Source) Fail(err error) { s.pending = err }

// Size is how many bytes of text the piece has, once Text was called.
func (p *Piece) Size() int { return len(p.text) }

// Hold gives the piece a text of its own, which it copies.
func (p *Piece) Hold(text []byte) {
	p.text, p.blocks, p.ends, p.packed = append(p.text[:0], text...), p.blocks[:0], p.ends[:0], false
}
