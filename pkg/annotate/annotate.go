// Package annotate turns a VCF into an annotated VCF: a pipeline that cuts the input into pieces, annotates them in parallel and puts them out in
// their order, with a summary, a ledger and an index counted on the way.
package annotate

import (
	"context"
	"io"

	"gas/pkg/consequence"
	"gas/pkg/consequence/bcsq"
	"gas/pkg/genome"
	"gas/pkg/overlay"
	index "gas/pkg/results"
	"gas/pkg/vcf"
)

// Format is the form of the result.
type Format uint8

// The forms.
const (
	VCF       Format = iota
	TSV              // one row for each allele and transcript
	JSONLines        // one object for each record
)

// name is the format's name on a command line.
func (f Format) name() string { return [...]string{VCF: "vcf", TSV: "tsv", JSONLines: "jsonl"}[f] }

// Input is what is annotated.
type Input struct {
	Reader io.Reader // a VCF, plain, gzip or bgzip
	Name   string    // as a person knows it
	Size   int64     // bytes, 0 where it is not known
}

// Output is where the result goes.
type Output struct {
	Writer io.Writer
	Index  io.Writer // of the result's index, which is written last; nil for none. It needs Bgzip and the format VCF
	Format Format
	Bgzip  bool
	Level  int // of compression, 0 to 9
}

// Annotator is what annotates: a reference with its engine, and databases. Reference and Engine are nil together, when only databases are asked.
type Annotator struct {
	Reference *genome.Reference
	Engine    *consequence.Engine
	Overlays  []Overlay
	// Haplotypes has the variants of a haplotype judged together: BCSQ is added to INFO, and to the samples which of it each haplotype has. It needs a
	// Reference, and a sorted file. nil = every record is judged alone.
	Haplotypes *bcsq.Options
	Choice     string // which reference this is and why it was chosen, for the log
	Databases  []Database
}

// Options say how a file is annotated.
type Options struct {
	Threads     int // goroutines that compute at the same time, at least 1
	Limits      vcf.Limits
	Version     string    // of GAS
	Filter      string    // only records of which an allele passes are written, in the language of pkg/results/filter; empty for all
	Settings    []Setting // the flags of gas annotate that repeat the work, but for the reference; for the header and the manifest
	MaxRejected int       // records with a fault that are left out before the file is refused for one

	// Choose gives the annotator for a file, after a look at its beginning.
	Choose func(context.Context, *Peek) (*Annotator, error)
	// Progress is called about ten times a second, from one goroutine; it may be nil.
	Progress func(Progress)
	// Observe takes the header of the result, as it is written, and what it is annotated with, and returns what makes a collector of its records,
	// one for each piece that is in work; it may be nil, and then costs nothing. It is for the format VCF.
	Observe func(header []byte, a *Annotator) (func() Collector, error)
	// Digest has the input's SHA-256 computed on the way.
	Digest bool

	pieceSize int // in bytes of text, in place of the constant; 0 outside of tests
}

// Use is a Choose that always gives the same annotator.
func Use(a *Annotator) func(context.Context, *Peek) (*Annotator, error) {
	return func(context.Context, *Peek) (*Annotator, error) { return a, nil }
}

// Overlay is a database whose entries are added to the records that match them. Overlays are asked in their order.
type Overlay interface {
	// HeaderLines are the ##INFO lines of the keys that the overlay adds, without line ends.
	HeaderLines() []string
	// Lookup gives a function for one goroutine, which is asked record after record, mostly in the order of the file. It appends "KEY=value"
	// entries, separated by semicolons, to dst, or nothing. Positions are 1-based, alts are the ALT alleles as in the file. The function may ask bases
	// for the sequence of a contig of the file, nil where there is none.
	Lookup(bases func(contig []byte) []byte) func(dst, contig []byte, pos uint32, ref []byte, alts [][]byte) []byte
}

// valued is an Overlay that hands its values over one by one as well.
type valued interface {
	Overlay
	// Keys are those of INFO, by which values are numbered.
	Keys() []string
	// LookupValues is Lookup with a function that gives the values of the last record, as overlay.Cursor.Values does.
	LookupValues(bases func(contig []byte) []byte) (lookup func(dst, contig []byte, pos uint32, ref []byte, alts [][]byte) []byte, values func() ([]overlay.Value, bool))
}

// valued is the only overlay, where it hands its values over; else nil.
func (a *Annotator) valued() valued {
	if len(a.Overlays) != 1 {
		return nil
	}
	v, _ := a.Overlays[0].(valued)
	return v
}

// Collector takes the records of a piece of the result. Its methods are called from one goroutine at a time.
type Collector interface {
	// Record takes one record with its line as it is written, with the line's end. Until Settle it may keep the line and what the record's columns and
	// alleles point to, and nothing else.
	Record(line []byte, r *index.Record) error
	// Settle is called when the text of the records taken so far is about to go, and before Finish.
	Settle()
	// Finish is called in the order of the file, after the last record of the piece; the collector is then used for another piece.
	Finish() error
}

// Progress is how far the work is.
type Progress struct {
	Bytes   int64   // of the input that were read
	Size    int64   // of the input, 0 where it is not known
	Records int64   // that were written
	Percent float64 // of the input's bytes, 0 where its size is not known
	Contig  string  // of the last record that was written
}

// Run annotates in to out. It returns the summary also with an error: what was counted until then. An error that a person may see has a
// *fault.Fault in its chain, which names the line. When ctx ends, Run ends within some hundredths of a second, even while in blocks a read.
func Run(ctx context.Context, in Input, out Output, o Options) (*Summary, error) {
	o.Threads = max(1, o.Threads)
	r := run{in: in, out: out, options: o, summary: newSummary(in.Name)}
	err := r.all(ctx)
	return r.summary, err
}
