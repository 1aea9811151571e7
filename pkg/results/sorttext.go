package results

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
)

// Rows are sorted by texts that hardly ever repeat (id, hgvsc, hgvsp) without sorting more than a page's surroundings: a sample of the texts says between which two the
// page lies, and only rows between those are sorted. Missing values come last; equal rows stay in the order of the file.

// textSample is about how many texts are sampled.
const textSample = 1 << 13

// textSort is one such order of selected rows.
type textSort struct {
	index   *Index
	rows    *selection
	column  int
	reverse bool
}

// textRow is a row with its text.
type textRow struct {
	text []byte
	rowPlace
}

func (t *textSort) compare(a, b []byte) int {
	if t.reverse {
		return bytes.Compare(b, a)
	}
	return bytes.Compare(a, b)
}

// textPage returns selected rows in the order of a column of texts, from an offset on.
func (x *Index) textPage(ctx context.Context, s *selection, by *sorting, offset int64, limit int) ([]rowPlace, error) {
	t := &textSort{index: x, rows: s, column: by.column, reverse: by.reverse}
	sample, present, err := t.sample(ctx)
	if err != nil {
		return nil, err
	}
	var places []rowPlace
	if offset < present {
		if places, err = t.present(ctx, sample, span64{offset, min(offset+int64(limit), present), present}); err != nil {
			return nil, err
		}
	}
	missing, err := t.missing(ctx, max(offset-present, 0), limit-len(places))
	return append(places, missing...), err
}

// sample returns some of the texts, sorted, and the number of rows that have one.
func (t *textSort) sample(ctx context.Context) (sample [][]byte, present int64, err error) {
	step := t.rows.count.Total/textSample + 1
	var mutex sync.Mutex
	err = t.index.eachBlock(ctx, func(number int, b block) error {
		var some [][]byte
		there, n := int64(0), t.rows.before[number]
		t.each(number, &b, func(_ int, text []byte) {
			if n++; len(text) == 0 {
				return
			}
			there++
			if n%step == 0 {
				some = append(some, bytes.Clone(text))
			}
		})
		mutex.Lock()
		defer mutex.Unlock()
		sample, present = append(sample, some...), present+there
		return nil
	})
	slices.SortFunc(sample, t.compare)
	return sample, present, err
}

// each calls a function with the text of each selected row of a block.
func (t *textSort) each(number int, b *block, do func(row int, text []byte)) {
	c := b.column(t.column)
	values := c.texts()
	defer values.release()
	t.rows.sets[number].each(func(row int) bool {
		do(row, values.of(row))
		return true
	})
}

// span64 is rows by their places in the order, half-open, of so many.
type span64 struct{ from, to, of int64 }

// present returns the rows of a page among those that have a text. Where the sample was wrong about where the page lies, more is sorted.
func (t *textSort) present(ctx context.Context, sample [][]byte, want span64) ([]rowPlace, error) {
	for margin := 128; ; margin *= 4 {
		low, high := bracket(sample, want, margin)
		below, rows, err := t.between(ctx, low, high)
		if err != nil {
			return nil, err
		}
		if below > want.from || below+int64(len(rows)) < want.to {
			continue // with the whole sample within the margin all rows are between
		}
		slices.SortFunc(rows, func(a, b textRow) int {
			return cmp.Or(t.compare(a.text, b.text), cmp.Compare(a.block, b.block), cmp.Compare(a.row, b.row))
		})
		var places []rowPlace
		for _, r := range rows[want.from-below : want.to-below] {
			places = append(places, r.rowPlace)
		}
		return places, nil
	}
}

// bracket returns two texts of the sample between which a page lies, with a margin of so many; nil stands for no bound.
func bracket(sample [][]byte, want span64, margin int) (low, high []byte) {
	at := func(place int64) int { return int(float64(place) / float64(want.of) * float64(len(sample))) }
	if i := at(want.from) - margin; i >= 0 {
		low = sample[i]
	}
	if i := at(want.to) + margin; i < len(sample) {
		high = sample[i]
	}
	return low, high
}

// between returns the rows whose texts lie between two, these among them, and the number of rows before.
func (t *textSort) between(ctx context.Context, low, high []byte) (below int64, rows []textRow, err error) {
	var mutex sync.Mutex
	err = t.index.eachBlock(ctx, func(number int, b block) error {
		var found []textRow
		before := int64(0)
		t.each(number, &b, func(row int, text []byte) {
			switch {
			case len(text) == 0:
			case low != nil && t.compare(text, low) < 0:
				before++
			case high == nil || t.compare(text, high) <= 0:
				found = append(found, textRow{bytes.Clone(text), rowPlace{number, row}})
			}
		})
		mutex.Lock()
		defer mutex.Unlock()
		below, rows = below+before, append(rows, found...)
		return nil
	})
	return below, rows, err
}

// missing returns rows without a text, in the order of the file, from an offset among those on.
func (t *textSort) missing(ctx context.Context, offset int64, limit int) ([]rowPlace, error) {
	if limit <= 0 {
		return nil, nil
	}
	var places []rowPlace
	for number := range t.rows.sets {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		b, err := t.index.block(number)
		if err != nil {
			return nil, err
		}
		t.each(number, &b, func(row int, text []byte) {
			if len(text) > 0 || len(places) == limit {
				return
			}
			if offset--; offset < 0 {
				places = append(places, rowPlace{number, row})
			}
		})
		if len(places) == limit {
			break
		}
	}
	return places, nil
}
