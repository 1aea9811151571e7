package consequence

// annFields are the 16 fields of the joint standard's ANN 1.0.
var annFields = [...]string{"Allele", "Annotation", "Annotation_Impact", "Gene_Name", "Gene_ID", "Feature_Type", "Feature_ID", "Transcript_BioType", "Rank", "HGVS.c", "HGVS.p",
	"cDNA.pos / cDNA.length", "CDS.pos / CDS.length", "AA.pos / AA.length", "Distance", "ERRORS / WARNINGS / INFO"}

const annHeader = `##INFO=<ID=ANN,Number=.,Type=String,Description="Functional annotations: 'Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p | cDNA.pos / cDNA.length | CDS.pos / CDS.length | AA.pos / AA.length | Distance | ERRORS / WARNINGS / INFO' ">`

// AppendANN appends the value of ANN for the effects that s holds.
func (e *Engine) AppendANN(dst []byte, s *Scratch) []byte {
	for i := range s.Effects {
		if i > 0 {
			dst = append(dst, ',')
		}
		effect := &s.Effects[i]
		dst = append(append(dst, s.variant.Alts[effect.Allele]...), '|')
		dst = append(effect.Terms.Append(dst, '&'), '|')
		dst = append(append(dst, effect.Impact.String()...), "|||||||||||||"...)
	}
	return dst
}
