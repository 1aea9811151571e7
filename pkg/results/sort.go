package results

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"gas/pkg/fault"
	"gas/pkg/results/filter"
)

// rankTable gives every text of a column of dictionaries a number in the order of its field: of each block, by code. A missing value is noRank.
type rankTable [][]uint32

const noRank = math.MaxUint32

// keptRankTables is how many fields' orders are kept in memory.
const keptRankTables = 4

// sorting is an order that a person asked for.
type sorting struct {
	field   filter.Field
	column  int
	reverse bool
}

// Sortable are the fields by which rows can be sorted, beside the order of the file.
func (x *Index) Sortable() []string {
	var names []string
	for _, f := range x.schema.fields {
		if x.sortable(f) {
			names = append(names, f.Name)
		}
	}
	return names
}

func (x *Index) sortable(f filter.Field) bool {
	_, kept := x.schema.columns[f.Name]
	return f.Name == fieldPos || kept
}

// parseSort reads a field's name with a `-` before it for the reverse order. The empty text is the order of the file, and nil.
func (x *Index) parseSort(text string) (*sorting, error) {
	if text == "" {
		return nil, nil
	}
	name, reverse := strings.CutPrefix(text, "-")
	f, ok := x.schema.Field(name)
	if !ok || !x.sortable(f) {
		return nil, fault.New(fault.BadInput, "Rows cannot be sorted by %q. Expected one of %s, or one of them with - before it.", name, strings.Join(x.Sortable(), ", "))
	}
	return &sorting{field: f, column: x.schema.columns[name], reverse: reverse}, nil
}

// keying gives the key of each row of a block, the smallest first.
type keying struct {
	bits int // of a key that count
	of   func(number int, b *block) func(row int) uint64
}

// keys makes the keys of an order.
func (x *Index) keys(ctx context.Context, s *sorting) (keying, error) {
	if s.field.Name == fieldPos {
		return x.placeKeys(ctx, s.reverse)
	}
	if x.about.kindOf(s.column) == kindNumber {
		return numberKeys(s), nil
	}
	ranks, err := x.ranksOf(ctx, s.column)
	return keying{32, func(number int, b *block) func(int) uint64 {
		c := b.column(s.column)
		return func(row int) uint64 {
			rank := ranks[number][c.code(row)]
			if s.reverse && rank != noRank {
				rank = noRank - 1 - rank
			}
			return uint64(rank)
		}
	}}, err
}

// placeKeys are the keys of the order by contig, then position.
func (x *Index) placeKeys(ctx context.Context, reverse bool) (keying, error) {
	chroms, err := x.ranksOf(ctx, columnChrom)
	return keying{64, func(number int, b *block) func(int) uint64 {
		c := b.column(columnChrom)
		return func(row int) uint64 {
			key := uint64(chroms[number][c.code(row)])<<32 | uint64(b.position(row))
			if reverse {
				key = ^key
			}
			return key
		}
	}}, err
}

// numberKeys are the keys of the order of numbers. What is no number comes last, as what is missing does.
func numberKeys(s *sorting) keying {
	return keying{64, func(_ int, b *block) func(int) uint64 {
		c := b.column(s.column)
		if !c.isNumbers() {
			return func(int) uint64 { return math.MaxUint64 }
		}
		return func(row int) uint64 {
			n := c.number(row)
			switch {
			case n != n:
				return math.MaxUint64
			case s.reverse:
				return numberKey(-n)
			}
			return numberKey(n)
		}
	}}
}

// numberKey turns a number into an integer of the same order, below the greatest.
func numberKey(n float64) uint64 {
	b := math.Float64bits(n + 0) // no -0
	if b>>63 == 1 {
		return ^b
	}
	return b | 1<<63
}

// ranksOf makes the rank table of a column, or finds it among those that are kept.
func (x *Index) ranksOf(ctx context.Context, column int) (rankTable, error) {
	x.mutex.Lock()
	t := x.ranks[column]
	x.mutex.Unlock()
	if t != nil {
		return t, nil
	}
	t = make(rankTable, len(x.entries))
	order, err := x.orderOf(ctx, column)
	if err != nil {
		return nil, err
	}
	err = x.eachBlock(ctx, func(number int, b block) error {
		c := b.column(column)
		t[number] = make([]uint32, c.count+1)
		t[number][0] = noRank
		for code := 1; code <= c.count; code++ {
			t[number][code] = order[string(c.entry(code-1))]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if len(x.ranks) >= keptRankTables {
		clear(x.ranks)
	}
	x.ranks[column] = t
	return t, nil
}

// orderOf gives every text of a dictionary column its place among all.
func (x *Index) orderOf(ctx context.Context, column int) (map[string]uint32, error) {
	var mutex sync.Mutex
	seen := make(map[string]uint32)
	err := x.eachBlock(ctx, func(number int, b block) error {
		c := b.column(column)
		mutex.Lock()
		defer mutex.Unlock()
		for n := range c.count {
			at := uint32(number)<<16 | uint32(n)
			if earlier, known := seen[string(c.entry(n))]; !known || earlier > at {
				seen[string(c.entry(n))] = at
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	texts := make([]string, 0, len(seen))
	for t := range seen {
		texts = append(texts, t)
	}
	compare := textOrder(column)
	if column == columnChrom {
		// Contigs stay in the order of the file.
		compare = func(a, b string) int { return cmp.Or(cmp.Compare(seen[a], seen[b]), naturalOrder(a, b)) }
	}
	slices.SortFunc(texts, compare)
	for i, t := range texts {
		seen[t] = uint32(i)
	}
	return seen, nil
}

// textOrder is how the texts of a column are ordered.
func textOrder(column int) func(a, b string) int {
	switch column {
	case columnImpact:
		return func(a, b string) int {
			return cmp.Compare(slices.Index(filter.Impacts, a), slices.Index(filter.Impacts, b))
		}
	case columnConsequence, columnAnyConsequence:
		return func(a, b string) int { return cmp.Or(cmp.Compare(severity(a), severity(b)), strings.Compare(a, b)) }
	}
	return strings.Compare
}

// naturalOrder compares names with the numbers in them as numbers: chr2 before chr10.
func naturalOrder(a, b string) int {
	prefix := func(s string) (text string, number uint64, rest string) {
		i := strings.IndexAny(s, "0123456789")
		if i < 0 {
			return s, 0, ""
		}
		end := i
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		number, _ = strconv.ParseUint(s[i:end], 10, 64)
		return s[:i], number, s[end:]
	}
	at, an, ar := prefix(a)
	bt, bn, br := prefix(b)
	return cmp.Or(strings.Compare(at, bt), cmp.Compare(an, bn), strings.Compare(ar, br))
}

// sortedPage returns selected rows in another order than the file's, from an offset on; equal rows stay in the order of the file.
// The keys of the page's first and last row are found by counting digits, so that any page costs the same and nothing is sorted but the page.
func (x *Index) sortedPage(ctx context.Context, s *selection, by *sorting, offset int64, limit int) ([]rowPlace, error) {
	limit = int(min(int64(limit), s.count.Total-offset))
	if limit <= 0 || offset < 0 {
		return nil, nil
	}
	if by.field.Name != fieldPos && x.about.kindOf(by.column) == kindText {
		return x.textPage(ctx, s, by, offset, limit)
	}
	keys, err := x.keys(ctx, by)
	if err != nil {
		return nil, err
	}
	d := &digits{index: x, of: s, keys: keys, counts: make(map[digitPlace][]int64)}
	low, below, err := d.keyAt(ctx, offset)
	if err != nil {
		return nil, err
	}
	high, _, err := d.keyAt(ctx, offset+int64(limit)-1)
	if err != nil {
		return nil, err
	}
	return x.collect(ctx, s, keys, span{low: low, high: high, skip: offset - below, limit: limit})
}

// digits counts the digits of the keys of selected rows, 16 bits each, and keeps what it counted: the ends of a page mostly share all but the last.
type digits struct {
	index  *Index
	of     *selection
	keys   keying
	counts map[digitPlace][]int64
}

// digitPlace is a digit, by how many bits are below it, of the keys that begin with a prefix.
type digitPlace struct {
	prefix uint64
	shift  int
}

// keyAt returns the key of the row at a place in the order, and how many rows have smaller keys.
func (d *digits) keyAt(ctx context.Context, place int64) (key uint64, below int64, err error) {
	for shift := d.keys.bits - 16; shift >= 0; shift -= 16 {
		counts, err := d.count(ctx, digitPlace{key, shift})
		if err != nil {
			return 0, 0, err
		}
		digit := 0
		for ; digit < len(counts)-1 && below+counts[digit] <= place; digit++ {
			below += counts[digit]
		}
		key = key<<16 | uint64(digit)
	}
	return key, below, nil
}

// count counts how often each value of a digit is found.
func (d *digits) count(ctx context.Context, at digitPlace) ([]int64, error) {
	if counts := d.counts[at]; counts != nil {
		return counts, nil
	}
	byWorker := make([][]int64, d.index.workers())
	first := at.shift == d.keys.bits-16
	err := d.index.eachBlockBy(ctx, func(worker, number int, b block) error {
		if byWorker[worker] == nil {
			byWorker[worker] = make([]int64, 1<<16)
		}
		counts, of := byWorker[worker], d.keys.of(number, &b)
		d.of.sets[number].each(func(row int) bool {
			if k := of(row); first || k>>(at.shift+16) == at.prefix {
				counts[uint16(k>>at.shift)]++
			}
			return true
		})
		return nil
	})
	total := make([]int64, 1<<16)
	for _, counts := range byWorker {
		for digit, n := range counts {
			total[digit] += n
		}
	}
	d.counts[at] = total
	return total, err
}

// span is the rows of a page by their keys: all between low and high, of those of low the ones from number `skip` on, of those of high the first.
type span struct {
	low, high uint64
	skip      int64
	limit     int
}

// keyedRow is a row with its key.
type keyedRow struct {
	key uint64
	rowPlace
}

// collect returns the rows of a span in its order.
func (x *Index) collect(ctx context.Context, s *selection, keys keying, want span) ([]rowPlace, error) {
	before, err := x.countBefore(ctx, s, keys, want)
	if err != nil {
		return nil, err
	}
	found := make([][]keyedRow, len(x.entries))
	err = x.eachBlock(ctx, func(number int, b block) error {
		of, equal, last := keys.of(number, &b), before[number], 0
		s.sets[number].each(func(row int) bool {
			k := of(row)
			take := k > want.low && k < want.high
			switch k {
			case want.low:
				take = equal >= want.skip && equal < want.skip+int64(want.limit)
				equal++
			case want.high:
				take = last < want.limit
				last++
			}
			if take {
				found[number] = append(found[number], keyedRow{k, rowPlace{number, row}})
			}
			return true
		})
		return nil
	})
	rows := slices.Concat(found...)
	slices.SortStableFunc(rows, func(a, b keyedRow) int { return cmp.Compare(a.key, b.key) })
	places := make([]rowPlace, 0, want.limit)
	for _, r := range rows[:min(want.limit, len(rows))] {
		places = append(places, r.rowPlace)
	}
	return places, err
}

// countBefore counts for each block the selected rows of the lowest key in the blocks before it, where some are to be skipped.
func (x *Index) countBefore(ctx context.Context, s *selection, keys keying, want span) ([]int64, error) {
	counts := make([]int64, len(x.entries))
	if want.skip == 0 {
		return counts, nil
	}
	err := x.eachBlock(ctx, func(number int, b block) error {
		of := keys.of(number, &b)
		s.sets[number].each(func(row int) bool {
			if of(row) == want.low {
				counts[number]++
			}
			return true
		})
		return nil
	})
	sum := int64(0)
	for i, n := range counts {
		counts[i], sum = sum, sum+n
	}
	return counts, err
}
