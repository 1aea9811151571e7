package filter

import (
	"bytes"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// Range is a closed range of numbers.
type Range struct{ Low, High float64 }

// Ranges are the numbers for which a comparison of a Number holds. The ranges do not share a number.
func (c *Comparison) Ranges() []Range {
	if c.Missing || len(c.numbers) == 0 {
		return nil
	}
	first, infinity := c.numbers[0], math.Inf(1)
	before, after := math.Nextafter(first, -infinity), math.Nextafter(first, infinity)
	switch c.Op {
	case Less:
		return upTo(before, first)
	case LessEqual:
		return []Range{{-infinity, first}}
	case Greater:
		return from(after, first)
	case GreaterEqual:
		return []Range{{first, infinity}}
	case NotEqual:
		return append(upTo(before, first), from(after, first)...)
	}
	var list []Range
	for i, n := range c.numbers {
		if !containsNumber(c.numbers[:i], n) {
			list = append(list, Range{n, n})
		}
	}
	return list
}

// upTo is the range of all below a number, none below the least; from is that of all above.
func upTo(before, number float64) []Range {
	if math.IsInf(number, -1) {
		return nil
	}
	return []Range{{math.Inf(-1), before}}
}

func from(after, number float64) []Range {
	if math.IsInf(number, 1) {
		return nil
	}
	return []Range{{after, math.Inf(1)}}
}

func containsNumber(list []float64, n float64) bool {
	for _, other := range list {
		if other == n {
			return true
		}
	}
	return false
}

// Needle is a text that every value has for which the comparison holds; nil where there is none.
func (c *Comparison) Needle() []byte {
	switch {
	case c.Missing || c.Field.Type == Number || c.ranked() || c.Field.Type == Contig:
		return nil
	case c.Op == Match:
		return c.needle
	case (c.Op == Equal || c.Op == Has) && len(c.Values) == 1:
		return []byte(c.Values[0])
	}
	return nil
}

// matcher is a regular expression, with what makes it quick.
type matcher struct {
	pattern *regexp.Regexp
	needle  []byte // in every text that matches
	plain   bool   // a text matches when it has the needle,
	begin   bool   // at its beginning,
	end     bool   // at its end
}

func newMatcher(text string) (m matcher, err error) {
	if m.pattern, err = regexp.Compile(text); err != nil {
		return m, err
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return m, err
	}
	m.study(tree.Simplify())
	return m, nil
}

// study finds the longest literal of an expression, and whether there is nothing else.
func (m *matcher) study(tree *syntax.Regexp) {
	parts := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		parts = tree.Sub
	}
	m.plain = true
	for i, part := range parts {
		for part.Op == syntax.OpCapture {
			part = part.Sub[0]
		}
		switch {
		case part.Op == syntax.OpBeginText && i == 0:
			m.begin = true
		case part.Op == syntax.OpEndText && i == len(parts)-1:
			m.end = true
		case part.Op == syntax.OpLiteral && part.Flags&syntax.FoldCase == 0:
			m.plain = m.plain && m.needle == nil && !slices.Contains(part.Rune, utf8.RuneError)
			// A broken character of a value stands for U+FFFD, so that this is not to be found in it as it is.
			if text := []byte(string(part.Rune)); len(text) > len(m.needle) && !bytes.ContainsRune(text, utf8.RuneError) {
				m.needle = text
			}
		default:
			m.plain = false
		}
	}
	m.plain = m.plain && m.needle != nil
}

// matches tells whether a text matches.
func (m *matcher) matches(text []byte) bool {
	switch {
	case !m.plain:
		return (m.needle == nil || bytes.Contains(text, m.needle)) && m.pattern.Match(text)
	case m.begin && m.end:
		return bytes.Equal(text, m.needle)
	case m.begin:
		return bytes.HasPrefix(text, m.needle)
	case m.end:
		return bytes.HasSuffix(text, m.needle)
	}
	return bytes.Contains(text, m.needle)
}
