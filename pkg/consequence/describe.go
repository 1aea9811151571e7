package consequence

import "bytes"

// describe adds the allele's effect at the site to the scratch.
func (j *judge) describe() {
	p, s := j.site, j.scratch
	fx := s.next()
	fx.Allele, fx.Transcript, fx.Distance, fx.AlleleSeq = p.v.alts[j.number].index, p.index, -1, s.alleleText(j.number)
	fx.Terms = j.terms()
	fx.Impact = fx.Terms.Impact()
	p.place(fx)
	if p.overlap.inside && p.exonic && p.overlap.coding {
		j.spellCodons(fx)
	}
	if p.overlap.inside && !p.engine.opt.NoHGVS {
		offset := 0
		fx.HGVSc, offset = j.nameTranscript()
		fx.HGVSp = j.nameProtein()
		if fx.HGVSc != (Span{}) || fx.HGVSp != (Span{}) {
			fx.HGVSOffset = int32(p.signed(offset))
		}
	}
}

// place fills in what depends on the variation's place alone.
func (p *site) place(fx *Effect) {
	if fx.Terms.Has(UpstreamGene | DownstreamGene) {
		fx.Distance = int32(p.distance())
	}
	if !p.overlap.inside {
		return
	}
	fx.Exon, fx.Intron = p.exonNumbers(), p.intronNumbers()
	if !p.exonic {
		return
	}
	fx.CDNA = p.cdnaAt().positions()
	if p.overlap.coding {
		fx.CDS, fx.Protein = p.cdsAt(0).positions(), p.pepAt(0).positions()
	}
}

// positions is the limits in ascending order.
func (l limits) positions() Range {
	if l.both() && l.start > l.end {
		l.start, l.end = l.end, l.start
	}
	return Range{int32(l.start), int32(l.end)}
}

// exonNumbers are the numbers of the exons that the variation overlaps, in the order of transcription.
func (p *site) exonNumbers() Part {
	first, last, n := -1, -1, len(p.exons)
	for i := p.firstExon; i <= p.lastExon; i++ {
		if x := p.left(i); touches(p.v.start, p.v.end, int(x.Start)+1, int(x.End)) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return p.numbered(first, last, n)
}

// intronNumbers are the numbers of the introns that the variation overlaps.
func (p *site) intronNumbers() Part {
	first, last, n := -1, -1, len(p.exons)-1
	for i := p.firstIntron; i <= p.lastIntron; i++ {
		left, right := p.intronAt(i)
		if left <= right && touches(p.v.start, p.v.end, left, right) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return p.numbered(first, last, n)
}

// numbered turns places counted from the left into numbers in the order of transcription.
func (p *site) numbered(first, last, n int) Part {
	if first < 0 {
		return Part{}
	}
	if !p.forward {
		first, last = n-1-last, n-1-first
	}
	return Part{int32(first + 1), int32(last + 1), int32(n)}
}

// spellCodons fills in the codons and the amino acids.
func (j *judge) spellCodons(fx *Effect) {
	p, s := j.site, j.scratch
	alt := j.peptideOf(&j.side)
	if ref := j.peptideOf(&p.reference); len(alt) > 0 && len(ref) > 0 {
		from := len(s.text)
		if !bytes.Equal(ref, alt) {
			s.text = append(append(s.text, ref...), '/')
		}
		s.text = append(s.text, alt...)
		fx.AminoAcids = Span{uint32(from), uint32(len(s.text))}
	}
	if j.codonOf(&j.side) == nil || j.codonOf(&p.reference) == nil {
		return
	}
	from := len(s.text)
	if p.display == nil {
		mark := len(s.arena)
		s.arena = p.appendCodon(s.arena, &p.reference)
		p.display = s.arena[mark:]
	}
	s.text = append(append(s.text, p.display...), '/')
	s.text = p.appendCodon(s.text, &j.side)
	fx.Codons = Span{uint32(from), uint32(len(s.text))}
}

// appendCodon appends an allele's codons in lower case, its own bases in upper case.
func (p *site) appendCodon(dst []byte, a *side) []byte {
	from := len(dst)
	dst = append(dst, a.codon...)
	out := dst[from:]
	for i := range out {
		out[i] |= 0x20
	}
	at := p.cdnaAt()
	if at.start == 0 || len(a.seq) == 0 {
		return dst
	}
	first := (at.start - p.codingStart + p.firstPhase) % 3
	if first < 0 {
		first += 3
	}
	for i := first; i < min(first+len(a.seq), len(out)); i++ {
		out[i] &^= 0x20
	}
	return dst
}
