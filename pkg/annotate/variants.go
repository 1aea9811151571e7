package annotate

import (
	"fmt"

	"gas/pkg/fault"
	index "gas/pkg/results"
	"gas/pkg/vcf/bgzf"
)

// rowIndex is the index of a result's variants while it is written with the result.
type rowIndex struct {
	name   string
	writer *index.Writer
}

// variants begins the index of the result's variants, when one is asked for, and has the lines of the result shown to it.
func (w *writing) variants(o *Options) (*rowIndex, error) {
	if w.files.Variants == "" {
		return nil, nil
	}
	if w.files.Out == "-" || w.files.Format != VCF {
		return nil, fault.New(fault.Usage, "Only a VCF that is a file has an index of its variants.")
	}
	d, err := w.draft(w.files.Variants)
	if err != nil {
		return nil, err
	}
	rows := index.NewWriter(d.file)
	o.Observe = func(header []byte, a *Annotator) (func() Collector, error) {
		var keys []string
		if o := a.valued(); o != nil {
			keys = o.Keys()
		}
		rows.Direct(a.Engine, a.Reference, keys)
		return func() Collector { return rows.Piece() }, rows.Begin(header)
	}
	return &rowIndex{w.files.Variants, rows}, nil
}

// complete ends the index, for which the result, the first of the drafts, must be complete.
func (x *rowIndex) complete(result *draft, packed *bgzf.Writer) error {
	info, err := result.file.Stat()
	if err != nil {
		return fmt.Errorf("size of the result: %w", err)
	}
	var places index.Places
	if packed != nil {
		for file, text := range packed.Blocks() {
			places.Add(file, text)
		}
	}
	if err := x.writer.Close(info.Size(), places); err != nil {
		return cannotWrite(x.name, err)
	}
	return nil
}
