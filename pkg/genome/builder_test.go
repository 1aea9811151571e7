package genome

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// twoExons is a transcript of two exons on a contig of 30 bases, in both directions.
func twoExons(t *testing.T, strand int8) *Reference {
	t.Helper()
	b := NewBuilder("toy", "test")
	b.Contig(ContigModel{Name: "chr1"}, []byte("aaATGGCCTTgtNNNNagTAAGCTTTTTTT"))
	gene := b.Gene(GeneModel{ID: "G", Symbol: "TOY"})
	b.Transcript(TranscriptModel{ID: "T", Gene: gene, Contig: "1", Strand: strand, Exons: []Span{{18, 24}, {2, 10}}, CDS: []CDS{{Span{2, 10}, 0}, {Span{18, 21}, 1}}})
	r, err := b.Reference()
	require.NoError(t, err)
	return r
}

func TestABuiltReferenceSplicesInTheOrderOfTranscription(t *testing.T) {
	forward, reverse := twoExons(t, 1), twoExons(t, -1)
	plus, minus := &forward.Transcripts[0], &reverse.Transcripts[0]

	require.Equal(t, "ATGGCCTTTAAGCT", string(forward.SplicedOf(plus)))
	require.Equal(t, "AGCTTAAAGGCCAT", string(reverse.SplicedOf(minus)))
	require.Equal(t, []Exon{{Start: 2, End: 10, Phase: 0}, {Start: 18, End: 24, SplicedStart: 8, Phase: 2}}, forward.ExonsOf(plus))
	require.Equal(t, []Exon{{Start: 18, End: 24, Phase: 2}, {Start: 2, End: 10, SplicedStart: 6, Phase: 0}}, reverse.ExonsOf(minus))
	require.Equal(t, [2]uint32{0, 11}, [2]uint32{plus.CDSStart, plus.CDSEnd})
	require.Equal(t, [2]uint32{3, 14}, [2]uint32{minus.CDSStart, minus.CDSEnd})
	require.Equal(t, [2]uint32{2, 21}, [2]uint32{minus.CodingStart, minus.CodingEnd})
	require.Equal(t, uint8(2), minus.Phase)
	require.Equal(t, "AAATG", string(forward.Bases(0, 0, 5)))
	require.Equal(t, "TTT", string(forward.Bases(0, 27, 99)))
}

func TestOverlapsGivesEveryTranscriptThatSharesABaseAndAllocatesNothing(t *testing.T) {
	b := NewBuilder("toy", "test")
	b.Contig(ContigModel{Name: "1"}, make([]byte, 100))
	gene := b.Gene(GeneModel{ID: "G"})
	spans := []Span{{0, 90}, {5, 10}, {20, 30}, {20, 25}, {29, 31}, {60, 70}}
	for _, s := range spans {
		b.Transcript(TranscriptModel{ID: "T", Gene: gene, Contig: "1", Strand: 1, Exons: []Span{s}})
	}
	r, err := b.Reference()
	require.NoError(t, err)
	for start := uint32(0); start < 100; start++ {
		for end := start + 1; end <= 100; end++ {
			var want, got int
			for _, s := range spans {
				if s.Start < end && s.End > start {
					want++
				}
			}
			for o := r.Overlaps(0, start, end); o.Next(); {
				got++
			}
			require.Equal(t, want, got, "%d:%d", start, end)
		}
	}
	require.Zero(t, testing.AllocsPerRun(10, func() {
		for o := r.Overlaps(0, 20, 30); o.Next(); {
		}
	}))
}

func TestAContigIsFoundByItsOtherNames(t *testing.T) {
	for _, c := range []struct {
		name   string
		length int
		asked  string
		found  bool
	}{
		{"21", 100, "chr21", true},
		{"chr21", 100, "21", true},
		{"21", 46709983, "NC_000021.9", true},
		{"21", 46709983, "NC_000021.8", false},
		{"NC_000021.9", 46709983, "chr21", true},
		{"MT", 16569, "chrM", true},
		{"chrM", 16569, "NC_012920.1", true},
		{"chrM", 16571, "MT", false},
		{"MT", 16299, "M", true},
		{"MT", 16299, "NC_012920.1", false},
	} {
		n := nameContigs([]ContigModel{{Name: c.name, Length: uint32(c.length)}}, nil)
		_, found := n.byName[c.asked]
		require.Equal(t, c.found, found, "%s of %d bases asked for as %s", c.name, c.length, c.asked)
	}
}

func TestGeneticCodesTranslate(t *testing.T) {
	for _, c := range []struct {
		code  uint8
		codon string
		want  byte
		start bool
	}{
		{1, "ATG", 'M', true},
		{1, "TGA", '*', false},
		{1, "ATA", 'I', false},
		{2, "ATA", 'M', true},
		{2, "AGA", '*', false},
		{2, "TGA", 'W', false},
		{1, "CTN", 'L', false},
		{1, "NNN", 'X', false},
		{1, "YTA", 'L', false},
		{1, "TAR", '*', false},
		{1, "A-G", 'X', false},
		{12, "CTG", 'S', true},
	} {
		g, ok := Code(c.code)
		require.True(t, ok)
		require.Equal(t, string(c.want), string(g.Translate(c.codon[0], c.codon[1], c.codon[2])), "code %d, %s", c.code, c.codon)
		require.Equal(t, c.start, g.Starts(c.codon[0], c.codon[1], c.codon[2]), "code %d, start %s", c.code, c.codon)
	}
	for _, none := range []uint8{0, 7, 8, 17, 34, 255} {
		_, ok := Code(none)
		require.False(t, ok, "code %d", none)
	}
}

func TestAReferenceIsKnownForTheHumanBuildThatItIs(t *testing.T) {
	for _, c := range []struct {
		name   string
		length uint32
		want   string
	}{{"21", 46709983, "GRCh38"}, {"chr21", 48129895, "GRCh37"}, {"NC_000003.12", 198295559, "GRCh38"}, {"21", 46709984, ""}, {"MT", 16569, ""}} {
		n := nameContigs([]ContigModel{{Name: c.name, Length: c.length}}, nil)
		require.Equal(t, c.want, (&Reference{byName: n.byName}).HumanBuild(), "%s of %d bases", c.name, c.length)
	}
}
