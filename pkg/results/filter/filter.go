// Package filter is the language in which variants are chosen: in the address of a page, in the API, on the command line and in the header of every export.
//
// A filter is made of terms `field op value`, joined by `and`, `or`, `not` and parentheses; `not` binds strongest, `or` weakest. The operators are
//
//	=  !=            the value is, or is not, this one; `= missing` asks for a value that is not there, `!= missing` for any
//	<  <=  >  >=     of numbers, and of impact: MODIFIER < LOW < MODERATE < HIGH
//	in (a, b)        the value is one of these
//	has              one of the elements of a list is this one
//	~                the value matches a regular expression (RE2), anywhere in it
//
// A missing value fails every comparison but `= missing`; `not` turns that round, as everything. Of a field that has several values (any_impact, any_consequence: one for each transcript)
// a comparison holds when it holds for any of them. `=` on another list compares the whole list. Values are bare, up to a space, comma or parenthesis, or stand in double quotes,
// where \" and \\ are a quote and a backslash.
package filter

import (
	"bytes"
	"strconv"
	"strings"
)

// Type is what the values of a field are.
type Type uint8

// The types of fields.
const (
	Number   Type = iota // compared as a number
	Text                 // compared as it stands
	List                 // several texts
	Contig               // a text; `chr1` and `1` are equal
	Impact               // one of Impacts, ordered
	Genotype             // one of Genotypes
	Region               // CHROM, CHROM:POS or CHROM:FROM-TO, 1-based and closed, compared with the bases of REF
)

// Impacts are the values of a field of type Impact in their order.
var Impacts = []string{"MODIFIER", "LOW", "MODERATE", "HIGH"}

// Genotypes are the values of a field of type Genotype.
var Genotypes = []string{"hom", "het", "ref", "missing"}

// Field is something that can be asked for.
type Field struct {
	Name       string
	Type       Type
	Separators string   // what separates the elements of a list, each a character
	Any        bool     // each element of the list is compared, and one suffices
	Ranked     bool     // the elements of the list are Impacts, ordered
	Escaped    bool     // values have %3D for =, which INFO has no room for; filters take and show what people write
	Values     []string // of a Text or the elements of a List that has a closed set of values, to tell a mistake; nil for others
}

// Schema knows the fields.
type Schema interface {
	// Field finds a field by its name.
	Field(name string) (Field, bool)
	// Names are the names of all fields, for messages.
	Names() []string
}

// Op is an operator.
type Op uint8

// The operators.
const (
	Equal Op = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	In
	Has
	Match
)

var opNames = [...]string{"=", "!=", "<", "<=", ">", ">=", "in", "has", "~"}

// String is the operator as it is written.
func (o Op) String() string { return opNames[o] }

// Expr is a filter or a part of one: *And, *Or, *Not or *Comparison. Its String is the canonical form, which Parse reads as the same filter.
type Expr interface {
	String() string
}

// And holds when all of its terms do. It has two or more, none of them an *And.
type And struct{ Terms []Expr }

// Or holds when any of its terms does. It has two or more, none of them an *Or.
type Or struct{ Terms []Expr }

// Not holds when its term does not.
type Not struct{ Term Expr }

// Comparison is one term.
type Comparison struct {
	Field   Field
	Op      Op
	Values  []string // one; one or more for In; none where Missing is set
	Missing bool     // `= missing` and `!= missing`

	numbers []float64 // the values of a Number; the ranks of an Impact
	regions []Interval
	matcher                 // of Match
	known   map[string]bool // the values of an In with many
}

// Interval is a region: 1-based, closed.
type Interval struct {
	Contig     string
	Start, End uint32
}

// Terms are the parts of a filter that are joined by `and` at its top: what a person takes away one by one. Nil has none.
func Terms(e Expr) []Expr {
	switch e := e.(type) {
	case nil:
		return nil
	case *And:
		return e.Terms
	}
	return []Expr{e}
}

// String writes a filter; nil is the empty text.
func String(e Expr) string {
	if e == nil {
		return ""
	}
	return e.String()
}

// String joins the terms, those joined by `or` in parentheses.
func (a *And) String() string {
	parts := make([]string, len(a.Terms))
	for i, term := range a.Terms {
		parts[i] = term.String()
		if _, isOr := term.(*Or); isOr {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, " and ")
}

// String joins the terms.
func (o *Or) String() string {
	parts := make([]string, len(o.Terms))
	for i, term := range o.Terms {
		parts[i] = term.String()
	}
	return strings.Join(parts, " or ")
}

// String writes the term behind `not`, in parentheses unless it is a comparison.
func (n *Not) String() string {
	if c, ok := n.Term.(*Comparison); ok {
		return "not " + c.String()
	}
	return "not (" + n.Term.String() + ")"
}

// escapedEqual is = in a field that is Escaped: people write p.Lys424=, VEP p.Lys424%3D.
const escapedEqual = "%3D"

// String writes `field op value`.
func (c *Comparison) String() string {
	text := quoteName(c.Field.Name) + " " + c.Op.String() + " "
	if c.Missing {
		return text + "missing"
	}
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		if c.Field.Escaped {
			v = strings.ReplaceAll(v, escapedEqual, "=")
		}
		values[i] = quoteValue(v)
	}
	if c.Op == In {
		return text + "(" + strings.Join(values, ", ") + ")"
	}
	return text + values[0]
}

// quoteName writes a field's name; the part after the first dot in quotes where it holds what ends a name.
func quoteName(name string) string {
	if !strings.ContainsAny(name, nameEnds) {
		return name
	}
	group, rest, _ := strings.Cut(name, ".")
	return group + "." + quoted(rest)
}

func quoteValue(v string) string {
	if v == "" || v == "missing" || strings.ContainsAny(v, valueEnds) {
		return quoted(v)
	}
	return v
}

func quoted(v string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}

// Regions are the values of a comparison of a Region.
func (c *Comparison) Regions() []Interval { return c.regions }

// TestNumber tells whether a comparison of a Number holds for a value that is there.
func (c *Comparison) TestNumber(value float64) bool {
	if c.Missing {
		return c.Op == NotEqual
	}
	return c.testOrdered(value)
}

func (c *Comparison) testOrdered(value float64) bool {
	first := c.numbers[0]
	switch c.Op {
	case Equal, Has:
		return value == first
	case NotEqual:
		return value != first
	case Less:
		return value < first
	case LessEqual:
		return value <= first
	case Greater:
		return value > first
	case GreaterEqual:
		return value >= first
	case In:
		for _, n := range c.numbers {
			if value == n {
				return true
			}
		}
	}
	return false
}

// Test tells whether a comparison holds for a value; an empty one is missing. It is for every type but Region.
func (c *Comparison) Test(value []byte) bool {
	if c.Missing {
		return (len(value) == 0) == (c.Op == Equal)
	}
	if len(value) == 0 {
		return false
	}
	if c.Field.Type == List && (c.Op == Has || c.Field.Any) {
		return c.testElements(value)
	}
	return c.testOne(value)
}

// testElements tells whether a comparison holds for any element of a list.
func (c *Comparison) testElements(value []byte) bool {
	for len(value) > 0 {
		element := value
		if i := bytes.IndexAny(value, c.Field.Separators); i >= 0 {
			element, value = value[:i], value[i+1:]
		} else {
			value = nil
		}
		if c.testOne(element) {
			return true
		}
	}
	return false
}

func (c *Comparison) testOne(value []byte) bool {
	switch {
	case c.Op == Match:
		return c.matches(value)
	case c.Field.Type == Number:
		n, err := strconv.ParseFloat(string(value), 64)
		return err == nil && n == n && c.testOrdered(n)
	case c.ranked():
		rank := impactRank(string(value))
		return rank >= 0 && c.testOrdered(float64(rank))
	case c.Field.Type == Contig:
		return c.testContig(string(value))
	case c.known != nil:
		return c.known[string(value)]
	}
	any := false
	for _, v := range c.Values {
		any = any || string(value) == v
	}
	return any != (c.Op == NotEqual)
}

func (c *Comparison) testContig(value string) bool {
	any := false
	for _, v := range c.Values {
		any = any || SameContig(value, v)
	}
	return any != (c.Op == NotEqual)
}

// ranked reports whether values are compared by the order of impacts.
func (c *Comparison) ranked() bool { return isImpact(c.Field) }

func isImpact(f Field) bool { return f.Type == Impact || f.Ranked }

func impactRank(value string) int {
	for i, impact := range Impacts {
		if value == impact {
			return i
		}
	}
	return -1
}

// SameContig reports whether two names mean one contig: with and without the prefix chr, M for MT.
func SameContig(a, b string) bool { return plainContig(a) == plainContig(b) }

func plainContig(name string) string {
	name = strings.TrimPrefix(name, "chr")
	if name == "M" {
		return "MT"
	}
	return name
}
