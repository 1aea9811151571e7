package consequence

// shift is how far an insertion or a deletion can move to the 3' end of a strand without changing what it makes of the sequence.
type shift struct {
	length int    // in bases
	seq    []byte // an insertion as it reads after the move, on the contig's forward strand; empty for a deletion
	known  bool
}

// reach is how far around a variation VEP looks for room to move.
const reach = 1000

// shiftOf is the shift of an allele on a strand; nil where the variation is no plain insertion or deletion. The reference allele of an insertion does not move.
func (s *Scratch) shiftOf(e *Engine, a *side, forward bool) *shift {
	w := &s.variation
	if w.class != classInsertion && w.class != classDeletion {
		return nil
	}
	k := 0
	if !forward {
		k = 1
	}
	if a.isReference && w.class == classInsertion {
		return &s.unmoved
	}
	m := &s.shifts[a.number][k]
	if !m.known {
		pattern := w.alts[a.number].seq
		if w.class == classDeletion {
			pattern = w.ref
		}
		before, after := e.surroundings(w)
		m.known = true
		if forward {
			m.length = room(pattern, after)
		} else {
			m.length = roomBackward(pattern, before)
		}
		m.seq = nil
		if w.class == classInsertion {
			m.seq = s.turned(pattern, m.length, forward)
		}
	}
	return m
}

// surroundings are the bases before and after a variation in which it may move. Close to a contig's end they are the wrong bases: VEP takes the first and the last thousand of what it has, and so do we.
func (e *Engine) surroundings(w *variation) (before, after []byte) {
	length := int(e.ref.Contigs[w.contig].Length)
	from, to := max(w.start-reach, 1), min(w.end+reach, length)
	if from > to {
		return nil, nil
	}
	if !e.asVEP {
		return e.ref.Bases(w.contig, uint32(from-1), uint32(w.start-1)), e.ref.Bases(w.contig, uint32(w.end), uint32(to))
	}
	all := e.ref.Bases(w.contig, uint32(from-1), uint32(to))
	n := min(len(all), reach)
	return all[:n], all[len(all)-n:]
}

// room is by how many bases the pattern can move to the right over the bases after it.
func room(pattern, after []byte) int {
	limit := len(after) - len(pattern)
	if limit < 0 {
		limit = len(after)
	}
	n := 0
	for n <= limit && n < len(after) && after[n] == pattern[n%len(pattern)] {
		n++
	}
	return n
}

// roomBackward is by how many bases the pattern can move to the left over the bases before it.
func roomBackward(pattern, before []byte) int {
	limit := len(before) - len(pattern) + 1
	if limit < 0 {
		limit = len(before)
	}
	n, m := 0, len(pattern)
	for n+1 <= limit && n < len(before) && before[len(before)-1-n] == pattern[m-1-n%m] {
		n++
	}
	return n
}

// turned is a pattern as it reads after moving by n bases to the right, or to the left.
func (s *Scratch) turned(pattern []byte, n int, right bool) []byte {
	if n %= len(pattern); n == 0 {
		return pattern
	}
	if !right {
		n = len(pattern) - n
	}
	from := len(s.arena)
	s.arena = append(append(s.arena, pattern[n:]...), pattern[:n]...)
	return s.arena[from:]
}
