package consequence

import "gas/pkg/hgvs"

// The text of a substitution is written once, as the fields from EXON to Codons stand in an entry of CSQ; the effect's spans point into it, and the effect's block is all of it.

// writeIntron writes the text of a substitution in an intron.
func (q *snv) writeIntron(p hgvs.Position) {
	s := q.scratch
	from := uint32(len(s.text))
	dst := append(s.text, '|')
	dst = append(q.fx.Intron.Append(dst), '|')
	dst = q.appendName(dst, p)
	s.text = append(dst, "||||||"...)
	q.fx.block = Span{from, uint32(len(s.text))}
}

// writeExon writes the text of a substitution in an exon, outside the coding sequence.
func (q *snv) writeExon(p hgvs.Position) {
	s := q.scratch
	from := uint32(len(s.text))
	dst := append(q.fx.Exon.Append(s.text), '|', '|')
	dst = append(q.appendName(dst, p), '|', '|')
	dst = hgvs.AppendNumber(dst, int(q.fx.CDNA.Start))
	s.text = append(dst, "||||"...)
	q.fx.block = Span{from, uint32(len(s.text))}
}

// writeCoding writes the text of a substitution in the codon c, of which it changes the base at frame and, from aa to bb, the amino acid.
func (q *snv) writeCoding(c []byte, frame int, aa, bb byte) {
	s := q.scratch
	from := uint32(len(s.text))
	dst := append(q.fx.Exon.Append(s.text), '|', '|')
	dst = append(q.appendName(dst, hgvs.Position{Base: int(q.fx.CDS.Start)}), '|')
	dst = append(q.appendProteinChange(dst, aa, bb), '|')
	dst = append(hgvs.AppendNumber(dst, int(q.fx.CDNA.Start)), '|')
	dst = append(hgvs.AppendNumber(dst, int(q.fx.CDS.Start)), '|')
	dst = append(hgvs.AppendNumber(dst, int(q.fx.Protein.Start)), '|')
	at := uint32(len(dst))
	dst = append(dst, aa)
	if aa != bb {
		dst = append(dst, '/', bb)
	}
	q.fx.AminoAcids = Span{at, uint32(len(dst))}
	at = uint32(len(dst)) + 1
	dst = append(dst, '|', c[0]|0x20, c[1]|0x20, c[2]|0x20, '/', c[0]|0x20, c[1]|0x20, c[2]|0x20)
	dst[int(at)+frame] &^= 0x20
	dst[int(at)+4+frame] = q.alt
	q.fx.Codons = Span{at, at + 7}
	s.text = dst
	q.fx.block = Span{from, uint32(len(dst))}
}

// appendName appends HGVSc, where it is asked for.
func (q *snv) appendName(dst []byte, p hgvs.Position) []byte {
	if q.engine.opt.NoHGVS {
		return dst
	}
	from := uint32(len(dst))
	k := q.engine.knownOf(q.scratch, q.index)
	dst = append(dst, k.text[k.coding.Start:k.coding.End]...)
	dst = append(p.Append(dst), q.ref, '>', q.alt)
	q.fx.HGVSc = Span{from, uint32(len(dst))}
	return dst
}

// appendProteinChange appends HGVSp, where it is asked for.
func (q *snv) appendProteinChange(dst []byte, aa, bb byte) []byte {
	if q.engine.opt.NoHGVS {
		return dst
	}
	from := uint32(len(dst))
	k := q.engine.knownOf(q.scratch, q.index)
	dst = append(dst, k.text[k.protein.Start:k.protein.End]...)
	dst = hgvs.AppendNumber(append(dst, hgvs.Residue(aa)...), int(q.fx.Protein.Start))
	if aa == bb {
		dst = append(dst, "%3D"...)
	} else {
		dst = append(dst, hgvs.Residue(bb)...)
	}
	q.fx.HGVSp = Span{from, uint32(len(dst))}
	return dst
}
