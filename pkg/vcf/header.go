package vcf

import (
	"bytes"
	"fmt"
	"strings"

	"gas/pkg/fault"
)

// columns are the eight fixed columns and the ninth that precedes samples.
var columns = [...]string{"#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"}

// fixedColumns is how many columns every record has.
const fixedColumns = 8

// Header is a file's header.
type Header struct {
	Version string   // of ##fileformat, for example "4.2"; empty where the line is missing or says something else
	Lines   [][]byte // the lines that begin with ##, without their line ends
	Meta    []Meta   // the same lines taken apart; one for each of Lines
	Column  []byte   // the line #CHROM, without its line end
	Samples []string

	notes []Note
}

// Meta is one header line "##Key=Value" or "##Key=<…>".
type Meta struct {
	Key    string
	Value  string   // of an unstructured line
	Fields []Field  // of a structured line, in their order; nil for an unstructured one
	Fault  string   // what is wrong with the line's form, empty when nothing is
	Line   int64    // its number in the file, 1-based
	quoted []string // the keys of fields whose values are quoted
}

// Field is a key with its value, without quotes and escapes.
type Field struct{ Key, Value string }

// Get is the value of a structured line's field; empty when it has none.
func (m *Meta) Get(key string) string {
	for i := range m.Fields {
		if m.Fields[i].Key == key {
			return m.Fields[i].Value
		}
	}
	return ""
}

// Contig is what a ##contig line says. Length is 0 and MD5 empty where it does not say them.
type Contig struct {
	Name   string
	Length uint64
	MD5    string
}

// Contigs lists the ##contig lines in their order.
func (h *Header) Contigs() []Contig {
	var contigs []Contig
	for i := range h.Meta {
		if m := &h.Meta[i]; m.Key == "contig" && m.Get("ID") != "" {
			c := Contig{Name: m.Get("ID"), MD5: m.Get("md5")}
			if c.MD5 == "" {
				c.MD5 = m.Get("M5")
			}
			if _, err := fmt.Sscanf(m.Get("length"), "%d", &c.Length); err != nil {
				c.Length = 0
			}
			contigs = append(contigs, c)
		}
	}
	return contigs
}

// Declared finds the declaration of an ID under a key, for example "INFO" and "DP".
func (h *Header) Declared(key, id string) *Meta {
	for i := range h.Meta {
		if m := &h.Meta[i]; m.Key == key && m.Get("ID") == id {
			return m
		}
	}
	return nil
}

// Columns is how many columns every record has.
func (h *Header) Columns() int {
	if len(h.Samples) == 0 {
		return fixedColumns
	}
	return len(columns) + len(h.Samples)
}

// older tells whether the file is of VCF 4.1 or 4.2, whose rules differ in places.
func (h *Header) older() bool { return h.Version != "" && h.Version < "4.3" }

// Notes are the rules of leniency by which the header was read.
func (h *Header) Notes() []Note { return h.notes }

// headerReader takes a header in line by line.
type headerReader struct {
	header Header
	line   int64
	fields int // of all structured lines
	done   bool
}

// add takes one line without its line end. It sets done after the line #CHROM.
func (r *headerReader) add(line []byte) error {
	r.line++
	if r.line == 1 {
		rest, marked := bytes.CutPrefix(line, []byte("\ufeff"))
		if marked {
			r.note(RuleMark, "The byte order mark at the beginning was dropped.")
		}
		line = rest
		if err := notForeign(line); err != nil {
			return err
		}
	}
	switch {
	case bytes.IndexByte(line, 0) >= 0:
		return fault.At(r.line, 0, "The line holds a NUL byte: this is not text.")
	case bytes.HasPrefix(line, []byte("##")):
		r.meta(bytes.Clone(line))
		return nil
	case bytes.HasPrefix(line, []byte("#CHROM")):
		r.done = true
		r.header.Column = bytes.Clone(line)
		return r.columnLine(string(line))
	case len(bytes.TrimSpace(line)) == 0:
		r.note(RuleBlank, "A blank line was left out.")
		return nil
	}
	return r.notHeader(line)
}

// notHeader says what is wrong with a line that does not belong into a header.
func (r *headerReader) notHeader(line []byte) error {
	if r.line == 1 || len(r.header.Lines) == 0 {
		return fault.At(r.line, 1, "This is not a VCF file: it begins neither with ## nor with #CHROM.")
	}
	if line[0] == '#' {
		return fault.At(r.line, 1, "A header line begins with ## or is the line #CHROM; this one is neither.")
	}
	return fault.At(r.line, 1, "The line #CHROM is missing: the header ends without it, or one of its lines is broken in two.")
}

func (r *headerReader) note(rule Rule, format string, args ...any) {
	r.header.notes = append(r.header.notes, Note{Rule: rule, Line: r.line, Message: fmt.Sprintf(format, args...)})
}

// meta takes a line that begins with ##.
func (r *headerReader) meta(line []byte) {
	m := parseMeta(string(line[2:]))
	m.Line = r.line
	r.fields += len(m.Fields)
	r.header.Lines = append(r.header.Lines, line)
	r.header.Meta = append(r.header.Meta, m)
	if len(r.header.Lines) == 1 {
		r.version(&m)
	}
	if m.Fault != "" {
		r.note(RuleMeta, "%s", m.Fault)
	}
}

// version reads ##fileformat from the first line.
func (r *headerReader) version(m *Meta) {
	version, ok := strings.CutPrefix(m.Value, "VCFv")
	switch {
	case m.Key != "fileformat":
		r.note(RuleVersion, "The first line is not ##fileformat; the file is read as VCF 4.5.")
	case !ok || len(version) != 3 || version[:2] != "4." || version[2] < '0' || version[2] > '9':
		r.note(RuleVersion, "%q is no version of VCF; the file is read as VCF 4.5.", m.Value)
	case version < "4.1" || version > "4.5":
		r.note(RuleVersion, "VCF %s is not one of 4.1 to 4.5; the file is read as the nearest of them.", version)
		r.header.Version = version
	default:
		r.header.Version = version
	}
}

// columnLine reads the line #CHROM.
func (r *headerReader) columnLine(line string) error {
	if len(r.header.Lines) == 0 {
		r.note(RuleVersion, "The line ##fileformat is missing; the file is read as VCF 4.5.")
	}
	names := strings.Split(line, "\t")
	if len(names) == 1 && len(strings.Fields(line)) > 1 {
		return fault.At(r.line, 1, "The columns of the line #CHROM are separated by spaces; they must be separated by tabs.")
	}
	for i, want := range columns[:min(len(columns), max(len(names), fixedColumns))] {
		if i >= len(names) {
			return fault.At(r.line, i+1, "The line #CHROM lacks the column %s.", want)
		}
		if names[i] != want {
			return fault.At(r.line, i+1, "The column %s is expected here, not %q.", want, names[i])
		}
	}
	if len(names) == len(columns) {
		return fault.At(r.line, len(columns), "The column FORMAT is there, but no sample follows it.")
	}
	if len(names) > len(columns) {
		r.header.Samples = names[len(columns):]
	}
	return r.sampleNames()
}

func (r *headerReader) sampleNames() error {
	seen := make(map[string]bool, len(r.header.Samples))
	for i, name := range r.header.Samples {
		switch {
		case name == "":
			return fault.At(r.line, len(columns)+i+1, "The name of sample %d is empty.", i+1)
		case seen[name]:
			return fault.At(r.line, len(columns)+i+1, "The sample %q is named twice.", name)
		}
		seen[name] = true
	}
	return nil
}
