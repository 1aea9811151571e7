package results

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"gas/pkg/results/filter"
)

// rowSet is a set of the rows of a block, one bit for each.
type rowSet []uint64

func newRowSet(rows int) rowSet { return make(rowSet, (rows+63)/64) }

func (s rowSet) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s rowSet) has(row int) bool { return s[row/64]>>(row%64)&1 == 1 }

func (s rowSet) and(o rowSet) {
	for i := range s {
		s[i] &= o[i]
	}
}

func (s rowSet) or(o rowSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

// fill puts all rows in.
func (s rowSet) fill(rows int) {
	for i := range s {
		s[i] = ^uint64(0)
	}
	if rest := rows % 64; rest > 0 {
		s[len(s)-1] = 1<<rest - 1
	}
}

// invert takes the other rows.
func (s rowSet) invert(rows int) {
	for i := range s {
		s[i] = ^s[i]
	}
	if rest := rows % 64; rest > 0 {
		s[len(s)-1] &= 1<<rest - 1
	}
}

// evaluator judges filters on one block.
type evaluator struct {
	index  *Index
	number int
	block  block
}

// rows returns the rows of the block that pass.
func (v *evaluator) rows(e filter.Expr) (rowSet, error) {
	switch e := e.(type) {
	case *filter.And:
		return v.joined(e.Terms, rowSet.and)
	case *filter.Or:
		return v.joined(e.Terms, rowSet.or)
	case *filter.Not:
		s, err := v.rows(e.Term)
		if err == nil {
			s.invert(v.block.rows)
		}
		return s, err
	case *filter.Comparison:
		return v.compare(e)
	}
	s := newRowSet(v.block.rows)
	s.fill(v.block.rows)
	return s, nil
}

func (v *evaluator) joined(terms []filter.Expr, join func(rowSet, rowSet)) (rowSet, error) {
	all, err := v.rows(terms[0])
	for _, term := range terms[1:] {
		if err != nil {
			return nil, err
		}
		var s rowSet
		if s, err = v.rows(term); err == nil {
			join(all, s)
		}
	}
	return all, err
}

func (v *evaluator) compare(c *filter.Comparison) (rowSet, error) {
	s := newRowSet(v.block.rows)
	switch at, kept := v.index.schema.columns[c.Field.Name]; {
	case c.Field.Name == fieldPos:
		positions := column{encoding: encodingPositions, rows: v.block.rows, text: v.block.positions}
		compareNumbers(s, &positions, c)
	case c.Field.Type == filter.Region:
		v.compareRegion(s, c)
	case kept:
		if col, marks, sparse := v.block.sparse(at); sparse {
			compareSparse(s, &col, marks, v.block.rows, c)
			break
		}
		col := v.block.column(at)
		compareColumn(s, &col, v.block.rows, c)
	default:
		return s, v.compareGenotype(s, c)
	}
	return s, nil
}

// compareColumn judges each value of a dictionary once, then the rows by their codes; numbers and texts that hardly repeat row by row.
func compareColumn(s rowSet, col *column, rows int, c *filter.Comparison) {
	switch {
	case col.encoding == encodingText:
		compareTexts(s, col, c)
	case col.isNumbers():
		compareNumbers(s, col, c)
	case col.encoding == encodingMissing:
		if c.Test(nil) {
			s.fill(rows)
		}
	default:
		compareCodes(s, col, rows, judgeDictionary(col, c))
	}
}

// compareSparse judges the rows that have a value, and all others at once.
func compareSparse(s rowSet, col *column, marks []byte, rows int, c *filter.Comparison) {
	passing := newRowSet(col.rows)
	compareColumn(passing, col, col.rows, c)
	deposit(s, passing, marks)
	if !c.Test(nil) {
		return
	}
	absent := newRowSet(rows)
	for i := range absent {
		absent[i] = binary.LittleEndian.Uint64(marks[8*i:])
	}
	absent.invert(rows)
	s.or(absent)
}

// compareTexts judges the rows of a column of texts. Where a comparison can hold only for values that hold a certain text, that is looked for in all of them at once.
func compareTexts(s rowSet, col *column, c *filter.Comparison) {
	t := col.texts()
	defer t.release()
	needle := c.Needle()
	if len(needle) == 0 {
		for row := range t.ends {
			if c.Test(t.of(row)) {
				s[row/64] |= 1 << (row % 64)
			}
		}
		return
	}
	for row, at := 0, 0; ; {
		found := bytes.Index(t.text[at:], needle)
		if found < 0 {
			return
		}
		for at += found; int(t.ends[row]) <= at; row++ {
		}
		if value := t.of(row); c.Test(value) {
			s[row/64] |= 1 << (row % 64)
		}
		at = int(t.ends[row])
	}
}

// judgeDictionary judges every value of a dictionary: element 0 is the missing value.
func judgeDictionary(col *column, c *filter.Comparison) []uint8 {
	passes := make([]uint8, col.count+1)
	for code := range passes {
		var value []byte
		if code > 0 {
			value = col.entry(code - 1)
		}
		if c.Test(value) {
			passes[code] = 1
		}
	}
	return passes
}

func compareCodes(s rowSet, col *column, rows int, passes []uint8) {
	if bytes.IndexByte(passes, 1) < 0 {
		return
	}
	if col.encoding == encodingConstant {
		if passes[1] == 1 {
			s.fill(rows)
		}
		return
	}
	if col.tuples != nil {
		passes = col.passesOfTuples(passes)
	}
	if col.encoding == encodingDict8 {
		var table [256]uint8
		copy(table[:], passes)
		for row, code := range col.codes[:rows] {
			s[row>>6] |= uint64(table[code]) << (row & 63)
		}
		return
	}
	for row := range rows {
		code := int(binary.LittleEndian.Uint16(col.codes[2*row:]))
		if code < len(passes) {
			s[row>>6] |= uint64(passes[code]) << (row & 63)
		}
	}
}

// compareRegion takes the rows whose REF shares a base with one of the regions.
func (v *evaluator) compareRegion(s rowSet, c *filter.Comparison) {
	if c.Missing {
		if c.Op == filter.NotEqual {
			s.fill(v.block.rows)
		}
		return
	}
	chrom, ref := v.block.column(columnChrom), v.block.column(columnRef)
	for _, region := range c.Regions() {
		onContig := make([]bool, chrom.count+1)
		any := false
		for code := 1; code <= chrom.count; code++ {
			onContig[code] = filter.SameContig(string(chrom.entry(code-1)), region.Contig)
			any = any || onContig[code]
		}
		for row := 0; any && row < v.block.rows; row++ {
			pos := v.block.position(row)
			if pos > region.End || !onContig[chrom.code(row)] {
				continue
			}
			if pos >= region.Start || uint64(pos)+uint64(max(len(ref.value(row)), 1)) > uint64(region.Start) {
				s[row/64] |= 1 << (row % 64)
			}
		}
	}
	if c.Op == filter.NotEqual {
		s.invert(v.block.rows)
	}
}

// compareGenotype reads the genotypes of a sample that the index does not keep from the result.
func (v *evaluator) compareGenotype(s rowSet, c *filter.Comparison) error {
	sample := -1
	for i, name := range v.index.about.Samples {
		if "gt."+name == c.Field.Name {
			sample = i
		}
	}
	lines := v.index.lines()
	for row := range v.block.rows {
		r, err := lines.at(v.number, &v.block, row)
		if err != nil {
			return err
		}
		class := genotypeMissing
		r.genotypes(sample+1, func(i int, gt []byte) {
			if i == sample {
				class = genotypeClass(gt, v.block.allele(row)+1)
			}
		})
		if c.Test(class) {
			s[row/64] |= 1 << (row % 64)
		}
	}
	return nil
}
