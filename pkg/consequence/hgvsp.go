package consequence

import (
	"bytes"

	"gas/pkg/genome"
	"gas/pkg/hgvs"
)

// proteinChange is a change of the protein on its way to HGVSp. Start and end are 1-based; ref and alt are nil where they are not known.
type proteinChange struct {
	kind       hgvs.Kind
	start, end int
	ref, alt   []byte
	original   []byte // the reference before clipping, nil where nothing was clipped
	before     []byte // what clipping cut off at the left
}

// nameProtein writes HGVSp into the scratch; an empty Span where the allele has no name in the protein.
func (j *judge) nameProtein() Span {
	p := j.site
	if !j.plain || !p.overlap.coding {
		return Span{}
	}
	j.move()
	defer j.settle()
	at := p.pepAt(p.signed(j.shiftLength()))
	if !at.both() {
		return Span{}
	}
	c := proteinChange{start: at.start, end: at.end}
	j.regrow()
	c.alt, c.ref = j.peptideOf(&j.side), j.peptideOf(&p.reference)
	j.settle()
	if c.ref == nil {
		return Span{}
	}
	if c.alt != nil && !bytes.Equal(c.alt, c.ref) {
		c.clip()
	}
	if c.kind = j.proteinKind(&c); c.kind == hgvs.None || !j.finish(&c) {
		return Span{}
	}
	return j.writeProtein(&c)
}

// move gives the allele and the reference allele their shifts and forgets where in the protein they were.
func (j *judge) move() {
	p := j.site
	j.shift = p.scratch.shiftOf(p.engine, &j.side, p.forward)
	p.reference.shift = p.scratch.shiftOf(p.engine, &p.reference, p.forward)
	if j.shiftLength() != 0 {
		p.forgetPep()
	}
}

// settle takes the shifts away again.
func (j *judge) settle() { j.shift, j.site.reference.shift = nil, nil }

// regrow makes the codons and amino acids anew where the allele moves.
func (j *judge) regrow() {
	p := j.site
	if j.shiftLength() == 0 {
		return
	}
	j.peptideKnown, j.codonKnown, j.peptide, j.codon = false, false, nil, nil
	p.rotate(&j.side)
	r := &p.reference
	r.peptideKnown, r.codonKnown, r.peptide, r.codon = false, false, nil, nil
	r.rotated = true
	r.seq = p.v.ref
	if p.v.class == classDeletion {
		r.seq = p.scratch.turned(p.v.ref, j.shiftLength(), p.forward)
	}
}

// clip cuts shared amino acids away, first at the left, then at the right.
func (c *proteinChange) clip() {
	ref, alt := c.ref, c.alt
	c.original = ref
	n := 0
	for n < len(ref) && n < len(alt) && ref[n] == alt[n] {
		if ref[n] == '*' {
			return
		}
		n++
	}
	c.before = ref[:n]
	ref, alt = ref[n:], alt[n:]
	c.start += n
	for len(ref) > 0 && len(alt) > 0 && ref[len(ref)-1] == alt[len(alt)-1] {
		ref, alt = ref[:len(ref)-1], alt[:len(alt)-1]
		c.end--
	}
	c.ref, c.alt = ref, alt
}

// proteinKind is the kind of a change of the protein. The first stop of either side becomes X.
func (j *judge) proteinKind(c *proteinChange) hgvs.Kind {
	if j.frameshift() {
		return hgvs.Shifted
	}
	if c.alt == nil {
		return j.kindFromBases(c)
	}
	c.ref, c.alt = j.stopToX(c.ref), j.stopToX(c.alt)
	switch n, m := len(ungapped(c.ref)), len(ungapped(c.alt)); {
	case n == 0:
		return hgvs.Insertion
	case m == 0:
		return hgvs.Deletion
	case n == 1 && m == 1:
		return hgvs.Substitution
	}
	return hgvs.Delins
}

// kindFromBases is the kind where the allele's amino acids are not known.
func (j *judge) kindFromBases(c *proteinChange) hgvs.Kind {
	switch {
	case len(j.seq) > 1 && c.start == c.end+1:
		return hgvs.Insertion
	case len(j.seq) > 1 && c.start != c.end:
		return hgvs.Delins
	case len(j.seq) > 1:
		return hgvs.Substitution
	case len(j.v.ref) > 1:
		return hgvs.Deletion
	}
	return hgvs.None
}

// stopToX is the peptide with its first stop as X.
func (j *judge) stopToX(pep []byte) []byte {
	i := bytes.IndexByte(pep, '*')
	if i < 0 {
		return pep
	}
	s := j.scratch
	mark := len(s.arena)
	s.arena = append(s.arena, pep...)
	pep = s.arena[mark:]
	pep[i] = 'X'
	return pep
}

// finish turns the change into its final form; false where it has no name.
func (j *judge) finish(c *proteinChange) bool {
	switch c.kind {
	case hgvs.Shifted:
		if !j.firstShifted(c) {
			return false
		}
	case hgvs.Insertion:
		j.slide(c)
		if bytes.IndexByte(c.alt, '*') < 0 && j.duplicates(c) {
			return true
		}
		if c.ref = j.flank(min(c.start, c.end), c.original, 2); c.ref == nil {
			return false
		}
	case hgvs.Deletion:
		j.slide(c)
	}
	if c.alt == nil {
		return false
	}
	if j.startLost() {
		c.kind = hgvs.Unstated
	}
	return true
}

// firstShifted finds the first amino acid that a frameshift changes.
func (j *judge) firstShifted(c *proteinChange) bool {
	altered, ok := j.alteredCDS(&j.side)
	if !ok {
		return false
	}
	whole := j.protein()
	c.start = j.pepAt(0).start
	n := altered.residues()
	if c.start > n {
		c.kind, c.alt = hgvs.Deletion, gone
		return true
	}
	var ref, alt byte
	for ; c.start <= n; c.start++ {
		ref, alt = whole.withStop(c.start-1), altered.residue(c.start-1)
		if ref == '*' && alt == '*' {
			c.kind = hgvs.Equal
			break
		}
		if ref != alt {
			break
		}
	}
	s := j.scratch
	mark := len(s.arena)
	s.arena = append(s.arena, ref, alt)
	c.ref, c.alt = s.arena[mark:mark+1], s.arena[mark+1:mark+2]
	if ref == 0 {
		c.ref = c.ref[:0]
	}
	return true
}

// withStop is the i-th amino acid, a stop behind the last one, 0 behind the stop.
func (q protein) withStop(i int) byte {
	switch {
	case i < q.length:
		return q.at(i)
	case i == q.length:
		return '*'
	}
	return 0
}

// flank is the amino acids from a 1-based place on, at most count of them; nil where the place is the protein's end or beyond. A reference that begins with a stop is read on behind the end.
func (j *judge) flank(at int, original []byte, count int) []byte {
	whole := j.protein()
	n := whole.length
	if len(original) > 0 && original[0] == '*' {
		n += len(original)
	}
	if n <= at {
		return nil
	}
	s := j.scratch
	mark := len(s.arena)
	first, last := at-1, at-1+count
	if at == 0 { // VEP reads the one before the first as the last.
		first, last = n-1, n
	}
	for i := first; i < min(n, last); i++ {
		if i < whole.length {
			s.arena = append(s.arena, whole.at(i))
		} else {
			s.arena = append(s.arena, original[i-whole.length])
		}
	}
	return s.arena[mark:]
}

// slide moves an insertion or a deletion of amino acids to the protein's end as long as the protein stays the same.
func (j *judge) slide(c *proteinChange) {
	moving := c.alt
	if c.kind == hgvs.Deletion {
		moving = c.ref
	}
	whole := j.protein()
	tail := c.original
	if len(tail) == 0 || tail[0] != '*' {
		tail = nil
	}
	n, m := whole.length+len(tail), len(moving)
	if n <= c.end+1 || m == 0 {
		return
	}
	from, by := c.end, 0
	for by <= n-from-m {
		var next byte
		if i := from + by; i < whole.length {
			next = whole.at(i)
		} else if i < n {
			next = tail[i-whole.length]
		}
		if next != moving[by%m] {
			break
		}
		by++
	}
	c.start, c.end = c.start+by, c.end+by
	moving = j.scratch.turned(moving, by, true)
	if c.kind == hgvs.Deletion {
		c.ref = moving
	} else {
		c.alt = moving
	}
}

// duplicates says whether inserted amino acids repeat those before them, and then turns the change into a duplication.
func (j *judge) duplicates(c *proteinChange) bool {
	n, c0 := len(c.alt), j.sequence()
	whole := min(c.start-1, c0.length/3)
	from := c.start - n - 1
	if from < 0 || whole+len(c.before) < from+n {
		return false
	}
	for k := range n {
		i := from + k
		var aa byte
		if i < whole {
			aa = translate(j.reading, c0.at(3*i), c0.at(3*i+1), c0.at(3*i+2))
		} else {
			aa = c.before[i-whole]
		}
		if aa != c.alt[k] {
			return false
		}
	}
	c.kind, c.end, c.start = hgvs.Duplication, c.start-1, c.start-n
	return true
}

// codonsToStop counts the amino acids from the given one to the altered protein's first stop, for a frameshift; or those beyond the reference protein's end; 0 where there is no stop.
func (j *judge) codonsToStop(before int, frameshift bool) int {
	if before == 0 {
		return 0
	}
	altered, ok := j.alteredCDS(&j.side)
	if !ok {
		return 0
	}
	at := altered.firstStop(j.engine.firstStop(j.site))
	if at < 0 {
		return 0
	}
	if frameshift {
		return max(at+1-before, 0)
	}
	return max(at-j.protein().length, 0)
}

// writeProtein writes the whole name.
func (j *judge) writeProtein(c *proteinChange) Span {
	s := j.scratch
	begin := len(s.text)
	k := j.engine.knownOf(s, j.index)
	dst := append(s.text, k.text[k.protein.Start:k.protein.End]...)
	switch {
	case sameResidues(c.ref, c.alt) && c.kind != hgvs.Shifted && c.kind != hgvs.Insertion && c.kind != hgvs.Unstated && c.kind != hgvs.Duplication:
		dst = append(hgvs.AppendNumber(hgvs.AppendResidues(dst, c.ref), c.start), "%3D"...)
	case j.stopLost() && (c.kind == hgvs.Deletion || c.kind == hgvs.Substitution):
		dst = j.appendExtension(dst, c)
	default:
		dst = j.appendChange(dst, c)
	}
	s.text = dst
	return Span{uint32(begin), uint32(len(dst))}
}

// appendProteinName appends the protein's name with its version, the first where the gene model gives none; the transcript's name where the protein has none.
func (e *Engine) appendProteinName(dst []byte, t *genome.Transcript) []byte {
	id := e.ref.Text(t.Protein)
	if len(id) == 0 {
		return e.appendTranscriptName(dst, t)
	}
	dst = append(dst, id...)
	if versioned(id) || bytes.Contains(id, []byte("LRG")) {
		return dst
	}
	return append(dst, ".1"...)
}

// sameResidues says whether two peptides are written alike.
func sameResidues(a, b []byte) bool {
	if len(a) != len(b) || bytes.Equal(a, gone) != bytes.Equal(b, gone) {
		return false
	}
	for i := range a {
		if hgvs.Residue(a[i]) != hgvs.Residue(b[i]) {
			return false
		}
	}
	return true
}

// appendChange appends all but equal proteins and extensions.
func (j *judge) appendChange(dst []byte, c *proteinChange) []byte {
	switch c.kind {
	case hgvs.Duplication:
		dst = appendEnds(dst, c.alt, c.start, c.end, c.start < c.end)
		return append(dst, "dup"...)
	case hgvs.Delins, hgvs.Insertion:
		return appendDelins(dst, c)
	case hgvs.Shifted:
		return j.appendFrameshift(dst, c)
	case hgvs.Deletion:
		dst = appendEnds(dst, c.ref, c.start, c.end, len(c.ref) > 1)
		return append(dst, "del"...)
	case hgvs.Unstated:
		dst = hgvs.AppendNumber(hgvs.AppendResidues(dst, c.ref), c.start)
		if c.start != c.end {
			return hgvs.AppendNumber(append(dst, "_?"...), c.end)
		}
		return append(dst, '?')
	}
	dst = hgvs.AppendNumber(hgvs.AppendResidues(dst, c.ref), c.start)
	return hgvs.AppendResidues(dst, c.alt)
}

// appendEnds appends a run of amino acids by its first and, where it is long, its last.
func appendEnds(dst, pep []byte, start, end int, long bool) []byte {
	if !long {
		return hgvs.AppendNumber(hgvs.AppendResidues(dst, pep), start)
	}
	dst = append(dst, hgvs.Residue(pep[0])...)
	dst = append(hgvs.AppendNumber(dst, start), '_')
	return hgvs.AppendNumber(append(dst, hgvs.Residue(pep[len(pep)-1])...), end)
}

// appendDelins appends an insertion or a delins; nothing is written behind a stop.
func appendDelins(dst []byte, c *proteinChange) []byte {
	word := "delins"
	if c.kind == hgvs.Insertion {
		word = "ins"
	}
	if c.start == c.end && c.kind == hgvs.Delins {
		dst = hgvs.AppendNumber(append(dst, hgvs.Residue(c.ref[0])...), c.start)
	} else {
		dst = appendEnds(dst, c.ref, min(c.start, c.end), max(c.start, c.end), true)
	}
	dst = append(dst, word...)
	for _, aa := range c.alt {
		name := hgvs.Residue(aa)
		dst = append(dst, name...)
		if name == "Ter" {
			break
		}
	}
	return dst
}

// appendFrameshift appends a frameshift with the distance to the next stop, "?" where there is none.
func (j *judge) appendFrameshift(dst []byte, c *proteinChange) []byte {
	dst = hgvs.AppendNumber(hgvs.AppendResidues(dst, c.ref), c.start)
	dst = hgvs.AppendResidues(dst, c.alt)
	if hgvs.Residue(c.alt[0]) == "Ter" {
		return dst
	}
	return appendCount(append(dst, "fsTer"...), j.codonsToStop(c.start-1, true))
}

// appendExtension appends the loss of the stop codon with the distance to the next one.
func (j *judge) appendExtension(dst []byte, c *proteinChange) []byte {
	if c.kind == hgvs.Deletion && len(c.ref) > 1 {
		dst = append(appendEnds(dst, c.ref, c.start, c.end, true), "del"...)
	} else {
		dst = hgvs.AppendNumber(hgvs.AppendResidues(dst, c.ref), c.start)
		if c.kind == hgvs.Deletion {
			dst = append(dst, "del"...)
		} else {
			dst = append(dst, hgvs.Residue(c.alt[0])...)
		}
	}
	return appendCount(append(dst, "extTer"...), j.codonsToStop(c.start-1, false))
}

// appendCount appends a count, "?" for none.
func appendCount(dst []byte, n int) []byte {
	if n == 0 {
		return append(dst, '?')
	}
	return hgvs.AppendNumber(dst, n)
}
