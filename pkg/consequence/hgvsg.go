package consequence

import (
	"bytes"

	"gas/pkg/hgvs"
)

// appendGenomic appends HGVSg of an effect's allele; nothing where it is structural or has letters other than A, C, G and T.
func (e *Engine) appendGenomic(dst []byte, s *Scratch, fx *Effect) []byte {
	if fx.Structural || e.opt.NoHGVS {
		return dst
	}
	for i := range s.variation.alts {
		if a := &s.variation.alts[i]; a.index == fx.Allele && a.plain {
			return e.appendGenomicName(dst, s, a.seq)
		}
	}
	return dst
}

// flank is how far around an allele of a given length VEP looks for room to move it and for copies of it.
func flank(longest int) int {
	if longest > 50 {
		return longest + 50
	}
	return 100
}

// appendGenomicName names one allele of the scratch's variation on its contig.
func (e *Engine) appendGenomicName(dst []byte, s *Scratch, seq []byte) []byte {
	w := &s.variation
	around := flank(0)
	for _, length := range append([]int{max(len(w.ref), 1)}, lengths(w)...) {
		if length > 50 {
			around = flank(length)
		}
	}
	ref, start, end := w.ref, w.start, w.end
	if len(s.variant.Alts) > 1 {
		ref, seq, start, end = trimmed(ref, seq, start, end)
	}
	first, last := max(w.start-around, 0), w.end+around
	window := e.ref.Bases(w.contig, uint32(first), uint32(last))
	at := func(from, to int) []byte { return window[min(max(from, 0), len(window)):min(max(to, 0), len(window))] }
	offset := 0
	if (len(ref) == 0) != (len(seq) == 0) {
		pattern := ref
		if len(ref) == 0 {
			pattern = seq
		}
		offset = room(pattern, at(end-first, len(window)))
		if len(ref) == 0 {
			seq = s.turned(seq, offset, true)
		}
	}
	c, ok := hgvs.Describe(at, len(window), start-first+offset, end-first+offset, seq)
	if !ok {
		return dst
	}
	if c.Kind == hgvs.Delins {
		c.Clip()
	}
	name := e.ref.Text(e.ref.Contigs[w.contig].Name)
	dst = append(append(dst, name...), ':', numberingOf(name), '.')
	mark := len(s.arena)
	s.arena = hgvs.AppendNumber(s.arena, c.Start+first)
	middle := len(s.arena)
	s.arena = hgvs.AppendNumber(s.arena, c.End+first)
	return c.AppendNucleotide(dst, s.arena[mark:middle], s.arena[middle:])
}

// lengths are the lengths of a variation's alleles, "-" counted as one as VEP counts it.
func lengths(w *variation) []int {
	var all []int
	for i := range w.alts {
		all = append(all, max(len(w.alts[i].seq), 1))
	}
	return all
}

// trimmed cuts what REF and an allele share, first at the left, then at the right.
func trimmed(ref, seq []byte, start, end int) ([]byte, []byte, int, int) {
	for len(ref) > 0 && len(seq) > 0 && ref[0] == seq[0] {
		ref, seq, start = ref[1:], seq[1:], start+1
	}
	for len(ref) > 0 && len(seq) > 0 && ref[len(ref)-1] == seq[len(seq)-1] {
		ref, seq, end = ref[:len(ref)-1], seq[:len(seq)-1], end-1
	}
	return ref, seq, start, end
}

// numberingOf is the letter of a contig's numbering: m for the mitochondrion, g for all others.
func numberingOf(contig []byte) byte {
	if name := bytes.TrimPrefix(contig, []byte("chr")); string(name) == "MT" || string(name) == "M" {
		return 'm'
	}
	return 'g'
}
