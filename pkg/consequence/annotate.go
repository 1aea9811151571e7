package consequence

import (
	"bytes"
	"slices"

	"gas/pkg/genome"
)

// Annotate judges a record and leaves its effects in s. The variant and its bytes must stay unchanged until the effects have been read.
func (e *Engine) Annotate(s *Scratch, v *Variant) Outcome {
	s.Effects, s.text, s.arena, s.variant = s.Effects[:0], s.text[:0], s.arena[:0], v
	if out := e.check(s, v); out.Status != Annotated {
		return out
	}
	s.normalise(v)
	judged := len(s.variation.alts) > 0
	if judged {
		e.annotateSequence(s)
	}
	var out Outcome
	if !isPlainSNV(v) {
		out = e.annotateOthers(s, v, judged)
	}
	e.pick(s)
	return out
}

// annotateOthers judges the alleles that are no sequences, and puts all effects in the order of ALT; judged says whether any allele was judged before.
func (e *Engine) annotateOthers(s *Scratch, v *Variant, judged bool) Outcome {
	reason, sequences := "", s.variation
	for i, alt := range v.Alts {
		if !isStructural(alt) && !(s.typed && isSequence(alt)) {
			continue
		}
		why := e.annotateStructural(s, v, i, alt)
		if why != "" {
			reason = why
		}
		judged = judged || why == ""
	}
	s.variation = sequences
	if len(v.Alts) > 1 {
		slices.SortStableFunc(s.Effects, func(a, b Effect) int { return a.Allele - b.Allele })
	}
	switch {
	case judged:
		return Outcome{}
	case reason != "":
		return Outcome{Unsupported, reason}
	}
	return noAllele(v)
}

// noAllele says why a record without structural alleles has no effect.
func noAllele(v *Variant) Outcome {
	for _, alt := range v.Alts {
		switch {
		case len(alt) == 1 && alt[0] == '*':
			return Outcome{Unsupported, "only an allele deleted by another record"}
		case len(alt) > 0 && alt[0] == '<':
			return Outcome{Unsupported, "a symbolic allele of no known kind"}
		case !isSequence(alt) && !bytes.Equal(alt, missing):
			return Outcome{Unsupported, "an allele that is no sequence"}
		}
	}
	return Outcome{NoAllele, "no allele differs from REF"}
}

var missing = []byte(".")

// check compares a record with the reference.
func (e *Engine) check(s *Scratch, v *Variant) Outcome {
	length := e.ref.Contigs[v.Contig].Length
	if v.Pos == 0 || v.Pos > length || uint64(v.Pos)+uint64(len(v.Ref)) > uint64(length)+1 {
		return Outcome{PastEnd, "the record lies beyond the end of its contig"}
	}
	if len(v.Alts) == 0 || len(v.Alts) == 1 && bytes.Equal(v.Alts[0], missing) {
		return Outcome{NoAllele, "no allele differs from REF"}
	}
	bases := e.ref.Bases(v.Contig, v.Pos-1, v.Pos-1+uint32(len(v.Ref)))
	s.exact = len(bases) == 1 && bases[0] == v.Ref[0] || bytes.Equal(bases, v.Ref)
	if !s.exact && !compatible(bases, v.Ref) {
		return Outcome{RefMismatch, "REF differs from the reference sequence"}
	}
	return Outcome{}
}

// compatible says whether two sequences of one length can be the same, IUPAC codes read as any of their bases.
func compatible(a, b []byte) bool {
	for i := range a {
		if x, y := baseSet[a[i]], baseSet[b[i]]; x&y == 0 {
			return false
		}
	}
	return true
}

// baseSet gives the bases that a code in either case stands for, as bits.
var baseSet = baseSets()

func baseSets() (set [256]byte) {
	for _, code := range []byte("ACGTMRWSYKVHDBN") {
		for _, base := range []byte(expand(code)) {
			set[code] |= 1 << (base >> 1 & 3)
		}
		set[code|0x20] = set[code]
	}
	return set
}

// annotateSequence judges the alleles that are sequences.
func (e *Engine) annotateSequence(s *Scratch) {
	w := &s.variation
	s.begin(len(w.alts))
	if !e.eachNear(s) {
		for number := range w.alts {
			e.intergenic(s, w.alts[number].index, s.alleleText(number))
		}
	}
}

// eachNear judges the alleles at each transcript that is near; it reports whether any is, wanted or not.
func (e *Engine) eachNear(s *Scratch) bool {
	w := &s.variation
	if s.contig != w.contig {
		s.contig, s.segment = w.contig, 0
	}
	low, high := min(w.start, w.end), max(w.start, w.end)
	list, one := e.nearbyOf(w.contig).at(uint32(low), uint32(high), &s.segment)
	if one {
		for _, i := range list {
			e.at(s, int(i))
		}
		return len(list) > 0
	}
	found := false
	for o := e.near(w.contig, low, high); o.Next(); {
		t := &e.ref.Transcripts[o.Index]
		if touches(w.start, w.end, int(t.Start)+1-int(e.opt.Distance), int(t.End)+int(e.opt.Distance)) {
			found = true
			e.at(s, o.Index)
		}
	}
	return found
}

// at judges the alleles at one transcript.
func (e *Engine) at(s *Scratch, transcript int) {
	if (e.opt.Canonical || e.opt.MANE) && !e.wanted(&e.ref.Transcripts[transcript]) {
		return
	}
	w := &s.variation
	ready := false
	for number := range w.alts {
		if w.class == classSNV && s.exact && !s.rules && w.alts[number].plain && e.fastSNV(s, number, transcript) {
			continue
		}
		if !ready {
			s.site.reset(e, s, transcript)
			ready = true
		}
		s.judge.reset(&s.site, number)
		s.judge.describe()
	}
}

// near walks over the transcripts within the engine's distance of a stretch.
func (e *Engine) near(contig, low, high int) genome.Overlaps {
	reach := int(e.opt.Distance) + 1
	return e.ref.Overlaps(contig, uint32(max(low-1-reach, 0)), uint32(high+reach))
}

// wanted says whether the options keep a transcript.
func (e *Engine) wanted(t *genome.Transcript) bool {
	if e.opt.Canonical && !t.Has(genome.Canonical) {
		return false
	}
	return !e.opt.MANE || t.ManeSelect.Length > 0 || t.ManePlus.Length > 0
}

// intergenic adds the effect of an allele that is near no transcript.
func (e *Engine) intergenic(s *Scratch, index int, spelled Span) {
	s.Effects = append(s.Effects, Effect{Allele: index, Transcript: -1, Terms: Intergenic, Distance: -1, AlleleSeq: spelled})
}

// begin forgets the shifts and spellings of the record before.
func (s *Scratch) begin(alleles int) {
	for len(s.shifts) < alleles {
		s.shifts = append(s.shifts, [2]shift{})
	}
	for i := range s.shifts[:alleles] {
		s.shifts[i] = [2]shift{}
	}
	s.spelled = s.spelled[:0]
	for i := range s.variation.alts {
		seq := s.variation.alts[i].seq
		if len(seq) == 0 {
			seq = gone
		}
		s.spelled = append(s.spelled, s.write(seq))
	}
}

// alleleText is an allele as VEP spells it.
func (s *Scratch) alleleText(number int) Span { return s.spelled[number] }

func (s *Scratch) write(b []byte) Span {
	from := len(s.text)
	s.text = append(s.text, b...)
	return Span{uint32(from), uint32(len(s.text))}
}
