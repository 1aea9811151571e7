package results

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"

	"sync/atomic"

	"gas/pkg/fault"
)

// Change is one field of a row that two results of the same file do not agree on.
type Change struct {
	Field  string `json:"field"`
	Before any    `json:"before"` // as Cell has it: a string, a number, true, or null where it is missing
	After  any    `json:"after"`
}

// ChangedVariant is a row of the newer result with what changed.
type ChangedVariant struct {
	Variant
	Changes []Change `json:"changes"`
}

// FieldChanges is how many rows changed in a field.
type FieldChanges struct {
	Field string `json:"field"`
	Count int64  `json:"count"`
}

// ChangedPage is a piece of the rows that changed, in the order of the file, with exact numbers.
type ChangedPage struct {
	Items   []ChangedVariant `json:"items"`
	Total   int64            `json:"total"`   // of rows that changed in one of the fields that were asked for
	Next    *string          `json:"next"`    // the cursor of the page behind this one, nil on the last
	All     int64            `json:"all"`     // of rows
	Fields  []FieldChanges   `json:"fields"`  // of all fields that both results have, those with most changes first
	Added   []string         `json:"added"`   // fields that only the newer result has
	Removed []string         `json:"removed"` // fields that only the older one has
	Offset  int64            `json:"offset"`
	Limit   int              `json:"limit"`
}

// comparedFields are what an annotation says of an allele; what the file itself says cannot change.
var comparedFields = []string{"gene", "transcript", "consequence", "impact", "biotype", "hgvsc", "hgvsp"}

// Changes compares two results of the same input, made with other data or options, and answers with a page of the rows that differ in one of some fields, in all of
// them where none is named. Results whose rows are not the same alleles in the same order are a fault of kind Conflict.
func Changes(ctx context.Context, before, after *Index, fields []string, q Query) (ChangedPage, error) {
	offset, err := offsetOf(q.Cursor)
	if err != nil {
		return ChangedPage{}, err
	}
	limit := min(cmp.Or(max(q.Limit, 0), DefaultLimit), MaxLimit)
	c, err := newComparison(before, after, fields)
	if err != nil {
		return ChangedPage{}, err
	}
	if err := c.run(ctx); err != nil {
		return ChangedPage{}, err
	}
	p := ChangedPage{
		Items: []ChangedVariant{}, Total: c.rows.count.Total, All: after.about.Rows, Fields: c.counts(), Added: without(after, before), Removed: without(before, after),
		Offset: offset, Limit: limit,
	}
	for _, place := range c.rows.page(offset, limit) {
		v, err := c.changed(after.first[place.block] + int64(place.row))
		if err != nil {
			return ChangedPage{}, err
		}
		p.Items = append(p.Items, v)
	}
	if end := offset + int64(len(p.Items)); end < p.Total && len(p.Items) > 0 {
		next := CursorAt(end)
		p.Next = &next
	}
	return p, nil
}

// annotated are the fields of a result that an annotation can change.
func (x *Index) annotated() []string {
	names := slices.Clone(comparedFields)
	for _, d := range x.about.Databases {
		for _, f := range d.Fields {
			names = append(names, d.Name+"."+f.ID)
		}
	}
	return names
}

// without lists the fields that one result has and another has not.
func without(x, other *Index) []string {
	known, names := other.annotated(), []string{}
	for _, name := range x.annotated() {
		if !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	return names
}

// comparison is two results on their way to a page of changes.
type comparison struct {
	before, after *Index
	fields        []comparedField
	rows          *selection // of after
	lines         [2]*lines
}

// comparedField is a field that both results have.
type comparedField struct {
	name          string
	before, after int // its columns
	asked         bool
	count         atomic.Int64
}

func newComparison(before, after *Index, asked []string) (*comparison, error) {
	if before.about.Rows != after.about.Rows {
		return nil, otherVariants()
	}
	c := &comparison{before: before, after: after, lines: [2]*lines{before.lines(), after.lines()}}
	known := after.annotated()
	for _, name := range asked {
		if !slices.Contains(known, name) {
			return nil, fault.New(fault.BadInput, "Changes of %q cannot be told. Expected some of %v.", name, known)
		}
	}
	for _, name := range known {
		if column, both := before.schema.columns[name]; both {
			c.fields = append(c.fields, comparedField{name: name, before: column, after: after.schema.columns[name], asked: len(asked) == 0 || slices.Contains(asked, name)})
		}
	}
	return c, nil
}

func otherVariants() error {
	return fault.New(fault.Conflict, "The two results are not of the same variants, so that changes cannot be told.").WithHint("Run the job again and compare the two.")
}

// run finds the rows that changed.
func (c *comparison) run(ctx context.Context) error {
	c.rows = &selection{sets: make([]rowSet, len(c.after.entries))}
	err := c.after.eachBlock(ctx, func(number int, b block) error {
		set := newRowSet(b.rows)
		c.rows.sets[number] = set
		return c.block(set, number, &b)
	})
	if err != nil {
		return err
	}
	for _, set := range c.rows.sets {
		c.rows.before = append(c.rows.before, c.rows.count.Total)
		c.rows.count.Total += int64(set.count())
	}
	c.rows.before = append(c.rows.before, c.rows.count.Total)
	return nil
}

// block compares a block of the newer result with the blocks of the older one that hold the same rows.
func (c *comparison) block(set rowSet, number int, b *block) error {
	first := c.after.first[number]
	at, found := slices.BinarySearch(c.before.first, first)
	if !found {
		at--
	}
	for row := 0; row < b.rows; at++ {
		other, err := c.before.block(at)
		if err != nil {
			return err
		}
		part := piece{set: set, after: b, before: &other, row: row, shift: int(first+int64(row)-c.before.first[at]) - row}
		part.rows = min(b.rows-row, other.rows-(row+part.shift))
		if !part.sameAlleles() {
			return otherVariants()
		}
		for i := range c.fields {
			part.compare(&c.fields[i])
		}
		row += part.rows
	}
	return nil
}

// piece is rows that lie in one block of each result: row r of the newer one is row r + shift of the older one.
type piece struct {
	set           rowSet
	before, after *block
	row, rows     int // of the newer one: where the piece begins, and how many
	shift         int
}

// each calls a function with the rows of both.
func (p *piece) each(do func(before, after int)) {
	for row := p.row; row < p.row+p.rows; row++ {
		do(row+p.shift, row)
	}
}

// sameAlleles tells whether the rows are the same alleles.
func (p *piece) sameAlleles() bool {
	same := true
	for _, column := range []int{columnChrom, columnRef, columnAlt} {
		p.differ(column, column, func(int) { same = false })
	}
	p.each(func(before, after int) { same = same && p.before.position(before) == p.after.position(after) })
	return same
}

// compare counts the rows that differ in a field, and takes them where the field was asked for.
func (p *piece) compare(f *comparedField) {
	n := int64(0)
	p.differ(f.before, f.after, func(row int) {
		n++
		if f.asked {
			p.set[row/64] |= 1 << (row % 64)
		}
	})
	f.count.Add(n)
}

// differ calls a function with each row whose values differ in a column.
func (p *piece) differ(before, after int, do func(row int)) {
	b, a := p.before.column(before), p.after.column(after)
	switch {
	case b.encoding == encodingText || a.encoding == encodingText:
		p.differentTexts(&b, &a, do)
	case b.isNumbers() && a.isNumbers():
		p.each(func(rb, ra int) {
			if x, y := b.number(rb), a.number(ra); x != y && math.Float64bits(x) != math.Float64bits(y) {
				do(ra)
			}
		})
	case b.isNumbers() || a.isNumbers(): // one of the blocks has no value of it, or the field is a text in one of the results
		p.each(func(rb, ra int) {
			if hasNumber(&b, rb) || hasNumber(&a, ra) {
				do(ra)
			}
		})
	default:
		same := sameCodes(&b, &a)
		p.each(func(rb, ra int) {
			if b.code(rb) != same[a.code(ra)] {
				do(ra)
			}
		})
	}
}

func hasNumber(c *column, row int) bool {
	if !c.isNumbers() {
		return c.code(row) > 0
	}
	return !isMissingNumber(c.number(row))
}

func (p *piece) differentTexts(b, a *column, do func(row int)) {
	before, after := b.texts(), a.texts()
	defer before.release()
	defer after.release()
	p.each(func(rb, ra int) {
		if !bytes.Equal(before.of(rb), after.of(ra)) {
			do(ra)
		}
	})
}

// sameCodes finds for each code of a dictionary that of the same text in another, -1 where there is none.
func sameCodes(to, from *column) []int {
	codes := make(map[string]int, to.count)
	for code := to.count; code > 0; code-- {
		codes[string(to.entry(code-1))] = code
	}
	same := make([]int, from.count+1)
	for code := 1; code <= from.count; code++ {
		same[code] = -1
		if other, known := codes[string(from.entry(code-1))]; known {
			same[code] = other
		}
	}
	return same
}

// counts lists how many rows changed in each field.
func (c *comparison) counts() []FieldChanges {
	list := make([]FieldChanges, len(c.fields))
	for i := range c.fields {
		list[i] = FieldChanges{c.fields[i].name, c.fields[i].count.Load()}
	}
	slices.SortStableFunc(list, func(a, b FieldChanges) int { return cmp.Compare(b.Count, a.Count) })
	return list
}

// changed reads a row of both results.
func (c *comparison) changed(row int64) (ChangedVariant, error) {
	var both [2]Variant
	for i, x := range []*Index{c.before, c.after} {
		r, allele, err := x.readRow(c.lines[i], row)
		if err != nil {
			return ChangedVariant{}, err
		}
		both[i] = r.variant(row, allele)
	}
	v := ChangedVariant{Variant: both[1], Changes: []Change{}}
	for i := range c.fields {
		name := c.fields[i].name
		if before, after := both[0].Cell(name), both[1].Cell(name); before != after {
			v.Changes = append(v.Changes, Change{name, before, after})
		}
	}
	return v, nil
}
