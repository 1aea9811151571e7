package genome

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
)

// row is one feature of a GFF3 or GTF file: nine columns parted by tabs. The attributes are valid until the next row is read.
type row struct {
	contig, source, kind string
	Span
	strand     int8
	phase      uint8
	cut        bool // begins before the first base
	attributes []byte
}

// rows reads the features of a GFF3 or GTF file.
type rows struct {
	in     *bufio.Reader
	long   []byte // a line that does not fit the reader's buffer
	line   int
	format string // for messages
	texts  interner
	pragma func(line []byte) // is given the lines that begin with ##
}

// longestRow is the longest line that is read, in bytes; the longest that NCBI writes have some ten thousand.
const longestRow = 4 << 20

func newRows(in io.Reader) *rows {
	return &rows{in: bufio.NewReaderSize(in, 1<<16), format: "GFF3", texts: make(interner), pragma: func([]byte) {}}
}

// next reads the next feature, and returns io.EOF after the last or where a ##FASTA section begins.
func (r *rows) next(f *row) error {
	for {
		line, err := r.readLine()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if bytes.HasPrefix(line, []byte("##FASTA")) || len(line) > 0 && line[0] == '>' {
			return io.EOF
		}
		if bytes.HasPrefix(line, []byte("##")) {
			r.pragma(line)
		}
		if len(line) > 0 && line[0] != '#' {
			return r.parse(line, f)
		}
		if err != nil {
			return io.EOF
		}
	}
}

// readLine returns the next line, and io.EOF with the last one.
func (r *rows) readLine() ([]byte, error) {
	r.line++
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = r.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			r.long = append(r.long, line...)
			if len(r.long) > longestRow {
				return nil, r.fault(fmt.Sprintf("longer than %d bytes", longestRow))
			}
			line, err = r.in.ReadSlice('\n')
		}
		r.long = append(r.long, line...)
		line = r.long
	}
	if len(line) > longestRow {
		return nil, r.fault(fmt.Sprintf("longer than %d bytes", longestRow))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read gene model, line %d: %w", r.line, err)
	}
	return line, err
}

func (r *rows) parse(line []byte, f *row) error {
	var columns [9][]byte
	n := 0
	for ; n < 8; n++ {
		column, rest, found := bytes.Cut(line, []byte{'\t'})
		columns[n], line = column, rest
		if !found {
			break
		}
	}
	if n < 7 {
		return r.fault(fmt.Sprintf("%d columns where nine parted by tabs are needed", n+1))
	}
	columns[8] = line
	var err error
	if f.Span, err = r.span(columns[3], columns[4]); err != nil {
		return err
	}
	f.contig, f.source, f.kind = r.texts.add(unescape(columns[0])), r.texts.add(columns[1]), r.texts.add(columns[2])
	f.strand, f.phase, f.cut = 0, 0, columns[3][0] == '-'
	switch string(columns[6]) {
	case "+":
		f.strand = 1
	case "-":
		f.strand = -1
	}
	if p := columns[7]; len(p) == 1 && p[0] >= '0' && p[0] <= '2' {
		f.phase = p[0] - '0'
	}
	f.attributes = columns[8]
	return nil
}

// span turns the 1-based, closed start and end of the file into a Span. Where a gene model was cut out of a larger one, features may begin before the first base: the part that is
// there counts, and where none is the Span is empty.
func (r *rows) span(start, end []byte) (Span, error) {
	from, ok1 := signed(start)
	to, ok2 := signed(end)
	if !ok1 || !ok2 || to > math.MaxInt32 {
		return Span{}, r.fault(fmt.Sprintf("start %q and end %q are not two positions, counted from 1", start, end))
	}
	if to < from {
		return Span{}, r.fault(fmt.Sprintf("the end %d lies before the start %d", to, from))
	}
	from, to = max(from, 1), max(to, 0)
	return Span{uint32(min(from-1, to)), uint32(to)}, nil
}

// signed reads a number that may be below zero.
func signed(text []byte) (int64, bool) {
	if len(text) > 1 && text[0] == '-' {
		n, ok := number(text[1:])
		return -n, ok
	}
	return number(text)
}

// number reads a decimal number below 10^12.
func number(text []byte) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 12 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func (r *rows) fault(reason string) error {
	return &FormatError{Format: r.format, Line: r.line, Reason: reason}
}

// interner keeps one copy of each text that comes again and again.
type interner map[string]string

func (in interner) add(text []byte) string {
	if s, ok := in[string(text)]; ok {
		return s
	}
	s := string(text)
	in[s] = s
	return s
}

// unescape replaces GFF3's %XX by the byte that it stands for; what is no escape is kept.
func unescape(text []byte) []byte {
	if bytes.IndexByte(text, '%') < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			high, low := hexDigit(text[i+1]), hexDigit(text[i+2])
			if high < 16 && low < 16 {
				out = append(out, high<<4|low)
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return out
}

func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}
