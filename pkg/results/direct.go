package results

import (
	"gas/pkg/consequence"
	"gas/pkg/genome"
	"gas/pkg/overlay"
	"gas/pkg/vcf"
)

// Record is a record of a result as the engine has it before it is text: the quick way into the index. What Columns, Alts and Entries point to is kept until Settle, nothing else.
type Record struct {
	Line    int                  // length of the record's line in the result, with its end
	Contig  int                  // differs where CHROM differs from that of the record before in a piece
	Columns *vcf.Record          // as in the input
	Alts    [][]byte             // of ALT; none for "."
	Entries []byte               // what databases say, in the line
	Scratch *consequence.Scratch // with the effects; nil where there are none
	Valued  bool                 // Values has all that Entries says
	Values  []overlay.Value      // by their places in Entries
	Scanned bool                 // Samples has all samples whose genotypes are not two REF, perhaps others too; else the samples are looked for
	Samples []Sample             // in their order
}

// Sample is where the genotype of a sample stands.
type Sample struct {
	Number int32 // of the sample, from 0
	At     int32 // in Columns.Rest
}

// engineReader reads effects for the index. It is immutable.
type engineReader struct {
	engine *consequence.Engine
	scores []uint16 // of each transcript, as lineReader.judge scores it
	fields []int    // the columns of the databases' fields; nil where they cannot be told apart by their keys
}

// directFields are the fields of CSQ that must be written for the quick way: it must not know more than the lines say.
var directFields = []consequence.Field{
	consequence.FieldAllele, consequence.FieldConsequence, consequence.FieldImpact, consequence.FieldSymbol, consequence.FieldGene, consequence.FieldFeature,
	consequence.FieldBiotype, consequence.FieldHGVSc, consequence.FieldHGVSp, consequence.FieldCanonical, consequence.FieldMANESelect,
}

// newEngineReader returns nil where a result has to be read from its lines.
func newEngineReader(h *Header, engine *consequence.Engine, reference *genome.Reference, keys []string) *engineReader {
	for _, f := range directFields {
		if !contains(h.Fields, f.String()) {
			return nil
		}
	}
	if engine == nil || reference == nil {
		return nil
	}
	r := &engineReader{engine: engine, scores: make([]uint16, len(reference.Transcripts)), fields: h.columnsOf(keys)}
	for i := range r.scores {
		t := &reference.Transcripts[i]
		if t.ManeSelect.Length > 0 {
			r.scores[i] += scoreMANE
		}
		if t.Has(genome.Canonical) {
			r.scores[i] += scoreCanonical
		}
	}
	return r
}

func contains(list []string, text string) bool {
	for _, t := range list {
		if t == text {
			return true
		}
	}
	return false
}

// directPick is the effect that speaks for an allele, and what all say together.
type directPick struct {
	effect *consequence.Effect // nil for none
	any    anySet
}

// knownTexts are the codes in a block of what a transcript's rows have in common.
type knownTexts struct {
	transcript             int32 // its index and one
	gene, feature, biotype uint16
}

// knownEffect is the number of the tuple of an effect.
type knownEffect struct {
	effectKey
	number uint16
}

// effectKey is what the tuple of an effect depends on.
type effectKey struct {
	any, terms uint64 // of all transcripts, of the one that speaks
	rest       uint64 // its index, the impacts of all, its impact; never 0
}

// knownAlleles is the number of the tuple of a site of up to eight bases.
type knownAlleles struct {
	allelesKey
	number uint16
}

// allelesKey is REF and ALT behind each other, and the code of FILTER.
type allelesKey struct {
	bases           uint64
	lengths, filter uint16 // lengths are never 0
}

// knownTerms is the code of the text of some terms.
type knownTerms struct {
	terms consequence.Terms
	code  uint16
}

// knownSet is the codes of what all transcripts say together.
type knownSet struct {
	set            anySet
	found          bool
	impacts, terms uint16
}

// direct is what a block's builder remembers for the quick way.
type direct struct {
	transcripts   [64]knownTexts
	effects       [256]knownEffect
	consequences  [64]knownTerms
	alls          [64]knownSet
	impacts       [4]uint16
	none          uint16 // the number and one of the tuple without an effect
	entered       bool
	contig        int                // of the sites below
	site          tuple              // with the codes of their contig and of filters
	filters       []byte             // FILTER of the last record, nil where it is missing
	others        []byte             // that of the last record with another
	other         uint16             // its code
	substitutions [4][1 << 10]uint16 // numbers and one of tuples, by the code of FILTER and by two bases
	short         [256]knownAlleles  // by a hash
	picks         []directPick
	text          []byte
}

func (d *direct) reset() {
	clear(d.transcripts[:])
	clear(d.effects[:])
	clear(d.consequences[:])
	clear(d.alls[:])
	clear(d.impacts[:])
	d.none, d.entered = 0, false
}

// dotAlt is ALT of a record without an allele.
var dotAlt = [][]byte{[]byte(".")}

// addRecord adds the rows of one record. Most of what it says waits for settle.
func (b *blockBuilder) addRecord(e *engineReader, r *Record) {
	if b.waits(e, r) {
		b.addSingle(e, r)
	} else {
		b.settle()
		b.addAlleles(e, r)
	}
	b.text += uint32(r.Line)
	b.records++
}

// addAlleles adds the rows of a record of any number of alleles.
func (b *blockBuilder) addAlleles(e *engineReader, r *Record) {
	alts := r.Alts
	if len(alts) == 0 {
		alts = dotAlt
	}
	handed := len(r.Entries) == 0 || r.Valued && e.fields != nil
	if !handed {
		b.reader.alts, b.reader.info = alts, r.Entries
		b.reader.readInfo()
	}
	picks := b.judgeEffects(e, r.Scratch, len(alts))
	c := r.Columns
	if !b.direct.entered || r.Contig != b.direct.contig {
		b.enterContig(r)
	}
	for allele, alt := range alts {
		if b.rows() >= maxRows || allele > 1<<16-1 {
			break
		}
		p := &picks[allele]
		b.begin(c.Pos, allele, b.knownSite(c.Ref, alt, present(c.Filter)), b.knownEffect(e, r.Scratch, p))
		b.texts[columnID].add(present(c.ID))
		b.numbers[columnQual].addAt(b.rows()-1, present(c.Qual))
		b.addNames(r.Scratch, p.effect)
		switch {
		case !handed:
			b.addValues(allele)
		case len(r.Entries) > 0:
			b.addHanded(b.rows()-1, r.Values, r.Entries)
		}
		b.addCarriers(r, allele)
	}
}

// addCarriers adds the genotypes of a record to the row that was begun last.
func (b *blockBuilder) addCarriers(r *Record, allele int) {
	switch {
	case b.genotypes.count == 0:
	case r.Scanned:
		b.addSamples(r.Columns.Rest, r.Samples, allele)
	default:
		b.addGenotypes(r.Columns.Rest[min(1, len(r.Columns.Rest)):], allele)
	}
}

// addHanded is addValues for the values of a record of one allele that need not be looked for.
func (b *blockBuilder) addHanded(row int, values []overlay.Value, entries []byte) {
	for i := range values {
		v := &values[i]
		to := &b.handed[v.Field]
		if to.numbers != nil && v.Code == 0 {
			to.numbers.addIntegerAt(row, int64(v.Number))
			continue
		}
		text := entries[v.Start:v.End]
		if len(text) == 0 {
			text = flagValue
		}
		if to.numbers != nil {
			to.numbers.addAt(row, text)
		} else {
			to.dict.addHandedAt(row, v.Block, v.Code, text)
		}
	}
}

// addNames adds what HGVS calls a row.
func (b *blockBuilder) addNames(s *consequence.Scratch, fx *consequence.Effect) {
	var coding, protein []byte
	if fx != nil {
		coding, protein = s.Bytes(fx.HGVSc), s.Bytes(fx.HGVSp)
	}
	b.texts[columnHGVSc].add(coding)
	b.texts[columnHGVSp].add(protein)
}

// judgeEffects finds the pick of each allele, as lineReader.judge does. They are good until the next call.
func (b *blockBuilder) judgeEffects(e *engineReader, s *consequence.Scratch, alts int) []directPick {
	picks := b.direct.picks[:0]
	for range alts {
		picks = append(picks, directPick{})
	}
	b.direct.picks = picks
	if s == nil {
		return picks
	}
	for effects := s.Effects; len(effects) > 0; {
		n := 1
		for n < len(effects) && effects[n].Allele == effects[0].Allele {
			n++
		}
		e.pick(&picks[effects[0].Allele], effects[:n])
		effects = effects[n:]
	}
	return picks
}

// pick finds the pick among the effects of one allele.
func (e *engineReader) pick(p *directPick, effects []consequence.Effect) {
	if len(effects) == 1 {
		fx := &effects[0]
		p.effect, p.any = fx, anySet{terms: uint64(fx.Terms), impacts: 1 << fx.Impact}
		return
	}
	best := 0
	for i := range effects {
		fx := &effects[i]
		p.any.terms |= uint64(fx.Terms)
		p.any.impacts |= 1 << fx.Impact
		score := 64 - fx.Terms.Rank()
		if fx.Transcript >= 0 {
			score += int(e.scores[fx.Transcript])
		}
		if p.effect == nil || score > best {
			p.effect, best = fx, score
		}
	}
}

// knownSite is the number of the tuple of a site of the contig that was entered, found by its few bases where they are few.
func (b *blockBuilder) knownSite(ref, alt, filters []byte) uint16 {
	d := &b.direct
	if string(filters) != string(d.filters) {
		b.enterFilters(filters)
	}
	if len(ref)+len(alt) > 8 {
		return b.site.number(b.directSite(ref, alt))
	}
	if filter := int(d.site[3]); len(ref) == 1 && len(alt) == 1 && ref[0]&0xe0 == 'A'&0xe0 && alt[0]&0xe0 == 'A'&0xe0 && filter < len(d.substitutions) {
		known := &d.substitutions[filter][int(ref[0]&31)<<5|int(alt[0]&31)]
		if *known == 0 {
			*known = b.site.number(b.directSite(ref, alt)) + 1
		}
		return *known - 1
	}
	key := allelesKey{lengths: uint16(len(ref)<<8 | len(alt)), filter: d.site[3]}
	for _, c := range ref {
		key.bases = key.bases<<8 | uint64(c)
	}
	for _, c := range alt {
		key.bases = key.bases<<8 | uint64(c)
	}
	known := &d.short[(key.bases^uint64(key.lengths)<<3^uint64(key.filter))*spreading>>56]
	if known.allelesKey != key {
		*known = knownAlleles{key, b.site.number(b.directSite(ref, alt))}
	}
	return known.number
}

// enterContig turns to the sites of a record's contig.
func (b *blockBuilder) enterContig(r *Record) {
	d := &b.direct
	d.entered, d.contig, d.filters, d.others = true, r.Contig, d.filters[:0], d.others[:0]
	d.site, d.other = tuple{b.dicts[columnChrom].code(r.Columns.Chrom)}, 0
	clear(d.substitutions[:])
	clear(d.short[:])
}

// enterFilters turns to a FILTER. Most files have two of them, in turn.
func (b *blockBuilder) enterFilters(filters []byte) {
	d := &b.direct
	d.filters, d.site[3], d.others, d.other = d.others, d.other, d.filters, d.site[3]
	if string(filters) != string(d.filters) {
		d.filters, d.site[3] = append(d.filters[:0], filters...), b.dicts[columnFilter].code(filters)
	}
}

// directSite is siteOf for the contig and the filters that were entered.
func (b *blockBuilder) directSite(ref, alt []byte) tuple {
	site := b.direct.site
	site[1], site[2], site[4] = b.dicts[columnRef].code(ref), b.dicts[columnAlt].code(alt), b.dicts[columnType].code(variantType(ref, alt))
	return site
}

// knownEffect is the number of the tuple of a pick.
func (b *blockBuilder) knownEffect(e *engineReader, s *consequence.Scratch, p *directPick) uint16 {
	fx := p.effect
	if fx == nil {
		if b.direct.none == 0 {
			b.direct.none = b.effect.number(tuple{}) + 1
		}
		return b.direct.none - 1
	}
	key := effectKey{p.any.terms, uint64(fx.Terms), uint64(uint32(fx.Transcript))<<16 | uint64(p.any.impacts)<<8 | uint64(fx.Impact) | 1<<63}
	known := &b.direct.effects[(key.terms*3^key.any^key.rest<<4)*spreading>>56]
	if known.effectKey != key {
		*known = knownEffect{effectKey: key, number: b.effect.number(b.directEffect(e, s, fx, p.any))}
	}
	return known.number
}

// directEffect is the tuple of an effect, in the order of groups.
func (b *blockBuilder) directEffect(e *engineReader, s *consequence.Scratch, fx *consequence.Effect, set anySet) tuple {
	var known knownTexts
	if fx.Transcript >= 0 {
		known = *b.textsOf(e, s, fx)
	}
	d := &b.direct
	own := &d.consequences[uint64(fx.Terms)*spreading>>58]
	if own.code == 0 || own.terms != fx.Terms {
		d.text = fx.Terms.Append(d.text[:0], '&')
		*own = knownTerms{fx.Terms, b.dicts[columnConsequence].code(d.text)}
	}
	all := &d.alls[(set.terms*3^uint64(set.impacts))*spreading>>58]
	if !all.found || all.set != set {
		text := b.reader.anyOf(set)
		*all = knownSet{set, true, b.dicts[columnAnyImpact].code(text[0]), b.dicts[columnAnyConsequence].code(text[1])}
	}
	impact := &d.impacts[fx.Impact&3]
	if *impact == 0 {
		*impact = b.dicts[columnImpact].code(impactText[fx.Impact&3])
	}
	return tuple{known.gene, known.feature, own.code, *impact, known.biotype, all.impacts, all.terms}
}

// textsOf returns the codes of a transcript's texts.
func (b *blockBuilder) textsOf(e *engineReader, s *consequence.Scratch, fx *consequence.Effect) *knownTexts {
	known := &b.direct.transcripts[fx.Transcript&63]
	if known.transcript == int32(fx.Transcript)+1 {
		return known
	}
	known.transcript = int32(fx.Transcript) + 1
	code := func(column int, f consequence.Field) uint16 {
		b.direct.text = e.engine.AppendField(b.direct.text[:0], s, fx, f)
		return b.dicts[column].code(b.direct.text)
	}
	if known.gene = code(columnGene, consequence.FieldSymbol); known.gene == 0 {
		known.gene = code(columnGene, consequence.FieldGene)
	}
	known.feature, known.biotype = code(columnTranscript, consequence.FieldFeature), code(columnBiotype, consequence.FieldBiotype)
	return known
}
