package overlay

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"gas/pkg/fault"
)

// longestLine is the longest line of a database that is read, in bytes.
const longestLine = 64 << 20

// textSource reads a database's lines from a plain, gzip or bgzip file, inflating ahead of its reader, and takes the file's digest on the way.
type textSource struct {
	path   string
	file   *os.File
	digest hash.Hash
	raw    io.Reader // the file, through the digest
	lines  *bufio.Scanner
	stop   context.CancelFunc
	number int64 // of the line that was read last, 1-based
}

func openText(ctx context.Context, path string) (*textSource, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "There is no database file %s.", path).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	s := &textSource{path: path, file: file, digest: sha256.New()}
	ctx, s.stop = context.WithCancel(ctx)
	buffered := bufio.NewReaderSize(io.TeeReader(file, s.digest), 1<<18)
	s.raw = buffered
	var text io.Reader = buffered
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		inflated, err := gzip.NewReader(buffered)
		if err != nil {
			s.close()
			return nil, fault.New(fault.BadInput, "The database %s is not a gzip file that can be read.", filepath.Base(path)).Because(err)
		}
		text = readAhead(ctx, inflated)
	}
	s.lines = bufio.NewScanner(text)
	s.lines.Buffer(make([]byte, 1<<18), longestLine)
	return s, nil
}

// next returns the next line without its end, false at the end of the file or after an error. The line is valid until the next call.
func (s *textSource) next() ([]byte, bool) {
	if !s.lines.Scan() {
		return nil, false
	}
	s.number++
	return bytes.TrimSuffix(s.lines.Bytes(), []byte{'\r'}), true
}

// finish returns the error that ended the reading, nil at the true end of the file, and fills in the source's size and digest.
func (s *textSource) finish(to *Source) error {
	if err := s.lines.Err(); err != nil {
		return fault.At(s.number+1, 0, "The database %s cannot be read on from here.", filepath.Base(s.path)).Because(err)
	}
	if _, err := io.Copy(io.Discard, s.raw); err != nil {
		return fmt.Errorf("read database %s: %w", s.path, err)
	}
	info, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("size of database %s: %w", s.path, err)
	}
	to.Size, to.SHA256 = info.Size(), hex.EncodeToString(s.digest.Sum(nil))
	return nil
}

func (s *textSource) close() {
	s.stop()
	_ = s.file.Close()
}

// readAhead reads from a reader in a goroutine of its own, until its end or the context's.
func readAhead(ctx context.Context, from io.Reader) io.Reader {
	ahead := &aheadReader{full: make(chan chunk, 4), empty: make(chan []byte, 4), ctx: ctx}
	for range cap(ahead.empty) {
		ahead.empty <- make([]byte, 1<<18)
	}
	go ahead.fill(from)
	return ahead
}

// aheadReader hands chunks from the goroutine that inflates to the one that parses.
type aheadReader struct {
	ctx     context.Context
	full    chan chunk
	empty   chan []byte
	current chunk
	rest    []byte
}

type chunk struct {
	buffer []byte
	length int
	err    error
}

func (a *aheadReader) fill(from io.Reader) {
	defer close(a.full)
	for {
		var c chunk
		select {
		case c.buffer = <-a.empty:
		case <-a.ctx.Done():
			return
		}
		c.length, c.err = io.ReadFull(from, c.buffer)
		if errors.Is(c.err, io.ErrUnexpectedEOF) && c.length < len(c.buffer) {
			c.err = shortRead(from)
		}
		select {
		case a.full <- c:
		case <-a.ctx.Done():
			return
		}
		if c.err != nil {
			return
		}
	}
}

// shortRead tells the end of a gzip file from one that is cut off: the reader repeats the error that ended it.
func shortRead(from io.Reader) error {
	_, err := from.Read(make([]byte, 1))
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (a *aheadReader) Read(to []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.current.err != nil {
			return 0, a.current.err
		}
		if a.current.buffer != nil {
			a.empty <- a.current.buffer
		}
		next, ok := <-a.full
		if !ok {
			if err := a.ctx.Err(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		a.current, a.rest = next, next.buffer[:next.length]
	}
	n := copy(to, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}
