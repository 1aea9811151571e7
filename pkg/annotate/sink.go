package annotate

import (
	"errors"
	"fmt"
	"io"

	"gas/pkg/fault"
	"gas/pkg/vcf/bgzf"
	"gas/pkg/vcf/tabix"
)

// sink is where the result's text goes, in its order.
type sink struct {
	out    io.Writer
	packed *bgzf.Writer // nil for text that is not compressed
	index  io.Writer
	places *tabix.Builder // nil where no index is made, or none can be
	text   int64          // bytes written
}

// openSink makes the sink of a run; slots bound what it computes beside the workers.
func (r *run) openSink(slots chan struct{}) (*sink, error) {
	s := &sink{out: r.out.Writer, index: r.out.Index}
	if r.out.Bgzip {
		var err error
		if s.packed, err = bgzf.NewWriter(r.out.Writer, bgzf.WriterOptions{Level: r.out.Level, Threads: r.options.Threads, Slots: slots}); err != nil {
			return nil, err
		}
		s.out = s.packed
		if r.out.Index != nil && r.out.Format == VCF {
			s.places = tabix.NewBuilder()
		}
	}
	return s, nil
}

func (s *sink) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if _, err := s.out.Write(text); err != nil {
		return unwritable(err)
	}
	s.text += int64(len(text))
	return nil
}

// put writes the text of some results, and takes their places in the index.
func (s *sink) put(r *results) error {
	begin := s.text
	if err := s.write(r.out); err != nil {
		return err
	}
	if s.places == nil {
		return nil
	}
	at := begin
	for i := range r.places {
		p := &r.places[i]
		stop := begin + int64(p.stop)
		err := s.places.Add(r.order.runs[p.run].name, uint64(p.start), uint64(p.end), at, stop)
		if errors.Is(err, tabix.ErrUnsorted) {
			s.places = nil
			return nil
		}
		at = stop
	}
	return nil
}

// close completes the result, then its index, and says which form the index has: "tbi", "csi", or nothing where none was made.
func (s *sink) close() (string, error) {
	if s.packed == nil {
		return "", nil
	}
	if err := s.packed.Close(); err != nil {
		return "", unwritable(err)
	}
	if s.places == nil {
		return "", nil
	}
	if err := s.places.Write(s.index, s.packed.VirtualOffset); err != nil {
		return "", unwritable(err)
	}
	return s.places.Kind().String(), nil
}

// abort ends what an unfinished result holds.
func (s *sink) abort() {
	if s.packed != nil {
		s.packed.Abort()
	}
}

// unwritable is the error of a result that cannot be written.
func unwritable(err error) error {
	return fmt.Errorf("write the result: %w", fault.New(fault.Unavailable, "The result cannot be written.").Because(err))
}
