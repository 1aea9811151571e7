package vcf

import (
	"bytes"
	"context"
	"errors"
	"io"

	"gas/pkg/fault"
	"gas/pkg/vcf/bgzf"
)

// CheckOptions say how a file is checked.
type CheckOptions struct {
	Limits  Limits
	Partial bool // only the beginning of a file is given: it may end anywhere
	Faults  int  // how many findings are kept; 0 stands for 1,000
}

// Report is what a check finds.
type Report struct {
	Compression string         `json:"compression"`
	Version     string         `json:"vcf_version"`
	HeaderLines int            `json:"header_lines"`
	Samples     []string       `json:"samples"`
	Records     int64          `json:"records"`
	Sorted      bool           `json:"sorted"`
	Build       Build          `json:"build"`
	ChrPrefix   bool           `json:"chr_prefix"` // the names of contigs begin with chr
	Contigs     []ContigReport `json:"contigs"`    // in the order of the records
	First       []FirstVariant `json:"first"`      // the first three records
	Faults      []Finding      `json:"faults"`     // what the file is refused for
	Warnings    []Finding      `json:"warnings"`   // what it is read in spite of
	More        int64          `json:"more"`       // findings that were counted but not kept
}

// OK tells whether the file would be annotated.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

// ContigReport counts a contig's records.
type ContigReport struct {
	Name    string `json:"name"`
	Records int64  `json:"records"`
}

// FirstVariant is one of the first records.
type FirstVariant struct {
	Contig string `json:"contig"`
	Pos    uint32 `json:"pos"`
	Ref    string `json:"ref"`
	Alt    string `json:"alt"`
}

// Finding is a fault or warning with its place. Line and Column are 0 where they are not known.
type Finding struct {
	Line    int64  `json:"line"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
	Rule    string `json:"rule,omitempty"`   // of leniency, for warnings
	Number  int    `json:"number,omitempty"` // of the rule in docs/input.md
}

// Check reads a VCF to its end, as the service would, and reports every fault with its line. Its error is of the source or of the context; a file
// that cannot be read as a VCF is a Report with faults.
func Check(ctx context.Context, src io.Reader, o CheckOptions) (*Report, error) {
	if o.Faults == 0 {
		o.Faults = 1000
	}
	o.Limits = o.Limits.orDefaults()
	c := checker{options: o, report: Report{Sorted: true}}
	err := c.all(ctx, src)
	var f *fault.Fault
	if errors.As(err, &f) && f.Kind != fault.Unavailable {
		if !(o.Partial && f.Kind == fault.BadInput && errors.Is(err, errCut)) {
			c.refuse(f)
		}
		err = nil
	}
	c.finish()
	return &c.report, err
}

// errCut marks what may be wrong only because no more than the beginning of a file is given.
var errCut = errors.New("the file goes on")

// checker is a check on its way.
type checker struct {
	options CheckOptions
	report  Report
	header  *Header
	vetter  *Vetter
	line    int64
	pending []byte
	counts  map[string]int
	crlf    bool // was warned of
}

func (c *checker) all(ctx context.Context, src io.Reader) error {
	s, err := NewSource(src, c.options.Limits, nil)
	if err != nil {
		return err
	}
	c.report.Compression = s.Compression().String()
	var d bgzf.Decoder
	header, rest, lines, err := ReadHeader(s, &d, c.options.Limits)
	if err != nil {
		return c.perhapsCut(err)
	}
	c.takeHeader(header, lines)
	c.pending = append(c.pending, rest...)
	var p Piece
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.lines(); err != nil {
			return err
		}
		err := s.Next(&p, 1<<18)
		if errors.Is(err, io.EOF) {
			return c.last()
		}
		if err != nil {
			return c.perhapsCut(onLine(err, c.line+1))
		}
		text, damage := p.Text(&d)
		c.pending = append(c.pending, text...)
		if damage != nil {
			if err := c.lines(); err != nil {
				return err
			}
			return onLine(damage, c.line+1)
		}
	}
}

// perhapsCut marks the faults of a file that ends too early.
func (c *checker) perhapsCut(err error) error {
	var f *fault.Fault
	if c.options.Partial && errors.As(err, &f) && (errors.Is(err, bgzf.ErrTruncated) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return f.Because(errCut)
	}
	return err
}

func (c *checker) takeHeader(h *Header, lines int64) {
	c.header, c.line = h, lines
	c.vetter = NewVetter(h, c.options.Limits)
	c.counts = map[string]int{}
	c.report.Version, c.report.HeaderLines, c.report.Samples = h.Version, len(h.Lines)+1, h.Samples
	for _, n := range h.Notes() {
		c.warn(n)
	}
}

// lines vets all whole lines.
func (c *checker) lines() error {
	text := c.pending
	for {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			break
		}
		c.vet(text[:end])
		text = text[end+1:]
	}
	c.pending = append(c.pending[:0], text...)
	if len(c.pending) > c.options.Limits.Line {
		return tooLarge(c.line+1, "The line is longer than %d bytes.", c.options.Limits.Line)
	}
	return nil
}

// last vets the line that lacks its end.
func (c *checker) last() error {
	if len(c.pending) == 0 || c.options.Partial {
		return nil
	}
	c.warn(Note{RuleLastLine, c.line + 1, "The last line has no line end."})
	c.vet(c.pending)
	return nil
}

func (c *checker) vet(line []byte) {
	c.line++
	f, notes := c.vetter.Vet(line, c.line)
	for _, n := range notes {
		c.warn(n)
	}
	if f != nil {
		c.refuse(f)
		return
	}
	if len(bytes.TrimSuffix(line, []byte{'\r'})) > 0 {
		c.count(c.vetter.Record())
	}
}

func (c *checker) count(r *Record) {
	c.report.Records++
	i, ok := c.counts[string(r.Chrom)]
	if !ok {
		i = len(c.report.Contigs)
		c.counts[string(r.Chrom)] = i
		c.report.Contigs = append(c.report.Contigs, ContigReport{Name: string(r.Chrom)})
	}
	c.report.Contigs[i].Records++
	if len(c.report.First) < 3 {
		c.report.First = append(c.report.First, FirstVariant{string(r.Chrom), r.Pos, string(r.Ref), string(r.Alt)})
	}
}

func (c *checker) refuse(f *fault.Fault) {
	c.keep(&c.report.Faults, Finding{Line: f.Line, Column: f.Column, Message: f.Message})
}

func (c *checker) warn(n Note) {
	if n.Rule == RuleLineEnd {
		if c.crlf {
			return // of one line is enough
		}
		c.crlf = true
	}
	c.keep(&c.report.Warnings, Finding{Line: n.Line, Message: n.Message, Rule: n.Rule.String(), Number: int(n.Rule)})
}

func (c *checker) keep(list *[]Finding, f Finding) {
	if len(*list) >= c.options.Faults {
		c.report.More++
		return
	}
	*list = append(*list, f)
}

func (c *checker) finish() {
	if c.header == nil {
		return
	}
	c.report.Sorted = c.vetter.Sorted()
	c.report.Build = guessBuild(c.header, c.report.Contigs)
	for _, name := range c.report.Contigs {
		c.report.ChrPrefix = c.report.ChrPrefix || len(name.Name) > 3 && name.Name[:3] == "chr"
	}
}
