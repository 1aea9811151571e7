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

// knownSet are the codes of a set of terms, alone and as that of all transcripts.
type knownSet struct {
	set                         anySet
	found                       bool
	consequence, impacts, terms uint16
}

// direct is what a block's builder remembers for the quick way.
type direct struct {
	transcripts [256]knownTexts
	sets        [64]knownSet
	picks       []directPick
	text        []byte
}

func (d *direct) reset() {
	d.transcripts, d.sets = [256]knownTexts{}, [64]knownSet{}
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
	reader.readInfo()
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
	b.positions, b.lines, b.alleles = append(b.positions, r.Pos), append(b.lines, b.text), append(b.alleles, uint16(allele))
	b.columns[columnChrom].add(r.Chrom)
	b.columns[columnID].add(present(r.ID))
	b.columns[columnRef].add(r.Ref)
	b.columns[columnAlt].add(alt)
	b.columns[columnQual].add(present(r.Qual))
	b.columns[columnFilter].add(present(r.Filter))
	b.columns[columnType].add(variantType(r.Ref, alt))
}

// addEffect adds what a row says of its transcripts.
func (b *blockBuilder) addEffect(e *engineReader, s *consequence.Scratch, p *directPick) {
	if p.effect == nil {
		for c := columnGene; c < fixedColumns; c++ {
			b.columns[c].add(nil)
		}
		return
	}
	fx := p.effect
	var known knownTexts
	if fx.Transcript >= 0 {
		known = *b.textsOf(e, s, fx)
	}
	set := b.setOf(p.any)
	terms := set
	if p.any.terms != uint64(fx.Terms) {
		terms = b.setOf(anySet{terms: uint64(fx.Terms)})
	}
	b.columns[columnGene].addCode(known.gene)
	b.columns[columnTranscript].addCode(known.feature)
	b.columns[columnBiotype].addCode(known.biotype)
	b.columns[columnConsequence].addCode(b.consequenceOf(terms, fx.Terms))
	b.columns[columnImpact].add(impactText[fx.Impact&3])
	b.columns[columnHGVSc].add(s.Bytes(fx.HGVSc))
	b.columns[columnHGVSp].add(s.Bytes(fx.HGVSp))
	set = b.setOf(p.any)
	if set.impacts == 0 {
		text := b.reader.anyOf(p.any)
		set.impacts, set.terms = b.columns[columnAnyImpact].codeOf(text[0]), b.columns[columnAnyConsequence].codeOf(text[1])
	}
	b.columns[columnAnyImpact].addCode(set.impacts)
	b.columns[columnAnyConsequence].addCode(set.terms)
}

// textsOf returns the codes of a transcript's texts.
func (b *blockBuilder) textsOf(e *engineReader, s *consequence.Scratch, fx *consequence.Effect) *knownTexts {
	known := &b.direct.transcripts[fx.Transcript&255]
	if known.transcript == int32(fx.Transcript)+1 {
		return known
	}
	known.transcript = int32(fx.Transcript) + 1
	code := func(column int, f consequence.Field) uint16 {
		b.direct.text = e.engine.AppendField(b.direct.text[:0], s, fx, f)
		return b.columns[column].code(b.direct.text)
	}
	if known.gene = code(columnGene, consequence.FieldSymbol); known.gene == 0 {
		known.gene = code(columnGene, consequence.FieldGene)
	}
	known.feature, known.biotype = code(columnTranscript, consequence.FieldFeature), code(columnBiotype, consequence.FieldBiotype)
	return known
}

// setOf returns what is known of a set of terms and impacts.
func (b *blockBuilder) setOf(set anySet) *knownSet {
	known := &b.direct.sets[(set.terms*0x9e3779b97f4a7c15>>56^uint64(set.impacts))&63]
	if !known.found || known.set != set {
		*known = knownSet{set: set, found: true}
	}
	return known
}

func (b *blockBuilder) consequenceOf(known *knownSet, terms consequence.Terms) uint16 {
	if known.consequence == 0 {
		b.direct.text = terms.Append(b.direct.text[:0], '&')
		known.consequence = b.columns[columnConsequence].code(b.direct.text)
	}
	return known.consequence
}

// addValues adds the fields of databases and the genotypes.
func (b *blockBuilder) addValues(allele int) {
	r := b.reader
	for i := range r.values {
		b.columns[fixedColumns+i].add(r.value(i, allele))
	}
	first := fixedColumns + len(r.values)
	if first == len(b.columns) {
		return
	}
	format, rest, _ := bytes.Cut(r.rest, []byte{'\t'})
	hasGT := startsWithGT(format)
	for i := first; i < len(b.columns); i++ {
		var gt []byte
		gt, rest = cutGenotype(rest, hasGT)
		b.columns[i].add(genotypeClass(gt, allele+1))
	}
}
