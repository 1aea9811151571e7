package consequence

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/genome"
)

// toy is a reference of three transcripts of one gene and one of another on a contig of 120 bases:
//
//	T1 (MANE, canonical, coding), T2 (coding, incomplete), T3 (not coding) of gene G; U of gene H, reverse.
func toy(t testing.TB) *genome.Reference {
	t.Helper()
	b := genome.NewBuilder("toy", "Test")
	bases := strings.Repeat("A", 20) + "CCATGGCTGGTAAACTGTAACC" + strings.Repeat("T", 78)
	b.Contig(genome.ContigModel{Name: "1"}, []byte(bases))
	b.Contig(genome.ContigModel{Name: "2"}, []byte(strings.Repeat("ACGT", 10)))
	gene := b.Gene(genome.GeneModel{ID: "G", Symbol: "GENE A", SymbolSource: "HGNC", HGNC: "HGNC:1", Biotype: "protein_coding"})
	other := b.Gene(genome.GeneModel{ID: "H", Symbol: "H,1"})
	exon := []genome.Span{{Start: 20, End: 42}}
	cds := []genome.CDS{{Span: genome.Span{Start: 22, End: 40}}}
	b.Transcript(genome.TranscriptModel{ID: "T1", Version: "3", Protein: "P1.2", Gene: gene, Contig: "1", Strand: 1, Biotype: "protein_coding", Source: "Test", ManeSelect: "NM_1.1", CCDS: "CCDS1.1", APPRIS: "P1", TSL: "1",
		Flags: genome.Canonical, Exons: exon, CDS: cds})
	b.Transcript(genome.TranscriptModel{ID: "T2", Version: "1", Protein: "P2", Gene: gene, Contig: "1", Strand: 1, Biotype: "protein_coding", TSL: "2", Flags: genome.CDSStartNF | genome.CDSEndNF, Exons: exon, CDS: cds})
	b.Transcript(genome.TranscriptModel{ID: "T3", Gene: gene, Contig: "1", Strand: 1, Biotype: "lncRNA", Exons: exon})
	b.Transcript(genome.TranscriptModel{ID: "U.4", Version: "4", Gene: other, Contig: "1", Strand: -1, Biotype: "lncRNA", Exons: []genome.Span{{Start: 60, End: 90}}})
	r, err := b.Reference()
	require.NoError(t, err)
	return r
}

// written annotates a record of the toy and gives what is written of it.
func written(t testing.TB, o Options, pos uint32, ref, alts, info string) (string, Outcome) {
	t.Helper()
	e := newEngine(t, toy(t), o)
	s := e.Scratch()
	v := Variant{Pos: pos, Ref: []byte(ref), Info: []byte(info)}
	for _, alt := range strings.Split(alts, ",") {
		v.Alts = append(v.Alts, []byte(alt))
	}
	out := e.Annotate(s, &v)
	return strings.ReplaceAll(string(e.AppendInfo(nil, s)), ",", "\n"), out
}

func TestCSQHasAnEntryForEachAlleleAndTranscript(t *testing.T) {
	got, out := written(t, Options{}, 27, "C", "T,G", ".")
	require.Equal(t, Annotated, out.Status)
	require.Equal(t, strings.Join([]string{
		"T|missense_variant|MODERATE|GENE_A|G|Transcript|T1|protein_coding|1/1||T1.3:c.5C>T|P1.2:p.Ala2Val|7|5|2|A/V|gCt/gTt||1||YES|NM_1.1",
		"T|missense_variant|MODERATE|GENE_A|G|Transcript|T2|protein_coding|1/1||T2.1:c.5C>T|P2.1:p.Ala2Val|7|5|2|A/V|gCt/gTt||1|cds_start_NF&cds_end_NF||",
		"T|non_coding_transcript_exon_variant|MODIFIER|GENE_A|G|Transcript|T3|lncRNA|1/1||T3:n.7C>T||7|||||" + "|1|||",
		"T|downstream_gene_variant|MODIFIER|H&1|H|Transcript|U.4|lncRNA||||||||||34|-1|||",
		"G|missense_variant|MODERATE|GENE_A|G|Transcript|T1|protein_coding|1/1||T1.3:c.5C>G|P1.2:p.Ala2Gly|7|5|2|A/G|gCt/gGt||1||YES|NM_1.1",
		"G|missense_variant|MODERATE|GENE_A|G|Transcript|T2|protein_coding|1/1||T2.1:c.5C>G|P2.1:p.Ala2Gly|7|5|2|A/G|gCt/gGt||1|cds_start_NF&cds_end_NF||",
		"G|non_coding_transcript_exon_variant|MODIFIER|GENE_A|G|Transcript|T3|lncRNA|1/1||T3:n.7C>G||7|||||" + "|1|||",
		"G|downstream_gene_variant|MODIFIER|H&1|H|Transcript|U.4|lncRNA||||||||||34|-1|||",
	}, "\n"), got)
}

func TestAllTheFieldsComeInVEPsOrder(t *testing.T) {
	e := newEngine(t, toy(t), Options{Fields: AllFields()})
	require.Equal(t, `##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from GAS, by the rules of Ensembl VEP 115. Format: `+
		`Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|EXON|INTRON|HGVSc|HGVSp|cDNA_position|CDS_position|Protein_position|Amino_acids|Codons|ALLELE_NUM|DISTANCE|STRAND|FLAGS|`+
		`VARIANT_CLASS|SYMBOL_SOURCE|HGNC_ID|CANONICAL|MANE_SELECT|MANE_PLUS_CLINICAL|TSL|APPRIS|CCDS|ENSP|HGVS_OFFSET|HGVSg|SOURCE">`, e.HeaderLine())
	got, _ := written(t, Options{Fields: AllFields(), Pick: true, Nomenclature: HGVSNomenclature}, 32, "AAAC", "A", ".")
	require.Equal(t, "-|inframe_deletion|MODERATE|GENE_A|G|Transcript|T1|protein_coding|1/1||T1.3:c.11_13del|P1.2:p.Lys4_Leu5delinsMet|13-15|11-13|4-5|KL/M|aAACtg/atg|1||1||deletion|HGNC|HGNC:1|YES|NM_1.1||1|P1|CCDS1.1|P1.2||1:g.33_35del|Test", got)
}

func TestFieldsAreWrittenOnceAndInOrderHoweverTheyAreChosen(t *testing.T) {
	got, _ := written(t, Options{Fields: []Field{FieldDistance, FieldFeature, FieldAllele, FieldFeature}, Pick: true}, 5, "A", "C", ".")
	require.Equal(t, "C|T1|16", got)
	got, _ = written(t, Options{Fields: []Field{FieldImpact}, PerGene: true}, 5, "A", "C", ".")
	require.Equal(t, "MODIFIER\nMODIFIER", got)
}

func TestANNHasSixteenFields(t *testing.T) {
	got, _ := written(t, Options{Style: ANN, Canonical: true}, 27, "C", "T", ".")
	require.Equal(t, "T|missense_variant|MODERATE|GENE_A|G|transcript|T1.3|protein_coding|1/1|c.5C>T|p.Ala2Val|7/22|5/18|2/6||", got)
	got, _ = written(t, Options{Style: ANN, Distance: 1}, 110, "T", "C", ".")
	require.Equal(t, "C|intergenic_variant|MODIFIER|||intergenic_region||||||||||", got)
}

func TestPickingFollowsVEPsOrder(t *testing.T) {
	got, _ := written(t, Options{Fields: []Field{FieldFeature}, Pick: true}, 27, "C", "T", ".")
	require.Equal(t, "T1", got, "MANE Select goes first")
	got, _ = written(t, Options{Fields: []Field{FieldFeature}, PerGene: true}, 27, "C", "T", ".")
	require.Equal(t, "T1\nU.4", got)
	got, _ = written(t, Options{Fields: []Field{FieldFeature}, MANE: true}, 27, "C", "T", ".")
	require.Equal(t, "T1", got)
}

func TestWhatBecomesOfARecordIsSaid(t *testing.T) {
	for _, c := range []struct {
		name                  string
		pos                   uint32
		ref, alts, info, want string
	}{
		{"a substitution", 27, "C", "T", ".", "annotated"},
		{"a lower-case one", 27, "c", "t", ".", "annotated"},
		{"an unknown reference base", 27, "N", "T", ".", "annotated"},
		{"no alternative", 27, "C", ".", ".", "no_allele"},
		{"the reference again", 27, "C", "C", ".", "no_allele"},
		{"another reference", 27, "G", "T", ".", "ref_mismatch"},
		{"beyond the contig", 121, "T", "A", ".", "past_end"},
		{"reaching beyond the contig", 119, "TTT", "T", ".", "past_end"},
		{"position zero", 0, "A", "T", ".", "past_end"},
		{"a spanning deletion alone", 27, "C", "*", ".", "unsupported"},
		{"gVCF's other allele alone", 27, "C", "<NON_REF>", ".", "unsupported"},
		{"gVCF's other allele beside one", 27, "C", "T,<NON_REF>", ".", "annotated"},
		{"a deletion of no length", 27, "C", "<DEL>", ".", "unsupported"},
		{"a deletion", 27, "C", "<DEL>", "SVTYPE=DEL;END=40", "annotated"},
		{"a sequence with an unknown REF and a type", 27, "N", "ACGTACGT", "SVTYPE=INS;SVLEN=8", "annotated"},
		{"a join", 27, "C", "C[2:5[", "SVTYPE=BND", "annotated"},
		{"a join to a contig that is not there", 27, "C", "C[9:5[", "SVTYPE=BND", "annotated"},
		{"an allele that is no sequence", 27, "C", "12", ".", "unsupported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, out := written(t, Options{}, c.pos, c.ref, c.alts, c.info)
			require.Equal(t, c.want, out.Status.String(), out.Reason)
			require.Equal(t, c.want == "annotated", out.Reason == "")
		})
	}
}

func TestTermsHaveNamesRanksAndImpacts(t *testing.T) {
	names := TermNames()
	require.Len(t, names, termCount)
	for i, name := range names {
		term, ok := TermOf(name)
		require.True(t, ok)
		require.Equal(t, i, term.Rank())
		require.Equal(t, name, term.String())
		if i > 0 {
			require.LessOrEqual(t, term.Impact(), Terms(1<<(i-1)).Impact(), "%s is milder than %s", name, names[i-1])
		}
	}
	require.Equal(t, "stop_gained&splice_region_variant", (SpliceRegion | StopGained).String())
	require.Equal(t, StopGained, (SpliceRegion | StopGained).MostSevere())
}
