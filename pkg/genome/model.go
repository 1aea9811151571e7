package genome

// Model is a gene model as read from GFF3 or GTF, or written down in a program: what a reference's tables are compiled from.
type Model struct {
	Source      string // what the features are called in SOURCE
	Genes       []GeneModel
	Transcripts []TranscriptModel
	Regions     map[string]Region // by the contig's name in the gene model
}

// Region is what a gene model says of a contig as a whole.
type Region struct {
	Length        uint32 // in bases, 0 when it is not said
	Aliases       []string
	Circular      bool
	Mitochondrial bool
}

// GeneModel is one gene of a gene model.
type GeneModel struct {
	ID, Symbol, SymbolSource, HGNC, Biotype string
}

// TranscriptModel is one transcript of a gene model. Its start and end are those of its exons.
type TranscriptModel struct {
	ID, Version, Protein, Biotype, Source string
	ManeSelect, ManePlus                  string
	CCDS, APPRIS, TSL                     string

	Gene        int    // index in the model's Genes
	Contig      string // a name or alias of a contig of the reference
	Strand      int8   // 1 or -1
	GeneticCode uint8  // NCBI translation table; 0 means the contig's
	Flags       uint32
	Exons       []Span // in any order
	CDS         []CDS  // in any order; the stop codon included where it is known
	Recoded     []Recode
}

// Span is an interval of a contig, 0-based and half-open.
type Span struct{ Start, End uint32 }

// CDS is one piece of a coding sequence. Phase is that of GFF3: the number of bases to drop from its 5' end to come to a codon's first base.
// Two pieces in one exon that overlap, or leave bases out, are a ribosomal slippage.
type CDS struct {
	Span
	Phase uint8
}

// Recode is a codon that reads as Residue whatever the genetic code says. Codon holds its bases on the contig.
type Recode struct {
	Codon   Span
	Residue byte
}

// ContigModel is one contig before it is compiled.
type ContigModel struct {
	Name        string
	Aliases     []string
	Length      uint32
	GeneticCode uint8 // NCBI translation table; 0 means: by the contig's name
	Circular    bool
	MD5         [16]byte

	offset uint64 // of its first base in the sequence section
	inFile uint32 // bases in the FASTA file, the others of Length are padding
}
