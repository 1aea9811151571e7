package consequence

import "math/bits"

// Terms is a set of Sequence Ontology consequence terms. Bit i is the term of rank i: the lower the bit, the more severe the term, in the order
// in which Ensembl VEP 115 ranks them.
type Terms uint64

// Impact is VEP's four-step judgement of a term. Greater is more severe.
type Impact uint8

// The impacts, from the least to the most severe.
const (
	Modifier Impact = iota
	Low
	Moderate
	High
)

// String is the impact as CSQ and ANN spell it.
func (i Impact) String() string { return impactNames[i&3] }

var impactNames = [4]string{"MODIFIER", "LOW", "MODERATE", "HIGH"}

// The terms, most severe first. Each is a Terms of one element.
const (
	TranscriptAblation Terms = 1 << iota
	SpliceAcceptor
	SpliceDonor
	StopGained
	Frameshift
	StopLost
	StartLost
	TranscriptAmplification
	FeatureElongation
	FeatureTruncation
	InframeInsertion
	InframeDeletion
	Missense
	ProteinAltering
	SpliceDonor5thBase
	SpliceRegion
	SpliceDonorRegion
	SplicePolypyrimidineTract
	IncompleteTerminalCodon
	StartRetained
	StopRetained
	Synonymous
	CodingSequence
	MatureMiRNA
	FivePrimeUTR
	ThreePrimeUTR
	NonCodingTranscriptExon
	Intron
	NMDTranscript
	NonCodingTranscript
	CodingTranscript
	UpstreamGene
	DownstreamGene
	Intergenic
	SequenceVariant
)

// termCount is the number of terms.
const termCount = 35

// A term is what the table says of one consequence term.
type term struct {
	name   string
	impact Impact
}

// termTable lists the terms by rank, as Ensembl VEP 115 names and judges them.
var termTable = [termCount]term{
	{"transcript_ablation", High},
	{"splice_acceptor_variant", High},
	{"splice_donor_variant", High},
	{"stop_gained", High},
	{"frameshift_variant", High},
	{"stop_lost", High},
	{"start_lost", High},
	{"transcript_amplification", High},
	{"feature_elongation", High},
	{"feature_truncation", High},
	{"inframe_insertion", Moderate},
	{"inframe_deletion", Moderate},
	{"missense_variant", Moderate},
	{"protein_altering_variant", Moderate},
	{"splice_donor_5th_base_variant", Low},
	{"splice_region_variant", Low},
	{"splice_donor_region_variant", Low},
	{"splice_polypyrimidine_tract_variant", Low},
	{"incomplete_terminal_codon_variant", Low},
	{"start_retained_variant", Low},
	{"stop_retained_variant", Low},
	{"synonymous_variant", Low},
	{"coding_sequence_variant", Modifier},
	{"mature_miRNA_variant", Modifier},
	{"5_prime_UTR_variant", Modifier},
	{"3_prime_UTR_variant", Modifier},
	{"non_coding_transcript_exon_variant", Modifier},
	{"intron_variant", Modifier},
	{"NMD_transcript_variant", Modifier},
	{"non_coding_transcript_variant", Modifier},
	{"coding_transcript_variant", Modifier},
	{"upstream_gene_variant", Modifier},
	{"downstream_gene_variant", Modifier},
	{"intergenic_variant", Modifier},
	{"sequence_variant", Modifier},
}

// MostSevere is the most severe term of the set, as a set of one; the empty set where the set is empty.
func (t Terms) MostSevere() Terms { return t & -t }

// Rank is the rank of the most severe term, 0 the most severe of all; 64 for the empty set.
func (t Terms) Rank() int { return bits.TrailingZeros64(uint64(t)) }

// Impact is the impact of the most severe term; Modifier for the empty set.
func (t Terms) Impact() Impact {
	if t == 0 {
		return Modifier
	}
	return termTable[t.Rank()].impact
}

// Has says whether any of the terms of u is in the set.
func (t Terms) Has(u Terms) bool { return t&u != 0 }

// Append appends the names of the terms, the most severe first, with sep between them.
func (t Terms) Append(dst []byte, sep byte) []byte {
	for first := true; t != 0; t &= t - 1 {
		if !first {
			dst = append(dst, sep)
		}
		first = false
		dst = append(dst, termTable[t.Rank()].name...)
	}
	return dst
}

// String is the names of the terms joined by "&".
func (t Terms) String() string { return string(t.Append(nil, '&')) }

// TermNames lists every term's name by rank.
func TermNames() []string {
	names := make([]string, termCount)
	for i := range termTable {
		names[i] = termTable[i].name
	}
	return names
}

// TermOf is the set of the one term called name.
func TermOf(name string) (Terms, bool) {
	for i := range termTable {
		if termTable[i].name == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// ImpactOf is the impact called name.
func ImpactOf(name string) (Impact, bool) {
	for i, n := range impactNames {
		if n == name {
			return Impact(i), true
		}
	}
	return Modifier, false
}
