package genome

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"gas/test/shared"
)

// built compiles files of the shared data and opens the result.
func built(t *testing.T, name, fasta, genes string, warn ...string) *Reference {
	t.Helper()
	var warnings []string
	dir := t.TempDir()
	err := Build(context.Background(), BuildOptions{
		Name: name, FASTA: shared.Path(t, "data", fasta), Genes: shared.Path(t, "data", genes), Out: dir, Warn: func(m string) { warnings = append(warnings, m) },
	})
	require.NoError(t, err)
	require.NoError(t, Verify(dir))
	r, err := Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	require.Equal(t, warn, warnings)
	return r
}

// named returns the transcript with this ID.
func named(t *testing.T, r *Reference, id string) *Transcript {
	t.Helper()
	for i := range r.Transcripts {
		if r.String(r.Transcripts[i].ID) == id {
			return &r.Transcripts[i]
		}
	}
	t.Fatalf("no transcript %s", id)
	return nil
}

func TestTheRowsOfACompiledFileKeepTheirSizes(t *testing.T) {
	require.Equal(t, [sectionCount]uint32{1, 1, 1, 56, 12, 56, 152, 16, 8}, rowSizes)
	require.Zero(t, unsafe.Offsetof(Contig{}.Offset)%8)
	require.Zero(t, unsafe.Offsetof(Transcript{}.SplicedOffset)%8)
}

func TestChromosome21OfEnsembl84IsRead(t *testing.T) {
	r := built(t, "chr21", "chr21/chr21.partial.fa.gz", "chr21/ensembl84.gff3.gz",
		"contig 21 ends after 43894067 bases, the gene model says 46709983: the others are taken as N")
	require.Equal(t, "Ensembl", r.Source)
	require.Len(t, r.Transcripts, 2414)
	for _, name := range []string{"21", "chr21", "CM000683.2", "NC_000021.9"} {
		i, ok := r.Contig(name)
		require.True(t, ok, name)
		require.Zero(t, i)
	}
	app := named(t, r, "ENST00000346798")
	require.Equal(t, "APP", r.String(r.Genes[app.Gene].Symbol))
	require.Equal(t, "ENSG00000142192", r.String(r.Genes[app.Gene].ID))
	require.Equal(t, "HGNC:620", r.String(r.Genes[app.Gene].HGNC))
	require.Equal(t, "protein_coding", r.String(app.Biotype))
	require.Equal(t, int8(-1), app.Strand)
	require.Equal(t, uint32(18), app.ExonCount)
	require.Equal(t, uint32(2313), app.CDSEnd-app.CDSStart, "770 amino acids and a stop")
	require.Equal(t, "ENSP00000284981", r.String(app.Protein))
	require.True(t, app.Has(GencodeBasic))
}

func TestTheMitochondrionIsReadWithItsGeneticCode(t *testing.T) {
	r := built(t, "mt", "mt/rCRS.fa", "mt/genes.gff3")
	require.Len(t, r.Transcripts, 37)
	require.Equal(t, uint8(1), r.Contigs[0].Circular)
	nd1 := named(t, r, "ND1")
	require.Equal(t, uint8(2), nd1.GeneticCode)
	require.Equal(t, "ATACCCATG", string(r.SplicedOf(nd1)[:9]))
	require.Equal(t, "ND1.p", r.String(nd1.Protein))
	require.Equal(t, uint32(956), nd1.CDSEnd)
	require.Equal(t, "tRNA", r.String(named(t, r, "TRNQ").Biotype))
	require.Equal(t, int8(-1), named(t, r, "TRNQ").Strand)
}

func TestSARSCoV2IsRead(t *testing.T) {
	r := built(t, "sars", "sars-cov-2/MN908947.3.fa", "sars-cov-2/genes.gff3")
	require.Len(t, r.Transcripts, 12)
	_, ok := r.Contig("NC_045512.2")
	require.True(t, ok)
	s := named(t, r, "ENSSAST00005000004")
	require.Equal(t, "S", r.String(r.Genes[s.Gene].Symbol))
	require.Equal(t, "EntrezGene", r.String(r.Genes[s.Gene].SymbolSource))
	require.Equal(t, "ATGTTT", string(r.SplicedOf(s)[:6]))
	require.Equal(t, uint32(3822), s.CDSEnd)
}

func TestABuildGivesTheSameFileEachTime(t *testing.T) {
	one := built(t, "mt", "mt/rCRS.fa", "mt/genes.gff3")
	two := built(t, "mt", "mt/rCRS.fa", "mt/genes.gff3")
	require.Len(t, one.Digest, 64)
	require.Equal(t, one.Digest, two.Digest)
}

func TestADamagedFileIsFound(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writeReference(dir, twoExons(t, 1)))
	require.NoError(t, Verify(dir))
	path := filepath.Join(dir, ModelFile)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)

	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
		opens  bool
	}{
		{"a base was changed", func(b []byte) []byte { b[headerSize] ^= 1; return b }, true},
		{"the header was changed", func(b []byte) []byte { b[100] ^= 1; return b }, false},
		{"the end is missing", func(b []byte) []byte { return b[:len(b)-1] }, false},
		{"only the header is there", func(b []byte) []byte { return b[:headerSize] }, false},
		{"it is empty", func([]byte) []byte { return nil }, false},
		{"it is another file", func(b []byte) []byte { return append([]byte("##fileformat=VCFv4.2\n"), b...) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, c.change(append([]byte(nil), whole...)), 0o644))
			require.Error(t, Verify(dir))
			r, err := Open(dir)
			require.Equal(t, c.opens, err == nil, "%v", err)
			if err == nil {
				require.NoError(t, r.Close())
			}
		})
	}
}

// writeReference writes a reference that lies in memory into a folder.
func writeReference(dir string, r *Reference) error {
	w, err := newModelWriter(filepath.Join(dir, ModelFile))
	if err != nil {
		return err
	}
	var texts pool
	texts.bytes = append(texts.bytes, r.Pool...)
	w.header.name, w.header.source = texts.add(r.Name), texts.add(r.Source)
	compiled := *r
	compiled.Pool = texts.bytes
	if err := errors.Join(w.section(sequenceSection, r.Sequence), w.section(splicedSection, r.Spliced), w.tables(&compiled)); err != nil {
		return err
	}
	_, err = w.finish()
	return err
}
