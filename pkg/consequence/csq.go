package consequence

import (
	"strings"

	"gas/pkg/genome"
	"gas/pkg/hgvs"
)

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
		dst = e.appendEffect(dst, s, &s.Effects[i])
	}
	return dst
}

// AppendField appends one field of one effect as CSQ writes it.
func (e *Engine) AppendField(dst []byte, s *Scratch, fx *Effect, f Field) []byte {
	switch f {
	case FieldAllele:
		return append(dst, s.Bytes(fx.AlleleSeq)...)
	case FieldConsequence:
		return fx.Terms.Append(dst, '&')
	case FieldImpact:
		return append(dst, fx.Impact.String()...)
	case FieldAlleleNum:
		return hgvs.AppendNumber(dst, fx.Allele+1)
	case FieldVariantClass:
		return e.appendClass(dst, s, fx)
	case FieldHGVSg:
		return e.appendGenomic(dst, s, fx)
	}
	if fx.Transcript < 0 {
		return dst
	}
	if f >= FieldExon && f <= FieldDistance || f == FieldHGVSOffset {
		return appendFound(dst, s, fx, f)
	}
	return e.appendKnown(dst, &e.ref.Transcripts[fx.Transcript], f)
}

// appendFound appends a field that was found for the allele at the transcript.
func appendFound(dst []byte, s *Scratch, fx *Effect, f Field) []byte {
	switch f {
	case FieldExon:
		return fx.Exon.Append(dst)
	case FieldIntron:
		return fx.Intron.Append(dst)
	case FieldHGVSc:
		return append(dst, s.Bytes(fx.HGVSc)...)
	case FieldHGVSp:
		return append(dst, s.Bytes(fx.HGVSp)...)
	case FieldCDNAPosition:
		return fx.CDNA.Append(dst)
	case FieldCDSPosition:
		return fx.CDS.Append(dst)
	case FieldProteinPosition:
		return fx.Protein.Append(dst)
	case FieldAminoAcids:
		return append(dst, s.Bytes(fx.AminoAcids)...)
	case FieldCodons:
		return append(dst, s.Bytes(fx.Codons)...)
	case FieldAlleleNum:
		return hgvs.AppendNumber(dst, fx.Allele+1)
	case FieldDistance:
		if fx.Distance >= 0 {
			return hgvs.AppendNumber(dst, int(fx.Distance))
		}
	case FieldHGVSOffset:
		if fx.HGVSOffset != 0 {
			return hgvs.AppendNumber(dst, int(fx.HGVSOffset))
		}
	}
	return dst
}

// appendKnown appends a field that the gene model says of the transcript.
func (e *Engine) appendKnown(dst []byte, t *genome.Transcript, f Field) []byte {
	g := &e.ref.Genes[t.Gene]
	switch f {
	case FieldSymbol:
		return e.appendText(dst, g.Symbol)
	case FieldGene:
		return e.appendText(dst, g.ID)
	case FieldFeatureType:
		return append(dst, "Transcript"...)
	case FieldFeature:
		return e.appendText(dst, t.ID)
	case FieldBiotype:
		return e.appendText(dst, t.Biotype)
	case FieldStrand:
		return hgvs.AppendNumber(dst, int(t.Strand))
	case FieldFlags:
		return appendFlags(dst, t)
	case FieldSymbolSource:
		return e.appendText(dst, g.SymbolSource)
	case FieldHGNCID:
		return e.appendText(dst, g.HGNC)
	case FieldCanonical:
		if t.Has(genome.Canonical) {
			return append(dst, "YES"...)
		}
	case FieldMANESelect:
		return e.appendText(dst, t.ManeSelect)
	case FieldMANEPlusClinical:
		return e.appendText(dst, t.ManePlus)
	case FieldTSL:
		return e.appendText(dst, t.TSL)
	case FieldAPPRIS:
		return e.appendText(dst, t.APPRIS)
	case FieldCCDS:
		return e.appendText(dst, t.CCDS)
	case FieldENSP:
		return e.appendText(dst, t.Protein)
	case FieldSource:
		return e.appendText(dst, t.Source)
	}
	return dst
}

// appendFlags appends what is missing of the transcript's CDS.
func appendFlags(dst []byte, t *genome.Transcript) []byte {
	if t.Has(genome.CDSStartNF) {
		dst = append(dst, "cds_start_NF"...)
	}
	if t.Has(genome.CDSStartNF | genome.CDSEndNF) {
		dst = append(dst, '&')
	}
	if t.Has(genome.CDSEndNF) {
		dst = append(dst, "cds_end_NF"...)
	}
	return dst
}

// appendText appends a text of the gene model with VEP's escapes: what separates in VCF or CSQ is replaced.
func (e *Engine) appendText(dst []byte, t genome.Text) []byte {
	for _, c := range e.ref.Text(t) {
		switch c {
		case ',', '|':
			dst = append(dst, '&')
		case ';':
			dst = append(dst, "%3B"...)
		case ' ', '\t':
			dst = append(dst, '_')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendClass appends the Sequence Ontology's class of the variant.
func (e *Engine) appendClass(dst []byte, s *Scratch, fx *Effect) []byte {
	if fx.Structural {
		sv, _ := s.structuralOf(s.variant, s.variant.Alts[fx.Allele])
		return append(dst, sv.class...)
	}
	return append(dst, s.variation.class.String()...)
}

// Append appends the part as VEP writes it: "3/12", "3-4/12", nothing where there is none.
func (p Part) Append(dst []byte) []byte {
	if p.First == 0 {
		return dst
	}
	dst = hgvs.AppendNumber(dst, int(p.First))
	if p.Last != p.First {
		dst = hgvs.AppendNumber(append(dst, '-'), int(p.Last))
	}
	return hgvs.AppendNumber(append(dst, '/'), int(p.Total))
}

// Append appends the range as VEP writes it: "76", "76-78", "?-78", nothing where there is none.
func (r Range) Append(dst []byte) []byte {
	switch {
	case r.Start == 0 && r.End == 0:
		return dst
	case r.Start == r.End:
		return hgvs.AppendNumber(dst, int(r.Start))
	case r.Start == 0:
		dst = append(dst, '?')
	default:
		dst = hgvs.AppendNumber(dst, int(r.Start))
	}
	dst = append(dst, '-')
	if r.End == 0 {
		return append(dst, '?')
	}
	return hgvs.AppendNumber(dst, int(r.End))
}
