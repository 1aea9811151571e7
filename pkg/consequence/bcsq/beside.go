package bcsq

// beside.go says what a record does where no coding sequence is read: in UTRs, at splice sites, in introns and non-coding transcripts.

// untranslated reports the UTRs that a record changes, and tells whether there is one.
func (c *caller) untranslated(r *record) (touched bool) {
	c.contig.utrs.overlapping(r.pos, r.pos+r.refLen, func(u *span) {
		for i, alt := range r.alts {
			if !isSequence(alt) {
				continue
			}
			e := &edge{caller: c, of: u.of}
			e.begin(r, i+1)
			if where := e.judge(u.first, u.last); where == inside || where == across {
				c.stage(r, answer{transcript: u.of, terms: u.term(), allele: i + 1})
				touched = true
			}
		}
	})
	return touched
}

// spliceSites reports the splice sites of coding transcripts that a record changes, and tells whether there is one.
func (c *caller) spliceSites(r *record) (touched bool) {
	c.contig.exons.overlapping(r.pos, r.pos+r.refLen, func(x *span) {
		if len(x.of.segments) == 0 || !isSequence(r.alts[0]) {
			return
		}
		for i := range r.alts {
			if c.spliceSite(r, x, i+1, 0) {
				touched = true
			}
		}
	})
	return touched
}

// spliceSite checks one allele at the ends of one exon, with terms that are known already.
func (c *caller) spliceSite(r *record, x *span, allele int, known Terms) bool {
	e := &edge{caller: c, of: x.of, splicePairs: true, left: x.of.first != x.first, right: x.of.last != x.last}
	e.begin(r, allele)
	e.terms = known
	e.judge(x.first, x.last)
	return e.terms != 0
}

// transcripts reports introns and non-coding transcripts.
func (c *caller) transcripts(r *record) {
	c.contig.transcripts.overlapping(r.pos, r.pos+r.refLen, func(t *transcript) {
		for i, alt := range r.alts {
			if isSequence(alt) {
				c.wholeTranscript(r, t, i+1, 0)
			}
		}
	})
}

func (c *caller) wholeTranscript(r *record, t *transcript, allele int, known Terms) {
	e := &edge{caller: c, of: t}
	e.begin(r, allele)
	e.terms = known
	if where := e.judge(t.first, t.last); where != inside && where != across {
		return
	}
	terms := nonCoding
	if t.biotype.coding {
		terms = intron
	}
	c.stage(r, answer{transcript: t, terms: terms | known})
}

// symbolic reports what an insertion or a deletion without a sequence touches at its first base.
func (c *caller) symbolic(r *record) {
	var kind Terms
	switch alt := r.alts[0]; {
	case isInsertion(alt):
		kind = featureElongation
	case isDeletion(alt):
		kind = featureTruncation
	default:
		return
	}
	at, touched := r.pos+1, false
	c.contig.segments.overlapping(at, at, func(s *segment) {
		terms := nonCoding
		if s.of.biotype.coding {
			terms = codingSequence
		}
		c.stage(r, answer{transcript: s.of, terms: terms | kind, allele: 1})
		touched = true
	})
	c.contig.utrs.overlapping(at, at, func(u *span) {
		c.stage(r, answer{transcript: u.of, terms: u.term() | kind, allele: 1})
		touched = true
	})
	c.contig.exons.overlapping(at, at, func(x *span) {
		if len(x.of.segments) > 0 && c.spliceSite(r, x, 1, kind) {
			touched = true
		}
	})
	if touched {
		return
	}
	c.contig.transcripts.overlapping(at, at, func(t *transcript) { c.wholeTranscript(r, t, 1, kind) })
}
