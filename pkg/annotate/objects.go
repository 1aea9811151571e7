package annotate

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"gas/pkg/consequence"
)

// appendObject appends the record as one JSON object on a line of its own: its columns, and an array of effects whose keys are the fields of CSQ.
// Empty fields are left out; Consequence and FLAGS are arrays.
func (w *worker) appendObject(dst []byte, effects bool) []byte {
	r := &w.record
	dst = appendString(append(dst, `{"chrom":`...), r.Chrom)
	dst = strconv.AppendUint(append(dst, `,"pos":`...), uint64(r.Pos), 10)
	dst = appendString(append(dst, `,"id":`...), r.ID)
	dst = appendString(append(dst, `,"ref":`...), r.Ref)
	dst = append(dst, `,"alt":[`...)
	for i, alt := range w.variant.Alts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, alt)
	}
	dst = appendString(append(dst, `],"qual":`...), r.Qual)
	dst = appendString(append(dst, `,"filter":`...), r.Filter)
	dst = appendString(append(dst, `,"info":`...), r.Info)
	if len(w.entries) > 0 {
		dst = appendString(append(dst, `,"databases":`...), w.entries)
	}
	dst = append(dst, `,"effects":[`...)
	if effects {
		for i := range w.scratch.Effects {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = w.appendEffect(dst, &w.scratch.Effects[i])
		}
	}
	return append(dst, "]}\n"...)
}

// appendEffect appends one effect as an object.
func (w *worker) appendEffect(dst []byte, effect *consequence.Effect) []byte {
	dst = append(dst, `{"alt":`...)
	dst = appendString(dst, w.variant.Alts[effect.Allele])
	for _, field := range w.plan.fields {
		before := len(w.entries)
		w.entries = w.plan.engine.AppendField(w.entries, w.scratch, effect, field)
		value := w.entries[before:]
		if len(value) > 0 {
			dst = append(append(append(dst, `,"`...), field.String()...), `":`...)
			dst = appendValue(dst, field, value)
		}
		w.entries = w.entries[:before]
	}
	return append(dst, '}')
}

// appendValue appends a field's value: a list where the field is one.
func appendValue(dst []byte, field consequence.Field, value []byte) []byte {
	if field != consequence.FieldConsequence && field != consequence.FieldFlags {
		return appendString(dst, value)
	}
	dst = append(dst, '[')
	for i := 0; ; i++ {
		part, rest, more := bytes.Cut(value, []byte{'&'})
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, part)
		if value = rest; !more {
			return append(dst, ']')
		}
	}
}

const hexDigits = "0123456789abcdef"

// appendString appends bytes as a JSON string; what is not UTF-8 becomes the replacement character.
func appendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRune(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		i++
	}
	return append(dst, '"')
}
