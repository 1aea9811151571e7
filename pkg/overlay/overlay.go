// Package overlay joins variants with population and clinical databases: ClinVar, dbSNP, gnomAD, any VCF, any BED.
//
// A database is compiled once by Build into a .gasdb file: blocks of at most 32,768 rows, each with a column of positions, one of alleles and one for each field,
// without pointers, so that a mapped file is read in place. The rows lie in the order of contigs, positions and alleles, as do the variants of a sorted VCF:
// joining the two is a walk along both.
//
// A row is one alternative allele. It is found by exact allele: bases shared at the end, then bases shared at the start of REF and ALT are dropped from both the
// database's alleles and the variant's. Where the sequence is at hand, an insertion or deletion that is not found is moved to the left along a repeat and looked
// up again (Cursor.LeftAlign). The database's are taken as they are given, or moved so when it is built with a sequence. The rows of a BED file are intervals, found by overlap with the bases of REF.
//
// A Set opens several databases, compiled or not (a VCF compressed by bgzip with its tabix index is read in place), and decides which INFO key each field
// is written under. Each worker walks with a Cursor of its own.
package overlay
