package overlay

import (
	"container/heap"
	"errors"
)

// errUnsorted says that the records of a file do not lie in the order of contigs and positions.
var errUnsorted = errors.New("the records are not sorted")

// orderer puts the rows of a sorted file into the order of their own positions: trimmed ones may be larger than POS, those moved to the left less. It holds rows
// back until POS has passed them by as far as one may be moved.
type orderer struct {
	to       sink
	pending  rowHeap
	free     []*row
	contig   int
	position uint32 // POS of the last record
	reach    uint32 // how far to the left of POS a row may lie, in bases
	pushed   int64
	seen     map[int]bool // contigs so far; nil where any order will do
}

func newOrderer(to sink) *orderer {
	return &orderer{to: to, contig: -1, seen: make(map[int]bool)}
}

// begin tells that a record at a contig and POS follows, and passes on the rows before it.
func (o *orderer) begin(contig int, pos uint32) error {
	if o.seen == nil {
		o.contig = contig
		return o.flush()
	}
	if contig != o.contig {
		if o.seen[contig] {
			return errUnsorted
		}
		if err := o.flush(); err != nil {
			return err
		}
		o.contig, o.seen[contig] = contig, true
	} else if pos < o.position {
		return errUnsorted
	}
	o.position = pos
	return o.release(pos - min(pos, o.reach))
}

// row returns an empty row to fill, which push takes back.
func (o *orderer) row() *row {
	if n := len(o.free); n > 0 {
		r := o.free[n-1]
		o.free = o.free[:n-1]
		return r
	}
	return new(row)
}

func (o *orderer) push(r *row) error {
	o.pushed++
	r.order = o.pushed
	heap.Push(&o.pending, r)
	return nil
}

// release passes on the rows before a position of the current contig.
func (o *orderer) release(before uint32) error {
	for len(o.pending) > 0 && o.pending[0].pos < before {
		if err := o.pop(); err != nil {
			return err
		}
	}
	return nil
}

// flush passes on every row that is held back.
func (o *orderer) flush() error {
	for len(o.pending) > 0 {
		if err := o.pop(); err != nil {
			return err
		}
	}
	return nil
}

func (o *orderer) pop() error {
	r := heap.Pop(&o.pending).(*row)
	err := o.to.add(r)
	o.free = append(o.free, r)
	return err
}

// rowHeap is a heap of rows by compareRows, equal ones in the order of the file.
type rowHeap []*row

func (h rowHeap) Len() int { return len(h) }
func (h rowHeap) Less(i, j int) bool {
	if order := compareRows(h[i], h[j]); order != 0 {
		return order < 0
	}
	return h[i].order < h[j].order
}
func (h rowHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *rowHeap) Push(r any)   { *h = append(*h, r.(*row)) }
func (h *rowHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}

// merger passes on rows in order, those of the same allele as one. Intervals are never merged.
type merger struct {
	to     sink
	fields []Field
	held   row
	holds  bool
}

func (m *merger) add(r *row) error {
	if m.holds && r.end == 0 && compareRows(&m.held, r) == 0 {
		m.held.merge(r, m.fields)
		return nil
	}
	if err := m.flush(); err != nil {
		return err
	}
	m.held.contig, m.held.pos, m.held.end, m.held.refLen, m.held.altLen = r.contig, r.pos, r.end, r.refLen, r.altLen
	m.held.text = append(m.held.text[:0], r.text...)
	m.held.values = append(m.held.values[:0], r.values...)
	m.holds = true
	return nil
}

func (m *merger) flush() error {
	if !m.holds {
		return nil
	}
	m.holds = false
	return m.to.add(&m.held)
}
