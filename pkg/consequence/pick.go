package consequence

import (
	"bytes"
	"cmp"
	"slices"

	"gas/pkg/genome"
)

// pick keeps of the scratch's effects those that the options ask for: the best of all, or the best of each gene.
func (e *Engine) pick(s *Scratch) {
	if len(s.Effects) < 2 {
		return
	}
	switch {
	case e.opt.Pick:
		s.Effects[0] = s.Effects[e.Best(s.Effects)]
		s.Effects = s.Effects[:1]
	case e.opt.PerGene:
		e.pickPerGene(s)
	}
}

// pickPerGene keeps each gene's best effect, and effects without a gene.
func (e *Engine) pickPerGene(s *Scratch) {
	kept := 0
	for i := range s.Effects {
		best := true
		for k := range s.Effects[kept:] {
			k += kept
			if k != i && e.sameGene(&s.Effects[i], &s.Effects[k]) && (e.compare(&s.Effects[k], &s.Effects[i]) < 0 || k < i && e.compare(&s.Effects[k], &s.Effects[i]) == 0) {
				best = false
			}
		}
		for k := range s.Effects[:kept] {
			best = best && !e.sameGene(&s.Effects[i], &s.Effects[k])
		}
		if best {
			s.Effects[kept], s.Effects[i] = s.Effects[i], s.Effects[kept]
			kept++
		}
	}
	s.Effects = s.Effects[:kept]
	slices.SortStableFunc(s.Effects, func(a, b Effect) int { return cmp.Or(a.Allele-b.Allele, a.Transcript-b.Transcript) })
}

// sameGene says whether two effects are on transcripts of one gene.
func (e *Engine) sameGene(a, b *Effect) bool {
	return a.Transcript >= 0 && b.Transcript >= 0 && e.ref.Transcripts[a.Transcript].Gene == e.ref.Transcripts[b.Transcript].Gene
}

// Best is the index of the effect that VEP's --pick would choose, -1 where there are none: by MANE Select, MANE Plus Clinical, canonical, APPRIS, TSL, protein_coding, CCDS, the rank of the terms
// and the length, in this order; the first of equals.
func (e *Engine) Best(effects []Effect) int {
	best := -1
	for i := range effects {
		if best < 0 || e.compare(&effects[i], &effects[best]) < 0 {
			best = i
		}
	}
	return best
}

// compare orders two effects as VEP picks them, the better one first.
func (e *Engine) compare(a, b *Effect) int {
	x, y := e.merit(a), e.merit(b)
	return cmp.Or(cmp.Compare(x.maneSelect, y.maneSelect), cmp.Compare(x.manePlus, y.manePlus), cmp.Compare(x.canonical, y.canonical), cmp.Compare(x.appris, y.appris), cmp.Compare(x.tsl, y.tsl),
		cmp.Compare(x.biotype, y.biotype), cmp.Compare(x.ccds, y.ccds), cmp.Compare(a.Terms.Rank(), b.Terms.Rank()), cmp.Compare(x.length, y.length))
}

// merit is what an effect is picked by; less is better.
type merit struct {
	maneSelect, manePlus, canonical, appris, tsl, biotype, ccds, length int
}

func (e *Engine) merit(fx *Effect) merit {
	m := merit{1, 1, 1, 100, 100, 1, 1, 0}
	if fx.Transcript < 0 {
		return m
	}
	t := &e.ref.Transcripts[fx.Transcript]
	m.maneSelect, m.manePlus = missingText(t.ManeSelect), missingText(t.ManePlus)
	if t.Has(genome.Canonical) {
		m.canonical = 0
	}
	if e.biotypes[fx.Transcript] == proteinCoding {
		m.biotype = 0
	}
	m.ccds = missingText(t.CCDS)
	m.appris, m.tsl = apprisGrade(e.ref.Text(t.APPRIS)), supportLevel(e.ref.Text(t.TSL))
	m.length = -int(t.SplicedLength)
	if t.Coding() {
		m.length = -int(t.CDSEnd-t.CDSStart) - int(t.Phase)
	}
	return m
}

func missingText(t genome.Text) int {
	if t.Length > 0 {
		return 0
	}
	return 1
}

// apprisGrade is the number of a principal isoform, ten more for an alternative one, 100 for none.
func apprisGrade(text []byte) int {
	grade := lastDigit(text)
	if grade == 0 {
		return 100
	}
	if text[0] == 'a' || text[0] == 'A' {
		grade += 10
	}
	return grade
}

// supportLevel is the transcript support level, 100 for none.
func supportLevel(text []byte) int {
	level := lastDigit(bytes.TrimRight(text, " ()NA"))
	if level == 0 {
		return 100
	}
	return level
}

// lastDigit is the digit that a text ends with, 0 where there is none.
func lastDigit(text []byte) int {
	if n := len(text); n > 0 && text[n-1] >= '0' && text[n-1] <= '9' {
		return int(text[n-1] - '0')
	}
	return 0
}
