package annotate

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"gas/pkg/fault"
	"gas/pkg/vcf"
)

// The pipeline: a feeder reads pieces, workers annotate them, and a stitcher puts the results out in the order of the file. The pieces are cut
// anywhere, so the stitcher joins the end of one with the beginning of the next and annotates the lines that were cut itself.
type pipeline struct {
	run     *run
	free    chan *job
	todo    chan *job     // to the workers
	ordered chan *job     // to the stitcher
	slots   chan struct{} // one for each goroutine that computes
	size    atomic.Int64  // of the next pieces, in bytes of text
	workers []*worker
	stop    atomic.Bool // the workers may leave off
}

// resultSize is about how much result a piece should give, in bytes: it keeps the memory flat where the result is much longer than the file.
const resultSize = resultsOfPiece * pieceSize

// resultsOfPiece is how much longer than a piece its result may become.
const resultsOfPiece = 2

// pipe runs the pipeline to the end of the input, or the first error in the order of the file.
func (r *run) pipe(ctx context.Context, p *pipeline, sink *sink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { p.stop.Store(true) })
	p.size.Store(int64(r.options.piece() / 4))
	var busy sync.WaitGroup
	for _, w := range p.workers[1:] {
		busy.Go(func() { p.work(w) })
	}
	busy.Go(func() { p.feed(ctx) })
	s := stitcher{pipeline: p, sink: sink, worker: p.workers[0], line: r.lines, first: true}
	err := s.all(ctx)
	cancel()
	busy.Wait()
	for _, w := range p.workers {
		r.summary.counts.add(w.counts)
	}
	return err
}

// newPipeline makes the goroutines' working memory; the first worker is the stitcher's.
func newPipeline(r *run) *pipeline {
	threads := r.options.Threads
	jobs := threads + 2
	p := &pipeline{run: r, free: make(chan *job, jobs), todo: make(chan *job, jobs), ordered: make(chan *job, jobs), slots: make(chan struct{}, threads)}
	for range jobs {
		j := &job{done: make(chan struct{}, 1)}
		r.prepare(&j.results)
		p.free <- j
	}
	for range threads + 1 {
		w := newWorker(r.plan, &p.stop)
		w.counts.samples.keep = r.collector != nil
		p.workers = append(p.workers, w)
	}
	return p
}

// prepare gives results what the run asks of them.
func (r *run) prepare(results *results) {
	if r.out.Index != nil {
		results.places = make([]place, 0, 1024)
	}
	if r.collector != nil {
		results.collector = r.collector()
	}
}

// feed reads pieces until the input or the context ends. The last job holds the error, io.EOF at best.
func (p *pipeline) feed(ctx context.Context) {
	defer close(p.todo)
	defer close(p.ordered)
	for first := true; ; first = false {
		var j *job
		select {
		case j = <-p.free:
		case <-ctx.Done():
			return
		}
		j.first = first
		j.err = p.run.pieces.Next(&j.piece, int(p.size.Load()))
		p.ordered <- j
		if j.err != nil {
			return
		}
		p.todo <- j
	}
}

// work annotates pieces.
func (p *pipeline) work(w *worker) {
	for j := range p.todo {
		p.slots <- struct{}{}
		w.piece(j)
		<-p.slots
		j.done <- struct{}{}
	}
}

// stitcher puts results out in the order of the file.
type stitcher struct {
	pipeline *pipeline
	sink     *sink
	worker   *worker
	line     int64   // lines that were put out
	carry    []byte  // the beginning of a line that goes on in the next piece
	edge     results // of the lines that were cut
	first    bool
	last     []byte // contig of the last record
	position uint32 // of the last record
	seen     map[string]bool
	reported time.Time
}

// all stitches until the last job, an error or the end of the context.
func (s *stitcher) all(ctx context.Context) error {
	s.pipeline.run.prepare(&s.edge)
	s.seen = map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case j, ok := <-s.pipeline.ordered:
			if !ok {
				return ctx.Err()
			}
			if j.err != nil {
				return s.end(j.err)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-j.done:
			}
			if err := s.job(j); err != nil {
				return err
			}
			s.pipeline.free <- j
		}
	}
}

// job puts one piece out.
func (s *stitcher) job(j *job) error {
	if err := s.join(j.head, !j.cut && !j.first); err != nil {
		return err
	}
	if err := s.take(&j.results); err != nil {
		return err
	}
	if !j.cut {
		s.carry = append(s.carry[:0], j.tail...)
	}
	if j.damage != nil {
		return s.located(j.damage)
	}
	if err := s.overlong(); err != nil {
		return err
	}
	s.adapt(j)
	s.report(false)
	return nil
}

// join adds the beginning of a piece to the line that was cut, and puts the line out when it is whole.
func (s *stitcher) join(head []byte, whole bool) error {
	s.carry = append(s.carry, head...)
	if !whole {
		return nil
	}
	if err := s.overlong(); err != nil {
		return err
	}
	s.edge.reset()
	s.worker.lines(s.carry, &s.edge)
	s.carry = s.carry[:0]
	return s.take(&s.edge)
}

func (s *stitcher) overlong() error {
	limit := s.pipeline.run.options.Limits.Line
	if limit == 0 {
		limit = vcf.DefaultLine
	}
	if len(s.carry) <= limit {
		return nil
	}
	f := fault.New(fault.TooLarge, "The line is longer than %d bytes.", limit)
	f.Line = s.line + 1
	return f
}

// take puts results out and counts them.
func (s *stitcher) take(r *results) error {
	summary := s.pipeline.run.summary
	summary.Ledger.add(&r.ledger)
	summary.takeNotes(&r.notes, s.line)
	s.follow(&r.order)
	for _, problem := range r.problems {
		wrong := problem.At(s.line + problem.line)
		summary.reject(wrong)
		if summary.Ledger.Rejected > int64(s.pipeline.run.plan.rejected) {
			return wrong
		}
	}
	if r.failure != nil {
		return r.failure
	}
	if err := s.sink.put(r); err != nil {
		return err
	}
	s.line += r.lines
	if r.collector != nil {
		return r.collector.Finish()
	}
	return nil
}

// follow watches the records' order.
func (s *stitcher) follow(o *order) {
	summary := s.pipeline.run.summary
	unsorted := o.unsorted
	for i := range o.runs {
		run := &o.runs[i]
		if string(run.name) != string(s.last) {
			if s.seen[string(run.name)] {
				unsorted = earlier(unsorted, run.line)
			}
			if !s.seen[string(run.name)] {
				s.seen[string(run.name)] = true
				summary.order = append(summary.order, string(run.name))
			}
			s.last = append(s.last[:0], run.name...)
		} else if run.first < s.position {
			unsorted = earlier(unsorted, run.line)
		}
		s.position = run.last
	}
	if unsorted > 0 && summary.Sorted {
		summary.Sorted = false
		summary.note(vcf.Note{Rule: vcf.RuleOrder, Line: s.line + unsorted, Message: "The records are not sorted by contig and position from here on; no index is made."}, 1)
	}
}

func earlier(line, other int64) int64 {
	if line == 0 {
		return other
	}
	return min(line, other)
}

// end takes the last line, which may lack its end, and what ended the source.
func (s *stitcher) end(err error) error {
	if !errors.Is(err, io.EOF) {
		return s.located(err)
	}
	if len(s.carry) > 0 {
		if s.carry[len(s.carry)-1] != '\n' {
			s.pipeline.run.summary.note(vcf.Note{Rule: vcf.RuleLastLine, Line: s.line + 1, Message: "The last line has no line end."}, 1)
		}
		if err := s.join(newline, true); err != nil {
			return err
		}
	}
	s.report(true)
	return nil
}

// located adds the line where a damaged file ends to its fault.
func (s *stitcher) located(err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Line != 0 {
		return err
	}
	with := *f
	with.Line = s.line + 1
	return &with
}

// adapt gives the next pieces a size that keeps their results short.
func (s *stitcher) adapt(j *job) {
	text, out := j.piece.Size(), len(j.results.out)
	if text == 0 || out == 0 {
		return
	}
	most := s.pipeline.run.options.piece()
	s.pipeline.size.Store(int64(min(float64(most), max(float64(most)/16, float64(resultsOfPiece*most)*float64(text)/float64(out)))))
}

// reportEvery is how often progress is told.
const reportEvery = 100 * time.Millisecond

func (s *stitcher) report(last bool) {
	run := s.pipeline.run
	if run.options.Progress == nil {
		return
	}
	now := time.Now()
	if !last && now.Sub(s.reported) < reportEvery {
		return
	}
	s.reported = now
	p := Progress{Bytes: run.source.Read(), Size: run.in.Size, Records: run.summary.Ledger.Read, Contig: string(s.last)}
	if p.Size > 0 {
		p.Percent = min(100, 100*float64(p.Bytes)/float64(p.Size))
	}
	run.options.Progress(p)
}
