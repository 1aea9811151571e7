package consequence

import "bytes"

// variation is one record as VEP sees it once the bases that its alleles share have been cut away.
type variation struct {
	contig     int
	start, end int      // 1-based and closed on the contig; an insertion's start is its end + 1
	ref        []byte   // empty for an insertion
	alts       []allele // the alleles that can be judged by sequence, in the order of ALT
	class      class
}

// allele is one alternative allele of a variation.
type allele struct {
	seq   []byte // on the contig's forward strand; empty for a deletion
	index int    // in Variant.Alts
	dna   bool   // made of IUPAC bases only
	plain bool   // made of A, C, G and T only
}

// class is the Sequence Ontology class of a variation as VEP finds it from all its alleles together.
type class uint8

const (
	classAlteration class = iota // anything that is none of the others, for example an insertion beside a deletion
	classSNV
	classInsertion
	classDeletion
	classSubstitution
	classIndel
)

// String is the term of the Sequence Ontology.
func (c class) String() string {
	return [...]string{"sequence_alteration", "SNV", "insertion", "deletion", "substitution", "indel"}[c]
}

// normalise cuts the shared bases away as VEP's reader of VCF does. With one ALT that differs in length from REF the common bases at the left go, then those
// at the right; with several, the first base goes when all share it and some lengths differ. Alleles of equal length stay as they are.
//
// Symbolic alleles, "*" and "." are left out: judged elsewhere or not at all.
func (s *Scratch) normalise(v *Variant) {
	w := &s.variation
	w.contig, w.start, w.end = v.Contig, int(v.Pos), int(v.Pos)+len(v.Ref)-1
	if isPlainSNV(v) {
		s.typed = false
		w.ref, w.class = v.Ref, classSNV
		w.alts = append(w.alts[:0], allele{seq: v.Alts[0], dna: true, plain: true})
		return
	}
	w.ref, w.alts = s.upper(v.Ref), w.alts[:0]
	s.typed = isTyped(v)
	star := false
	for i, alt := range v.Alts {
		switch {
		case len(alt) == 1 && alt[0] == '*':
			star = true
		case isSequence(alt) && !s.typed:
			w.alts = append(w.alts, allele{seq: s.upper(alt), index: i})
		}
	}
	w.trim(star)
	w.unify()
	w.class = w.classify(star)
	for i := range w.alts {
		a := &w.alts[i]
		a.dna, a.plain = within(a.seq, &iupac), within(a.seq, &acgt)
	}
}

// isTyped says whether a record gives SVTYPE and has letters other than A, C, G and T: then VEP goes by the type and takes even a sequence for a structural allele.
func isTyped(v *Variant) bool {
	plain := within(v.Ref, &acgt)
	for _, alt := range v.Alts {
		plain = plain && within(alt, &acgt)
	}
	return !plain && infoValue(v.Info, "SVTYPE") != nil
}

// isPlainSNV says whether a record is a substitution of one base by another, as most records are.
func isPlainSNV(v *Variant) bool {
	if len(v.Ref) != 1 || len(v.Alts) != 1 || len(v.Alts[0]) != 1 {
		return false
	}
	ref, alt := v.Ref[0], v.Alts[0][0]
	return acgt[ref] && acgt[alt] && ref != alt
}

// trim cuts the shared bases away.
func (w *variation) trim(star bool) {
	switch {
	case len(w.alts) == 1 && !star:
		if a := &w.alts[0]; len(a.seq) != len(w.ref) {
			w.trimPair(a)
		}
	case len(w.alts) > 0 && w.lengthsDiffer(star) && w.shareFirst():
		w.ref = w.ref[1:]
		w.start++
		for i := range w.alts {
			w.alts[i].seq = w.alts[i].seq[1:]
		}
	}
}

// trimPair cuts what REF and the only ALT share, first at the left, then at the right.
func (w *variation) trimPair(a *allele) {
	n := 0
	for n < len(w.ref) && n < len(a.seq) && w.ref[n] == a.seq[n] {
		n++
	}
	w.ref, a.seq, w.start = w.ref[n:], a.seq[n:], w.start+n
	n = 0
	for n < len(w.ref) && n < len(a.seq) && w.ref[len(w.ref)-1-n] == a.seq[len(a.seq)-1-n] {
		n++
	}
	w.ref, a.seq, w.end = w.ref[:len(w.ref)-n], a.seq[:len(a.seq)-n], w.end-n
}

// lengthsDiffer says whether any allele's length differs from REF's; "*" has a length of one.
func (w *variation) lengthsDiffer(star bool) bool {
	if star && len(w.ref) != 1 {
		return true
	}
	for i := range w.alts {
		if len(w.alts[i].seq) != len(w.ref) {
			return true
		}
	}
	return false
}

// shareFirst says whether REF and every ALT begin with the same base.
func (w *variation) shareFirst() bool {
	if len(w.ref) == 0 {
		return false
	}
	for i := range w.alts {
		if a := w.alts[i].seq; len(a) == 0 || a[0] != w.ref[0] {
			return false
		}
	}
	return true
}

// unify drops alleles that equal REF or an allele before them.
func (w *variation) unify() {
	kept := w.alts[:0]
next:
	for _, a := range w.alts {
		if bytes.Equal(a.seq, w.ref) {
			continue
		}
		for i := range kept {
			if bytes.Equal(kept[i].seq, a.seq) {
				continue next
			}
		}
		kept = append(kept, a)
	}
	w.alts = kept
}

// classify finds the class of all alleles together. A "*" among them leaves no class but the general one.
func (w *variation) classify(star bool) class {
	if star || len(w.alts) == 0 {
		return classAlteration
	}
	snv, gone, same := len(w.ref) == 1, 0, true
	for i := range w.alts {
		n := len(w.alts[i].seq)
		snv = snv && n == 1
		same = same && n == len(w.ref)
		if n == 0 {
			gone++
		}
	}
	switch {
	case snv:
		return classSNV
	case len(w.ref) == 0 && gone == 0:
		return classInsertion
	case gone == len(w.alts):
		return classDeletion
	case gone > 0 || len(w.ref) == 0:
		return classAlteration
	case same:
		return classSubstitution
	}
	return classIndel
}

// isSequence says whether an ALT is a sequence of letters, not a symbol, a breakend, "*" or ".".
func isSequence(alt []byte) bool {
	for _, c := range alt {
		if c |= 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return len(alt) > 0
}

// alphabet is a set of bytes.
type alphabet [256]bool

var (
	acgt  = alphabetOf("ACGT")
	iupac = alphabetOf("ACGTUMRWSYKVHDBXN")
)

func alphabetOf(letters string) (set alphabet) {
	for i := range letters {
		set[letters[i]] = true
	}
	return set
}

// within says whether every byte is in the set.
func within(seq []byte, set *alphabet) bool {
	for _, c := range seq {
		if !set[c] {
			return false
		}
	}
	return true
}

// upper is the sequence in upper case: itself, or a copy in the arena where it has a lower-case letter.
func (s *Scratch) upper(seq []byte) []byte {
	for _, c := range seq {
		if c >= 'a' {
			from := len(s.arena)
			s.arena = append(s.arena, seq...)
			up := s.arena[from:]
			for i := range up {
				up[i] &^= 0x20
			}
			return up
		}
	}
	return seq
}
