package genome

import "strings"

// GeneticCode is one of NCBI's translation tables (https://www.ncbi.nlm.nih.gov/Taxonomy/Utils/wprintgc.cgi).
type GeneticCode struct {
	ID   uint8
	Name string

	aminoAcids [64]byte // by codon in the order TCAG
	starts     uint64   // one bit for each codon
}

// Code returns a translation table by NCBI's number.
func Code(id uint8) (*GeneticCode, bool) {
	if int(id) >= len(codes) || codes[id].ID == 0 {
		return nil, false
	}
	return &codes[id], true
}

// Translate returns the amino acid of a codon in upper case, '*' for a stop. A codon with IUPAC codes is translated when all codons it stands for give the same amino acid; else the answer is 'X'.
func (g *GeneticCode) Translate(a, b, c byte) byte {
	i, j, k := baseIndex[a], baseIndex[b], baseIndex[c]
	if i|j|k < 4 {
		return g.aminoAcids[i<<4|j<<2|k]
	}
	return g.translateAmbiguous(a, b, c)
}

func (g *GeneticCode) translateAmbiguous(a, b, c byte) byte {
	answer := byte('X')
	for i := range 4 {
		for j := range 4 {
			for k := range 4 {
				if baseSets[a]>>i&1 == 0 || baseSets[b]>>j&1 == 0 || baseSets[c]>>k&1 == 0 {
					continue
				}
				aminoAcid := g.aminoAcids[i<<4|j<<2|k]
				if answer != 'X' && answer != aminoAcid {
					return 'X'
				}
				answer = aminoAcid
			}
		}
	}
	return answer
}

// Starts reports whether a codon without IUPAC codes may begin a protein.
func (g *GeneticCode) Starts(a, b, c byte) bool {
	i, j, k := baseIndex[a], baseIndex[b], baseIndex[c]
	return i|j|k < 4 && g.starts>>(i<<4|j<<2|k)&1 == 1
}

// codonOrder is the order of bases in NCBI's tables.
const codonOrder = "TCAG"

// standardCode lists the amino acids of table 1 in the order of NCBI's tables: TTT, TTC, TTA, TTG, TCT, …
const standardCode = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"

// baseIndex gives a base's place in codonOrder, 4 for anything else; U reads as T.
var baseIndex = baseIndexTable()

func baseIndexTable() (table [256]byte) {
	for i := range table {
		table[i] = 4
	}
	for i := range codonOrder {
		table[codonOrder[i]] = byte(i)
	}
	table['U'] = 0
	return table
}

// baseSets gives the bases that an IUPAC code stands for, as bits in codonOrder; 0 for what is no code.
var baseSets = baseSetTable()

func baseSetTable() (table [256]byte) {
	for code, bases := range map[byte]string{
		'A': "A", 'C': "C", 'G': "G", 'T': "T", 'U': "T", 'M': "AC", 'R': "AG", 'W': "AT", 'S': "CG", 'Y': "CT", 'K': "GT",
		'V': "ACG", 'H': "ACT", 'D': "AGT", 'B': "CGT", 'N': "ACGT",
	} {
		for i := range bases {
			table[code] |= 1 << strings.IndexByte(codonOrder, bases[i])
		}
	}
	return table
}

// variants says how each table differs from the standard one, and which codons start. Where NCBI gives a codon two meanings, as in tables 27, 28 and 31, it is the amino acid here, as in NCBI's own table.
var variants = [...]struct {
	id      uint8
	name    string
	changes string
	starts  string
}{
	{1, "Standard", "", "TTG CTG ATG"},
	{2, "Vertebrate Mitochondrial", "AGA* AGG* ATAM TGAW", "ATT ATC ATA ATG GTG"},
	{3, "Yeast Mitochondrial", "ATAM CTTT CTCT CTAT CTGT TGAW", "ATA ATG GTG"},
	{4, "Mold, Protozoan and Coelenterate Mitochondrial; Mycoplasma, Spiroplasma", "TGAW", "TTA TTG CTG ATT ATC ATA ATG GTG"},
	{5, "Invertebrate Mitochondrial", "AGAS AGGS ATAM TGAW", "TTG ATT ATC ATA ATG GTG"},
	{6, "Ciliate, Dasycladacean and Hexamita Nuclear", "TAAQ TAGQ", "ATG"},
	{9, "Echinoderm and Flatworm Mitochondrial", "AAAN AGAS AGGS TGAW", "ATG GTG"},
	{10, "Euplotid Nuclear", "TGAC", "ATG"},
	{11, "Bacterial, Archaeal and Plant Plastid", "", "TTG CTG ATT ATC ATA ATG GTG"},
	{12, "Alternative Yeast Nuclear", "CTGS", "CTG ATG"},
	{13, "Ascidian Mitochondrial", "AGAG AGGG ATAM TGAW", "TTG ATA ATG GTG"},
	{14, "Alternative Flatworm Mitochondrial", "AAAN AGAS AGGS TAAY TGAW", "ATG"},
	{15, "Blepharisma Macronuclear", "TAGQ", "ATG"},
	{16, "Chlorophycean Mitochondrial", "TAGL", "ATG"},
	{21, "Trematode Mitochondrial", "TGAW ATAM AGAS AGGS AAAN", "ATG GTG"},
	{22, "Scenedesmus obliquus Mitochondrial", "TCA* TAGL", "ATG"},
	{23, "Thraustochytrium Mitochondrial", "TTA*", "ATT ATG GTG"},
	{24, "Rhabdopleuridae Mitochondrial", "AGAS AGGK TGAW", "TTG CTG ATG GTG"},
	{25, "Candidate Division SR1 and Gracilibacteria", "TGAG", "TTG ATG GTG"},
	{26, "Pachysolen tannophilus Nuclear", "CTGA", "CTG ATG"},
	{27, "Karyorelict Nuclear", "TAGQ TAAQ TGAW", "ATG"},
	{28, "Condylostoma Nuclear", "TAAQ TAGQ TGAW", "ATG"},
	{29, "Mesodinium Nuclear", "TAAY TAGY", "ATG"},
	{30, "Peritrich Nuclear", "TAAE TAGE", "ATG"},
	{31, "Blastocrithidia Nuclear", "TGAW TAGE TAAE", "ATG"},
	{32, "Balanophoraceae Plastid", "TAGW", "TTG CTG ATT ATC ATA ATG GTG"},
	{33, "Cephalodiscidae Mitochondrial", "TAAY TGAW AGAS AGGK", "TTG CTG ATG GTG"},
}

// codes holds the tables by number.
var codes = codeTable()

func codeTable() (table [34]GeneticCode) {
	for _, v := range variants {
		g := &table[v.id]
		g.ID, g.Name = v.id, v.name
		copy(g.aminoAcids[:], standardCode)
		for _, change := range strings.Fields(v.changes) {
			g.aminoAcids[codonIndex(change)] = change[3]
		}
		for _, start := range strings.Fields(v.starts) {
			g.starts |= 1 << codonIndex(start)
		}
	}
	return table
}

func codonIndex(codon string) byte {
	return baseIndex[codon[0]]<<4 | baseIndex[codon[1]]<<2 | baseIndex[codon[2]]
}
