package filter

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gas/pkg/fault"
)

// What ends a bare name and a bare value.
const (
	nameEnds  = " \t\r\n()\",=!<>~"
	valueEnds = " \t\r\n()\","
)

// Limits of a filter.
const (
	maxLength = 1 << 18 // bytes: a list of some ten thousand genes
	maxDepth  = 64      // of parentheses and `not`
)

// Parse reads a filter. The empty text is nil, which all variants pass. A mistake is a fault of kind BadInput with its 1-based column, in characters, and what was expected there.
func Parse(text string, schema Schema) (Expr, error) {
	if len(text) > maxLength {
		return nil, fault.New(fault.BadInput, "The filter is longer than %d bytes.", maxLength)
	}
	if !utf8.ValidString(text) {
		return nil, fault.New(fault.BadInput, "The filter is not UTF-8 text.")
	}
	p := &parser{text: text, schema: schema}
	if p.skip(); p.at == len(p.text) {
		return nil, nil
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skip(); p.at < len(p.text) {
		return nil, p.expected(p.at, "`and`, `or` or the end")
	}
	return e, nil
}

// parser reads from left to right, one function for each level of binding.
type parser struct {
	text   string
	at     int
	depth  int
	schema Schema
}

// expected is the fault of what stands at a place.
func (p *parser) expected(at int, what string) error {
	found := "the end"
	if at < len(p.text) {
		found = p.text[at:]
		if end := strings.IndexAny(found, " \t\r\n"); end > 0 {
			found = found[:end]
		}
		if len(found) > 40 {
			found = found[:40]
		}
		found = strconv.Quote(strings.ToValidUTF8(found, ""))
	}
	return p.wrong(at, "Expected %s, found %s.", what, found)
}

func (p *parser) wrong(at int, format string, args ...any) error {
	f := fault.New(fault.BadInput, format, args...)
	f.Column = utf8.RuneCountInString(p.text[:at]) + 1
	return f
}

func (p *parser) skip() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// word takes a keyword, in any case, if it stands next.
func (p *parser) word(keyword string) bool {
	p.skip()
	end := p.at + len(keyword)
	if end > len(p.text) || !strings.EqualFold(p.text[p.at:end], keyword) {
		return false
	}
	if end < len(p.text) && !strings.ContainsRune(nameEnds, rune(p.text[end])) {
		return false
	}
	p.at = end
	return true
}

func (p *parser) char(c byte) bool {
	p.skip()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) or() (Expr, error) {
	first, err := p.and()
	if err != nil {
		return nil, err
	}
	terms := []Expr{first}
	for p.word("or") {
		term, err := p.and()
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	return joinOr(terms), nil
}

func (p *parser) and() (Expr, error) {
	first, err := p.not()
	if err != nil {
		return nil, err
	}
	terms := []Expr{first}
	for p.word("and") {
		term, err := p.not()
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	return joinAnd(terms), nil
}

// joinOr makes one *Or of terms, taking apart those that are one already.
func joinOr(terms []Expr) Expr {
	var flat []Expr
	for _, t := range terms {
		if o, ok := t.(*Or); ok {
			flat = append(flat, o.Terms...)
		} else {
			flat = append(flat, t)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return &Or{flat}
}

// joinAnd makes one *And of terms, taking apart those that are one already.
func joinAnd(terms []Expr) Expr {
	var flat []Expr
	for _, t := range terms {
		if a, ok := t.(*And); ok {
			flat = append(flat, a.Terms...)
		} else {
			flat = append(flat, t)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return &And{flat}
}

// With returns the filter that asks for both; nil asks for nothing.
func With(a, b Expr) Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return joinAnd([]Expr{a, b})
}

// Without returns the filter without one of its Terms, by index.
func Without(e Expr, term int) Expr {
	terms := Terms(e)
	rest := append(append([]Expr{}, terms[:term]...), terms[term+1:]...)
	if len(rest) == 0 {
		return nil
	}
	return joinAnd(rest)
}

func (p *parser) not() (Expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.wrong(p.at, "Parentheses and `not` are nested deeper than %d.", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.word("not") {
		term, err := p.not()
		if err != nil {
			return nil, err
		}
		return &Not{term}, nil
	}
	if !p.char('(') {
		return p.comparison()
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.char(')') {
		return nil, p.expected(p.at, "`and`, `or` or `)`")
	}
	return e, nil
}

func (p *parser) comparison() (Expr, error) {
	p.skip()
	start := p.at
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, p.expected(start, "a field")
	}
	field, ok := p.schema.Field(name)
	if !ok {
		return nil, p.unknown(start, name)
	}
	c := &Comparison{Field: field}
	p.skip()
	opAt := p.at
	if !p.op(c) {
		return nil, p.expected(opAt, "an operator after "+name+": "+opsOf(field))
	}
	if !allows(field, c.Op) {
		return nil, p.wrong(opAt, "%s cannot be compared by `%s`; expected %s.", name, c.Op, opsOf(field))
	}
	if err := p.values(c); err != nil {
		return nil, err
	}
	return c, nil
}

func (p *parser) unknown(at int, name string) error {
	names := p.schema.Names()
	for _, known := range names {
		if strings.EqualFold(known, name) {
			return p.wrong(at, "There is no field %q. Expected %s.", name, known)
		}
	}
	if len(names) > 60 {
		names = append(names[:60:60], "…")
	}
	return p.wrong(at, "There is no field %q. Expected one of %s.", name, strings.Join(names, ", "))
}

// name takes a field's name; behind its dot it may stand in quotes.
func (p *parser) name() (string, error) {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte(nameEnds, p.text[p.at]) < 0 {
		p.at++
	}
	name := p.text[start:p.at]
	if strings.HasSuffix(name, ".") && p.at < len(p.text) && p.text[p.at] == '"' {
		rest, err := p.quoted()
		return name + rest, err
	}
	return name, nil
}

func (p *parser) op(c *Comparison) bool {
	for _, word := range []Op{In, Has} {
		if p.word(word.String()) {
			c.Op = word
			return true
		}
	}
	for _, sign := range []Op{NotEqual, LessEqual, GreaterEqual, Equal, Less, Greater, Match} {
		if strings.HasPrefix(p.text[p.at:], sign.String()) {
			c.Op = sign
			p.at += len(sign.String())
			return true
		}
	}
	return false
}

// allows reports whether values of a field can be compared by an operator.
func allows(f Field, op Op) bool {
	switch op {
	case Equal, NotEqual, In:
		return true
	case Has:
		return f.Type == List
	case Match:
		return f.Type == Text || f.Type == List && !isImpact(f) || f.Type == Contig
	}
	return f.Type == Number || isImpact(f)
}

func opsOf(f Field) string {
	var ops []string
	for op := Equal; op <= Match; op++ {
		if allows(f, op) {
			ops = append(ops, "`"+op.String()+"`")
		}
	}
	return strings.Join(ops, " ")
}

// values takes what stands behind the operator.
func (p *parser) values(c *Comparison) error {
	p.skip()
	if c.Op != In {
		at := p.at
		if (c.Op == Equal || c.Op == NotEqual) && c.Field.Type != Genotype && p.word("missing") {
			c.Missing = true
			return nil
		}
		v, err := p.value(c)
		if err != nil {
			return err
		}
		return p.take(c, at, v)
	}
	if !p.char('(') {
		return p.expected(p.at, "`(` and a list of values")
	}
	for {
		p.skip()
		at := p.at
		v, err := p.value(c)
		if err != nil {
			return err
		}
		if err := p.take(c, at, v); err != nil {
			return err
		}
		if p.char(')') {
			c.hashValues()
			return nil
		}
		if !p.char(',') {
			return p.expected(p.at, "`,` or `)`")
		}
	}
}

// manyValues is from how many values on a list is looked up by a hash.
const manyValues = 9

func (c *Comparison) hashValues() {
	if len(c.Values) < manyValues || c.Field.Type != Text && c.Field.Type != List || c.ranked() {
		return
	}
	c.known = make(map[string]bool, len(c.Values))
	for _, v := range c.Values {
		c.known[v] = true
	}
}

// thousands tells whether a comma stands between the digits of a number, as browsers of genomes write positions: 21:25,000,000-25,100,000. In a list it ends the value.
func (p *parser) thousands(c *Comparison) bool {
	if c.Op == In || c.Field.Type != Number && c.Field.Type != Region {
		return false
	}
	before, behind := p.text[:p.at], p.text[p.at:]
	return thousandsBehind.MatchString(behind) && before != "" && isDigit(before[len(before)-1])
}

var thousandsBehind = regexp.MustCompile(`^,[0-9]{3}([^0-9]|$)`)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (p *parser) value(c *Comparison) (string, error) {
	p.skip()
	if p.at < len(p.text) && p.text[p.at] == '"' {
		return p.quoted()
	}
	start := p.at
	for p.at < len(p.text) && (strings.IndexByte(valueEnds, p.text[p.at]) < 0 || p.thousands(c)) {
		p.at++
	}
	if start == p.at {
		return "", p.expected(start, describe(c.Field))
	}
	return p.text[start:p.at], nil
}

func (p *parser) quoted() (string, error) {
	start := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text) && strings.IndexByte(`"\`, p.text[p.at+1]) >= 0:
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.wrong(start, "The text in quotes has no end; expected `\"`.")
}

// take checks a value by the type of its field and keeps it.
func (p *parser) take(c *Comparison, at int, v string) error {
	if c.Field.Escaped {
		v = strings.ReplaceAll(v, "=", escapedEqual)
	}
	if c.Op == Match {
		return p.takePattern(c, at, v)
	}
	if c.Field.Type == Number || c.Field.Type == Region {
		v = withoutThousands(v)
	}
	switch {
	case c.Field.Type == Number:
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || math.IsNaN(n) {
			return p.wrong(at, "%q is not a number; expected %s for %s.", v, describe(c.Field), c.Field.Name)
		}
		c.numbers = append(c.numbers, n)
	case isImpact(c.Field):
		v = strings.ToUpper(v)
		rank := impactRank(v)
		if rank < 0 {
			return p.wrong(at, "%q is no impact; expected %s.", v, describe(c.Field))
		}
		c.numbers = append(c.numbers, float64(rank))
	case c.Field.Type == Region:
		region, ok := parseRegion(v)
		if !ok {
			return p.wrong(at, "%q is no region; expected %s.", v, describe(c.Field))
		}
		c.regions = append(c.regions, region)
	case len(c.Field.Values) > 0:
		if unknown, found := unknownElement(c.Field, v); found {
			return p.wrong(at, "%q is no value of %s; expected %s.", unknown, c.Field.Name, describeNear(c.Field, unknown))
		}
	}
	c.Values = append(c.Values, v)
	return nil
}

func (p *parser) takePattern(c *Comparison, at int, v string) error {
	m, err := newMatcher(v)
	if err != nil {
		return p.wrong(at, "%q is no regular expression: %s.", v, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	c.Values, c.matcher = append(c.Values, v), m
	return nil
}

// unknownElement finds what of a value the field's closed set does not hold: the value itself, or an element of it where the field is a list.
func unknownElement(f Field, v string) (element string, found bool) {
	elements := []string{v}
	if f.Type == List {
		elements = strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(f.Separators, r) })
		if len(elements) == 0 {
			return v, true
		}
	}
	for _, element := range elements {
		if !slices.Contains(f.Values, element) {
			return element, true
		}
	}
	return "", false
}

// describeNear is describe for a field with many values: of them those that hold what was written, or begin as it does.
func describeNear(f Field, written string) string {
	const few = 8
	if len(f.Values) <= few {
		return describe(f)
	}
	written = strings.ToLower(written)
	var near []string
	for size := len(written); size >= 3 && len(near) == 0; size-- {
		for _, v := range f.Values {
			if strings.Contains(strings.ToLower(v), written[:size]) {
				near = append(near, v)
			}
		}
	}
	if len(near) == 0 {
		return "one of " + describe(f)
	}
	return strings.Join(near, ", ")
}

// describe says what a value of a field looks like.
func describe(f Field) string {
	switch {
	case isImpact(f):
		return strings.Join(Impacts, ", ")
	case len(f.Values) > 0:
		return strings.Join(f.Values, ", ")
	case f.Type == Number:
		return "a number"
	case f.Type == Region:
		return "a region like 21:25000000-25100000"
	}
	return "a value"
}

// withoutThousands takes the commas out of the numbers of a value.
func withoutThousands(v string) string {
	return grouped.ReplaceAllStringFunc(v, func(number string) string { return strings.ReplaceAll(number, ",", "") })
}

var grouped = regexp.MustCompile(`\b[0-9]{1,3}(,[0-9]{3})+\b`)

// parseRegion reads CHROM, CHROM:POS or CHROM:FROM-TO.
func parseRegion(text string) (Interval, bool) {
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 {
		return Interval{text, 0, math.MaxUint32}, text != ""
	}
	from, to, isRange := strings.Cut(text[colon+1:], "-")
	start, err := strconv.ParseUint(from, 10, 32)
	end := start
	if err == nil && isRange {
		end, err = strconv.ParseUint(to, 10, 32)
	}
	return Interval{text[:colon], uint32(start), uint32(end)}, err == nil && colon > 0 && start <= end
}
