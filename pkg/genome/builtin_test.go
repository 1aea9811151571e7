package genome

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestBuiltInReferencesHaveTheSequenceTheyClaim(t *testing.T) {
	for _, b := range builtins {
		for _, name := range append([]string{b.name}, b.others...) {
			r, err := Builtin(name)
			require.NoError(t, err)
			require.Equal(t, b.name, r.Name)
			require.Equal(t, b.md5, hex.EncodeToString(r.Contigs[0].MD5[:]))
			require.Len(t, r.Digest, 64)
		}
	}
	_, err := Builtin("GRCh38")
	require.ErrorIs(t, err, ErrUnknown)
}

func TestOnlyORF1abSlips(t *testing.T) {
	r, err := Builtin("SARS-CoV-2")
	require.NoError(t, err)
	for i := range r.Transcripts {
		transcript := &r.Transcripts[i]
		if r.String(transcript.ID) != "ENSSAST00005000002" {
			require.Empty(t, r.EditsOf(transcript))
			continue
		}
		require.True(t, transcript.Has(RibosomalSlippage))
		require.Equal(t, []Edit{{Position: 13468 - 265, Kind: Slip, Shift: -1}}, r.EditsOf(transcript))
		spliced := r.SplicedOf(transcript)
		require.Equal(t, "TTTAAACGG", string(spliced[13203-7:13203+2]), "the slippery sequence ends with the base that is read twice")
		peptide := translateWithSlip(r, transcript)
		require.Equal(t, len(peptide)-1, strings.IndexByte(peptide, '*'), "one stop, at the end")
		require.Len(t, peptide, 7097)
	}
}

func translateWithSlip(r *Reference, t *Transcript) string {
	code, _ := Code(t.GeneticCode)
	slip := r.EditsOf(t)[0]
	cds := r.SplicedOf(t)[t.CDSStart:t.CDSEnd]
	read := append([]byte(nil), cds[:slip.Position]...)
	read = append(read, cds[int(slip.Position)+int(slip.Shift):]...)
	var peptide []byte
	for i := 0; i+3 <= len(read); i += 3 {
		peptide = append(peptide, code.Translate(read[i], read[i+1], read[i+2]))
	}
	return string(peptide)
}

func TestBuiltInReferencesAreThoseOfTheGeneModels(t *testing.T) {
	for _, c := range []struct{ name, fasta, genes string }{
		{"rCRS", "mt/rCRS.fa", "mt/genes.gff3"},
		{"SARS-CoV-2", "sars-cov-2/MN908947.3.fa", "sars-cov-2/genes.gff3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fromFiles := built(t, c.name, c.fasta, c.genes)
			r, err := Builtin(c.name)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(spelled(fromFiles), spelled(r)))
			require.Equal(t, string(fromFiles.Sequence), string(r.Sequence))
		})
	}
}

// spelledTranscript is a transcript with its texts, gene, exons and bases spelled out, to compare references that keep them in other places.
type spelledTranscript struct {
	Texts   [10]string
	Gene    [5]string
	Row     Transcript
	Exons   []Exon
	Spliced string
}

// spelled leaves the slippage out, which a gene model in a file may not tell.
func spelled(r *Reference) []spelledTranscript {
	var list []spelledTranscript
	for i := range r.Transcripts {
		t := r.Transcripts[i]
		g := &r.Genes[t.Gene]
		s := spelledTranscript{Exons: r.ExonsOf(&t), Spliced: string(r.SplicedOf(&t)), Gene: [5]string{r.String(g.ID), r.String(g.Symbol), r.String(g.SymbolSource), r.String(g.HGNC), r.String(g.Biotype)}}
		for i, text := range []*Text{&t.ID, &t.Version, &t.Protein, &t.Biotype, &t.Source, &t.ManeSelect, &t.ManePlus, &t.CCDS, &t.APPRIS, &t.TSL} {
			s.Texts[i] = r.String(*text)
			*text = Text{}
		}
		t.FirstEdit, t.EditCount, t.Flags = 0, 0, t.Flags&^RibosomalSlippage
		s.Row = t
		list = append(list, s)
	}
	return list
}

func BenchmarkBuiltin(b *testing.B) {
	for b.Loop() {
		for _, name := range BuiltinNames() {
			if _, err := Builtin(name); err != nil {
				b.Fatal(err)
			}
		}
	}
}
