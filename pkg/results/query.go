package results

import (
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"gas/pkg/fault"
	"gas/pkg/results/filter"
)

// Query asks for rows.
type Query struct {
	Filter filter.Expr // nil for all rows
	Sort   string      // one of Sortable, `-` before it for the reverse order; empty for the order of the file
	Cursor string      // where the page begins: Next of an earlier one, or CursorAt; empty for the first
	Limit  int         // rows of a page, 1 to MaxLimit; 0 stands for DefaultLimit
}

// The number of rows of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// Page is a piece of the rows that pass a filter, with exact numbers.
type Page struct {
	Items  []Variant   `json:"items"`
	Total  int64       `json:"total"`  // of rows that pass
	Next   *string     `json:"next"`   // the cursor of the page behind this one, nil on the last
	All    int64       `json:"all"`    // of rows without a filter
	Terms  []TermCount `json:"terms"`  // how many rows each term removed of those that the terms before it had left
	Filter string      `json:"filter"` // in its canonical form
	Offset int64       `json:"offset"` // of the first row of the page
	Limit  int         `json:"limit"`
}

// CursorAt is the cursor of the page that begins at an offset, so that a page of any number, the last one too, is one step away.
func CursorAt(offset int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "o%d", offset))
}

func offsetOf(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if number, ok := strings.CutPrefix(string(text), "o"); ok && err == nil {
		if n, err := strconv.ParseInt(number, 10, 64); err == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, fault.New(fault.BadInput, "%q is no cursor of a page.", cursor)
}

// Query answers with a page. Mistakes in the query are faults of kind BadInput.
func (x *Index) Query(ctx context.Context, q Query) (Page, error) {
	offset, err := offsetOf(q.Cursor)
	if err != nil {
		return Page{}, err
	}
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	if q.Limit < 1 || q.Limit > MaxLimit {
		return Page{}, fault.New(fault.BadInput, "A page cannot have %d rows. Expected 1 to %d.", q.Limit, MaxLimit)
	}
	by, err := x.parseSort(q.Sort)
	if err != nil {
		return Page{}, err
	}
	s, err := x.selectRows(ctx, q.Filter)
	if err != nil {
		return Page{}, err
	}
	p := Page{Items: []Variant{}, Total: s.count.Total, All: s.count.All, Terms: s.count.Terms, Filter: s.key, Offset: offset, Limit: q.Limit}
	places := s.page(offset, q.Limit)
	if by != nil {
		if places, err = x.sortedPage(ctx, s, by, offset, q.Limit); err != nil {
			return Page{}, err
		}
	}
	if p.Items, err = x.variants(places); err != nil {
		return Page{}, err
	}
	if after := offset + int64(len(p.Items)); after < p.Total && len(p.Items) > 0 {
		next := CursorAt(after)
		p.Next = &next
	}
	return p, nil
}

// variants reads rows from the result, in the order of the file, and returns them in the order in which they are asked for.
func (x *Index) variants(places []rowPlace) ([]Variant, error) {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if places[a].block != places[b].block {
			return places[a].block - places[b].block
		}
		return places[a].row - places[b].row
	})
	list := make([]Variant, len(places))
	lines := x.lines()
	for _, i := range order {
		b, err := x.block(places[i].block)
		if err != nil {
			return nil, err
		}
		r, err := lines.at(places[i].block, &b, places[i].row)
		if err != nil {
			return nil, err
		}
		list[i] = r.variant(x.first[places[i].block]+int64(places[i].row), b.allele(places[i].row))
	}
	return list, nil
}

// Row is a row as Rows passes it on. It is good until the next one.
type Row struct {
	Line   []byte // the record's line in the result, without its end
	Allele int    // index of the allele in ALT
	number int64
	reader *lineReader
}

// Variant is what is shown of the row.
func (r *Row) Variant() Variant { return r.reader.variant(r.number, r.Allele) }

// Rows passes all rows of a filter one after the other, in the order of the file. It is what screen and exports have in common. It ends with the first error.
func (x *Index) Rows(ctx context.Context, e filter.Expr) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		s, err := x.selectRows(ctx, e)
		if err != nil {
			yield(nil, err)
			return
		}
		lines := x.lines()
		for number, set := range s.sets {
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			if !x.rowsOfBlock(lines, number, set, yield) {
				return
			}
		}
	}
}

func (x *Index) rowsOfBlock(lines *lines, number int, set rowSet, yield func(*Row, error) bool) bool {
	b, err := x.block(number)
	if err != nil {
		return yield(nil, err) && false
	}
	going := true
	var passed Row
	set.each(func(row int) bool {
		r, err := lines.at(number, &b, row)
		if err != nil {
			going = yield(nil, err) && false
			return false
		}
		passed = Row{Line: lines.buffer, Allele: b.allele(row), number: x.first[number] + int64(row), reader: r}
		going = yield(&passed, nil)
		return going
	})
	return going
}

// Details returns everything of a row, by its key. A key that there is none of is a fault of kind NotFound.
func (x *Index) Details(key string) (Details, error) {
	row, ok := rowOf(key)
	if !ok || row >= x.about.Rows {
		return Details{}, fault.New(fault.NotFound, "The result has no variant %q.", key)
	}
	r, allele, err := x.readRow(x.lines(), row)
	if err != nil {
		return Details{}, err
	}
	return r.details(row, allele), nil
}

// readRow reads the line of a row, by its number, and tells the index of its allele.
func (x *Index) readRow(from *lines, row int64) (r *lineReader, allele int, err error) {
	number, found := slices.BinarySearch(x.first, row)
	if !found {
		number--
	}
	b, err := x.block(number)
	if err != nil {
		return nil, 0, err
	}
	at := int(row - x.first[number])
	r, err = from.at(number, &b, at)
	return r, b.allele(at), err
}
