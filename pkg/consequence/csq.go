package consequence

import "strings"

// HeaderLine is the ##INFO line that declares the annotation, without its line end.
func (e *Engine) HeaderLine() string {
	if e.opt.Style == ANN {
		return annHeader
	}
	return `##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from GAS, by the rules of Ensembl VEP 115. Format: ` +
		strings.Join(e.FieldNames(), "|") + `">`
}

// FieldNames lists the names of the annotation's fields in the order in which they are written.
func (e *Engine) FieldNames() []string {
	if e.opt.Style == ANN {
		return annFields[:]
	}
	names := make([]string, len(e.opt.Fields))
	for i, f := range e.opt.Fields {
		names[i] = f.String()
	}
	return names
}

// Key is the INFO key of the annotation: "CSQ" or "ANN".
func (e *Engine) Key() string {
	if e.opt.Style == ANN {
		return "ANN"
	}
	return "CSQ"
}

// AppendInfo appends the value of the annotation in the engine's style: what AppendCSQ or AppendANN appends.
func (e *Engine) AppendInfo(dst []byte, s *Scratch) []byte {
	if e.opt.Style == ANN {
		return e.AppendANN(dst, s)
	}
	return e.AppendCSQ(dst, s)
}

// AppendCSQ appends the value of CSQ for the effects that s holds.
func (e *Engine) AppendCSQ(dst []byte, s *Scratch) []byte {
	for i := range s.Effects {
		if i > 0 {
			dst = append(dst, ',')
		}
		for j, f := range e.opt.Fields {
			if j > 0 {
				dst = append(dst, '|')
			}
			dst = e.AppendField(dst, s, &s.Effects[i], f)
		}
	}
	return dst
}

// AppendField appends one field of one effect as CSQ writes it.
func (e *Engine) AppendField(dst []byte, s *Scratch, effect *Effect, f Field) []byte {
	switch f {
	case FieldAllele:
		return append(dst, s.Bytes(effect.AlleleSeq)...)
	case FieldConsequence:
		return effect.Terms.Append(dst, '&')
	case FieldImpact:
		return append(dst, effect.Impact.String()...)
	}
	return dst
}
