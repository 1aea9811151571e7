package hgvs

// residues are the three-letter names of the amino acids A to Z.
const residues = "AlaAsxCysAspGluPheGlyHisIleXleLysLeuMetAsnPylProGlnArgSerThrSecValTrpTerTyrGlx"

// Residue is the three-letter name of an amino acid; a stop, an unknown one and whatever else there may be is "Ter", as VEP has it.
func Residue(aa byte) string {
	if aa < 'A' || aa > 'Z' {
		return "Ter"
	}
	i := 3 * int(aa-'A')
	return residues[i : i+3]
}

// AppendResidues appends the three-letter names of a peptide.
func AppendResidues(dst, peptide []byte) []byte {
	for _, aa := range peptide {
		dst = append(dst, Residue(aa)...)
	}
	return dst
}
