package annotate

import (
	"context"
	"io"
	"os"
)

// interruptible is a reader whose reads end with a context, even those that block. The source is read into a buffer of its own, by a goroutine that
// lasts as long as the read does.
type interruptible struct {
	ctx    context.Context
	src    io.Reader
	buffer []byte
	done   chan readResult
}

type readResult struct {
	n   int
	err error
}

// readSize is how many bytes are read at a time.
const readSize = 256 << 10

// interrupt makes a reader interruptible, but for regular files, whose reads do not block.
func interrupt(ctx context.Context, src io.Reader) io.Reader {
	if f, ok := src.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return src
		}
	}
	return &interruptible{ctx: ctx, src: src, buffer: make([]byte, readSize), done: make(chan readResult, 1)}
}

func (r *interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	part := r.buffer[:min(len(p), len(r.buffer))]
	go func() {
		n, err := r.src.Read(part)
		r.done <- readResult{n, err}
	}()
	select {
	case result := <-r.done:
		copy(p, part[:result.n])
		return result.n, result.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}
