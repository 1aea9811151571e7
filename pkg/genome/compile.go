package genome

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Reasons for which a transcript of a gene model is left out of a reference.
var (
	errNoContig     = errors.New("its contig is not in the sequence")
	errNoExon       = errors.New("it has no exon")
	errOutside      = errors.New("it reaches beyond its contig")
	errExonsOverlap = errors.New("its exons overlap")
	errNoStrand     = errors.New("it has no strand")
	errCDSOutside   = errors.New("its CDS does not begin in an exon")
)

// fetch fills dst with the bases of a contig from start on.
type fetch func(contig int, start uint32, dst []byte) error

// compiler turns contigs and a gene model into a reference's tables, and writes the spliced bases as it goes.
type compiler struct {
	ref     *Reference
	pool    pool
	fetch   fetch
	spliced io.Writer
	written uint64 // bytes of spliced
	bases   []byte // of one exon
	out     []byte // of one transcript
	dropped func(id string, why error)
}

// contigs fills the tables of contigs and aliases.
func (c *compiler) contigs(contigs []ContigModel, regions map[string]Region) {
	names := nameContigs(contigs, regions)
	for i := range contigs {
		m := &contigs[i]
		c.ref.Contigs = append(c.ref.Contigs, Contig{
			Name: c.pool.add(m.Name), Offset: m.offset, Length: m.Length, MD5: m.MD5,
			GeneticCode: names.geneticCode(i, m), Circular: boolByte(names.circular(i, m)),
		})
	}
	for _, a := range names.aliases {
		c.ref.Aliases = append(c.ref.Aliases, Alias{Name: c.pool.add(a.name), Contig: uint32(a.contig)})
	}
	c.ref.byName = names.byName
}

func boolByte(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// model fills the tables of genes, transcripts, exons and edits.
func (c *compiler) model(m *Model) error {
	order := c.order(m)
	genes := make([]int, len(m.Genes)) // index in the reference's Genes, plus one
	for _, i := range order {
		t := &m.Transcripts[i]
		if err := c.transcript(m, t, genes); err != nil {
			if isDrop(err) {
				c.dropped(t.ID, err)
				continue
			}
			return fmt.Errorf("compile transcript %s: %w", t.ID, err)
		}
	}
	c.index()
	return nil
}

func isDrop(err error) bool {
	return errors.Is(err, errNoContig) || errors.Is(err, errNoExon) || errors.Is(err, errOutside) || errors.Is(err, errExonsOverlap) || errors.Is(err, errNoStrand) || errors.Is(err, errCDSOutside)
}

// order sorts each transcript's exons and gives the transcripts' order in the reference: by contig, start, end, then as the model lists them.
func (c *compiler) order(m *Model) []int32 {
	type key struct{ contig, start, end uint32 }
	keys := make([]key, len(m.Transcripts))
	order := make([]int32, len(m.Transcripts))
	for i := range m.Transcripts {
		t := &m.Transcripts[i]
		order[i] = int32(i)
		keys[i].contig = ^uint32(0)
		if contig, ok := c.ref.byName[t.Contig]; ok {
			keys[i].contig = uint32(contig)
		}
		slices.SortFunc(t.Exons, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
		t.Exons = slices.Compact(t.Exons)
		if n := len(t.Exons); n > 0 {
			keys[i].start, keys[i].end = t.Exons[0].Start, t.Exons[n-1].End
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		x, y := keys[a], keys[b]
		return cmp.Or(cmp.Compare(x.contig, y.contig), cmp.Compare(x.start, y.start), cmp.Compare(x.end, y.end))
	})
	return order
}

// transcript adds one transcript whose exons are sorted, its gene if it is the gene's first, and its spliced bases.
func (c *compiler) transcript(m *Model, t *TranscriptModel, genes []int) error {
	contig, ok := c.ref.byName[t.Contig]
	if !ok {
		return errNoContig
	}
	if err := checkExons(t, c.ref.Contigs[contig].Length); err != nil {
		return err
	}
	row := Transcript{
		ID: c.pool.add(t.ID), Version: c.pool.add(t.Version), Protein: c.pool.add(t.Protein), Biotype: c.pool.add(t.Biotype), Source: c.pool.add(cmp.Or(t.Source, m.Source)),
		ManeSelect: c.pool.add(t.ManeSelect), ManePlus: c.pool.add(t.ManePlus), CCDS: c.pool.add(t.CCDS), APPRIS: c.pool.add(t.APPRIS), TSL: c.pool.add(t.TSL),
		Contig: uint32(contig), Start: t.Exons[0].Start, End: t.Exons[len(t.Exons)-1].End, Strand: t.Strand, Flags: t.Flags,
		GeneticCode: cmp.Or(t.GeneticCode, c.ref.Contigs[contig].GeneticCode),
	}
	exons := splice(t, &row)
	edits, err := translate(t, exons, &row)
	if err != nil {
		return err
	}
	if err := c.splice(exons, &row); err != nil {
		return err
	}
	row.FirstExon, row.ExonCount = uint32(len(c.ref.Exons)), uint32(len(exons))
	row.FirstEdit, row.EditCount = uint32(len(c.ref.Edits)), uint32(len(edits))
	row.Gene = c.gene(&m.Genes[t.Gene], &genes[t.Gene], &row)
	c.ref.Exons = append(c.ref.Exons, exons...)
	c.ref.Edits = append(c.ref.Edits, edits...)
	c.ref.Transcripts = append(c.ref.Transcripts, row)
	return nil
}

func checkExons(t *TranscriptModel, length uint32) error {
	if len(t.Exons) == 0 {
		return errNoExon
	}
	if t.Strand != 1 && t.Strand != -1 {
		return errNoStrand
	}
	for i, e := range t.Exons {
		if e.Start >= e.End || e.End > length {
			return errOutside
		}
		if i > 0 && e.Start < t.Exons[i-1].End {
			return errExonsOverlap
		}
	}
	return nil
}

// gene returns the gene's index in the reference, adds it when it is new, and widens it to hold the transcript.
func (c *compiler) gene(m *GeneModel, seen *int, t *Transcript) uint32 {
	if *seen == 0 {
		c.ref.Genes = append(c.ref.Genes, Gene{
			ID: c.pool.add(m.ID), Symbol: c.pool.add(m.Symbol), SymbolSource: c.pool.add(m.SymbolSource), HGNC: c.pool.add(m.HGNC), Biotype: c.pool.add(m.Biotype),
			Start: t.Start, End: t.End, Contig: t.Contig, Strand: t.Strand,
		})
		*seen = len(c.ref.Genes)
	}
	g := &c.ref.Genes[*seen-1]
	if g.Contig == t.Contig {
		g.Start, g.End = min(g.Start, t.Start), max(g.End, t.End)
	}
	return uint32(*seen - 1)
}

// splice writes the transcript's bases in the order and on the strand of transcription.
func (c *compiler) splice(exons []Exon, row *Transcript) error {
	c.out = c.out[:0]
	for _, e := range exons {
		c.bases = slices.Grow(c.bases[:0], int(e.End-e.Start))[:e.End-e.Start]
		if err := c.fetch(int(row.Contig), e.Start, c.bases); err != nil {
			return err
		}
		if row.Strand > 0 {
			c.out = append(c.out, c.bases...)
		} else {
			c.out = AppendReverseComplement(c.out, c.bases)
		}
	}
	row.SplicedOffset = c.written
	c.written += uint64(len(c.out))
	_, err := c.spliced.Write(c.out)
	return err
}

// index tells each contig which transcripts are its own.
func (c *compiler) index() {
	for i := range c.ref.Transcripts {
		t := &c.ref.Transcripts[i]
		contig := &c.ref.Contigs[t.Contig]
		if contig.TranscriptCount == 0 {
			contig.FirstTranscript = uint32(i)
		}
		contig.TranscriptCount++
		contig.LongestSpan = max(contig.LongestSpan, t.End-t.Start)
	}
}

// pool collects the texts of a reference, each once.
type pool struct {
	bytes []byte
	seen  map[string]Text
}

func (p *pool) add(s string) Text {
	if s == "" {
		return Text{}
	}
	if t, ok := p.seen[s]; ok {
		return t
	}
	if p.seen == nil {
		p.seen = make(map[string]Text)
	}
	t := Text{Offset: uint32(len(p.bytes)), Length: uint32(len(s))}
	p.bytes = append(p.bytes, s...)
	p.seen[s] = t
	return t
}
