package genome

import (
	"bytes"
	"crypto/md5"
	"fmt"
)

// Builder makes a small reference in memory: the built-in ones, and those of tests. Large ones are compiled to a file by Build.
type Builder struct {
	name     string
	contigs  []ContigModel
	sequence []byte
	model    Model
}

// NewBuilder begins a reference of this name; source is what its transcripts say in SOURCE.
func NewBuilder(name, source string) *Builder {
	return &Builder{name: name, model: Model{Source: source, Regions: map[string]Region{}}}
}

// Contig adds a contig with its bases, in upper or lower case. Length, MD5 and place are filled in.
func (b *Builder) Contig(m ContigModel, bases []byte) *Builder {
	m.offset, m.Length = uint64(len(b.sequence)), uint32(len(bases))
	b.sequence = append(b.sequence, bytes.ToUpper(bases)...)
	m.MD5 = md5.Sum(b.sequence[m.offset:])
	b.contigs = append(b.contigs, m)
	return b
}

// Gene adds a gene and returns its index, for TranscriptModel.Gene.
func (b *Builder) Gene(g GeneModel) int {
	b.model.Genes = append(b.model.Genes, g)
	return len(b.model.Genes) - 1
}

// Transcript adds a transcript.
func (b *Builder) Transcript(t TranscriptModel) *Builder {
	b.model.Transcripts = append(b.model.Transcripts, t)
	return b
}

// Model adds the genes and transcripts of a gene model that was read from a file.
func (b *Builder) Model(m *Model) *Builder {
	first := len(b.model.Genes)
	b.model.Genes = append(b.model.Genes, m.Genes...)
	for _, t := range m.Transcripts {
		t.Gene += first
		b.model.Transcripts = append(b.model.Transcripts, t)
	}
	for name, region := range m.Regions {
		b.model.Regions[name] = region
	}
	return b
}

// Reference compiles what was added. A transcript that cannot be laid on its contig is an error here, where Build leaves it out and says so.
func (b *Builder) Reference() (*Reference, error) {
	r := &Reference{Name: b.name, Source: b.model.Source, Sequence: b.sequence}
	var spliced bytes.Buffer
	var bad error
	c := compiler{ref: r, spliced: &spliced, fetch: b.fetch, dropped: func(id string, why error) {
		if bad == nil {
			bad = fmt.Errorf("transcript %s: %w", id, why)
		}
	}}
	c.contigs(b.contigs, b.model.Regions)
	if err := c.model(&b.model); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad
	}
	r.Spliced, r.Pool = spliced.Bytes(), c.pool.bytes
	return r, nil
}

func (b *Builder) fetch(contig int, start uint32, dst []byte) error {
	copy(dst, b.sequence[b.contigs[contig].offset+uint64(start):])
	return nil
}
