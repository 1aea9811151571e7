package results

import (
	"context"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"gas/pkg/results/filter"
)

// TermCount says how many rows a term of a filter removed of those that the terms before it had left.
type TermCount struct {
	Term    string `json:"term"`
	Removed int64  `json:"removed"`
}

// Count is how many rows pass a filter. All less what each term removed is Total.
type Count struct {
	All   int64       `json:"all"`
	Total int64       `json:"total"`
	Terms []TermCount `json:"terms"`
}

// selection is the rows that pass a filter.
type selection struct {
	key    string // the filter in its canonical form
	sets   []rowSet
	before []int64 // the number of selected rows before each block, and of all at the end
	count  Count
}

// keptSelections is how many filters' answers are kept: the pages of a table ask for the same rows again and again.
const keptSelections = 8

// Count says how many rows pass a filter, and how many each of its terms removed.
func (x *Index) Count(ctx context.Context, e filter.Expr) (Count, error) {
	s, err := x.selectRows(ctx, e)
	if err != nil {
		return Count{}, err
	}
	return s.count, nil
}

// selectRows judges a filter on every block, or finds the answer among the recent ones.
func (x *Index) selectRows(ctx context.Context, e filter.Expr) (*selection, error) {
	key := filter.String(e)
	if s := x.recall(key); s != nil {
		return s, nil
	}
	terms := filter.Terms(e)
	s := &selection{key: key, sets: make([]rowSet, len(x.entries)), count: Count{All: x.about.Rows, Terms: make([]TermCount, len(terms))}}
	for i, term := range terms {
		s.count.Terms[i].Term = term.String()
	}
	removed := make([]atomic.Int64, len(terms))
	err := x.eachBlock(ctx, func(number int, b block) error {
		v := evaluator{index: x, number: number, block: b}
		set := newRowSet(b.rows)
		set.fill(b.rows)
		left := b.rows
		for i, term := range terms {
			passed, err := v.rows(term)
			if err != nil {
				return err
			}
			set.and(passed)
			now := set.count()
			removed[i].Add(int64(left - now))
			if left = now; left == 0 {
				break
			}
		}
		s.sets[number] = set
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range removed {
		s.count.Terms[i].Removed = removed[i].Load()
	}
	for _, set := range s.sets {
		s.before = append(s.before, s.count.Total)
		s.count.Total += int64(set.count())
	}
	s.before = append(s.before, s.count.Total)
	x.remember(s)
	return s, nil
}

func (x *Index) recall(key string) *selection {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	i := slices.IndexFunc(x.recent, func(s *selection) bool { return s.key == key })
	if i < 0 {
		return nil
	}
	s := x.recent[i]
	x.recent = slices.Insert(slices.Delete(x.recent, i, i+1), 0, s)
	return s
}

func (x *Index) remember(s *selection) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	x.recent = slices.Insert(x.recent, 0, s)
	if len(x.recent) > keptSelections {
		x.recent = x.recent[:keptSelections]
	}
}

// eachBlock calls a function for every block, on as many goroutines as there are processors.
func (x *Index) eachBlock(ctx context.Context, each func(number int, b block) error) error {
	return x.eachBlockBy(ctx, func(_, number int, b block) error { return each(number, b) })
}

// workers is the number of goroutines that go through the blocks.
func (x *Index) workers() int { return min(runtime.GOMAXPROCS(0), len(x.entries)) }

// eachBlockBy is eachBlock for a function that wants to know which of the workers calls it.
func (x *Index) eachBlockBy(ctx context.Context, each func(worker, number int, b block) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for worker := range x.workers() {
		group.Go(func() {
			for {
				number := int(next.Add(1)) - 1
				if number >= len(x.entries) || ctx.Err() != nil {
					return
				}
				b, err := x.block(number)
				if err == nil {
					err = each(worker, number, b)
				}
				if err != nil {
					stop(err)
					return
				}
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// rowPlace is a row: its block and its number there.
type rowPlace struct{ block, row int }

// page returns selected rows in the order of the file, from an offset on.
func (s *selection) page(offset int64, limit int) []rowPlace {
	var places []rowPlace
	block, _ := slices.BinarySearchFunc(s.before, offset, func(before, offset int64) int {
		if before <= offset {
			return -1
		}
		return 1
	})
	block--
	if block < 0 || block >= len(s.sets) {
		return nil
	}
	skip := int(offset - s.before[block])
	for ; block < len(s.sets) && len(places) < limit; block++ {
		s.sets[block].each(func(row int) bool {
			if skip > 0 {
				skip--
				return true
			}
			places = append(places, rowPlace{block, row})
			return len(places) < limit
		})
	}
	return places
}

// each calls a function with each row until it says false.
func (s rowSet) each(do func(row int) bool) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			if !do(i*64 + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}
