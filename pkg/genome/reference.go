// Package genome holds what a reference is: contigs with their sequence, genes and transcripts, read from FASTA, GFF3 and GTF and compiled into one pointer-free file.
//
// Every coordinate in this package is 0-based and half-open unless its comment says otherwise.
package genome

// Text is a string of the reference's string pool: the bytes Offset:Offset+Length. The zero Text is the empty string.
type Text struct {
	Offset uint32
	Length uint32
}

// Reference is a compiled reference. All its slices may lie in a memory-mapped file: they are read-only and hold no pointers.
// A Reference is safe for concurrent use.
type Reference struct {
	Name        string // as installed, for example "GRCh38"
	Source      string // what the gene model's features are called in SOURCE, for example "Ensembl"
	Digest      string // of the compiled file, in hexadecimal: sha256 of its header, which holds the sha256 of every section; empty for a reference made in memory
	Contigs     []Contig
	Genes       []Gene
	Transcripts []Transcript // sorted by contig, start, end; then as the gene model lists them
	Exons       []Exon       // each transcript's exons are consecutive, in the order of transcription (5' to 3')
	Edits       []Edit       // each transcript's edits are consecutive, by Position
	Aliases     []Alias      // further names of the contigs
	Sequence    []byte       // all contigs' bases, upper case, as in the FASTA (IUPAC codes kept)
	Spliced     []byte       // each transcript's spliced bases in the order and on the strand of transcription
	Pool        []byte       // the string pool

	byName map[string]int // every name and alias of a contig
	close  func() error   // gives the mapping back, nil when the reference lies on the heap
}

// Alias is a further name of a contig, for example "chr21" or "NC_000021.9" of "21".
type Alias struct {
	Name   Text
	Contig uint32 // index in Contigs
}

// Contig is one sequence of the reference.
type Contig struct {
	Name            Text
	Offset          uint64 // of its first base in Sequence
	Length          uint32 // in bases
	FirstTranscript uint32 // its transcripts are Transcripts[FirstTranscript : FirstTranscript+TranscriptCount]
	TranscriptCount uint32
	LongestSpan     uint32 // the longest transcript's End-Start, in bases: bounds a search for overlaps
	GeneticCode     uint8  // NCBI translation table, 1 unless known otherwise
	Circular        uint8  // 1 for a circular contig
	_               [2]byte
	MD5             [16]byte // of the upper-case bases, as they were read: without the N that a build adds where the sequence ends early
}

// Gene is one gene.
type Gene struct {
	ID           Text // as the gene model gives it: "ENSG00000142192", GENCODE's "ENSG00000142192.22", RefSeq's "351"; empty where a transcript has no gene
	Symbol       Text
	SymbolSource Text // for example "HGNC"
	HGNC         Text // for example "HGNC:620"
	Biotype      Text
	Start, End   uint32
	Contig       uint32
	Strand       int8 // 1 or -1
	_            [3]byte
}

// Flags of a transcript.
const (
	Canonical         = 1 << iota // the gene's canonical transcript
	CDSStartNF                    // the CDS's 5' end was not found
	CDSEndNF                      // the CDS's 3' end was not found
	GencodeBasic                  // in GENCODE's basic set
	GencodePrimary                // in GENCODE's primary set
	RibosomalSlippage             // the CDS reads some bases twice or skips some: see the transcript's edits
	Selenocysteine                // at least one UGA codes for selenocysteine
	Mane                          // in MANE Select; its partner may not be known
	ManeClinical                  // in MANE Plus Clinical; its partner may not be known
	ExonsListed                   // the gene model lists the exons; else they are those of the CDS
	UTRsListed                    // the gene model lists the UTRs; else they follow from exons and CDS
)

// Transcript is one transcript with its spliced sequence.
//
// The CDS in spliced coordinates is CDSStart:CDSEnd; both are 0 for a non-coding transcript. Phase is the number of bases that are missing
// before the first base of an incomplete CDS's first codon, as Ensembl pads it: 0, 1 or 2 (VEP's translation start phase).
type Transcript struct {
	ID            Text // with or without version, as the gene model gives it
	Version       Text // empty where the gene model has none
	Protein       Text // for example "ENSP00000284981"; with its version where the gene model gives one
	Biotype       Text
	Source        Text
	ManeSelect    Text // the paired RefSeq accession
	ManePlus      Text
	CCDS          Text
	APPRIS        Text
	TSL           Text
	Gene          uint32 // index in Genes
	Contig        uint32
	Start, End    uint32 // on the contig
	FirstExon     uint32 // index in Exons
	ExonCount     uint32
	SplicedOffset uint64 // of its first base in Spliced
	SplicedLength uint32
	CDSStart      uint32 // in spliced coordinates
	CDSEnd        uint32 // in spliced coordinates, the stop codon included where the gene model has it
	CodingStart   uint32 // the leftmost coding base on the contig
	CodingEnd     uint32 // one past the rightmost coding base on the contig
	Flags         uint32
	FirstEdit     uint32 // index in Edits of its amino-acid edits (selenocysteine) and slippage
	EditCount     uint32
	Strand        int8 // 1 or -1
	Phase         uint8
	GeneticCode   uint8 // NCBI translation table
	_             [5]byte
}

// Exon is one exon. Its bases are SplicedStart:SplicedStart+(End-Start) of the transcript's spliced sequence.
type Exon struct {
	Start, End   uint32 // on the contig
	SplicedStart uint32
	Phase        int8 // of the exon's start as the gene model says, -1 where it is not coding
	_            [3]byte
}

// EditKind says how the reading of a transcript departs from its bases and genetic code.
type EditKind uint8

const (
	// Recoded means that the codon whose first base is at Position reads as Residue whatever the genetic code says, for example UGA as selenocysteine.
	Recoded EditKind = 1 + iota
	// Slip means that the ribosome, before it reads the base at Position, moves by Shift bases: -1 reads the base before Position twice, 1 skips the base at Position.
	// The spliced bases, CDSStart, CDSEnd and the exons don't know of it: who ignores the edit sees the CDS as one run of bases, as VEP does when it reads a gene model from a file.
	Slip
)

// Edit is one departure of a transcript's reading from its bases.
type Edit struct {
	Position uint32 // in spliced coordinates
	Kind     EditKind
	Residue  byte // of Recoded: the amino acid's letter, for example 'U'
	Shift    int8 // of Slip: in bases
	_        byte
}
