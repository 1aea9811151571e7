// Package bcsq judges the variants of one haplotype together and names what they do as bcftools csq names it: the INFO field BCSQ.
//
// Variants of one haplotype that share a codon, or that shift the frame until another variant restores it, are one consequence. It is printed at one of
// their records; the others point to it with "@POS". Danecek and McCarthy, Bioinformatics 2017, 33(13):2037-2039, describe the method.
//
// Coordinates inside this package are 0-based; ranges called first and last are closed.
package bcsq

import "strings"

// Terms is a set of consequences. The order of the bits is the order in which they are printed.
type Terms uint32

// The consequences. printedUpstream, upstreamStop and incompleteCDS are marks that travel with them and have no word.
const (
	printedUpstream Terms = 1 << iota // another record has the text
	synonymous
	missense
	stopLost
	stopGained
	inframeDeletion
	inframeInsertion
	frameshift
	spliceAcceptor
	spliceDonor
	startLost
	spliceRegion
	stopRetained
	utr5
	utr3
	nonCoding
	intron
	_ // intergenic has a word in the tables of csq and is never given
	inframeAltering
	upstreamStop  // an earlier variant of the haplotype stops the translation: "*" stands before the words
	incompleteCDS // starts and stops of an incomplete CDS say nothing
	codingSequence
	featureElongation
	featureTruncation
	startRetained
)

// words are the terms' names by bit.
var words = [...]string{
	1: "synonymous", 2: "missense", 3: "stop_lost", 4: "stop_gained", 5: "inframe_deletion", 6: "inframe_insertion", 7: "frameshift",
	8: "splice_acceptor", 9: "splice_donor", 10: "start_lost", 11: "splice_region", 12: "stop_retained", 13: "5_prime_utr", 14: "3_prime_utr",
	15: "non_coding", 16: "intron", 17: "intergenic", 18: "inframe_altering",
	21: "coding_sequence", 22: "feature_elongation", 23: "feature_truncation", 24: "start_retained",
}

// compound are the terms that are judged on a haplotype as a whole and printed once.
const compound = synonymous | missense | stopLost | stopGained | inframeDeletion | inframeInsertion | frameshift | startLost | stopRetained |
	inframeAltering | incompleteCDS | upstreamStop | startRetained | featureElongation | featureTruncation

// startStop are the terms of the first and the last codon.
const startStop = stopLost | stopGained | stopRetained | startLost | startRetained

// namesTranscript tells whether the terms are printed with the transcript's name: introns and non-coding genes are not.
func (t Terms) namesTranscript() bool { return t&^(intron|nonCoding) != 0 }

// namesStrand tells whether the strand is printed though there is no change of sequence to show.
func (t Terms) namesStrand() bool {
	return t&compound != 0 && t&(spliceAcceptor|spliceDonor|spliceRegion|featureElongation|featureTruncation) == 0
}

// has tells whether any of the terms is there.
func (t Terms) has(any Terms) bool { return t&any != 0 }

// biotype is how csq calls a transcript's biotype, and whether it is judged as coding.
type biotype struct {
	prefix string // of the gene model's word
	name   string
	coding bool
}

// nonsenseMediatedDecay is the name of transcripts whose terms are followed by NMD_transcript.
const nonsenseMediatedDecay = "NMD"

// biotypes are those that csq knows; the first prefix that fits counts, longer ones stand before the shorter ones that they begin with.
var biotypes = []biotype{
	{"protein_coding", "protein_coding", true}, {"polymorphic_pseudogene", "polymorphic_pseudogene", true}, {"mRNA", "protein_coding", true},
	{"IG_pseudogene", "IG_pseudogene", false}, {"IG_C_pseudogene", "IG_C_pseudogene", false}, {"IG_J_pseudogene", "IG_J_pseudogene", false},
	{"IG_V_pseudogene", "IG_V_pseudogene", false}, {"IG_C", "IG_C", true}, {"IG_D", "IG_D", true}, {"IG_J", "IG_J", true},
	{"IG_V", "IG_V", true}, {"IG_LV", "IG_LV", true},
	{"TR_V_pseudogene", "TR_V_pseudogene", false}, {"TR_J_pseudogene", "TR_J_pseudogene", false},
	{"TR_C", "TR_C", true}, {"TR_D", "TR_D", true}, {"TR_J", "TR_J", true}, {"TR_V", "TR_V", true},
	{"nonsense_mediated_decay", nonsenseMediatedDecay, true}, {"NMD", nonsenseMediatedDecay, true}, {"non_stop_decay", "non_stop_decay", true},
	{"pseudogene", "pseudogene", false}, {"processed_transcript", "processed_transcript", false},
	{"processed_pseudogene", "processed_pseudogene", false}, {"artifact", "artifact", false}, {"antisense", "antisense", false},
	{"ambiguous_orf", "ambiguous_orf", false}, {"Mt_tRNA_pseudogene", "MT_tRNA_pseudogene", false}, {"Mt_tRNA", "MT_tRNA", false},
	{"Mt_rRNA", "MT_tRNA", false}, {"lincRNA", "lincRNA", false}, {"lncRNA", "lncRNA", false}, {"macro_lncRNA", "macro_lncRNA", false},
	{"misc_RNA_pseudogene", "misc_RNA_pseudogene", false}, {"miRNA_pseudogene", "miRNA_pseudogene", false}, {"miRNA", "miRNA", false},
	{"misc_RNA", "misc_RNA", false}, {"rRNA", "rRNA", false}, {"ribozyme", "ribozyme", false}, {"retained_intron", "retained_intron", false},
	{"retrotransposed", "retrotransposed", false}, {"snRNA", "snRNA", false}, {"sRNA", "sRNA", false}, {"scRNA", "scRNA", false},
	{"scaRNA", "scaRNA", false}, {"snoRNA", "snoRNA", false}, {"sense_intronic", "sense_intronic", false},
	{"sense_overlapping", "sense_overlapping", false}, {"tRNA_pseudogene", "Trna_pseudogene", false},
	{"transcribed_processed_pseudogene", "transcribed_processed_pseudogene", false},
	{"transcribed_unprocessed_pseudogene", "transcribed_unprocessed_pseudogene", false},
	{"transcribed_unitary_pseudogene", "transcribed_unitary_pseudogene", false},
	{"translated_unprocessed_pseudogene", "translated_unprocessed_pseudogene", false},
	{"translated_processed_pseudogene", "translated_processed_pseudogene", false}, {"known_ncrna", "known_ncRNA", false},
	{"unitary_pseudogene", "unitary_pseudogene", false}, {"unprocessed_pseudogene", "unprocessed_pseudogene", false}, {"LRG_gene", "LRG_gene", false},
	{"3prime_overlapping_ncRNA", "3_prime_overlapping_ncRNA", false}, {"3_prime_overlapping_ncRNA", "3_prime_overlapping_ncRNA", false},
	{"disrupted_domain", "disrupted_domain", false}, {"vaultRNA", "vaultRNA", false},
	{"bidirectional_promoter_lncRNA", "bidirectional_promoter_lncRNA", false},
}

// biotypeOf finds how csq calls a biotype. Transcripts of other biotypes are left out.
func biotypeOf(word string) (biotype, bool) {
	for _, b := range biotypes {
		if strings.HasPrefix(word, b.prefix) {
			return b, true
		}
	}
	return biotype{}, false
}
