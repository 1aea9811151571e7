package bgzf

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
)

// runText is how much text a Writer gives to one goroutine at a time: a whole number of blocks.
const runText = 8 * MaxPayload

// WriterOptions say how a Writer works.
type WriterOptions struct {
	Level   int           // of compression, 0 to 9
	Threads int           // goroutines that compress, at least 1
	Slots   chan struct{} // when not nil, a goroutine sends to it before it computes and receives from it afterwards: a limit shared with others
}

// Writer compresses what is written to it into a BGZF stream, in parallel. Its blocks hold MaxPayload bytes of text each, but for the last: the
// same text gives the same bytes, whatever the number of threads and the sizes of the writes.
//
// A Writer is used by one goroutine and must be closed or aborted.
type Writer struct {
	out     io.Writer
	free    chan *run
	jobs    chan *run
	ordered chan *run
	workers sync.WaitGroup
	written chan struct{} // closed when the last run was written
	current *run
	text    int64 // bytes that were taken

	mu      sync.Mutex
	err     error
	offset  int64   // of the next block in the file
	offsets []int64 // of every block in the file
}

// run is some blocks' text on its way.
type run struct {
	text   []byte
	blocks []byte
	sizes  []int
	done   chan struct{}
}

var errClosed = errors.New("write to a closed bgzip writer")

// NewWriter returns a Writer to out.
func NewWriter(out io.Writer, o WriterOptions) (*Writer, error) {
	threads := max(1, o.Threads)
	runs := threads + 2
	w := &Writer{out: out, free: make(chan *run, runs), jobs: make(chan *run, runs), ordered: make(chan *run, runs), written: make(chan struct{})}
	encoders := make([]*Encoder, threads)
	for i := range encoders {
		var err error
		if encoders[i], err = NewEncoder(o.Level); err != nil {
			return nil, err
		}
	}
	for range runs {
		w.free <- &run{done: make(chan struct{}, 1)}
	}
	for _, e := range encoders {
		w.workers.Go(func() { w.compress(e, o.Slots) })
	}
	go w.drain()
	return w, nil
}

// Write takes a copy of p.
func (w *Writer) Write(p []byte) (int, error) {
	if w.jobs == nil {
		return 0, errClosed
	}
	n := len(p)
	w.text += int64(n)
	for len(p) > 0 {
		if w.current == nil {
			w.current = <-w.free
			if cap(w.current.text) == 0 {
				w.current.text = make([]byte, 0, runText)
			}
		}
		take := min(len(p), runText-len(w.current.text))
		w.current.text = append(w.current.text, p[:take]...)
		p = p[take:]
		if len(w.current.text) == runText {
			if err := w.send(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// send gives the current run to the goroutines.
func (w *Writer) send() error {
	r := w.current
	w.current = nil
	w.ordered <- r
	w.jobs <- r
	return w.failure()
}

// compress makes blocks of one run after another.
func (w *Writer) compress(e *Encoder, slots chan struct{}) {
	for r := range w.jobs {
		if slots != nil {
			slots <- struct{}{}
		}
		r.blocks, r.sizes = r.blocks[:0], r.sizes[:0]
		for text := r.text; len(text) > 0; {
			n := min(len(text), MaxPayload)
			before := len(r.blocks)
			r.blocks = e.Append(r.blocks, text[:n])
			r.sizes = append(r.sizes, len(r.blocks)-before)
			text = text[n:]
		}
		if slots != nil {
			<-slots
		}
		r.done <- struct{}{}
	}
}

// drain writes the runs in their order.
func (w *Writer) drain() {
	defer close(w.written)
	for r := range w.ordered {
		<-r.done
		if w.failure() == nil {
			if _, err := w.out.Write(r.blocks); err != nil {
				w.fail(fmt.Errorf("write bgzip blocks: %w", err))
			}
			for _, size := range r.sizes {
				w.offsets = append(w.offsets, w.offset)
				w.offset += int64(size)
			}
		}
		r.text = r.text[:0]
		w.free <- r
	}
}

func (w *Writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

func (w *Writer) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close writes what is left and the block that ends the file.
func (w *Writer) Close() error {
	if w.jobs == nil {
		return errClosed
	}
	if w.current != nil && len(w.current.text) > 0 {
		_ = w.send() // its error is met again below
	}
	w.stop()
	if err := w.failure(); err != nil {
		return err
	}
	if _, err := io.WriteString(w.out, EOF); err != nil {
		return fmt.Errorf("write the last bgzip block: %w", err)
	}
	return nil
}

// Abort ends the goroutines without completing the file. After Close it does nothing.
func (w *Writer) Abort() {
	if w.jobs != nil {
		w.fail(errClosed)
		w.stop()
	}
}

func (w *Writer) stop() {
	close(w.jobs)
	close(w.ordered)
	w.workers.Wait()
	<-w.written
	w.jobs, w.free = nil, nil // the buffers go
}

// VirtualOffset is where the byte of the whole text at the given offset lies in the file. It may be asked after Close, for offsets up to the
// text's length.
func (w *Writer) VirtualOffset(text int64) VirtualOffset {
	block := int(text / MaxPayload)
	if block >= len(w.offsets) {
		return At(w.offset, 0)
	}
	return At(w.offsets[block], int(text%MaxPayload))
}

// Blocks are where the blocks of the file begin, in the file and in its text, the one that ends the file too. It may be asked after Close.
func (w *Writer) Blocks() iter.Seq2[int64, int64] {
	return func(yield func(file, text int64) bool) {
		for i, offset := range w.offsets {
			if !yield(offset, int64(i)*MaxPayload) {
				return
			}
		}
		yield(w.offset, w.text)
	}
}
