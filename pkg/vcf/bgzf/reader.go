package bgzf

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Reader gives the text of a BGZF stream. It is not safe for concurrent use.
type Reader struct {
	src     *bufio.Reader
	seeker  io.Seeker // nil when the source cannot seek
	decoder Decoder
	block   []byte
	text    []byte
	within  int   // of text, what was read
	start   int64 // of the block of text in the file
	next    int64 // of the next block in the file
	ended   bool  // the last block read was the empty one that ends a file
}

// NewReader returns a Reader of a BGZF stream from its beginning. When src is also an io.Seeker, Seek works.
func NewReader(src io.Reader) *Reader {
	seeker, _ := src.(io.Seeker)
	return &Reader{src: bufio.NewReaderSize(src, 1<<17), seeker: seeker}
}

// Read reads text. It returns io.EOF after the block that ends a file, and ErrTruncated where the file ends without it.
func (r *Reader) Read(p []byte) (int, error) {
	for r.within == len(r.text) {
		if err := r.nextBlock(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.text[r.within:])
	r.within += n
	return n, nil
}

// Tell is the virtual offset of the next byte that Read gives.
func (r *Reader) Tell() VirtualOffset {
	if r.within == len(r.text) {
		return At(r.next, 0)
	}
	return At(r.start, r.within)
}

// Seek goes to a virtual offset. The source must be an io.Seeker.
func (r *Reader) Seek(to VirtualOffset) error {
	if r.seeker == nil {
		return errors.New("seek in a bgzip file: the source cannot seek")
	}
	if _, err := r.seeker.Seek(to.Block(), io.SeekStart); err != nil {
		return fmt.Errorf("seek in a bgzip file: %w", err)
	}
	r.src.Reset(r.seeker.(io.Reader))
	r.text, r.within, r.next, r.ended = r.text[:0], 0, to.Block(), false
	if to.Within() == 0 {
		return nil
	}
	if err := r.nextBlock(); err != nil {
		return err
	}
	if to.Within() > len(r.text) {
		return ErrDamaged
	}
	r.within = to.Within()
	return nil
}

func (r *Reader) nextBlock() error {
	block, err := ReadBlock(r.src, r.block[:0])
	r.block = block
	if errors.Is(err, io.EOF) && !r.ended {
		return ErrTruncated
	}
	if err != nil {
		return err
	}
	r.start, r.next = r.next, r.next+int64(len(block))
	r.text, err = r.decoder.Append(r.text[:0], block)
	r.within, r.ended = 0, len(r.text) == 0
	return err
}

// ReadBlock appends the next whole block to dst. It returns io.EOF where the stream ends between blocks.
func ReadBlock(src *bufio.Reader, dst []byte) ([]byte, error) {
	header, err := src.Peek(headerSize)
	if len(header) == 0 && errors.Is(err, io.EOF) {
		return dst, io.EOF
	}
	size, err := BlockSize(header)
	for wanted := 2 * headerSize; errors.Is(err, ErrTruncated) && len(header) < MaxBlock; wanted *= 2 {
		// The extra fields are longer than usual.
		before := len(header)
		var peekErr error
		if header, peekErr = src.Peek(min(wanted, src.Size())); len(header) == before {
			return dst, readError(peekErr)
		}
		size, err = BlockSize(header)
	}
	if err != nil {
		return dst, err
	}
	start := len(dst)
	dst = grow(dst, size)
	if _, err := io.ReadFull(src, dst[start:]); err != nil {
		return dst[:start], readError(err)
	}
	return dst, nil
}

// readError tells a file that is cut short from one that cannot be read.
func readError(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return fmt.Errorf("read a bgzip block: %w", err)
}
