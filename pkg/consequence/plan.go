package consequence

// step is a part of the chosen fields: a run of fields that the gene model knows (run > 0), the consequence with the impact that follows it, or one field that is found for each effect.
type step struct {
	run      int // 1-based number of the run
	from, to int // of the engine's fields
	field    Field
	judged   bool // consequence and impact together
	block    bool // EXON to Codons, as they follow each other by default
}

// maxRuns bounds the runs of known fields: the found fields between them part the list into no more.
const maxRuns = 8

// planOf parts the fields, which are in order, into steps.
func planOf(fields []Field) []step {
	var plan []step
	runs := 0
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		switch {
		case isKnown(f):
			j := i
			for j < len(fields) && isKnown(fields[j]) {
				j++
			}
			runs++
			plan = append(plan, step{run: runs, from: i, to: j})
			i = j - 1
		case f == FieldConsequence && i+1 < len(fields) && fields[i+1] == FieldImpact:
			plan = append(plan, step{from: i, to: i + 2, field: f, judged: true})
			i++
		case f == FieldExon && i+int(FieldCodons-FieldExon) < len(fields) && fields[i+int(FieldCodons-FieldExon)] == FieldCodons:
			plan = append(plan, step{from: i, to: i + int(FieldCodons-FieldExon) + 1, block: true})
			i += int(FieldCodons - FieldExon)
		default:
			plan = append(plan, step{from: i, to: i + 1, field: f})
		}
	}
	return plan
}

// isKnown says whether the gene model alone gives the field.
func isKnown(f Field) bool {
	switch f {
	case FieldAllele, FieldConsequence, FieldImpact, FieldAlleleNum, FieldVariantClass, FieldHGVSg, FieldHGVSOffset:
		return false
	}
	return f < FieldExon || f > FieldDistance
}

// judgement is a set of terms as text: "missense_variant|MODERATE|".
type judgement struct {
	terms Terms
	text  []byte
}

// judgementSlots is how many sets of terms a scratch keeps as text.
const judgementSlots = 256

// judgementOf is the text of a set of terms and its impact.
func (s *Scratch) judgementOf(t Terms) []byte {
	x := uint64(t) * 0x9e3779b97f4a7c15
	j := &s.judgements[x>>56]
	if j.terms != t {
		j.terms = t
		j.text = append(t.Append(j.text[:0], '&'), '|')
		j.text = append(append(j.text, t.Impact().String()...), '|')
	}
	return j.text
}

// appendEffect appends one effect as an entry of CSQ.
func (e *Engine) appendEffect(dst []byte, s *Scratch, fx *Effect) []byte {
	var k *known
	if fx.Transcript >= 0 {
		k = e.knownOf(s, fx.Transcript)
	}
	last := len(e.plan) - 1
	for i := range e.plan {
		st := &e.plan[i]
		switch {
		case st.run > 0 && k != nil:
			dst = append(dst, k.text[k.cuts[st.run-1]:k.cuts[st.run]]...)
			continue
		case st.run > 0:
			for n := st.to - st.from; n > 1; n-- {
				dst = append(dst, '|')
			}
		case st.judged:
			dst = append(dst, s.judgementOf(fx.Terms)...)
			if i == last {
				dst = dst[:len(dst)-1]
			}
			continue
		case st.block:
			dst = appendBlock(dst, s, fx)
		case st.field >= FieldExon && st.field <= FieldDistance:
			dst = appendFound(dst, s, fx, st.field)
		default:
			dst = e.AppendField(dst, s, fx, st.field)
		}
		if i < last {
			dst = append(dst, '|')
		}
	}
	return dst
}

// appendBlock appends the fields from EXON to Codons.
func appendBlock(dst []byte, s *Scratch, fx *Effect) []byte {
	if fx.Exon.First == 0 && fx.Intron.First == 0 && fx.CDNA == (Range{}) && fx.HGVSc == (Span{}) && fx.HGVSp == (Span{}) {
		return append(dst, "||||||||"...)
	}
	dst = append(fx.Exon.Append(dst), '|')
	dst = append(fx.Intron.Append(dst), '|')
	dst = append(append(dst, s.text[fx.HGVSc.Start:fx.HGVSc.End]...), '|')
	if fx.CDNA == (Range{}) && fx.HGVSp == (Span{}) {
		return append(dst, "|||||"...)
	}
	dst = append(append(dst, s.text[fx.HGVSp.Start:fx.HGVSp.End]...), '|')
	dst = append(fx.CDNA.Append(dst), '|')
	if fx.CDS == (Range{}) && fx.Protein == (Range{}) {
		return append(dst, "|||"...)
	}
	dst = append(fx.CDS.Append(dst), '|')
	dst = append(fx.Protein.Append(dst), '|')
	dst = append(append(dst, s.text[fx.AminoAcids.Start:fx.AminoAcids.End]...), '|')
	return append(dst, s.text[fx.Codons.Start:fx.Codons.End]...)
}
