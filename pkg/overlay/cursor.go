package overlay

import "bytes"

// Cursor walks along the databases of a set. One goroutine may use it. Variants in the order of the databases are found fastest: a few rows on from the last one;
// any other order is right as well.
type Cursor struct {
	members  []memberCursor
	alleles  []allele
	contig   []byte
	bases    func(contig []byte) []byte // nil where no sequence is at hand
	sequence []byte                     // of the contig, nil where it is not known
	lefts    []allele                   // the record's alleles that can be moved to the left
	shifted  []byte                     // their bases
	values   []Value                    // of the last record
	whole    bool                       // values has all that was appended
}

// Value is a value that AppendInfo appended.
type Value struct {
	Start, End int32  // in the slice that AppendInfo returned; equal of a flag
	Block      int32  // values of a field with the same Block and the same Code are the same
	Number     uint32 // the value, where Code is 0: an integer
	Field      uint16 // its place in Set.Keys
	Code       uint16 // of a text
}

// Values are those that AppendInfo appended last, for who would have to read them from the text. It reports false where they are not known one by one, as those of several alleles.
// They are good until the next call of AppendInfo.
func (c *Cursor) Values() ([]Value, bool) { return c.values, c.whole }

// allele is an alternative allele as databases are asked for it.
type allele struct {
	pos      uint32
	ref, alt []byte // trimmed
	key      uint64
	short    bool
	sequence bool    // false for symbolic alleles, breakends, `*` and `.`: they are in no database
	left     *allele // the same change further left; nil where there is none
}

// memberCursor is the place in one database.
type memberCursor struct {
	*member
	contig  int // of the database, -1 for none
	found   finder
	alleles *alleleFinder // what found is, of a compiled database of alleles
}

// finder finds the rows of a database that belong to a record.
type finder interface {
	// seek moves to a contig of the database.
	seek(contig int)
	// matches finds the row of each allele, which value then reads. It reports whether there is any.
	matches(pos uint32, ref []byte, alleles []allele) bool
	// appendValue appends the value of a field for an allele, nothing where it is missing.
	appendValue(to []byte, field, allele int) []byte
	// failure is the error that made the answers incomplete.
	failure() error
}

// Cursor returns a new cursor.
func (s *Set) Cursor() *Cursor {
	c := &Cursor{}
	for _, m := range s.members {
		mc := memberCursor{member: m, contig: -1}
		switch {
		case m.compiled == nil:
			mc.found = newIndexedFinder(m.indexed)
		case m.Kind == Intervals:
			mc.found = &intervalFinder{walk: walk{db: m.compiled, loaded: -1}}
		default:
			mc.alleles = &alleleFinder{walk: walk{db: m.compiled, loaded: -1}}
			mc.found = mc.alleles
		}
		c.members = append(c.members, mc)
	}
	return c
}

// AppendInfo appends what the databases say of a record, as INFO writes it: `KEY=value;KEY=value`, without a semicolon before or after; nothing where they say nothing.
// pos is the 1-based POS. It allocates nothing once its buffers have grown.
func (c *Cursor) AppendInfo(to, contig []byte, pos uint32, ref []byte, alts [][]byte) []byte {
	if !bytes.Equal(contig, c.contig) {
		c.enter(contig)
	}
	c.prepare(pos, ref, alts)
	c.values, c.whole = c.values[:0], true
	start := len(to)
	for i, first := 0, 0; i < len(c.members); i++ {
		m := &c.members[i]
		if m.contig >= 0 && m.found.matches(pos, ref, c.alleles) {
			to = c.appendFields(to, start, first, m)
		}
		first += len(m.shown)
	}
	return to
}

// Err returns the first error that made answers incomplete: a damaged file. A result that was written until then must not be used.
func (c *Cursor) Err() error {
	for i := range c.members {
		if err := c.members[i].found.failure(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cursor) enter(contig []byte) {
	c.contig = append(c.contig[:0], contig...)
	if c.bases != nil {
		c.sequence = c.bases(contig)
	}
	for i := range c.members {
		m := &c.members[i]
		if m.contig = m.contigs().find(string(contig)); m.contig >= 0 {
			m.found.seek(m.contig)
		}
	}
}

func (m *member) contigs() *contigNames {
	if m.compiled != nil {
		return m.compiled.names
	}
	return m.indexed.names
}

// prepare trims the alleles of a record.
func (c *Cursor) prepare(pos uint32, ref []byte, alts [][]byte) {
	c.alleles = c.alleles[:0]
	if len(alts) == 1 && len(ref) == 1 && len(alts[0]) == 1 {
		if key, ok := substitutionKey(ref[0], alts[0][0]); ok {
			c.alleles = append(c.alleles, allele{pos: pos, ref: ref, alt: alts[0], key: key, short: true, sequence: true})
			return
		}
	}
	c.lefts, c.shifted = c.lefts[:0], c.shifted[:0]
	isBases := isSequence(ref)
	for _, alt := range alts {
		a := allele{pos: pos, ref: ref, alt: alt}
		if isBases && isSequence(alt) {
			var shift int
			if len(ref) != 1 || len(alt) != 1 {
				shift, a.ref, a.alt = trim(ref, alt)
			}
			a.pos += uint32(shift)
			a.sequence = true
			if c.sequence != nil && (len(a.ref) == 0) != (len(a.alt) == 0) {
				c.shift(&a, pos, ref)
			}
			a.key, a.short = shortKey(a.ref, a.alt)
		}
		c.alleles = append(c.alleles, a)
	}
}

// appendFields appends the fields of one database, the first of which has a number in the set.
func (c *Cursor) appendFields(to []byte, start, first int, m *memberCursor) []byte {
	if m.alleles != nil && len(c.alleles) == 1 {
		to, c.values = m.alleles.appendRow(to, start, m.shown, c.values, first)
		return to
	}
	c.whole = false
	for i := range m.shown {
		f := &m.shown[i]
		before := len(to)
		to = f.begin(to, start)
		from := len(to)
		any := false
		if f.union {
			to = c.appendUnion(to, m.found, f.field)
			any = len(to) > from
		} else {
			to, any = c.appendPerAllele(to, m.found, f.field)
		}
		to = f.end(to, before, from, any)
	}
	return to
}

// begin appends what stands before a value, with a semicolon where entries from start on stand before it.
func (f *shown) begin(to []byte, start int) []byte {
	if len(to) > start {
		return append(to, f.start...)
	}
	return append(to, f.start[1:]...)
}

// end takes back what was appended of a field since before, where there is no value, and the value from from on, where the field is a flag.
func (f *shown) end(to []byte, before, from int, any bool) []byte {
	switch {
	case !any:
		return to[:before]
	case f.flag:
		return to[:from]
	}
	return to
}

// appendPerAllele appends one element for each allele.
func (c *Cursor) appendPerAllele(to []byte, found finder, field int) (_ []byte, any bool) {
	if len(c.alleles) == 1 {
		before := len(to)
		to = found.appendValue(to, field, 0)
		return to, len(to) > before
	}
	for i := range c.alleles {
		if i > 0 {
			to = append(to, ',')
		}
		before := len(to)
		to = found.appendValue(to, field, i)
		if len(to) == before {
			to = append(to, '.')
			continue
		}
		any = true
		for j := before; j < len(to); j++ {
			if to[j] == ',' {
				to[j] = '&'
			}
		}
	}
	return to, any
}

// appendUnion appends the first value that there is: what all alleles of the record share.
func (c *Cursor) appendUnion(to []byte, found finder, field int) []byte {
	before := len(to)
	for i := range c.alleles {
		if to = found.appendValue(to, field, i); len(to) > before {
			break
		}
	}
	return to
}
