package results

import (
	"encoding/binary"
	"math"
	"sort"

	"gas/pkg/results/filter"
)

// compareNumbers judges the rows of a column of numbers. A comparison is a union of ranges, and those are turned into what the column holds, so that a row costs two
// comparisons of integers.
func compareNumbers(s rowSet, col *column, c *filter.Comparison) {
	if c.Missing {
		markNumbers(s, col.rows, func(row int) bool { return isMissingNumber(col.number(row)) == (c.Op == filter.Equal) })
		return
	}
	ranges := c.Ranges()
	if len(ranges) > 8 { // a long list of numbers
		markNumbers(s, col.rows, func(row int) bool { return c.TestNumber(col.number(row)) })
		return
	}
	for _, r := range ranges {
		markRange(s, col, r)
	}
}

// markRange adds the rows within a range.
func markRange(s rowSet, col *column, r filter.Range) {
	switch col.encoding {
	case encodingDecimal:
		markDecimals(s, col, r)
	case encodingPositions:
		markPositions(s, col, r)
	default:
		markNumbers(s, col.rows, func(row int) bool { n := col.number(row); return n >= r.Low && n <= r.High })
	}
}

func markNumbers(s rowSet, rows int, passes func(row int) bool) {
	for row := range rows {
		if passes(row) {
			s[row/64] |= 1 << (row % 64)
		}
	}
}

// markDecimals is markRange for integers of a common power of ten. Those that are within are found by halving: a larger integer is never a smaller number.
func markDecimals(s rowSet, col *column, r filter.Range) {
	number := func(i int) float64 { return float64(int64(i)+decimalText+1) / powers[col.count] }
	const integers = math.MaxInt32 - decimalText
	low := sort.Search(integers, func(i int) bool { return number(i) >= r.Low })
	high := sort.Search(integers, func(i int) bool { return number(i) > r.High })
	if low >= high {
		return
	}
	first, width := uint32(int64(low)+decimalText+1), uint32(high-low)
	for row := range col.rows {
		if binary.LittleEndian.Uint32(col.text[4*row:])-first < width {
			s[row>>6] |= 1 << (row & 63)
		}
	}
}

// markPositions is markRange for POS.
func markPositions(s rowSet, col *column, r filter.Range) {
	low, high := max(math.Ceil(r.Low), 0), min(math.Floor(r.High), math.MaxUint32)
	if low > high {
		return
	}
	first, width := uint32(low), uint64(high-low)+1
	for row := range col.rows {
		if uint64(binary.LittleEndian.Uint32(col.text[4*row:])-first) < width {
			s[row>>6] |= 1 << (row & 63)
		}
	}
}
