package genome

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDecode changes a compiled file at will and mends the header's digest, so that the checks behind it are reached. What Decode takes must be safe to read through every accessor.
func FuzzDecode(f *testing.F) {
	b := NewBuilder("toy", "test")
	b.Contig(ContigModel{Name: "chr1"}, []byte("aaATGGCCTTgtNNNNagTAAGCTTTTTTT"))
	gene := b.Gene(GeneModel{ID: "G"})
	b.Transcript(TranscriptModel{ID: "T", Gene: gene, Contig: "1", Strand: -1, Exons: []Span{{18, 24}, {2, 10}}, CDS: []CDS{{Span{2, 10}, 0}, {Span{9, 10}, 0}, {Span{18, 21}, 1}}})
	r, err := b.Reference()
	require.NoError(f, err)
	dir := f.TempDir()
	require.NoError(f, writeReference(dir, r))
	whole, err := os.ReadFile(filepath.Join(dir, ModelFile))
	require.NoError(f, err)
	f.Add(whole)
	f.Add(whole[:headerSize])
	f.Fuzz(func(t *testing.T, input []byte) {
		file := append([]byte(nil), input...)
		if len(file) >= headerSize {
			clear(file[16:48])
			digest := sha256.Sum256(file[:headerSize])
			copy(file[16:], digest[:])
		}
		r, err := Decode(file)
		if err != nil {
			return
		}
		for i := range r.Contigs {
			r.Bases(i, 0, r.Contigs[i].Length)
			for o := r.Overlaps(i, 0, r.Contigs[i].Length); o.Next(); {
				t := &r.Transcripts[o.Index]
				r.Text(t.ID)
				r.Text(r.Genes[t.Gene].ID)
				_ = r.SplicedOf(t)[t.CDSStart:t.CDSEnd]
				r.ExonsOf(t)
				r.EditsOf(t)
			}
		}
	})
}
