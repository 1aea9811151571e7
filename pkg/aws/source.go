package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"golang.org/x/sync/errgroup"

	"gas/pkg/port"
)

// source reads an object's bytes part by part and knows their sha256 and number.
type source struct {
	r    io.Reader
	sum  hash.Hash
	tree *treeHash // nil where nobody asks for it
	size int64
	want port.Put
}

// newSource promises what want says.
func newSource(r io.Reader, want port.Put) *source {
	return &source{r: r, sum: sha256.New(), want: want}
}

// next fills the buffer. last tells that there is no more: then the whole has been compared with what was promised, and fails with
// port.ErrChecksum. io.ReadFull would not do: it calls an end that came too early, as a broken upload tells it, like one that was in time.
func (s *source) next(ctx context.Context, buf []byte) (n int, last bool, err error) {
	for n < len(buf) && err == nil {
		if err = ctx.Err(); err == nil {
			var more int
			more, err = s.r.Read(buf[n:])
			n += more
		}
	}
	s.sum.Write(buf[:n])
	if s.tree != nil {
		s.tree.Write(buf[:n])
	}
	s.size += int64(n)
	switch {
	case err == io.EOF: //nolint:errorlint // a wrapped one is not the end
		return n, true, s.check()
	case err == nil && s.want.Size > 0 && s.size > s.want.Size:
		return n, false, s.check() // no need to read on
	}
	return n, false, err
}

// check compares what was read with what was promised.
func (s *source) check() error {
	switch {
	case s.want.Size > 0 && s.size != s.want.Size:
		return fmt.Errorf("%w: %d bytes came, %d were promised", port.ErrChecksum, s.size, s.want.Size)
	case s.want.SHA256 != "" && s.digest() != s.want.SHA256:
		return fmt.Errorf("%w: the sha256 is %s, not %s", port.ErrChecksum, s.digest(), s.want.SHA256)
	}
	return nil
}

func (s *source) digest() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// partSize is the length of each part but the last: 8 MiB, doubled until the promised size fits into as many parts as are allowed. Glacier wants
// a power of two.
func (s *source) partSize() int64 {
	size := int64(partBytes)
	for s.want.Size/mostParts >= size {
		size *= 2
	}
	return size
}

// first reads the first part. last tells that it is all.
func (s *source) first(ctx context.Context) (data []byte, last bool, err error) {
	size := s.partSize()
	data = make([]byte, min(size, firstBuffer(s.want.Size)))
	n, last, err := s.next(ctx, data)
	for !last && err == nil && int64(len(data)) < size { // the size was not known, and there is more
		data = append(data, make([]byte, min(int64(len(data)), size-int64(len(data))))...)
		var more int
		more, last, err = s.next(ctx, data[n:])
		n += more
	}
	return data[:n], last, err
}

// firstBuffer is how much to read at first: a promised size and one byte, so that its end is seen, or a little, which grows.
func firstBuffer(size int64) int64 {
	if size <= 0 {
		return 64 << 10
	}
	return size + 1
}

// rest sends the first part and reads on to the end, in buffers of which there is one more than are on their way. send gets a part's number from 1,
// where it begins, 0-based, and its bytes, which are good until it returns.
func (s *source) rest(ctx context.Context, first []byte, send func(ctx context.Context, n int, at int64, data []byte) error) (err error) {
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	free := make(chan []byte, partsAtOnce+1)
	buf, data, last, at := first, first, false, int64(0)
	for n := 1; err == nil && len(data) > 0; n++ {
		if n > mostParts {
			err = fmt.Errorf("%w: more than %d parts of %d bytes", port.ErrTooLarge, mostParts, len(first))
			break
		}
		used, part, from := buf, data, at
		group.Go(func() error { // waits while too many are on their way
			defer func() { free <- used }()
			return send(sending, n, from, part)
		})
		if last {
			break
		}
		at += int64(len(data))
		var length int
		buf = take(free, len(first))
		length, last, err = s.next(sending, buf)
		data = buf[:length]
	}
	if failed := group.Wait(); failed != nil {
		return failed
	}
	return err
}

// take takes a buffer that is free, or a new one.
func take(free <-chan []byte, size int) []byte {
	select {
	case buf := <-free:
		return buf
	default:
		return make([]byte, size)
	}
}
