package consequence

import (
	"bytes"
	"sort"

	"gas/pkg/genome"
	"gas/pkg/hgvs"
)

// nameTranscript writes HGVSc into the scratch and the offset by which it moved the allele; an empty Span where the allele has no name on the transcript.
func (j *judge) nameTranscript() (Span, int) {
	p, s := j.site, j.scratch
	if !j.plain {
		return Span{}, 0
	}
	seq, offset := j.onTranscript(&j.side), 0
	if m := s.shiftOf(p.engine, &j.side, p.forward); m != nil {
		offset = m.length
		if p.v.class == classInsertion {
			seq = j.onTranscript(&side{seq: m.seq})
		}
	}
	length := p.txEnd - p.txStart + 1
	start, end := p.v.start-p.txStart+1, p.v.end-p.txStart+1
	if !p.forward {
		start, end = p.txEnd-p.v.end+1, p.txEnd-p.v.start+1
	}
	if start < 1 || end < 1 || start > length || end > length || end+offset > length {
		return Span{}, offset
	}
	c, ok := hgvs.Describe(p.slice, length, start+offset, end+offset, seq)
	if !ok {
		return Span{}, offset
	}
	c.Clip()
	from, to, ok := j.named(&c)
	if !ok {
		return Span{}, offset
	}
	return j.writeTranscript(&c, from, to), offset
}

// named turns the change's place in the transcript's stretch of the contig into written positions.
func (j *judge) named(c *hgvs.Change) (from, to hgvs.Position, ok bool) {
	p := j.site
	if p.v.class == classSNV && p.exonic {
		if at := p.cdsAt(0); at.both() {
			from = hgvs.Position{Base: at.start}
			return from, from, true
		}
	}
	from, ok = p.position(c.Start)
	if !ok || c.Start == c.End {
		return from, from, ok
	}
	to, ok = p.position(c.End)
	from, to = hgvs.Ordered(from, to)
	return from, to, ok
}

// writeTranscript writes the whole name.
func (j *judge) writeTranscript(c *hgvs.Change, from, to hgvs.Position) Span {
	s := j.scratch
	mark := len(s.arena)
	s.arena = from.Append(s.arena)
	middle := len(s.arena)
	s.arena = to.Append(s.arena)
	first, last := s.arena[mark:middle], s.arena[middle:]
	begin := len(s.text)
	k := j.engine.knownOf(s, j.index)
	s.text = append(s.text, k.text[k.coding.Start:k.coding.End]...)
	s.text = c.AppendNucleotide(s.text, first, last)
	return Span{uint32(begin), uint32(len(s.text))}
}

// appendTranscriptName appends the transcript's name with its version.
func (e *Engine) appendTranscriptName(dst []byte, t *genome.Transcript) []byte {
	id := e.ref.Text(t.ID)
	dst = append(dst, id...)
	if t.Version.Length == 0 || versioned(id) || bytes.Contains(id, []byte("LRG")) {
		return dst
	}
	return append(append(dst, '.'), e.ref.Text(t.Version)...)
}

// versioned says whether a name ends in a point and digits.
func versioned(id []byte) bool {
	i := len(id)
	for i > 0 && id[i-1] >= '0' && id[i-1] <= '9' {
		i--
	}
	return i > 0 && i < len(id) && id[i-1] == '.'
}

// slice gives bases of the transcript's stretch of the contig, introns included, on the transcript's strand.
func (p *site) slice(from, to int) []byte {
	length := p.txEnd - p.txStart + 1
	from, to = max(from, 0), min(to, length)
	if from >= to {
		return nil
	}
	if p.forward {
		return p.engine.ref.Bases(p.v.contig, uint32(p.txStart-1+from), uint32(p.txStart-1+to))
	}
	s := p.scratch
	mark := len(s.arena)
	s.arena = genome.AppendReverseComplement(s.arena, p.engine.ref.Bases(p.v.contig, uint32(p.txEnd-to), uint32(p.txEnd-from)))
	return s.arena[mark:]
}

// position names a base of the transcript's stretch of the contig, 1-based.
func (p *site) position(at int) (hgvs.Position, bool) {
	at += p.txStart - 1
	if !p.forward {
		at = p.txEnd + p.txStart - at
	}
	n := len(p.exons)
	i := sort.Search(n, func(i int) bool { return int(p.left(i).End) >= at })
	if i == n {
		return hgvs.Position{}, false
	}
	x := p.left(i)
	if start := int(x.Start) + 1; at >= start {
		if p.forward {
			return p.fromCodons(int(x.SplicedStart)+1+at-start, 0), true
		}
		return p.fromCodons(int(x.SplicedStart)+1+int(x.End)-at, 0), true
	}
	if i == 0 { // Before the transcript VEP takes the last exon for the one to the left.
		i = n
	}
	return p.inIntron(at, p.left(i-1), x), true
}

// inIntron names a base of the intron between two exons, by the nearer one; in the middle by the one before it in the transcript.
func (p *site) inIntron(at int, left, right *genome.Exon) hgvs.Position {
	up, down := max(at-int(left.End), int(left.End)-at), int(right.Start)+1-at
	last := func(x *genome.Exon) int { return int(x.SplicedStart + x.End - x.Start) }
	switch fromLeft := up < down || up == down && p.forward; {
	case fromLeft && p.forward:
		return p.fromCodons(last(left), up)
	case fromLeft:
		return p.fromCodons(int(left.SplicedStart)+1, -up)
	case p.forward:
		return p.fromCodons(int(right.SplicedStart)+1, -down)
	}
	return p.fromCodons(last(right), down)
}

// fromCodons counts a spliced position from the start or the stop codon.
func (p *site) fromCodons(base, offset int) hgvs.Position { return fromCodons(p.t, base, offset) }

// fromCodons counts a transcript's spliced position, 1-based, from its start or stop codon.
func fromCodons(t *genome.Transcript, base, offset int) hgvs.Position {
	first, last := int(t.CDSStart)+1, int(t.CDSEnd)
	switch {
	case !t.Coding():
		return hgvs.Position{Base: base, Offset: offset}
	case base > last || base == last && offset != 0:
		return hgvs.Position{Base: base - last, After: true, Offset: offset}
	case base >= first:
		base++
	}
	return hgvs.Position{Base: base - first, Offset: offset}
}
