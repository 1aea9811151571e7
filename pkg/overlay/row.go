package overlay

import (
	"bytes"
	"cmp"
)

// span is a piece of a row's text; a negative start means a missing value.
type span struct{ start, end int }

var missing = span{-1, -1}

// row is one alternative allele of a database, or one interval of a BED file, with its values.
type row struct {
	contig int
	pos    uint32 // 1-based position of the first trimmed base, or of the interval's first base
	end    uint32 // of an interval: 1-based position of its last base; 0 for an allele
	refLen int    // the text begins with the trimmed REF and ALT
	altLen int
	text   []byte
	values []span // one for each field
	order  int64  // in the file
}

func (r *row) ref() []byte { return r.text[:r.refLen] }
func (r *row) alt() []byte { return r.text[r.refLen : r.refLen+r.altLen] }

// value returns the value of a field, nil where it is missing.
func (r *row) value(field int) []byte {
	s := r.values[field]
	if s.start < 0 {
		return nil
	}
	return r.text[s.start:s.end]
}

// reset empties a row and leaves it with room for the values of n fields, all missing.
func (r *row) reset(n int) {
	r.text, r.values = r.text[:0], r.values[:0]
	for range n {
		r.values = append(r.values, missing)
	}
	r.end, r.refLen, r.altLen = 0, 0, 0
}

func (r *row) setAlleles(ref, alt []byte) {
	r.text = append(append(r.text[:0], ref...), alt...)
	for i, b := range r.text {
		if b >= 'a' && b <= 'z' {
			r.text[i] = b - 0x20
		}
	}
	r.refLen, r.altLen = len(ref), len(alt)
}

// setValue stores a field's value; an empty one and `.` are missing.
func (r *row) setValue(field int, value []byte) {
	if len(value) == 0 || len(value) == 1 && value[0] == '.' {
		r.values[field] = missing
		return
	}
	start := len(r.text)
	r.text = append(r.text, value...)
	r.values[field] = span{start, len(r.text)}
}

// compareRows orders rows by contig, position, end and alleles.
func compareRows(a, b *row) int {
	return cmp.Or(cmp.Compare(a.contig, b.contig), cmp.Compare(a.pos, b.pos), cmp.Compare(a.end, b.end),
		bytes.Compare(a.ref(), b.ref()), bytes.Compare(a.alt(), b.alt()))
}

// merge takes over what a further row of the same allele says: of a number or a flag the first value stays, distinct texts are joined by `&`.
func (r *row) merge(other *row, fields []Field) {
	for i := range fields {
		theirs, ours := other.value(i), r.value(i)
		switch {
		case theirs == nil || fields[i].numeric() && ours != nil:
		case ours == nil:
			r.setValue(i, theirs)
		case !hasPart(ours, theirs):
			joined := append(append(bytes.Clone(ours), '&'), theirs...)
			r.setValue(i, joined)
		}
	}
}

// hasPart reports whether a value is one of the parts of another that are joined by `&`.
func hasPart(joined, value []byte) bool {
	for part := range bytes.SplitSeq(joined, []byte("&")) {
		if bytes.Equal(part, value) {
			return true
		}
	}
	return false
}

// sink takes rows one after the other. A row is the sink's only during the call.
type sink interface {
	add(*row) error
}
