package genome

import "sort"

// Text returns the bytes of a text of the string pool; they are not to be changed.
func (r *Reference) Text(t Text) []byte {
	return r.Pool[t.Offset : t.Offset+t.Length : t.Offset+t.Length]
}

// String returns a text of the string pool as a new string.
func (r *Reference) String(t Text) string { return string(r.Text(t)) }

// Contig returns the index of the contig with this name or alias: the prefix chr may be there or not, MT, M and chrM are one, and RefSeq and GenBank accessions are known where the
// assembly is known or the gene model lists them.
func (r *Reference) Contig(name string) (int, bool) {
	i, ok := r.byName[name]
	return i, ok
}

// ContigOf is Contig for a name in bytes; it allocates nothing.
func (r *Reference) ContigOf(name []byte) (int, bool) {
	i, ok := r.byName[string(name)]
	return i, ok
}

// Bases returns the bases start:end of a contig, 0-based and half-open, cut where the contig ends. They are not to be changed.
func (r *Reference) Bases(contig int, start, end uint32) []byte {
	c := &r.Contigs[contig]
	end = min(end, c.Length)
	start = min(start, end)
	from, to := c.Offset+uint64(start), c.Offset+uint64(end)
	return r.Sequence[from:to:to]
}

// BasesOf returns all bases of the contig with this name or alias, nil where there is none. They are not to be changed.
func (r *Reference) BasesOf(name []byte) []byte {
	i, ok := r.ContigOf(name)
	if !ok {
		return nil
	}
	return r.Bases(i, 0, r.Contigs[i].Length)
}

// SplicedOf returns a transcript's spliced bases in the order and on the strand of transcription. They are not to be changed.
func (r *Reference) SplicedOf(t *Transcript) []byte {
	from, to := t.SplicedOffset, t.SplicedOffset+uint64(t.SplicedLength)
	return r.Spliced[from:to:to]
}

// ExonsOf returns a transcript's exons in the order of transcription. They are not to be changed.
func (r *Reference) ExonsOf(t *Transcript) []Exon {
	from, to := t.FirstExon, t.FirstExon+t.ExonCount
	return r.Exons[from:to:to]
}

// EditsOf returns a transcript's edits by position. They are not to be changed.
func (r *Reference) EditsOf(t *Transcript) []Edit {
	from, to := t.FirstEdit, t.FirstEdit+t.EditCount
	return r.Edits[from:to:to]
}

// TranscriptsOf returns a contig's transcripts, by start, then end. They are not to be changed.
func (r *Reference) TranscriptsOf(contig int) []Transcript {
	c := &r.Contigs[contig]
	from, to := c.FirstTranscript, c.FirstTranscript+c.TranscriptCount
	return r.Transcripts[from:to:to]
}

// Coding reports whether the transcript has a CDS.
func (t *Transcript) Coding() bool { return t.CDSEnd > t.CDSStart }

// Has reports whether the transcript has all of these flags.
func (t *Transcript) Has(flags uint32) bool { return t.Flags&flags == flags }

// Overlaps walks over the transcripts that share a base with an interval. It is a value and allocates nothing:
//
//	for o := r.Overlaps(contig, start, end); o.Next(); {
//		t := &r.Transcripts[o.Index]
//	}
type Overlaps struct {
	Index int // in Transcripts, after Next returned true

	transcripts []Transcript
	next        int
	last        int
	start, end  uint32
}

// Overlaps returns a walk over the transcripts of a contig that overlap start:end, 0-based and half-open, in the order of Transcripts.
func (r *Reference) Overlaps(contig int, start, end uint32) Overlaps {
	c := &r.Contigs[contig]
	first, last := int(c.FirstTranscript), int(c.FirstTranscript+c.TranscriptCount)
	of := r.Transcripts[first:last]
	from := sort.Search(len(of), func(i int) bool { return of[i].Start+c.LongestSpan > start })
	return Overlaps{transcripts: r.Transcripts, next: first + from, last: last, start: start, end: end}
}

// Next moves to the next transcript and reports whether there is one.
func (o *Overlaps) Next() bool {
	for ; o.next < o.last; o.next++ {
		t := &o.transcripts[o.next]
		if t.Start >= o.end {
			return false
		}
		if t.End > o.start {
			o.Index = o.next
			o.next++
			return true
		}
	}
	return false
}

// Close gives a memory-mapped file back; the reference must not be used afterwards. It does nothing for a reference made in memory, and nothing the second time.
func (r *Reference) Close() error {
	if r.close == nil {
		return nil
	}
	release := r.close
	r.close = nil
	return release()
}
