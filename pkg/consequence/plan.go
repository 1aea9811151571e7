package consequence

import "gas/pkg/hgvs"

// step is a part of the chosen fields that is written in one go.
type step struct {
	kind     stepKind
	run      int // 1-based number of a run of known fields
	from, to int // of the engine's fields
	field    Field
}

// stepKind says how a step is written.
type stepKind uint8

const (
	oneField   stepKind = iota
	knownRun            // fields that the gene model knows
	judgedPair          // the consequence and the impact that follows it
	foundBlock          // EXON to Codons, as they follow each other by default
	alleleStep
	distanceStep
)

// maxRuns bounds the runs of known fields: the found fields between them part the list into no more.
const maxRuns = 8

// blockLength is how many fields foundBlock has.
const blockLength = int(FieldCodons-FieldExon) + 1

// planOf parts the fields, which are in order, into steps.
func planOf(fields []Field) []step {
	var plan []step
	runs := 0
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		st := step{from: i, to: i + 1, field: f}
		switch {
		case isKnown(f):
			for st.to < len(fields) && isKnown(fields[st.to]) {
				st.to++
			}
			runs++
			st.kind, st.run = knownRun, runs
		case f == FieldConsequence && i+1 < len(fields) && fields[i+1] == FieldImpact:
			st.kind, st.to = judgedPair, i+2
		case f == FieldExon && i+blockLength <= len(fields) && fields[i+blockLength-1] == FieldCodons:
			st.kind, st.to = foundBlock, i+blockLength
		case f == FieldAllele:
			st.kind = alleleStep
		case f == FieldDistance:
			st.kind = distanceStep
		}
		plan = append(plan, st)
		i = st.to - 1
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
	for i := range e.plan {
		st := &e.plan[i]
		switch st.kind {
		case knownRun:
			if k != nil {
				dst = append(dst, k.text[k.cuts[st.run-1]:k.cuts[st.run]]...)
				continue
			}
			for n := st.to - st.from; n > 1; n-- {
				dst = append(dst, '|')
			}
		case judgedPair:
			dst = append(dst, s.judgementOf(fx.Terms)...)
			continue
		case foundBlock:
			if fx.block.End > 0 {
				dst = append(dst, s.text[fx.block.Start:fx.block.End]...)
			} else {
				dst = appendBlock(dst, s, fx)
			}
		case alleleStep:
			dst = append(dst, s.text[fx.AlleleSeq.Start:fx.AlleleSeq.End]...)
		case distanceStep:
			if fx.Distance >= 0 {
				dst = hgvs.AppendNumber(dst, int(fx.Distance))
			}
		default:
			dst = e.AppendField(dst, s, fx, st.field)
		}
		dst = append(dst, '|')
	}
	return dst[:len(dst)-1]
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
