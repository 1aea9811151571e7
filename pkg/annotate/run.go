package annotate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"gas/pkg/fault"
	"gas/pkg/vcf"
	"gas/pkg/vcf/bgzf"
)

// run is one file on its way.
type run struct {
	in      Input
	out     Output
	options Options
	summary *Summary

	source *vcf.Source
	pieces pieces    // of the text behind the header: the source, or a stage behind it
	digest hash.Hash // of the input; may be nil
	header *vcf.Header
	lines  int64 // of the header
	plan   *plan // what every worker does with a record

	collector func() Collector // makes one for each piece that is in work; may be nil
}

// all is the way of a file, step by step.
func (r *run) all(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends a read that is still under way
	if err := r.open(interrupt(ctx, r.in.Reader)); err != nil {
		return r.explained(ctx, err)
	}
	var decoder bgzf.Decoder
	if err := r.begin(ctx, &decoder); err != nil {
		return r.explained(ctx, err)
	}
	if err := r.setFilter(); err != nil {
		return err
	}
	header := r.plan.outputHeader(r.header, r.options)
	if err := r.observe(header); err != nil {
		return err
	}
	p := newPipeline(r)
	sink, err := r.openSink(p.slots)
	if err != nil {
		return err
	}
	defer sink.abort()
	if err := sink.write(header); err != nil {
		return err
	}
	err = r.pipe(ctx, p, sink)
	r.sum()
	if err != nil {
		return r.explained(ctx, err)
	}
	if err := r.judge(); err != nil {
		return err
	}
	r.summary.packed = sink.packed
	r.summary.Index, err = sink.close()
	return err
}

// observe gives the header to whoever wants to see the lines of the result.
func (r *run) observe(header []byte) error {
	if r.options.Observe == nil || r.out.Format != VCF {
		return nil
	}
	var err error
	r.collector, err = r.options.Observe(header, r.plan.annotator)
	return err
}

// open looks at the first bytes of the input.
func (r *run) open(reader io.Reader) error {
	if r.options.Digest {
		r.digest = sha256.New()
	}
	var err error
	if r.source, err = vcf.NewSource(reader, r.options.Limits, r.digest); err != nil {
		return err
	}
	r.summary.Input.Compression = r.source.Compression().String()
	return nil
}

// begin reads the header, looks at the first records and makes the plan.
func (r *run) begin(ctx context.Context, decoder *bgzf.Decoder) error {
	header, rest, lines, err := vcf.ReadHeader(r.source, decoder, r.options.Limits)
	if err != nil {
		return err
	}
	r.header, r.lines = header, lines
	r.summary.takeHeader(header)
	peek := look(r.source, decoder, header, rest, lines, r.options)
	for _, n := range peek.notes {
		r.summary.note(n, 1)
	}
	annotator, err := r.options.Choose(ctx, peek)
	if err != nil {
		return err
	}
	r.plan = newPlan(annotator, header, r.out.Format, r.options)
	r.pieces = r.source
	if annotator.Haplotypes != nil {
		r.pieces = newHaplotypes(r.source, annotator, header, lines, r.options.Limits)
	}
	r.summary.takePlan(r.plan)
	return nil
}

// explained says why the work ended when its context did.
func (r *run) explained(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("annotate %s: %w", r.in.Name, cause)
	}
	return fault.New(fault.Cancelled, "The annotation was cancelled.").Because(ctx.Err())
}

// judge refuses a file of which no record lies on a contig of the reference.
func (r *run) judge() error {
	l := &r.summary.Ledger
	if r.plan.contigs == nil || l.Read == 0 || l.Annotated+l.PassedThrough == 0 || l.Passed[ReasonContig] < l.Read-l.Rejected {
		return nil
	}
	return fault.New(fault.NoSharedContig, "%s", strings.Join(append([]string{"No record lies on a contig of the reference " + r.plan.reference.Name + "."}, r.plan.misfits...), " ")).
		WithHint("The file names contigs such as %s; choose the reference that they belong to.", r.summary.someContigs())
}

// sum completes the summary, also after an error.
func (r *run) sum() {
	if r.digest != nil {
		r.summary.Input.SHA256 = hex.EncodeToString(r.digest.Sum(nil))
	}
	r.summary.Input.Size = r.source.Read()
	r.summary.sum(r.plan)
}
