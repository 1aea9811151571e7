package overlay

import (
	"bytes"
	"slices"
)

// intervalFinder finds the intervals that overlap the bases of REF.
type intervalFinder struct {
	walk
	hits []place
	seen [][2]int // values that were appended: start and end in the text
}

func (f *intervalFinder) matches(pos uint32, ref []byte, _ []allele) bool {
	f.hits = f.hits[:0]
	end := pos
	if isSequence(ref) {
		end = pos + uint32(len(ref)) - 1
	}
	for number := f.firstReaching(pos); number < f.blocks.end; number++ {
		if f.db.blocks[number].first > end || !f.load(number) {
			break
		}
		row := rowReaching(&f.block, pos)
		for ; row < f.block.rows && f.block.position(row) <= end; row++ {
			if f.block.end(row) >= pos {
				f.hits = append(f.hits, place{number, row})
			}
		}
	}
	return len(f.hits) > 0
}

// firstReaching returns the first block of the contig in which an interval may reach a position.
func (f *intervalFinder) firstReaching(pos uint32) int {
	low, high := f.blocks.start, f.blocks.end
	for low < high {
		if middle := int(uint(low+high) >> 1); f.db.blocks[middle].reach < pos {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// rowReaching returns the first row of a block up to which an interval of the contig reaches a position.
func rowReaching(b *block, pos uint32) int {
	low, high := 0, b.rows
	for low < high {
		if middle := int(uint(low+high) >> 1); b.reach(middle) < pos {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// appendValue appends the distinct values of all intervals, in their order, separated by commas.
func (f *intervalFinder) appendValue(to []byte, field, _ int) []byte {
	f.seen = f.seen[:0]
	begin := len(to)
	for _, hit := range f.hits {
		if !f.load(hit.block) {
			return to
		}
		before := len(to)
		if before > begin {
			to = append(to, ',')
		}
		start := len(to)
		to = f.block.columns[field].appendValue(to, hit.row)
		value := to[start:]
		known := func(s [2]int) bool { return bytes.Equal(to[s[0]:s[1]], value) }
		if len(value) == 0 || slices.ContainsFunc(f.seen, known) {
			to = to[:before]
			continue
		}
		f.seen = append(f.seen, [2]int{start, len(to)})
	}
	return to
}
