package results

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"gas/pkg/fault"
	"gas/pkg/results/filter"
)

// Facet is how often each value of a field is found among the rows of a filter.
type Facet struct {
	Field  string       `json:"field"`
	Values []FacetValue `json:"values"` // the most frequent first
	Other  int64        `json:"other"`  // rows of the values that are not listed
}

// FacetValue is one value; an empty one is missing.
type FacetValue struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// Facets counts the values of fields among the rows that pass a filter, at most `top` of each. The elements of a list are counted each for itself.
// Fields with more values than can be shown (id, qual, hgvsc, hgvsp, numbers) are a fault of kind BadInput.
func (x *Index) Facets(ctx context.Context, e filter.Expr, top int, fields ...string) ([]Facet, error) {
	s, err := x.selectRows(ctx, e)
	if err != nil {
		return nil, err
	}
	list := make([]Facet, 0, len(fields))
	for _, name := range fields {
		f, ok := x.schema.Field(name)
		column, kept := x.schema.columns[name]
		if !ok || !kept || x.about.kindOf(column) != kindDict {
			return nil, fault.New(fault.BadInput, "The values of %q cannot be counted.", name)
		}
		counts, err := x.countValues(ctx, s, column)
		if err != nil {
			return nil, err
		}
		list = append(list, newFacet(f, counts, top))
	}
	return list, nil
}

// countValues counts the texts of a dictionary column among selected rows.
func (x *Index) countValues(ctx context.Context, s *selection, column int) (map[string]int64, error) {
	var mutex sync.Mutex
	total := make(map[string]int64)
	err := x.eachBlock(ctx, func(number int, b block) error {
		c := b.column(column)
		counts := make([]int64, c.count+1)
		s.sets[number].each(func(row int) bool {
			counts[c.code(row)]++
			return true
		})
		mutex.Lock()
		defer mutex.Unlock()
		for code, n := range counts {
			switch {
			case n == 0:
			case code == 0:
				total[""] += n
			default:
				total[string(c.entry(code-1))] += n
			}
		}
		return nil
	})
	return total, err
}

func newFacet(f filter.Field, counts map[string]int64, top int) Facet {
	facet := Facet{Field: f.Name, Values: []FacetValue{}}
	if f.Type == filter.List {
		counts = countElements(counts, f.Separators)
	}
	for value, n := range counts {
		facet.Values = append(facet.Values, FacetValue{value, n})
	}
	slices.SortFunc(facet.Values, func(a, b FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	for len(facet.Values) > max(top, 0) {
		last := len(facet.Values) - 1
		facet.Other += facet.Values[last].Count
		facet.Values = facet.Values[:last]
	}
	return facet
}

func countElements(counts map[string]int64, separators string) map[string]int64 {
	elements := make(map[string]int64, len(counts))
	for text, n := range counts {
		for element := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
			elements[element] += n
		}
		if text == "" {
			elements[""] += n
		}
	}
	return elements
}

// Gene is a row of the table of genes: the variants whose pick lies in it.
type Gene struct {
	Gene     string `json:"gene"`
	Variants int64  `json:"variants"`
	High     int64  `json:"high"`
	Moderate int64  `json:"moderate"`
	Low      int64  `json:"low"`
	Modifier int64  `json:"modifier"`
}

// GenePage is a piece of the table of genes.
type GenePage struct {
	Items []Gene  `json:"items"`
	Total int64   `json:"total"` // of genes
	Next  *string `json:"next"`
}

// geneOrders are the columns by which the table of genes is sorted.
var geneOrders = map[string]func(a, b Gene) int{
	"gene":     func(a, b Gene) int { return naturalOrder(a.Gene, b.Gene) },
	"variants": func(a, b Gene) int { return cmp.Compare(a.Variants, b.Variants) },
	"high":     func(a, b Gene) int { return cmp.Compare(a.High, b.High) },
	"moderate": func(a, b Gene) int { return cmp.Compare(a.Moderate, b.Moderate) },
	"low":      func(a, b Gene) int { return cmp.Compare(a.Low, b.Low) },
	"modifier": func(a, b Gene) int { return cmp.Compare(a.Modifier, b.Modifier) },
}

// Genes answers with a page of the table of genes. Without a Sort the genes with the most variants of high impact come first, then those of moderate, then by number.
func (x *Index) Genes(ctx context.Context, q Query) (GenePage, error) {
	offset, err := offsetOf(q.Cursor)
	if err != nil {
		return GenePage{}, err
	}
	name, reverse := strings.CutPrefix(q.Sort, "-")
	order, known := geneOrders[name]
	if !known && name != "" {
		return GenePage{}, fault.New(fault.BadInput, "Genes cannot be sorted by %q. Expected gene, variants, high, moderate, low or modifier.", name)
	}
	genes, err := x.countGenes(ctx, q.Filter)
	if err != nil {
		return GenePage{}, err
	}
	slices.SortFunc(genes, func(a, b Gene) int {
		severe := cmp.Or(cmp.Compare(b.High, a.High), cmp.Compare(b.Moderate, a.Moderate), cmp.Compare(b.Variants, a.Variants), naturalOrder(a.Gene, b.Gene), strings.Compare(a.Gene, b.Gene))
		switch {
		case order == nil:
			return severe
		case reverse:
			return cmp.Or(order(b, a), severe)
		}
		return cmp.Or(order(a, b), severe)
	})
	limit := min(max(q.Limit, 0), MaxLimit)
	if limit == 0 {
		limit = DefaultLimit
	}
	p := GenePage{Items: []Gene{}, Total: int64(len(genes))}
	if offset < p.Total {
		p.Items = genes[offset:min(offset+int64(limit), p.Total)]
	}
	if after := offset + int64(len(p.Items)); after < p.Total && len(p.Items) > 0 {
		next := CursorAt(after)
		p.Next = &next
	}
	return p, nil
}

func (x *Index) countGenes(ctx context.Context, e filter.Expr) ([]Gene, error) {
	s, err := x.selectRows(ctx, e)
	if err != nil {
		return nil, err
	}
	var mutex sync.Mutex
	all := make(map[string]*Gene)
	err = x.eachBlock(ctx, func(number int, b block) error {
		genes, impacts := b.column(columnGene), b.column(columnImpact)
		counts := make([][5]int64, genes.count+1)
		rank := make([]int, impacts.count+1)
		for code := range rank {
			if code > 0 {
				rank[code] = slices.Index(filter.Impacts, string(impacts.entry(code-1))) + 1
			}
		}
		s.sets[number].each(func(row int) bool {
			counts[genes.code(row)][rank[impacts.code(row)]]++
			return true
		})
		mutex.Lock()
		defer mutex.Unlock()
		for code := 1; code < len(counts); code++ {
			addGene(all, genes.entry(code-1), counts[code])
		}
		return nil
	})
	list := make([]Gene, 0, len(all))
	for _, g := range all {
		list = append(list, *g)
	}
	return list, err
}

// addGene adds counts by impact: without one, then from MODIFIER to HIGH.
func addGene(all map[string]*Gene, name []byte, counts [5]int64) {
	n := counts[0] + counts[1] + counts[2] + counts[3] + counts[4]
	if n == 0 {
		return
	}
	g := all[string(name)]
	if g == nil {
		g = &Gene{Gene: string(name)}
		all[g.Gene] = g
	}
	g.Variants += n
	g.Modifier, g.Low, g.Moderate, g.High = g.Modifier+counts[1], g.Low+counts[2], g.Moderate+counts[3], g.High+counts[4]
}
