// Package results answers questions about an annotated VCF: which variants pass a filter, in which order, how many, and of what kinds.
//
// An index lies beside each result. It is written while the result is (Writer, a collector of pkg/annotate) or made from the result afterwards (Rebuild), both from the
// lines of the result, so that both say the same. It holds one row for each allele, in the order of the file: blocks of columns, each block with dictionaries of its own (column.go has the encodings).
// Open maps it; a filter is judged once for each distinct value of a block, then row by row on the codes, so that five million alleles are counted in some ten milliseconds.
//
// What is shown or exported of a row is read from its line in the result, through the place that the index keeps: screen and every export are filled by one iterator,
// Rows of a Query, and so are the same set of alleles.
//
// The shape of a row is Variant; the language of filters is pkg/results/filter; Presets are the filters that everybody wants.
package results

// Extension is what the name of a result's index ends with, after the result's own name.
const Extension = ".gasrows"

// The columns that every index has, in their order. Behind them come the fields of the databases, then the first samples' genotypes.
const (
	columnChrom = iota
	columnID
	columnRef
	columnAlt
	columnQual
	columnFilter
	columnType
	columnGene
	columnTranscript
	columnConsequence
	columnImpact
	columnBiotype
	columnHGVSc
	columnHGVSp
	columnAnyImpact
	columnAnyConsequence
	columnSite   // of a group, see groups
	columnEffect // likewise
	fixedColumns
)

// maxIndexedSamples is the number of samples whose genotypes the index keeps, two bits for each row at most. Those of further samples are read from the result when a
// filter asks for them, which takes as long as reading the whole result.
const maxIndexedSamples = 8192
