package vcf

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"gas/pkg/fault"
)

// Numbers of the columns, 1-based, as faults name them.
const (
	ColumnChrom = 1 + iota
	ColumnPos
	ColumnID
	ColumnRef
	ColumnAlt
	ColumnQual
	ColumnFilter
	ColumnInfo
	ColumnFormat
)

// Record is one record's line and where its columns lie in it. Its slices are parts of the line.
type Record struct {
	Line   []byte // without its line end
	Chrom  []byte
	Pos    uint32 // 1-based; 0 and one past the contig's length stand for telomeres
	ID     []byte
	Ref    []byte
	Alt    []byte // all alleles with their commas
	Qual   []byte
	Filter []byte
	Info   []byte
	Rest   []byte // FORMAT and the samples with the tab before them; empty where there are none

	info int // where Info begins in Line
}

// BeforeInfo is the line up to the column INFO, with the tab before it.
func (r *Record) BeforeInfo() []byte { return r.Line[:r.info] }

// ToInfo is the line up to the end of the column INFO.
func (r *Record) ToInfo() []byte { return r.Line[:r.info+len(r.Info)] }

// Alleles cuts ALT at its commas and appends the alleles to dst.
func (r *Record) Alleles(dst [][]byte) [][]byte {
	alt := r.Alt
	if len(alt) == 1 {
		return append(dst, alt)
	}
	for {
		comma := bytes.IndexByte(alt, ',')
		if comma < 0 {
			return append(dst, alt)
		}
		dst = append(dst, alt[:comma])
		alt = alt[comma+1:]
	}
}

// Problem is what is wrong with a record.
type Problem struct {
	Column  int // 1-based
	Message string
}

// At makes a fault of it.
func (p *Problem) At(line int64) *fault.Fault { return fault.At(line, p.Column, "%s", p.Message) }

func problem(column int, format string, args ...any) *Problem {
	return &Problem{column, fmt.Sprintf(format, args...)}
}

// Parser takes records apart and holds their eight fixed columns against the specification. It remembers what it saw last, and so belongs to
// one goroutine.
type Parser struct {
	columns  int
	limits   Limits
	declared map[string]bool // contigs of the header
	chrom    []byte          // the last CHROM that was found to be right
	filter   []byte          // the last FILTER that was found to be right
}

// NewParser makes a Parser of the records that follow a header.
func NewParser(h *Header, limits Limits) *Parser {
	p := &Parser{columns: h.Columns(), limits: limits.orDefaults(), declared: map[string]bool{}}
	for _, c := range h.Contigs() {
		p.declared[c.Name] = true
	}
	return p
}

// Parse takes one line apart; the record keeps parts of it. It returns nil or what is wrong.
func (p *Parser) Parse(r *Record, line []byte) *Problem {
	r.Line = line
	if at := p.plain(r); at > 0 {
		return p.parseInfo(r, at)
	}
	at := 0
	for _, step := range [...]func(*Parser, *Record, int) (int, *Problem){
		(*Parser).parseChrom, (*Parser).parsePos, (*Parser).parseID, (*Parser).parseRef, (*Parser).parseAlt, (*Parser).parseQual, (*Parser).parseFilter,
	} {
		end, wrong := step(p, r, at)
		if wrong != nil {
			return p.orTooShort(line, wrong)
		}
		if end == len(line) {
			return p.tooShort(line)
		}
		at = end + 1
	}
	return p.parseInfo(r, at)
}

// orTooShort prefers to say that columns are missing: what is wrong elsewhere mostly follows from that.
func (p *Parser) orTooShort(line []byte, wrong *Problem) *Problem {
	if bytes.Count(line, tab) < fixedColumns-1 {
		return p.tooShort(line)
	}
	return wrong
}

func (p *Parser) tooShort(line []byte) *Problem {
	if len(line) > 0 && line[0] == '#' {
		return problem(ColumnChrom, "A header line stands among the records.")
	}
	n := bytes.Count(line, tab) + 1
	if n == 1 && len(bytes.Fields(line)) >= fixedColumns {
		return problem(0, "The columns are separated by spaces; they must be separated by tabs.")
	}
	return problem(0, "The record has %s, but the line #CHROM names %d.", columnCount(n), p.columns)
}

func columnCount(n int) string {
	if n == 1 {
		return "1 column"
	}
	return strconv.Itoa(n) + " columns"
}

var tab = []byte{'\t'}

// fieldEnd is where the column that begins at an offset ends: at its tab, or at the end of the line.
func fieldEnd(line []byte, from int) int {
	for i := from; i < len(line); i++ {
		if line[i] == '\t' {
			return i
		}
	}
	return len(line)
}

func (p *Parser) parseChrom(r *Record, at int) (int, *Problem) {
	line := r.Line
	if n := len(p.chrom); n > 0 && len(line) > n && line[n] == '\t' && string(line[:n]) == string(p.chrom) {
		r.Chrom = line[:n]
		return n, nil
	}
	end := fieldEnd(line, at)
	r.Chrom = line[:end]
	if wrong := p.checkChrom(r.Chrom); wrong != nil {
		return 0, wrong
	}
	p.chrom = append(p.chrom[:0], r.Chrom...)
	return end, nil
}

func (p *Parser) checkChrom(name []byte) *Problem {
	if len(name) == 0 {
		return problem(ColumnChrom, "CHROM is empty.")
	}
	if p.declared[string(name)] && bytes.IndexByte(name, ' ') < 0 {
		return nil
	}
	inner := name
	if len(name) > 2 && name[0] == '<' && name[len(name)-1] == '>' {
		inner = name[1 : len(name)-1] // a contig of the assembly file
	}
	for i, c := range inner {
		if class[c]&nameClass == 0 && !(c == '*' && i > 0 && len(inner) < len(name)) {
			return problem(ColumnChrom, "CHROM %q holds the character %q, which a contig's name may not hold.", name, c)
		}
	}
	return nil
}

func (p *Parser) parsePos(r *Record, at int) (int, *Problem) {
	line := r.Line
	pos := uint64(0)
	for i := at; i < len(line); i++ {
		c := line[i] - '0'
		if c > 9 {
			if line[i] == '\t' && i > at && pos <= math.MaxInt32 {
				r.Pos = uint32(pos)
				return i, nil
			}
			break
		}
		if pos = pos*10 + uint64(c); pos > math.MaxInt32 {
			break
		}
	}
	return 0, problem(ColumnPos, "POS %q is not a number from 0 to %d.", line[at:fieldEnd(line, at)], math.MaxInt32)
}

func (p *Parser) parseID(r *Record, at int) (int, *Problem) {
	line := r.Line
	seen, end := uint8(0), at
	for ; end < len(line) && line[end] != '\t'; end++ {
		seen |= class[line[end]]
	}
	r.ID = line[at:end]
	if end == at {
		return 0, problem(ColumnID, "ID is empty; a missing one is written as a point.")
	}
	if seen&(spaceClass|semicolonClass) != 0 {
		return end, checkList(ColumnID, "ID", r.ID, seen)
	}
	return end, nil
}

// checkList judges a column whose parts are separated by semicolons: none may be empty, repeated or hold a space.
func checkList(column int, name string, list []byte, seen uint8) *Problem {
	if seen&spaceClass != 0 {
		return problem(column, "%s %q holds a space.", name, list)
	}
	for rest := list; ; {
		part, after, more := bytes.Cut(rest, []byte{';'})
		if len(part) == 0 {
			return problem(column, "%s %q has an empty part.", name, list)
		}
		for other := after; more && len(other) > 0; {
			var next []byte
			if next, other, _ = bytes.Cut(other, []byte{';'}); bytes.Equal(next, part) {
				return problem(column, "%s %q names %q twice.", name, list, part)
			}
		}
		if !more {
			return nil
		}
		rest = after
	}
}

func (p *Parser) parseRef(r *Record, at int) (int, *Problem) {
	line := r.Line
	end := at
	for end < len(line) && class[line[end]]&baseClass != 0 {
		end++
	}
	r.Ref = line[at:end]
	if end == at || end < len(line) && line[end] != '\t' {
		return 0, problem(ColumnRef, "REF %q is not made of A, C, G, T and N.", shortened(line[at:fieldEnd(line, at)]))
	}
	return end, nil
}

func (p *Parser) parseAlt(r *Record, at int) (int, *Problem) {
	line := r.Line
	if at+1 < len(line) && line[at+1] == '\t' && class[line[at]]&baseClass != 0 {
		r.Alt = line[at : at+1]
		return at + 1, nil
	}
	end := fieldEnd(line, at)
	r.Alt = line[at:end]
	if alleles := bytes.Count(r.Alt, []byte{','}) + 1; alleles > p.limits.Alleles {
		return 0, problem(ColumnAlt, "The record has %d ALT alleles; the limit is %d.", alleles, p.limits.Alleles)
	}
	if len(r.Alt) == 1 && r.Alt[0] == '.' {
		return end, nil
	}
	for rest := r.Alt; ; {
		comma := bytes.IndexByte(rest, ',')
		allele := rest
		if comma >= 0 {
			allele = rest[:comma]
		}
		if !isAllele(allele) {
			return 0, problem(ColumnAlt, "The ALT allele %q is neither bases, nor *, nor <ID>, nor a breakend.", shortened(allele))
		}
		if comma < 0 {
			return end, nil
		}
		rest = rest[comma+1:]
	}
}

func (p *Parser) parseQual(r *Record, at int) (int, *Problem) {
	line := r.Line
	end, points := at, 0
	for ; end < len(line) && line[end] != '\t'; end++ {
		if c := line[end]; c == '.' {
			points++
		} else if c < '0' || c > '9' {
			points = 2
		}
	}
	r.Qual = line[at:end]
	if end > at && points < 2 {
		return end, nil // digits with a point at most, or the point that stands for a missing value
	}
	value, err := strconv.ParseFloat(string(r.Qual), 64)
	if err != nil && !math.IsInf(value, 0) || value < 0 {
		return 0, problem(ColumnQual, "QUAL %q is not a number of 0 or more.", shortened(r.Qual))
	}
	return end, nil
}

func (p *Parser) parseFilter(r *Record, at int) (int, *Problem) {
	line := r.Line
	if n := len(p.filter); n > 0 && len(line) > at+n && line[at+n] == '\t' && string(line[at:at+n]) == string(p.filter) {
		r.Filter = line[at : at+n]
		return at + n, nil
	}
	seen, end := uint8(0), at
	for ; end < len(line) && line[end] != '\t'; end++ {
		seen |= class[line[end]]
	}
	r.Filter = line[at:end]
	if wrong := checkFilter(r.Filter, seen); wrong != nil {
		return 0, wrong
	}
	p.filter = append(p.filter[:0], r.Filter...)
	return end, nil
}

func checkFilter(filter []byte, seen uint8) *Problem {
	if len(filter) == 0 {
		return problem(ColumnFilter, "FILTER is empty; a missing one is written as a point.")
	}
	if wrong := checkList(ColumnFilter, "FILTER", filter, seen); wrong != nil {
		return wrong
	}
	several := bytes.IndexByte(filter, ';') >= 0
	for part := range bytes.SplitSeq(filter, []byte{';'}) {
		if string(part) == "0" {
			return problem(ColumnFilter, "FILTER may not hold the reserved name 0.")
		}
		if several && string(part) == "." {
			return problem(ColumnFilter, "FILTER %q holds the point of a missing value beside others.", filter)
		}
	}
	return nil
}

func (p *Parser) parseInfo(r *Record, at int) *Problem {
	line := r.Line
	end := bytes.IndexByte(line[at:], '\t')
	if end < 0 {
		end = len(line)
	} else {
		end += at
	}
	r.info, r.Info, r.Rest = at, line[at:end], line[end:]
	if len(r.Info) == 0 {
		return problem(ColumnInfo, "INFO is empty; a missing one is written as a point.")
	}
	if len(r.Info) > p.limits.Info {
		if n := bytes.Count(r.Info, []byte{';'}) + 1; n > p.limits.Info {
			return problem(ColumnInfo, "INFO has %d entries; the limit is %d.", n, p.limits.Info)
		}
	}
	if p.columns == fixedColumns && len(r.Rest) == 0 {
		return nil
	}
	if n := fixedColumns + bytes.Count(r.Rest, tab); n != p.columns {
		return problem(0, "The record has %s, but the line #CHROM names %d.", columnCount(n), p.columns)
	}
	return nil
}

// shortened is a value as a message shows it.
func shortened(value []byte) []byte {
	if len(value) <= 40 {
		return value
	}
	return append(bytes.Clone(value[:37]), "..."...)
}
