package genome

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// read reads a made gene model whose columns are parted by blanks in the test's text; the ninth column may hold blanks.
func read(t *testing.T, text string) *Model {
	t.Helper()
	m, err := ReadModel(strings.NewReader(tabbed(text)))
	require.NoError(t, err)
	return m
}

func tabbed(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		columns := strings.SplitN(strings.TrimSpace(line), " ", 9)
		if len(columns) == 9 && !strings.HasPrefix(line, "#") {
			line = strings.Join(columns, "\t") + "\n"
		}
		out.WriteString(line)
	}
	return out.String()
}

const ensemblGFF3 = `##gff-version 3
##sequence-region 1 1 1000
1 havana exon 301 400 . - . Parent=transcript:T1,transcript:T2;rank=1
1 havana CDS 301 350 . - 0 ID=CDS:P1;Parent=transcript:T1;protein_id=P1;version=3
1 havana CDS 101 200 . - 1 ID=CDS:P1;Parent=transcript:T1;protein_id=P1;version=3
1 havana three_prime_UTR 91 100 . - . Parent=transcript:T1
1 havana exon 91 200 . - . Parent=transcript:T1;rank=2
1 havana biological_region 1 20 . - . logic_name=cpg
1 havana mRNA 91 400 . - . ID=transcript:T1;Parent=gene:G1;biotype=protein_coding;ccdsid=CCDS1.1;tag=basic,Ensembl_canonical,MANE_Select,appris_principal_1,cds_end_NF;transcript_id=T1;transcript_support_level=1 (assigned to previous version 2);version=7
1 havana lnc_RNA 301 400 . - . ID=transcript:T2;Parent=gene:G1;biotype=retained_intron;transcript_id=T2;transcript_support_level=NA;version=1
1 havana gene 91 400 . - . ID=gene:G1;Name=TOY;biotype=protein_coding;description=a toy [Source:HGNC Symbol%3BAcc:HGNC:7];gene_id=G1;version=5
`

const gencodeGFF3 = `##gff-version 3
chr1 HAVANA gene 91 400 . - . ID=G1.5;gene_id=G1.5;gene_type=protein_coding;gene_name=TOY;level=2;hgnc_id=HGNC:7
chr1 HAVANA transcript 91 400 . - . ID=T1.7;Parent=G1.5;gene_id=G1.5;transcript_id=T1.7;gene_type=protein_coding;gene_name=TOY;transcript_type=protein_coding;transcript_support_level=1;tag=basic,Ensembl_canonical,MANE_Select,appris_principal_1,cds_end_NF,seleno;ccdsid=CCDS1.1;protein_id=P1.3
chr1 HAVANA exon 301 400 . - . ID=exon:T1.7:1;Parent=T1.7;transcript_id=T1.7
chr1 HAVANA CDS 301 350 . - 0 ID=CDS:T1.7;Parent=T1.7;protein_id=P1.3
chr1 HAVANA exon 91 200 . - . ID=exon:T1.7:2;Parent=T1.7
chr1 HAVANA CDS 101 200 . - 1 ID=CDS:T1.7;Parent=T1.7;protein_id=P1.3
chr1 HAVANA stop_codon_redefined_as_selenocysteine 318 320 . - . ID=stop_codon_redefined_as_selenocysteine:T1.7;Parent=T1.7
`

const ensemblGTF = `#!genome-build TOY1
1 havana gene 91 400 . - . gene_id "G1"; gene_version "5"; gene_name "TOY"; gene_source "havana"; gene_biotype "protein_coding";
1 havana transcript 91 400 . - . gene_id "G1"; gene_version "5"; transcript_id "T1"; transcript_version "7"; gene_name "TOY"; transcript_biotype "protein_coding"; tag "CCDS"; ccds_id "CCDS1.1"; tag "basic"; tag "Ensembl_canonical"; tag "cds_end_NF"; transcript_support_level "1";
1 havana exon 301 400 . - . gene_id "G1"; transcript_id "T1"; exon_number "1";
1 havana CDS 301 350 . - 0 gene_id "G1"; transcript_id "T1"; exon_number "1"; protein_id "P1"; protein_version "3";
1 havana start_codon 348 350 . - 0 gene_id "G1"; transcript_id "T1";
1 havana exon 91 200 . - . gene_id "G1"; transcript_id "T1"; exon_number "2";
1 havana CDS 104 200 . - 1 gene_id "G1"; transcript_id "T1"; exon_number "2"; protein_id "P1"; protein_version "3";
1 havana stop_codon 101 103 . - 0 gene_id "G1"; transcript_id "T1"; exon_number "2";
1 havana Selenocysteine 318 320 . - . gene_id "G1"; transcript_id "T1";
`

func TestTheFlavoursOfOneGeneAgree(t *testing.T) {
	for _, c := range []struct {
		name, text, gene, id, version string
		transcripts                   int
		mane                          uint32
		appris                        string
	}{
		{"Ensembl's GFF3, children first", ensemblGFF3, "G1", "T1", "7", 2, Mane, "P1"},
		{"GENCODE's GFF3", gencodeGFF3, "G1.5", "T1.7", "", 1, Mane, "P1"},
		{"Ensembl's GTF", ensemblGTF, "G1", "T1", "7", 1, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := read(t, c.text)
			require.Len(t, m.Transcripts, c.transcripts)
			require.Len(t, m.Genes, 1)
			got := m.Transcripts[0]
			require.Equal(t, c.gene, m.Genes[0].ID)
			require.Equal(t, "TOY", m.Genes[0].Symbol)
			require.Equal(t, "protein_coding", m.Genes[0].Biotype)
			require.Equal(t, c.id, got.ID)
			require.Equal(t, c.version, got.Version)
			require.Equal(t, "P1.3", got.Protein)
			require.Equal(t, "protein_coding", got.Biotype)
			require.Equal(t, "CCDS1.1", got.CCDS)
			require.Equal(t, "1", got.TSL)
			require.Equal(t, c.appris, got.APPRIS)
			require.Equal(t, ExonsListed|GencodeBasic|Canonical|CDSEndNF|c.mane, got.Flags&^UTRsListed)
			require.Equal(t, int8(-1), got.Strand)

			r := compiled(t, m)
			transcript := named(t, r, c.id)
			require.Equal(t, uint32(210), transcript.SplicedLength)
			require.Equal(t, [2]uint32{50, 200}, [2]uint32{transcript.CDSStart, transcript.CDSEnd})
			require.Equal(t, [2]uint32{100, 350}, [2]uint32{transcript.CodingStart, transcript.CodingEnd})
			require.Equal(t, int8(2), r.ExonsOf(transcript)[1].Phase)
			if c.name != "Ensembl's GFF3, children first" {
				require.Equal(t, []Edit{{Position: 80, Kind: Recoded, Residue: 'U'}}, r.EditsOf(transcript))
				require.True(t, transcript.Has(Selenocysteine))
			}
		})
	}
}

// compiled lays a gene model on a contig of 1,000 bases.
func compiled(t *testing.T, m *Model) *Reference {
	t.Helper()
	r, err := NewBuilder("toy", m.Source).Contig(ContigModel{Name: "1", Aliases: []string{"NC_1.1"}}, []byte(strings.Repeat("ACGTT", 200))).Model(m).Reference()
	require.NoError(t, err)
	return r
}

func TestRefSeqsGFF3IsRead(t *testing.T) {
	m := read(t, `##gff-version 3
NC_1.1 RefSeq region 1 1000 . + . ID=NC_1.1:1..1000;Dbxref=taxon:9606;chromosome=1;genome=chromosome;mol_type=genomic DNA
NC_1.1 BestRefSeq gene 91 400 . + . ID=gene-TOY;Dbxref=GeneID:42,HGNC:HGNC:7,MIM:1;Name=TOY;description=a toy;gbkey=Gene;gene=TOY;gene_biotype=protein_coding
NC_1.1 BestRefSeq mRNA 91 400 . + . ID=rna-NM_1.4;Parent=gene-TOY;Dbxref=Ensembl:ENST1.9,GeneID:42,GenBank:NM_1.4,HGNC:HGNC:7;Name=NM_1.4;gbkey=mRNA;gene=TOY;tag=MANE Select;transcript_id=NM_1.4
NC_1.1 BestRefSeq exon 91 200 . + . ID=exon-NM_1.4-1;Parent=rna-NM_1.4;gbkey=mRNA
NC_1.1 BestRefSeq exon 301 400 . + . ID=exon-NM_1.4-2;Parent=rna-NM_1.4;gbkey=mRNA
NC_1.1 BestRefSeq CDS 101 150 . + 0 ID=cds-NP_1.2;Parent=rna-NM_1.4;exception=ribosomal slippage;gbkey=CDS;protein_id=NP_1.2;transl_except=(pos:110..112%2Caa:Sec),(pos:join(199..200%2C301)%2Caa:Sec)
NC_1.1 BestRefSeq CDS 150 200 . + 1 ID=cds-NP_1.2;Parent=rna-NM_1.4;gbkey=CDS;protein_id=NP_1.2
NC_1.1 BestRefSeq CDS 301 350 . + 1 ID=cds-NP_1.2;Parent=rna-NM_1.4;gbkey=CDS;protein_id=NP_1.2
NC_1.1 BestRefSeq gene 501 600 . - . ID=gene-MIR;Dbxref=GeneID:43;Name=MIR;description=microRNA 1;gbkey=Gene;gene=MIR
NC_1.1 BestRefSeq primary_transcript 501 600 . - . ID=rna-NR_1.1;Parent=gene-MIR;Dbxref=GeneID:43;gbkey=precursor_RNA;gene=MIR;transcript_id=NR_1.1
NC_1.1 BestRefSeq exon 501 600 . - . ID=exon-NR_1.1-1;Parent=rna-NR_1.1
NC_1.1 BestRefSeq miRNA 511 530 . - . ID=rna-MIR;Parent=rna-NR_1.1;gbkey=ncRNA;gene=MIR
NC_1.1 BestRefSeq exon 511 530 . - . ID=exon-MIR-1;Parent=rna-MIR
NC_1.1 RefSeq gene 701 800 . + . ID=gene-ND1;Dbxref=GeneID:44;Name=ND1;gbkey=Gene;gene=ND1
NC_1.1 RefSeq CDS 701 800 . + 0 ID=cds-YP_1.1;Parent=gene-ND1;Dbxref=GeneID:44;gene=ND1;protein_id=YP_1.1;transl_table=2;transl_except=(pos:800..800%2Caa:TERM)
NC_1.1 Curated pseudogene 901 950 . + . ID=gene-OLD;Dbxref=GeneID:45;Name=OLD;gbkey=Gene;pseudo=true
NC_1.1 Curated exon 901 950 . + . ID=id-OLD;Parent=gene-OLD
`)
	require.Equal(t, "RefSeq", m.Source)
	r := compiled(t, m)
	_, ok := r.Contig("chr1")
	require.True(t, ok)
	require.Len(t, r.Transcripts, 3, "neither the mature miRNA nor the pseudogene without a transcript")

	toy := named(t, r, "NM_1.4")
	require.Equal(t, "42", r.String(r.Genes[toy.Gene].ID))
	require.Equal(t, "HGNC:7", r.String(r.Genes[toy.Gene].HGNC))
	require.Equal(t, "protein_coding", r.String(toy.Biotype))
	require.Equal(t, "ENST1.9", r.String(toy.ManeSelect))
	require.Equal(t, "NP_1.2", r.String(toy.Protein))
	require.True(t, toy.Has(Mane|RibosomalSlippage|Selenocysteine))
	require.Equal(t, []Edit{{Position: 19, Kind: Recoded, Residue: 'U'}, {Position: 60, Kind: Slip, Shift: -1}, {Position: 108, Kind: Recoded, Residue: 'U'}}, r.EditsOf(toy))

	require.Equal(t, "miRNA", r.String(named(t, r, "NR_1.1").Biotype))
	nd1 := named(t, r, "YP_1.1")
	require.Equal(t, uint8(2), nd1.GeneticCode)
	require.Equal(t, "ND1", r.String(r.Genes[nd1.Gene].Symbol))
	require.Empty(t, r.EditsOf(nd1))
}

func TestAGTFWithoutGenesAndTranscriptsIsRead(t *testing.T) {
	m := read(t, `
1 made exon 301 400 . + . gene_id "G"; transcript_id "T";
1 made exon 101 200 . + . gene_id "G"; transcript_id "T";
1 made CDS 111 200 . + 0 gene_id "G"; transcript_id "T";
`)
	require.Len(t, m.Transcripts, 1)
	require.Equal(t, "made", m.Transcripts[0].Biotype, "VEP takes the second column where GTF says nothing else")
	require.Equal(t, "G", m.Genes[0].ID)
	require.Len(t, m.Transcripts[0].Exons, 2)
}

func TestATranscriptWithoutAGeneIsRead(t *testing.T) {
	m := read(t, "1 x mRNA 1 90 . + . ID=T\n1 x exon 1 90 . + . Parent=T\n1 x CDS 1 90 . + 0 Parent=T\n")
	require.Len(t, m.Transcripts, 1)
	require.Equal(t, "protein_coding", m.Transcripts[0].Biotype)
	require.Empty(t, m.Genes[0].ID)
}

func TestAFaultInAGeneModelIsNamedWithItsLine(t *testing.T) {
	const good = "1 x mRNA 1 90 . + . ID=T\n"
	for _, c := range []struct {
		name, text, says string
		line             int
	}{
		{"too few columns", good + "1 x exon 1 90\n", "columns", 2},
		{"a start that is no number", "1 x exon one 90 . + . Parent=T\n", "positions", 1},
		{"a number too large", "1 x exon 1 99999999999 . + . Parent=T\n", "positions", 1},
		{"an end before the start", good + good + "1 x exon 91 90 . + . Parent=T\n", "before", 3},
		{"a line without an end", good + strings.Repeat("a", longestRow+1), "longer", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadModel(strings.NewReader(tabbed(c.text)))
			var fault *FormatError
			require.True(t, errors.As(err, &fault), "%v", err)
			require.Equal(t, c.line, fault.Line)
			require.Contains(t, fault.Reason, c.says)
			require.ErrorIs(t, err, ErrFormat)
		})
	}
}

func FuzzReadModel(f *testing.F) {
	for _, text := range []string{ensemblGFF3, gencodeGFF3, ensemblGTF, "1 x exon -5 90 . + . Parent=T,%54,\n1 x mRNA 1 90 . ? 9 ID=T;Parent=T;;=;a\n", "1 x CDS 1 9 . - 2 gene_id \"a\"; transcript_id \"b; tag c\n"} {
		f.Add([]byte(tabbed(text)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ReadModel(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		b := NewBuilder("fuzz", "").Contig(ContigModel{Name: "1"}, []byte(strings.Repeat("ACGT", 300)))
		r, err := b.Model(m).Reference()
		if err != nil {
			return
		}
		require.NoError(t, (checker{r}).all(&header{}))
	})
}
