package bcsq

// walk goes through the haplotypes of a tree. path holds the variants from the root to the node where it stands.
type walk struct {
	caller  *caller
	of      *transcript
	path    []*node
	lengths []int  // of bases at each node of the path
	bases   []byte // of the haplotype, from the first variant on
	growth  int    // the haplotype's length less the reference's
	stopped bool   // an earlier variant of this haplotype stops the translation
}

// finish judges every haplotype of a transcript whose records are all known.
func (c *caller) finish(t *transcript) {
	w := &walk{caller: c, of: t}
	for _, child := range t.tree.root.children {
		w.visit(child)
	}
}

func (w *walk) visit(n *node) {
	base := len(w.bases)
	w.path = append(w.path, n)
	w.bases = append(w.bases, n.bases...)
	w.lengths = append(w.lengths, len(w.bases))
	w.growth += n.grows
	if n.ends > 0 {
		w.stopped = false
		if w.of.forward {
			w.breakForward(n)
		} else {
			w.breakReverse(n)
		}
	}
	for _, child := range n.children {
		w.visit(child)
	}
	w.growth -= n.grows
	w.bases = w.bases[:base]
	w.path = w.path[:len(w.path)-1]
	w.lengths = w.lengths[:len(w.lengths)-1]
}

// The position of a variant in the bases of the walk, in the haplotype's CDS, and in the reference's.
func (w *walk) inBases(i int) int     { return w.lengths[i] - (w.path[i].length + w.path[i].grows) }
func (w *walk) inHaplotype(i int) int { return w.path[0].offset + w.inBases(i) }
func (w *walk) endInHaplotype(i int) int {
	return w.path[0].offset + w.lengths[i]
}
func (w *walk) inReference(i int) int    { return w.path[i].offset }
func (w *walk) endInReference(i int) int { return w.path[i].offset + w.path[i].length }

// breakForward cuts the haplotype of a forward transcript into parts that are independent of each other: the frame is whole between them and they share no codon.
func (w *walk) breakForward(leaf *node) {
	first, shift, indel := -1, 0, false
	for i := range w.path {
		shift += w.path[i].grows
		indel = indel || w.path[i].grows != 0
		if first < 0 {
			first = i
		}
		if i < len(w.path)-1 {
			end := w.inHaplotype(i)
			if grows := w.path[i].grows; grows > 0 {
				end += grows
			} else if grows < 0 {
				end++
			}
			if shift%3 != 0 || end/3 == w.inHaplotype(i+1)/3 {
				continue
			}
		}
		w.judge(leaf, first, i, shift, indel)
		first, shift, indel = -1, 0, false
	}
}

// breakReverse is breakForward for a reverse transcript, from its 5' end.
func (w *walk) breakReverse(leaf *node) {
	total := w.of.length() + w.growth
	last, shift, indel := -1, 0, false
	for i := len(w.path) - 1; i >= 0; i-- {
		shift += w.path[i].grows
		indel = indel || w.path[i].grows != 0
		if last < 0 {
			last = i
		}
		if i > 0 {
			here, next := total-1-w.inHaplotype(i), total-1-w.inHaplotype(i-1)
			if grows := w.path[i].grows; grows > 0 {
				here += grows - 1
			} else if grows < 0 {
				here -= grows
			}
			if grows := w.path[i-1].grows; grows > 0 {
				next -= grows
			}
			if shift%3 != 0 || here/3 == next/3 {
				continue
			}
		}
		w.judge(leaf, i, last, shift, indel)
		last, shift, indel = -1, 0, false
	}
}

// judge translates the part of the haplotype from variant first to last and gives its consequence.
func (w *walk) judge(leaf *node, first, last, shift int, indel bool) {
	from, to := w.inReference(first), w.endInReference(last)
	reference := w.of.reading()
	toEnd := shift%3 != 0
	changed := window{at: w.inHaplotype(first), total: w.of.length() + w.growth, from: from, to: to}
	if len(w.bases) > 0 {
		changed.bases = w.bases[w.inBases(first):w.lengths[last]]
	}
	alt := w.of.translate(changed, toEnd && len(w.bases) > 0)
	ref := w.of.translate(window{bases: reference[pad+from : pad+to], at: from, total: w.of.length(), from: from, to: to}, toEnd)
	(&stretch{walk: w, leaf: leaf, first: first, last: last, shift: shift, ref: ref, alt: alt}).report(indel)
}
