package annotate

import (
	"strconv"
	"strings"
)

// tableHeader names the columns of TSV.
func (p *plan) tableHeader() []byte {
	names := []string{"#CHROM", "POS", "ID", "REF", "ALT"}
	if p.engine != nil {
		names = append(names, p.engine.FieldNames()...)
	}
	if len(p.annotator.Overlays) > 0 {
		names = append(names, "DATABASES")
	}
	return []byte(strings.Join(names, "\t") + "\n")
}

// appendRows appends one row for each effect: of the record, its allele, the fields of CSQ, and what databases know. A record without effects has
// one row with empty fields.
func (w *worker) appendRows(dst []byte, effects bool) []byte {
	if !effects {
		dst = w.appendSite(dst, w.record.Alt)
		for range w.plan.fields {
			dst = append(dst, '\t')
		}
		return w.appendRowEnd(dst)
	}
	for i := range w.scratch.Effects {
		effect := &w.scratch.Effects[i]
		dst = w.appendSite(dst, w.variant.Alts[effect.Allele])
		for _, field := range w.plan.fields {
			dst = append(dst, '\t')
			dst = w.plan.engine.AppendField(dst, w.scratch, effect, field)
		}
		dst = w.appendRowEnd(dst)
	}
	return dst
}

// appendSite appends CHROM, POS, ID and REF as they are in the line, and an allele.
func (w *worker) appendSite(dst, allele []byte) []byte {
	r := &w.record
	dst = append(append(dst, r.Chrom...), '\t')
	dst = strconv.AppendUint(dst, uint64(r.Pos), 10)
	dst = append(append(append(dst, '\t'), r.ID...), '\t')
	dst = append(append(dst, r.Ref...), '\t')
	return append(dst, allele...)
}

func (w *worker) appendRowEnd(dst []byte) []byte {
	if len(w.lookups) > 0 {
		dst = append(append(dst, '\t'), w.entries...)
	}
	return append(dst, '\n')
}
