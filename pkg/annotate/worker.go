package annotate

import (
	"bytes"
	"sync/atomic"

	"gas/pkg/consequence"
	"gas/pkg/overlay"
	index "gas/pkg/results"
	"gas/pkg/vcf"
	"gas/pkg/vcf/bgzf"
)

// worker annotates lines. It belongs to one goroutine, and allocates nothing for a record once its buffers have grown.
type worker struct {
	plan    *plan
	decoder bgzf.Decoder
	parser  *vcf.Parser
	lookups []func(dst, contig []byte, pos uint32, ref []byte, alts [][]byte) []byte
	values  func() ([]overlay.Value, bool) // of the only one of the lookups; nil where there is none that hands its values over
	scratch *consequence.Scratch
	counts  *counts
	stop    *atomic.Bool // set when nobody waits for the work any more

	record  vcf.Record
	variant consequence.Variant
	entries []byte // of databases, for the record at hand
	shown   index.Record
	keeps   func(line []byte) (bool, error) // judges the filter; nil where there is none
	text    []byte                          // the line that keeps looks at
	chrom   []byte                          // of the last record
	contig  int                             // of the last record in the reference, -1 where it has none
	entered int                             // how often the contig changed
}

func newWorker(p *plan, stop *atomic.Bool) *worker {
	w := &worker{plan: p, stop: stop, parser: vcf.NewParser(p.header, p.limits), contig: -1, counts: newCounts(p)}
	if p.engine != nil {
		w.scratch = p.engine.Scratch()
	}
	if p.sieve != nil {
		w.keeps = p.sieve.Keeps()
	}
	if v := p.annotator.valued(); v != nil {
		lookup, values := v.LookupValues(p.bases)
		w.lookups, w.values = append(w.lookups, lookup), values
		return w
	}
	for _, o := range p.annotator.Overlays {
		w.lookups = append(w.lookups, o.Lookup(p.bases))
	}
	return w
}

// piece turns a job's piece into results.
func (w *worker) piece(j *job) {
	j.results.reset()
	text, damage := j.piece.Text(&w.decoder)
	j.results.reserve(len(text))
	j.damage, j.cut = damage, false
	begin := 0
	if !j.first {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			j.head, j.tail, j.cut = text, nil, true
			return
		}
		begin = end + 1
	}
	j.head = text[:begin]
	end := bytes.LastIndexByte(text, '\n') + 1
	j.tail = text[end:]
	w.lines(text[begin:end], &j.results)
}

// stopEvery is after how many lines a worker looks whether it should stop.
const stopEvery = 64

// lines annotates whole lines, each with its line's end.
func (w *worker) lines(text []byte, r *results) {
	w.eachLine(text, r)
	if r.collector != nil {
		r.collector.Settle()
	}
}

func (w *worker) eachLine(text []byte, r *results) {
	nul := bytes.IndexByte(text, 0)
	for at := 0; at < len(text) && !r.stopped; {
		end := bytes.IndexByte(text[at:], '\n')
		line := text[at : at+end]
		at += end + 1
		if r.lines++; r.lines%stopEvery == 0 && w.stop.Load() {
			return
		}
		if nul >= 0 && at > nul {
			w.reject(r, &vcf.Problem{Message: "The line holds a NUL byte: this is not text."})
			r.stopped = true
			return
		}
		w.line(line, r)
	}
}

// line annotates one line.
func (w *worker) line(line []byte, r *results) {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
		if r.notes.lineEnds++; r.notes.lineEnds == 1 {
			r.notes.firstLineEnd = r.lines
		}
	}
	if len(line) == 0 {
		if r.notes.blanks++; r.notes.blanks == 1 {
			r.notes.firstBlank = r.lines
		}
		return
	}
	r.ledger.Read++
	if wrong := w.parser.Parse(&w.record, line); wrong != nil {
		r.ledger.Read--
		w.reject(r, wrong)
		return
	}
	start := max(w.record.Pos, 1) - 1
	same := len(r.order.runs) > 0 && string(w.record.Chrom) == string(w.chrom)
	r.order.add(w.record.Chrom, same, start, r.lines)
	before := len(r.out)
	w.annotate(r)
	if r.places != nil && len(r.out) > before {
		end := start + uint32(len(w.record.Ref))
		if w.plan.ends {
			end = max(end, infoEnd(w.record.Info))
		}
		r.places = append(r.places, place{start, end, int32(len(r.order.runs) - 1), uint32(len(r.out))})
	}
}

// reject keeps what is wrong with the line at hand.
func (w *worker) reject(r *results, wrong *vcf.Problem) {
	r.ledger.Read++
	r.ledger.Rejected++
	r.problems = append(r.problems, lineProblem{r.lines, *wrong})
	r.stopped = len(r.problems) > w.plan.rejected
}

// annotate judges the record at hand and appends it to the results.
func (w *worker) annotate(r *results) {
	if string(w.record.Chrom) != string(w.chrom) {
		w.enter(w.record.Chrom)
	}
	v := &w.variant
	v.Alts = v.Alts[:0]
	if a := w.record.Alt; len(a) != 1 || a[0] != '.' {
		v.Alts = w.record.Alleles(v.Alts)
	}
	w.entries = w.entries[:0]
	if w.contig < 0 && w.plan.contigs != nil {
		r.ledger.pass(ReasonContig)
		w.counts.record(w, false)
		w.put(r, false)
		return
	}
	if w.plan.engine == nil {
		w.withoutEngine(r)
		return
	}
	v.Contig, v.Pos, v.Ref, v.ID, v.Info = w.contig, w.record.Pos, w.record.Ref, w.record.ID, w.record.Info
	outcome := w.plan.engine.Annotate(w.scratch, v)
	annotated := outcome.Status == consequence.Annotated
	if annotated {
		r.ledger.Annotated++
	} else {
		r.ledger.pass(reasonOf(outcome.Status))
	}
	if annotated || outcome.Status == consequence.NoAllele || outcome.Status == consequence.Unsupported {
		w.lookUp()
	}
	w.counts.record(w, annotated)
	w.put(r, annotated)
}

// enter finds the contig of the records that follow.
func (w *worker) enter(name []byte) {
	w.chrom = append(w.chrom[:0], name...)
	w.entered++
	w.contig = -1
	if w.plan.contigs != nil {
		if i, ok := w.plan.contigs.Contig(name); ok {
			w.contig = i
		}
	}
	w.counts.enter(name)
}

// withoutEngine annotates a record with databases alone, beside what a stage before the pipeline has said of its haplotypes.
func (w *worker) withoutEngine(r *results) {
	w.lookUp()
	if len(w.entries) > 0 || w.plan.annotator.Haplotypes != nil {
		r.ledger.Annotated++
	} else {
		r.ledger.pass(ReasonNoEntry)
	}
	w.counts.record(w, false)
	w.put(r, false)
}

// lookUp asks every database for the record at hand.
func (w *worker) lookUp() {
	for _, lookup := range w.lookups {
		before := len(w.entries)
		if before > 0 {
			w.entries = append(w.entries, ';')
		}
		w.entries = lookup(w.entries, w.record.Chrom, w.record.Pos, w.record.Ref, w.variant.Alts)
		if before > 0 && len(w.entries) == before+1 {
			w.entries = w.entries[:before]
		}
	}
}

// put appends the record at hand in the result's format, if it passes the filter. With effects, the engine's scratch holds them.
func (w *worker) put(r *results, effects bool) {
	if !w.passes(r, effects) {
		return
	}
	switch before := len(r.out); w.plan.format {
	case VCF:
		r.out = w.appendVCF(r.out, effects)
		if r.collector != nil && r.failure == nil {
			r.failure = w.show(r.out[before:], r.collector, effects)
		}
	case TSV:
		r.out = w.appendRows(r.out, effects)
	case JSONLines:
		r.out = w.appendObject(r.out, effects)
	}
}

// show gives the record at hand to a collector.
func (w *worker) show(line []byte, to Collector, effects bool) error {
	shown := &w.shown
	shown.Columns, shown.Contig, shown.Alts, shown.Entries, shown.Scratch = &w.record, w.entered, w.variant.Alts, nil, nil
	if effects {
		shown.Scratch = w.scratch
	}
	if shown.Valued = false; len(w.entries) > 0 {
		shown.Entries = w.entriesIn(line)
		if w.values != nil {
			shown.Values, shown.Valued = w.values()
		}
	}
	shown.Samples, shown.Scanned = w.counts.samples.found, w.counts.samples.whole && len(w.record.Rest) > 0
	return to.Record(line, shown)
}

// entriesIn is what databases say of the record at hand, in its line: they stand last in INFO.
func (w *worker) entriesIn(line []byte) []byte {
	end := len(line) - len("\n") - len(w.record.Rest)
	return line[end-len(w.entries) : end]
}

// appendVCF appends the record's line with its INFO completed; everything else is copied.
func (w *worker) appendVCF(dst []byte, effects bool) []byte {
	dst, before := w.appendToInfo(dst)
	separate := func() {
		if len(dst) > before {
			dst = append(dst, ';')
		}
	}
	if effects {
		separate()
		dst = append(dst, w.plan.entry...)
		dst = w.plan.engine.AppendInfo(dst, w.scratch)
	}
	if len(w.entries) > 0 {
		separate()
		dst = append(dst, w.entries...)
	}
	if len(dst) == before {
		dst = append(dst, '.')
	}
	dst = append(dst, w.record.Rest...)
	return append(dst, '\n')
}
