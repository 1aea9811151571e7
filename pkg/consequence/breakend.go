package consequence

import (
	"bytes"

	"gas/pkg/hgvs"
)

// breakend is one end of a join of two places.
type breakend struct {
	contig, pos int
	text        []byte // as CSQ writes the allele
}

// annotateStructural judges a symbolic allele or a breakend; why says why it can not be.
func (e *Engine) annotateStructural(s *Scratch, v *Variant, index int, alt []byte) (why string) {
	sv, why := s.structuralOf(v, alt)
	if why != "" {
		return why
	}
	w := &s.variation
	w.contig, w.start, w.end, w.ref, w.alts, w.class = v.Contig, sv.start, sv.end, nil, w.alts[:0], classAlteration
	if sv.kind == breakpoint {
		e.annotateBreakends(s, v, index, alt, &sv)
		return ""
	}
	found, spelled := false, s.write(s.arenaText(sv.class))
	for o := e.near(v.Contig, sv.start, sv.end); o.Next(); {
		t := &e.ref.Transcripts[o.Index]
		if !touches(sv.start, sv.end, int(t.Start)+1-int(e.opt.Distance), int(t.End)+int(e.opt.Distance)) {
			continue
		}
		found = true
		if e.wanted(t) {
			e.overlapEffect(s, o.Index, index, &sv, false, spelled)
		}
	}
	if !found {
		e.intergenic(s, index, spelled)
		s.Effects[len(s.Effects)-1].Structural = true
	}
	return ""
}

// overlapEffect adds the effect of a structural allele on a transcript.
func (e *Engine) overlapEffect(s *Scratch, transcript, index int, sv *structural, mateInside bool, spelled Span) {
	p := &s.site
	p.reset(e, s, transcript)
	t := p.structuralTerms(sv, mateInside)
	fx := Effect{Allele: index, Transcript: transcript, Terms: t, Impact: t.Impact(), Structural: true, Distance: -1, AlleleSeq: spelled}
	p.place(&fx)
	if p.overlap.complete {
		fx.Exon, fx.Intron, fx.CDNA, fx.CDS, fx.Protein = Part{}, Part{}, Range{}, Range{}, Range{}
	}
	s.Effects = append(s.Effects, fx)
}

// annotateBreakends judges a join: the record's own place and its mate, each for the transcripts near it. An end without a mate is judged as any other structural allele.
func (e *Engine) annotateBreakends(s *Scratch, v *Variant, index int, alt []byte, sv *structural) {
	ends := [2]breakend{{contig: v.Contig, pos: sv.start, text: s.arenaText(sv.class)}}
	count := 1
	if mate, ok := e.mate(s, v, alt); ok {
		ends[0].text = s.ownText(v.Ref, alt)
		ends[1], count = mate, 2
	}
	found := false
	for _, end := range ends[:count] {
		spelled := s.write(end.text)
		for o := e.near(end.contig, end.pos, end.pos); o.Next(); {
			t := &e.ref.Transcripts[o.Index]
			if !touches(end.pos, end.pos, int(t.Start)+1-int(e.opt.Distance), int(t.End)+int(e.opt.Distance)) {
				continue
			}
			found = true
			if e.wanted(t) {
				e.overlapEffect(s, o.Index, index, sv, count == 2 && touches(end.pos, end.pos, int(t.Start)+1, int(t.End)), spelled)
			}
		}
	}
	if !found {
		e.intergenic(s, index, s.write(s.arenaText(sv.class)))
		s.Effects[len(s.Effects)-1].Structural = true
	}
}

// arenaText is a text as short-lived bytes.
func (s *Scratch) arenaText(text string) []byte {
	mark := len(s.arena)
	s.arena = append(s.arena, text...)
	return s.arena[mark:]
}

// ownText is how VEP writes the record's own end of a join: REF with a point on the side of the mate.
func (s *Scratch) ownText(ref, alt []byte) []byte {
	mark := len(s.arena)
	if alt[0] == '[' || alt[0] == ']' {
		s.arena = append(append(s.arena, '.'), ref...)
	} else {
		s.arena = append(append(s.arena, ref...), '.')
	}
	return s.arena[mark:]
}

// mate reads the other end of a join from the allele, or from CHR2 and END2 (else END) where the allele is only a symbol.
func (e *Engine) mate(s *Scratch, v *Variant, alt []byte) (breakend, bool) {
	open := bytes.IndexAny(alt, "[]")
	if open < 0 {
		return e.mateInInfo(s, v, alt)
	}
	inner := alt[open+1:]
	end := bytes.IndexAny(inner, "[]")
	if end < 0 {
		return breakend{}, false
	}
	colon := bytes.LastIndexByte(inner[:end], ':')
	if colon < 0 {
		return breakend{}, false
	}
	contig, ok := e.ref.ContigOf(bytes.TrimSpace(inner[:colon]))
	pos, numeric := parseInteger(bytes.TrimSpace(inner[colon+1 : end]))
	return breakend{contig: contig, pos: pos, text: alt}, ok && numeric
}

// mateInInfo reads the other end of a join from INFO, and writes it as VEP does.
func (e *Engine) mateInInfo(s *Scratch, v *Variant, alt []byte) (breakend, bool) {
	chrom := infoValue(v.Info, "CHR2")
	pos, ok := infoNumber(v.Info, "END2")
	if !ok {
		pos, ok = infoNumber(v.Info, "END")
	}
	contig, known := e.ref.ContigOf(chrom)
	if !ok || !known || string(bytes.Trim(alt, "<>")) != "BND" {
		return breakend{}, false
	}
	mark := len(s.arena)
	s.arena = append(append(append(s.arena, "N["...), chrom...), ':')
	s.arena = append(hgvs.AppendNumber(s.arena, pos), '[')
	return breakend{contig: contig, pos: pos, text: s.arena[mark:]}, true
}
