package consequence

import "slices"

// Field is one field of CSQ.
type Field uint8

// The fields of CSQ in VEP's order.
const (
	FieldAllele Field = iota
	FieldConsequence
	FieldImpact
	FieldSymbol
	FieldGene
	FieldFeatureType
	FieldFeature
	FieldBiotype
	FieldExon
	FieldIntron
	FieldHGVSc
	FieldHGVSp
	FieldCDNAPosition
	FieldCDSPosition
	FieldProteinPosition
	FieldAminoAcids
	FieldCodons
	FieldAlleleNum
	FieldDistance
	FieldStrand
	FieldFlags
	FieldVariantClass
	FieldSymbolSource
	FieldHGNCID
	FieldCanonical
	FieldMANESelect
	FieldMANEPlusClinical
	FieldTSL
	FieldAPPRIS
	FieldCCDS
	FieldENSP
	FieldHGVSOffset
	FieldHGVSg
	FieldSource
	fieldCount
)

var fieldNames = [fieldCount]string{"Allele", "Consequence", "IMPACT", "SYMBOL", "Gene", "Feature_type", "Feature", "BIOTYPE", "EXON", "INTRON", "HGVSc", "HGVSp",
	"cDNA_position", "CDS_position", "Protein_position", "Amino_acids", "Codons", "ALLELE_NUM", "DISTANCE", "STRAND", "FLAGS", "VARIANT_CLASS", "SYMBOL_SOURCE", "HGNC_ID",
	"CANONICAL", "MANE_SELECT", "MANE_PLUS_CLINICAL", "TSL", "APPRIS", "CCDS", "ENSP", "HGVS_OFFSET", "HGVSg", "SOURCE"}

// String is the field's name in the header.
func (f Field) String() string { return fieldNames[f] }

// DefaultFields are the fields that are written when none are chosen.
func DefaultFields() []Field {
	return []Field{FieldAllele, FieldConsequence, FieldImpact, FieldSymbol, FieldGene, FieldFeatureType, FieldFeature, FieldBiotype, FieldExon, FieldIntron, FieldHGVSc,
		FieldHGVSp, FieldCDNAPosition, FieldCDSPosition, FieldProteinPosition, FieldAminoAcids, FieldCodons, FieldDistance, FieldStrand, FieldFlags, FieldCanonical, FieldMANESelect}
}

// AllFields are all the fields there are.
func AllFields() []Field {
	all := make([]Field, fieldCount)
	for i := range all {
		all[i] = Field(i)
	}
	return all
}

// FieldNamed is the field of that name.
func FieldNamed(name string) (Field, bool) {
	i := slices.Index(fieldNames[:], name)
	return Field(max(i, 0)), i >= 0
}

// inOrder is the fields in VEP's order, each once.
func inOrder(fields []Field) []Field {
	fields = slices.Clone(fields)
	slices.Sort(fields)
	return slices.Compact(fields)
}
