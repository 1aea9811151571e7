package annotate

import (
	"fmt"

	"gas/pkg/fault"
	index "gas/pkg/results"
)

// setFilter reads the filter of the options, whose fields are those that the result will have.
func (r *run) setFilter() error {
	if r.options.Filter == "" {
		return nil
	}
	sieve, err := index.NewSieve(r.plan.vcfHeader(r.header, r.options), r.options.Filter)
	if err != nil {
		wrong := *fault.Of(err)
		if wrong.Column > 0 {
			wrong.Message = fmt.Sprintf("The filter has a mistake in column %d. %s", wrong.Column, wrong.Message)
			wrong.Column = 0
		}
		return &wrong
	}
	r.plan.sieve = sieve
	return nil
}

// passes tells whether the record at hand passes the filter. Whatever the result's form, the filter sees the line of a VCF.
func (w *worker) passes(r *results, effects bool) bool {
	if w.keeps == nil {
		return true
	}
	w.text = w.appendVCF(w.text[:0], effects)
	kept, err := w.keeps(w.text)
	if err != nil && r.failure == nil {
		r.failure = err
	}
	if !kept {
		r.ledger.LeftOut++
	}
	return kept
}
