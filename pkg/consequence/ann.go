package consequence

import (
	"bytes"

	"gas/pkg/genome"
	"gas/pkg/hgvs"
)

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
		fx := &s.Effects[i]
		dst = append(append(dst, s.variant.Alts[fx.Allele]...), '|')
		dst = append(dst, s.judgementOf(fx.Terms)...)
		if fx.Transcript < 0 {
			dst = append(dst, "||intergenic_region||||||||||"...)
			continue
		}
		dst = e.appendANNTranscript(dst, s, fx)
	}
	return dst
}

// appendANNTranscript appends the fields of ANN from the gene's name on.
func (e *Engine) appendANNTranscript(dst []byte, s *Scratch, fx *Effect) []byte {
	t := &e.ref.Transcripts[fx.Transcript]
	g := &e.ref.Genes[t.Gene]
	dst = append(e.appendText(dst, g.Symbol), '|')
	dst = append(e.appendText(dst, g.ID), "|transcript|"...)
	dst = append(e.appendTranscriptName(dst, t), '|')
	dst = append(e.appendText(dst, t.Biotype), '|')
	if fx.Exon.First > 0 {
		dst = fx.Exon.Append(dst)
	} else {
		dst = fx.Intron.Append(dst)
	}
	dst = append(append(dst, '|'), bare(s.Bytes(fx.HGVSc))...)
	dst = append(append(append(dst, '|'), bare(s.Bytes(fx.HGVSp))...), '|')
	cds := int(t.CDSEnd - t.CDSStart)
	dst = append(appendOf(dst, fx.CDNA, int(t.SplicedLength)), '|')
	dst = append(appendOf(dst, fx.CDS, cds+int(t.Phase)), '|')
	dst = append(appendOf(dst, fx.Protein, (cds+int(t.Phase))/3), '|')
	if fx.Distance >= 0 {
		dst = hgvs.AppendNumber(dst, int(fx.Distance))
	}
	dst = append(dst, '|')
	if t.Flags&(genome.CDSStartNF|genome.CDSEndNF) != 0 {
		dst = append(dst, "WARNING_TRANSCRIPT_INCOMPLETE"...)
	}
	return dst
}

// bare is a name in HGVS without its transcript or protein.
func bare(name []byte) []byte {
	return name[bytes.LastIndexByte(name, ':')+1:]
}

// appendOf appends a range and the length of what it lies in; nothing where there is no range.
func appendOf(dst []byte, r Range, length int) []byte {
	if r == (Range{}) {
		return dst
	}
	return hgvs.AppendNumber(append(r.Append(dst), '/'), length)
}
