package consequence

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"gas/pkg/genome"
)

// crooked is a reference of transcripts that gene models should not have but do: exons of one base, introns of none and of a few bases, coding sequences of a few bases and of cut codons, codons of N.
func crooked(seed uint64) *genome.Reference {
	random := rand.New(rand.NewPCG(seed, 7))
	bases := make([]byte, 400)
	for i := range bases {
		bases[i] = "ACGTACGTACGTACGTNRY"[random.IntN(19)]
	}
	b := genome.NewBuilder("crooked", "test")
	b.Contig(genome.ContigModel{Name: "1"}, bases)
	b.Contig(genome.ContigModel{Name: "MT"}, bases[:200])
	gene := b.Gene(genome.GeneModel{ID: "G;1", Symbol: "A|B,C"})
	for i := range 12 {
		m := genome.TranscriptModel{ID: fmt.Sprint("T", i), Gene: gene, Contig: "1", Strand: int8(1 - 2*random.IntN(2)), Biotype: []string{"protein_coding", "nonsense_mediated_decay", "lncRNA"}[random.IntN(3)],
			Flags: uint32(random.IntN(8))}
		end := 395
		if random.IntN(4) == 0 {
			m.Contig, end = "MT", 195
		}
		at := random.IntN(100)
		for range 1 + random.IntN(5) {
			length := 1 + random.IntN(30)
			if at+length > end {
				break
			}
			x := genome.Span{Start: uint32(at), End: uint32(at + length)}
			m.Exons = append(m.Exons, x)
			if random.IntN(3) > 0 {
				m.CDS = append(m.CDS, genome.CDS{Span: x, Phase: uint8(random.IntN(3))})
			}
			at += length + random.IntN(40)
		}
		if len(m.Exons) > 0 {
			b.Transcript(m)
		}
	}
	r, err := b.Reference()
	if err != nil {
		return nil
	}
	return r
}

// options are the engines that the tests below hold at once.
var everyOption = []Options{
	{Fields: AllFields()},
	{Fields: AllFields(), Nomenclature: HGVSNomenclature, Pick: true, Distance: 1},
	{Style: ANN, PerGene: true},
	{Fields: []Field{FieldDistance, FieldAllele, FieldHGVSg}, NoHGVS: true, Canonical: true},
}

// annotateAll annotates a record under every option, by short cuts and by rules, and checks what holds of any answer.
func annotateAll(t require.TestingT, r *genome.Reference, v *Variant) {
	for _, o := range everyOption {
		e, err := New(r, o)
		require.NoError(t, err)
		fast, slow := e.Scratch(), e.Scratch()
		slow.rules = true
		out := e.Annotate(fast, v)
		require.Equal(t, out, e.Annotate(slow, v))
		text := e.AppendInfo(nil, fast)
		require.Equal(t, string(e.AppendInfo(nil, slow)), string(text), "%+v", v)
		require.True(t, o.Canonical || (out.Status == Annotated) == (len(fast.Effects) > 0))
		require.Equal(t, out.Status == Annotated, out.Reason == "")
		require.NotContains(t, string(text), "\t")
		require.NotContains(t, string(text), ";")
		for i := range fast.Effects {
			require.NotZero(t, fast.Effects[i].Terms)
			require.Equal(t, fast.Effects[i].Terms.Impact(), fast.Effects[i].Impact)
		}
		if len(text) > 0 {
			for _, entry := range bytes.Split(text, []byte(",")) {
				require.Equal(t, len(e.FieldNames())-1, bytes.Count(entry, []byte("|")), "%s", entry)
			}
		}
	}
}

// TestCrookedTranscriptsAreJudgedWithoutFault judges short alleles of every kind at every place of transcripts that gene models should not have.
func TestCrookedTranscriptsAreJudgedWithoutFault(t *testing.T) {
	alleles := rapid.SliceOfN(rapid.SampledFrom([]byte("ACGTACGTN")), 0, 7)
	rapid.Check(t, func(t *rapid.T) {
		r := crooked(rapid.Uint64Range(0, 500).Draw(t, "seed"))
		if r == nil {
			t.Skip("the gene model was refused")
		}
		contig := rapid.IntRange(0, 1).Draw(t, "contig")
		length := int(r.Contigs[contig].Length)
		for range 20 {
			pos := rapid.IntRange(1, length).Draw(t, "pos")
			ref := r.Bases(contig, uint32(pos-1), uint32(pos-1+rapid.IntRange(1, 8).Draw(t, "length")))
			v := Variant{Contig: contig, Pos: uint32(pos), Ref: ref}
			for range rapid.IntRange(1, 3).Draw(t, "alleles") {
				alt := append(bytes.Clone(ref[:rapid.IntRange(0, len(ref)).Draw(t, "kept")]), alleles.Draw(t, "alt")...)
				if len(alt) == 0 {
					alt = []byte(rapid.SampledFrom([]string{"*", "<DEL>", "<NON_REF>", "A]1:50]", ".", "<DUP>"}).Draw(t, "symbol"))
				}
				v.Alts = append(v.Alts, alt)
			}
			v.Info = []byte(fmt.Sprintf("END=%d", rapid.IntRange(0, 500).Draw(t, "end")))
			annotateAll(t, r, &v)
		}
	})
}

// FuzzAnnotate judges records of any bytes.
func FuzzAnnotate(f *testing.F) {
	f.Add(uint64(1), uint32(10), []byte("A"), []byte("C,<DEL>"), []byte("END=40;SVTYPE=DEL"))
	f.Add(uint64(2), uint32(50), []byte("ACG"), []byte("A,*,."), []byte("."))
	f.Add(uint64(3), uint32(90), []byte("N"), []byte("N[1:7[,]MT:9]N,.N"), []byte("SVTYPE=BND"))
	f.Add(uint64(4), uint32(390), []byte("T"), []byte("<BND>,<CN0>,<INS:ME:ALU>,<CNV:TR>"), []byte("CHR2=1;END2=20;SVLEN=-5,7"))
	f.Fuzz(func(t *testing.T, seed uint64, pos uint32, ref, alts, info []byte) {
		r := crooked(seed % 50)
		if r == nil || len(ref) == 0 || bytes.ContainsAny(alts, ";\t|") {
			return
		}
		v := Variant{Pos: pos, Ref: ref, Alts: bytes.Split(alts, []byte(",")), Info: info}
		if known := r.Bases(0, pos-1, pos-1+uint32(len(ref))); pos > 0 && len(known) == len(ref) && ref[0]%2 == 0 {
			v.Ref = known
		}
		for _, alt := range v.Alts {
			if len(alt) == 0 {
				return
			}
		}
		annotateAll(t, r, &v)
	})
}
