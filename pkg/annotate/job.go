package annotate

import (
	"cmp"

	"gas/pkg/vcf"
)

// pieceSize is the most text, in bytes, that a worker gets at a time. Less is given when the result is much longer than the text.
const pieceSize = 1 << 20

// piece is the pieceSize that holds.
func (o *Options) piece() int { return cmp.Or(o.pieceSize, pieceSize) }

// job is one piece of the file on its way through the pipeline.
type job struct {
	piece vcf.Piece
	first bool  // the piece begins with a line
	err   error // of the source, instead of a piece

	head    []byte // the text up to the first line's end: the rest of a line that began before
	tail    []byte // the text behind the last line's end
	cut     bool   // head has no line's end: the line goes on behind the piece
	damage  error  // behind the last whole line
	results results
	done    chan struct{}
}

// results are what became of some lines.
type results struct {
	out       []byte
	lines     int64 // with their ends
	ledger    Ledger
	problems  []lineProblem
	stopped   bool // more records were rejected than may be
	notes     notes
	order     order
	places    []place
	collector Collector
	failure   error // of the collector
}

// lineProblem is a rejected record.
type lineProblem struct {
	line int64 // 1-based, from the first of the lines
	vcf.Problem
}

// place is where a record lies, for the index.
type place struct {
	start, end uint32 // 0-based, half-open
	run        int32  // index in order.runs
	stop       uint32 // where it ends in out
}

// order is what can be said of the records' order within some lines.
type order struct {
	runs     []contigRun
	unsorted int64 // the first line that does not follow, 0 when there is none
}

// contigRun is a run of records of one contig.
type contigRun struct {
	name        []byte
	line        int64 // of the first record
	first, last uint32
}

// add adds a record at a 0-based position.
func (o *order) add(name []byte, sameAsLast bool, pos uint32, line int64) {
	if n := len(o.runs); sameAsLast && n > 0 {
		run := &o.runs[n-1]
		if pos < run.last && o.unsorted == 0 {
			o.unsorted = line
		}
		run.last = pos
		return
	}
	if len(o.runs) < cap(o.runs) {
		o.runs = o.runs[:len(o.runs)+1]
	} else {
		o.runs = append(o.runs, contigRun{})
	}
	run := &o.runs[len(o.runs)-1]
	run.name = append(run.name[:0], name...)
	run.line, run.first, run.last = line, pos, pos
}

// reserve makes room at once for what most pieces give, from so many bytes of text: a buffer that grows leaves garbage behind, and memory that is never used
// is never taken.
func (r *results) reserve(text int) {
	if cap(r.out) == 0 {
		r.out = make([]byte, 0, min(resultSize+resultSize/4, 16*text))
	}
	if cap(r.order.runs) == 0 {
		r.order.runs = make([]contigRun, 0, 8) // its first element, which every record writes to, shares no line of the cache with that of another piece
	}
}

func (r *results) reset() {
	*r = results{out: r.out[:0], problems: r.problems[:0], places: r.places[:0], order: order{runs: r.order.runs[:0]}, collector: r.collector}
}
