package results

import (
	"bytes"

	"gas/pkg/consequence"
	"gas/pkg/genome"
	"gas/pkg/vcf"
)

// Record is a record of a result as the engine has it before it is text: the quick way into the index. Nothing of it is kept.
type Record struct {
	Line    int                  // length of the record's line in the result, with its end
	Columns *vcf.Record          // as in the input
	Alts    [][]byte             // of ALT; none for "."
	Entries []byte               // what databases say, as it stands in INFO
	Scratch *consequence.Scratch // with the effects; nil where there are none
}

// engineReader reads effects for the index. It is immutable.
type engineReader struct {
	engine *consequence.Engine
	scores []uint16 // of each transcript, as lineReader.judge scores it
}

// directFields are the fields of CSQ that must be written for the quick way: it must not know more than the lines say.
var directFields = []consequence.Field{
	consequence.FieldAllele, consequence.FieldConsequence, consequence.FieldImpact, consequence.FieldSymbol, consequence.FieldGene, consequence.FieldFeature,
	consequence.FieldBiotype, consequence.FieldHGVSc, consequence.FieldHGVSp, consequence.FieldCanonical, consequence.FieldMANESelect,
}

// newEngineReader returns nil where a result has to be read from its lines.
func newEngineReader(h *Header, engine *consequence.Engine, reference *genome.Reference) *engineReader {
	for _, f := range directFields {
		if !contains(h.Fields, f.String()) {
			return nil
		}
	}
	if engine == nil || reference == nil {
		return nil
	}
	r := &engineReader{engine: engine, scores: make([]uint16, len(reference.Transcripts))}
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
	score  int
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
	found  bool
	number uint16
}

// effectKey is what the tuple of an effect depends on.
type effectKey struct {
	any        anySet
	terms      consequence.Terms
	transcript int32
	impact     consequence.Impact
}

// direct is what a block's builder remembers for the quick way.
type direct struct {
	transcripts [64]knownTexts
	effects     [256]knownEffect
	chrom       []byte             // of the sites below
	sites       [4][1 << 10]uint16 // numbers and one of tuples, by the code of FILTER and by two bases
	filters     []byte             // FILTER of the last site,
	filtered    uint16             // its code and one
	none        uint16             // the number and one of the tuple without an effect
	picks       []directPick
	text        []byte
}

func (d *direct) reset() {
	d.transcripts, d.effects, d.none, d.filtered = [64]knownTexts{}, [256]knownEffect{}, 0, 0
	d.chrom, d.sites = d.chrom[:0], [4][1 << 10]uint16{}
}

// dotAlt is ALT of a record without an allele.
var dotAlt = [][]byte{[]byte(".")}

// addRecord adds the rows of one record.
func (b *blockBuilder) addRecord(e *engineReader, r *Record) {
	alts := r.Alts
	if len(alts) == 0 {
		alts = dotAlt
	}
	reader := b.reader
	reader.alts, reader.info = alts, r.Entries
	if len(reader.values) > 0 {
		reader.readInfo()
	}
	reader.rest = r.Columns.Rest
	if len(reader.rest) > 0 {
		reader.rest = reader.rest[1:]
	}
	b.judgeEffects(e, r.Scratch, len(alts))
	for allele, alt := range alts {
		if b.rows() >= maxRows || allele > 1<<16-1 {
			break
		}
		b.addSite(r.Columns, alt, allele)
		b.addEffect(e, r.Scratch, &b.direct.picks[allele])
		b.addValues(allele)
	}
	b.text += uint32(r.Line)
	b.records++
}

// judgeEffects finds the pick of each allele, as lineReader.judge does.
func (b *blockBuilder) judgeEffects(e *engineReader, s *consequence.Scratch, alts int) {
	picks := b.direct.picks[:0]
	for range alts {
		picks = append(picks, directPick{})
	}
	b.direct.picks = picks
	if s == nil {
		return
	}
	for i := range s.Effects {
		fx := &s.Effects[i]
		p := &picks[fx.Allele]
		p.any.terms |= uint64(fx.Terms)
		p.any.impacts |= 1 << fx.Impact
		score := 64 - fx.Terms.Rank()
		if fx.Transcript >= 0 {
			score += int(e.scores[fx.Transcript])
		}
		if p.effect == nil || score > p.score {
			p.effect, p.score = fx, score
		}
	}
}

// addSite adds what a row says of its site.
func (b *blockBuilder) addSite(r *vcf.Record, alt []byte, allele int) {
	b.begin(r.Pos, allele)
	b.texts[columnID].add(present(r.ID))
	b.numbers[columnQual].add(present(r.Qual))
	b.site.add(b.knownSite(r, alt))
}

// knownSite is the number of the tuple of a site, found without a hash where two bases take each other's place.
func (b *blockBuilder) knownSite(r *vcf.Record, alt []byte) uint16 {
	d, filters := &b.direct, present(r.Filter)
	if !bytes.Equal(d.chrom, r.Chrom) {
		d.chrom, d.sites = append(d.chrom[:0], r.Chrom...), [4][1 << 10]uint16{}
	}
	if len(r.Ref) == 1 && len(alt) == 1 && r.Ref[0]&0xe0 == 'A'&0xe0 && alt[0]&0xe0 == 'A'&0xe0 {
		if d.filtered == 0 || string(filters) != string(d.filters) {
			d.filters, d.filtered = append(d.filters[:0], filters...), b.dicts[columnFilter].code(filters)+1
		}
		if code := d.filtered - 1; int(code) < len(d.sites) {
			known := &d.sites[code][int(r.Ref[0]&31)<<5|int(alt[0]&31)]
			if *known == 0 {
				*known = b.site.number(b.siteOf(r.Chrom, r.Ref, alt, filters)) + 1
			}
			return *known - 1
		}
	}
	return b.site.number(b.siteOf(r.Chrom, r.Ref, alt, filters))
}

// addEffect adds what a row says of its transcripts.
func (b *blockBuilder) addEffect(e *engineReader, s *consequence.Scratch, p *directPick) {
	fx := p.effect
	if fx == nil {
		if b.direct.none == 0 {
			b.direct.none = b.effect.number(tuple{}) + 1
		}
		b.effect.add(b.direct.none - 1)
		b.texts[columnHGVSc].add(nil)
		b.texts[columnHGVSp].add(nil)
		return
	}
	key := effectKey{p.any, fx.Terms, int32(fx.Transcript), fx.Impact}
	known := &b.direct.effects[(uint64(key.terms)*3^key.any.terms^uint64(uint32(key.transcript))<<20)*0x9e3779b97f4a7c15>>56]
	if !known.found || known.effectKey != key {
		*known = knownEffect{effectKey: key, found: true, number: b.effect.number(b.directEffect(e, s, fx, p.any))}
	}
	b.effect.add(known.number)
	b.texts[columnHGVSc].add(s.Bytes(fx.HGVSc))
	b.texts[columnHGVSp].add(s.Bytes(fx.HGVSp))
}

// directEffect is the tuple of an effect, in the order of groups.
func (b *blockBuilder) directEffect(e *engineReader, s *consequence.Scratch, fx *consequence.Effect, set anySet) tuple {
	var known knownTexts
	if fx.Transcript >= 0 {
		known = *b.textsOf(e, s, fx)
	}
	all := b.reader.anyOf(set)
	b.direct.text = fx.Terms.Append(b.direct.text[:0], '&')
	return tuple{
		known.gene, known.feature, b.dicts[columnConsequence].code(b.direct.text), b.dicts[columnImpact].code(impactText[fx.Impact&3]), known.biotype,
		b.dicts[columnAnyImpact].codeOf(all[0]), b.dicts[columnAnyConsequence].codeOf(all[1]),
	}
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
