package results

// Records of one allele, which most are, are added in batches: what comes from the engine at once, what stands in the record's own columns for all of them together, one
// column after the other. That is quicker than record by record in the midst of annotation, where neither the code nor the columns stay near the processor.

// batchSize is the most records of a batch.
const batchSize = 32

// waiting is what of a record is added with its batch. It points to the text of the record's columns.
type waiting struct {
	ref, alt, filter, id, qual []byte
}

// addSingle adds the row of a record of one allele. Its databases' values are handed over, or there are none.
func (b *blockBuilder) addSingle(e *engineReader, r *Record, alt []byte) {
	c := r.Columns
	if d := &b.direct; !d.entered || string(c.Chrom) != string(d.chrom) {
		b.settle()
		b.enterContig(c.Chrom)
	}
	if len(b.batch) == batchSize {
		b.settle()
	}
	var p directPick
	if r.Scratch != nil {
		e.pick(&p, r.Scratch.Effects)
	}
	b.begin(c.Pos, 0, 0, b.knownEffect(e, r.Scratch, &p))
	b.batch = append(b.batch, waiting{c.Ref, alt, c.Filter, c.ID, c.Qual})
	b.addNames(r.Scratch, p.effect)
	if len(r.Entries) > 0 {
		b.addHanded(e.fields, r.Values, r.Entries)
	}
	b.addCarriers(r, 0)
}

// settle adds what waits. The records' columns must still be as they were.
func (b *blockBuilder) settle() {
	if len(b.batch) == 0 {
		return
	}
	heads := b.heads[len(b.heads)-len(b.batch):]
	for i := range b.batch {
		w := &b.batch[i]
		heads[i].tuples[placeSite] = b.knownSite(w.ref, w.alt, present(w.filter))
	}
	ids := b.texts[columnID]
	for i := range b.batch {
		ids.add(present(b.batch[i].id))
	}
	quals := b.numbers[columnQual]
	for i := range b.batch {
		quals.add(present(b.batch[i].qual))
	}
	b.batch = b.batch[:0]
}
