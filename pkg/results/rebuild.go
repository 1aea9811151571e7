package results

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"gas/pkg/fault"
)

// Rebuild makes the index of a result that has none: a VCF annotated by GAS, compressed by bgzip or plain. What it writes answers as an index that was written with the result.
func Rebuild(ctx context.Context, result io.ReaderAt, size int64, to io.Writer) error {
	if err := rebuild(ctx, result, size, to); err != nil {
		return fmt.Errorf("rebuild the index of a result: %w", err)
	}
	return nil
}

// pieceSize is how much text one piece of Rebuild has, about.
const pieceSize = 4 << 20

func rebuild(ctx context.Context, result io.ReaderAt, size int64, to io.Writer) error {
	text, err := openText(result, size)
	if err != nil {
		return err
	}
	reader := text.reader(0)
	header, rest, err := readHeader(reader)
	if err != nil {
		return err
	}
	w := NewWriter(to)
	if err := w.Begin(header); err != nil {
		return err
	}
	if err := w.fill(ctx, rest, reader); err != nil {
		return err
	}
	return w.Close(size, text.places)
}

// readHeader reads a result up to the end of its header, and a little further.
func readHeader(from io.Reader) (header, rest []byte, err error) {
	var text []byte
	chunk := make([]byte, 1<<16)
	for {
		n, err := from.Read(chunk)
		text = append(text, chunk[:n]...)
		if header, found := headerOf(text); found {
			return header, text[len(header):], nil
		}
		if err != nil || len(text) > 64<<20 {
			return nil, nil, fault.New(fault.BadInput, "The result has no header of a VCF.").Because(err)
		}
	}
}

// filling is a piece of text and what becomes of it.
type filling struct {
	text []byte
	done chan error
	*Piece
}

// fill cuts the records into pieces, which goroutines turn into rows, and puts them out in their order.
func (w *Writer) fill(ctx context.Context, rest []byte, from io.Reader) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan *filling, runtime.GOMAXPROCS(0))
	failed := make(chan error, 1)
	go func() {
		defer close(queue)
		failed <- cutPieces(ctx, rest, from, func(text []byte) bool {
			f := &filling{text: text, done: make(chan error, 1), Piece: w.Piece()}
			go func() { f.done <- f.lines() }()
			select {
			case queue <- f:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	var first error
	for f := range queue {
		err := <-f.done
		if first == nil && err == nil {
			err = f.Finish()
		}
		if first == nil && err != nil {
			first = err
			stop()
		}
	}
	if err := <-failed; first == nil {
		first = err
	}
	return first
}

// lines adds every line of a piece.
func (f *filling) lines() error {
	for text := f.text; len(text) > 0; {
		end := bytes.IndexByte(text, '\n') + 1
		if end == 0 {
			end = len(text)
		}
		if err := f.Line(text[:end]); err != nil {
			return fault.New(fault.BadInput, "The result has a line that is no record.").Because(err)
		}
		text = text[end:]
	}
	return nil
}

// cutPieces reads text and cuts it at ends of lines. It ends when a piece is not taken.
func cutPieces(ctx context.Context, rest []byte, from io.Reader, take func([]byte) bool) error {
	for {
		piece := append(make([]byte, 0, pieceSize+len(rest)), rest...)
		n, err := io.ReadFull(from, piece[len(piece):cap(piece)])
		piece = piece[:len(piece)+n]
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		end := len(piece)
		if !ended {
			end = bytes.LastIndexByte(piece, '\n') + 1
		}
		rest = append([]byte(nil), piece[end:]...)
		if end > 0 && !take(piece[:end]) {
			return context.Cause(ctx)
		}
		if ended {
			return nil
		}
	}
}
