package overlay

import (
	"bufio"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// runBytes is the size of what is sorted in memory before it is written to a temporary file.
const runBytes = 32 << 20

// bySorting carries records in any order: sorted runs go to temporary files, which are then read side by side.
func bySorting(ctx context.Context, c *compilation, to sink, dir string) (err error) {
	runs := &runSorter{dir: dir}
	defer func() { err = errors.Join(err, runs.close()) }()
	anyOrder := newOrderer(runs)
	anyOrder.seen = nil
	if err := c.readRecords(ctx, anyOrder); err != nil {
		return err
	}
	if err := anyOrder.flush(); err != nil {
		return err
	}
	return runs.emit(ctx, to, len(c.Fields))
}

// runSorter gathers rows, sorts them in runs and merges the runs.
type runSorter struct {
	dir   string
	rows  []*row
	size  int
	files []*os.File
}

func (s *runSorter) add(r *row) error {
	own := &row{
		contig: r.contig, pos: r.pos, end: r.end, refLen: r.refLen, altLen: r.altLen,
		text: slices.Clone(r.text), values: slices.Clone(r.values),
	}
	s.rows = append(s.rows, own)
	if s.size += 128 + len(own.text) + 16*len(own.values); s.size < runBytes {
		return nil
	}
	return s.spill()
}

func (s *runSorter) sort() { slices.SortStableFunc(s.rows, compareRows) }

// spill writes the rows in memory as a sorted run.
func (s *runSorter) spill() error {
	s.sort()
	file, err := os.CreateTemp(s.dir, ".gasdb-run-*")
	if err != nil {
		return fmt.Errorf("make temporary file: %w", err)
	}
	// The file has no name from here on: it vanishes with the process.
	s.files = append(s.files, file)
	if err := os.Remove(file.Name()); err != nil {
		return fmt.Errorf("unlink temporary file: %w", err)
	}
	buffered := bufio.NewWriterSize(file, 1<<18)
	var encoded []byte
	for _, r := range s.rows {
		encoded = r.appendTo(encoded[:0])
		if _, err := buffered.Write(encoded); err != nil {
			return fmt.Errorf("write temporary file: %w", err)
		}
	}
	s.rows, s.size = s.rows[:0], 0
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write temporary file: %w", err)
	}
	return nil
}

// emit passes on all rows in order.
func (s *runSorter) emit(ctx context.Context, to sink, fields int) error {
	s.sort()
	var queue runQueue
	for i, file := range s.files {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("rewind temporary file: %w", err)
		}
		queue = append(queue, &run{number: i, from: bufio.NewReaderSize(file, 1<<16)})
	}
	queue = append(queue, &run{number: len(s.files), rest: s.rows})
	queue = slices.DeleteFunc(queue, func(r *run) bool { return !r.advance(fields) })
	heap.Init(&queue)
	for n := 0; len(queue) > 0; n++ {
		if n%8192 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		first := queue[0]
		if err := to.add(first.current); err != nil {
			return err
		}
		switch {
		case first.advance(fields):
			heap.Fix(&queue, 0)
		case first.err != nil:
			return first.err
		default:
			heap.Pop(&queue)
		}
	}
	return nil
}

func (s *runSorter) close() error {
	var err error
	for _, file := range s.files {
		err = errors.Join(err, file.Close())
	}
	return err
}

// run is one sorted run: a temporary file, or rows in memory.
type run struct {
	number  int
	from    *bufio.Reader
	rest    []*row
	buffer  row
	current *row
	err     error
}

// advance moves to the next row and reports whether there is one.
func (r *run) advance(fields int) bool {
	if r.from == nil {
		if len(r.rest) == 0 {
			return false
		}
		r.current, r.rest = r.rest[0], r.rest[1:]
		return true
	}
	r.current = &r.buffer
	err := r.buffer.readFrom(r.from, fields)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = fmt.Errorf("read temporary file: %w", err)
	}
	return err == nil
}

// runQueue is a heap of runs by their current rows; equal rows stay in the order of the file.
type runQueue []*run

func (q runQueue) Len() int { return len(q) }
func (q runQueue) Less(i, j int) bool {
	if order := compareRows(q[i].current, q[j].current); order != 0 {
		return order < 0
	}
	return q[i].number < q[j].number
}
func (q runQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *runQueue) Push(r any)   { *q = append(*q, r.(*run)) }
func (q *runQueue) Pop() any {
	last := len(*q) - 1
	r := (*q)[last]
	*q = (*q)[:last]
	return r
}

// appendTo writes a row for a temporary file.
func (r *row) appendTo(to []byte) []byte {
	for _, n := range []int{r.contig, int(r.pos), int(r.end), r.refLen, r.altLen, len(r.text)} {
		to = binary.AppendUvarint(to, uint64(n))
	}
	to = append(to, r.text...)
	for _, v := range r.values {
		to = binary.AppendVarint(to, int64(v.start))
		to = binary.AppendVarint(to, int64(v.end))
	}
	return to
}

// readFrom reads what appendTo wrote; io.EOF means that no row follows.
func (r *row) readFrom(from *bufio.Reader, fields int) error {
	var numbers [6]int
	for i := range numbers {
		n, err := binary.ReadUvarint(from)
		if err != nil {
			return err
		}
		numbers[i] = int(n)
	}
	r.reset(fields)
	r.contig, r.pos, r.end, r.refLen, r.altLen = numbers[0], uint32(numbers[1]), uint32(numbers[2]), numbers[3], numbers[4]
	r.text = slices.Grow(r.text[:0], numbers[5])[:numbers[5]]
	if _, err := io.ReadFull(from, r.text); err != nil {
		return err
	}
	for i := range r.values {
		for _, n := range []*int{&r.values[i].start, &r.values[i].end} {
			v, err := binary.ReadVarint(from)
			if err != nil {
				return err
			}
			*n = int(v)
		}
	}
	return nil
}
