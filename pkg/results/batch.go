package results

import "gas/pkg/overlay"

// Records of one allele, which most are, are added in batches: the record that speaks for an allele is found at once, everything else for all of them together, one column
// after the other. That is quicker than record by record in the midst of annotation, where neither the code nor the columns stay near the processor.

// batchSize is the most records of a batch.
const batchSize = 256

// batch is the last rows of a block, of which nothing else is there yet.
type batch struct {
	rows   []waiting
	text   []byte // of each row: what HGVS calls it
	values []overlay.Value
}

// waiting is what of a row is added with its batch. It points to the text of the record's columns and of its line.
type waiting struct {
	pos, line              uint32 // as in a head
	effect                 uint16 // likewise
	ref, alt, filter, qual []byte
	genotype               []byte // of the only sample, and what follows
	entries                []byte // of databases
	coding, protein        int32  // how many bytes of the batch's text each has
	values                 int32  // how many of the batch's there are
}

func (w *batch) reset() { w.rows, w.text, w.values = w.rows[:0], w.text[:0], w.values[:0] }

// waits reports whether a record can wait: it has one allele, and nothing of it has to be looked for in its line.
func (b *blockBuilder) waits(e *engineReader, r *Record) bool {
	return len(r.Alts) <= 1 && (len(r.Entries) == 0 || r.Valued && e.fields != nil) && (b.genotypes.count != 1 || r.Scanned) && b.rows() < maxRows
}

// addSingle adds the row of a record that can wait.
func (b *blockBuilder) addSingle(e *engineReader, r *Record) {
	c, w := r.Columns, &b.batch
	if len(w.rows) == batchSize {
		b.settle()
	}
	if !b.direct.entered || r.Contig != b.direct.contig {
		b.settle()
		b.enterContig(r)
	}
	var p directPick
	if r.Scratch != nil {
		e.pick(&p, r.Scratch.Effects)
	}
	effect := b.knownEffect(e, r.Scratch, &p)
	b.texts[columnID].add(present(c.ID))
	w.rows = append(w.rows, waiting{pos: c.Pos, line: b.text, effect: effect, ref: c.Ref, alt: c.Alt, filter: c.Filter, qual: c.Qual})
	row := &w.rows[len(w.rows)-1]
	if fx := p.effect; fx != nil {
		coding, protein := r.Scratch.Bytes(fx.HGVSc), r.Scratch.Bytes(fx.HGVSp)
		if row.coding, row.protein = int32(len(coding)), int32(len(protein)); row.coding+row.protein > 0 {
			w.text = append(append(w.text, coding...), protein...)
		}
	}
	if len(r.Entries) > 0 {
		row.entries, row.values = r.Entries, int32(len(r.Values))
		w.values = append(w.values, r.Values...)
	}
	if b.genotypes.count > 1 {
		b.addCarriers(r, 0)
	} else if len(r.Samples) > 0 {
		row.genotype = c.Rest[r.Samples[0].At:]
	}
}

// settle adds what waits. The records' columns must still be as they were.
func (b *blockBuilder) settle() {
	w := &b.batch
	if len(w.rows) == 0 {
		return
	}
	first := len(b.heads)
	b.settleHeads()
	for i := range w.rows {
		b.numbers[columnQual].addAt(first+i, present(w.rows[i].qual))
	}
	b.settleText(first)
	if b.genotypes.count == 1 {
		b.settleGenotypes(first)
	}
	w.reset()
}

func (b *blockBuilder) settleHeads() {
	heads := b.heads
	for i := range b.batch.rows {
		w := &b.batch.rows[i]
		heads = append(heads, head{w.pos, w.line, [groupCount]uint16{b.knownSite(w.ref, w.alt, present(w.filter)), w.effect}})
	}
	b.heads = heads
}

// settleText adds what HGVS and databases say of the rows from one on.
func (b *blockBuilder) settleText(first int) {
	text, values := b.batch.text, b.batch.values
	for i := range b.batch.rows {
		w := &b.batch.rows[i]
		b.texts[columnHGVSc].add(text[:w.coding])
		text = text[w.coding:]
		b.texts[columnHGVSp].add(text[:w.protein])
		text = text[w.protein:]
		b.addHanded(first+i, values[:w.values], w.entries)
		values = values[w.values:]
	}
}

func (b *blockBuilder) settleGenotypes(first int) {
	for i := range b.batch.rows {
		genotype := b.batch.rows[i].genotype
		if len(genotype) == 0 {
			continue
		}
		if class, _ := leadingGenotype(genotype, 1); class != classRef {
			b.genotypes.add(0, first+i, class)
		}
	}
}
