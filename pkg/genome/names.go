package genome

import "strings"

// alias is a further name of a contig.
type alias struct {
	name   string
	contig int
}

// names gathers every name and alias of the contigs, and what the gene model and the names say of them.
// A contig's own name always wins over another's alias, and of two aliases the first.
type names struct {
	contigs []ContigModel
	byName  map[string]int
	aliases []alias
	regions map[int]Region
}

func nameContigs(contigs []ContigModel, regions map[string]Region) *names {
	n := &names{contigs: contigs, byName: make(map[string]int, 4*len(contigs)), regions: make(map[int]Region)}
	for i := range contigs {
		if _, taken := n.byName[contigs[i].Name]; !taken {
			n.byName[contigs[i].Name] = i
		}
	}
	for i := range contigs {
		for _, a := range contigs[i].Aliases {
			n.add(a, i)
		}
		for _, a := range aliasesByRule(contigs[i].Name, contigs[i].Length) {
			n.add(a, i)
		}
	}
	n.addRegions(regions)
	return n
}

func (n *names) add(name string, contig int) {
	if _, taken := n.byName[name]; taken || name == "" {
		return
	}
	n.byName[name] = contig
	n.aliases = append(n.aliases, alias{name, contig})
}

// addRegions takes over what the gene model says of contigs, whichever of their names it uses. The regions are taken in the contigs' order, so that a file is compiled the same each time.
func (n *names) addRegions(regions map[string]Region) {
	found := make(map[int]string, len(regions))
	for name, region := range regions {
		for _, candidate := range append([]string{name}, region.Aliases...) {
			i, ok := n.byName[candidate]
			if before, taken := found[i]; ok && (!taken || name < before) {
				found[i] = name
			}
			if ok {
				break
			}
		}
	}
	for i := range n.contigs {
		name, ok := found[i]
		if !ok {
			continue
		}
		n.regions[i] = regions[name]
		n.add(name, i)
		for _, a := range regions[name].Aliases {
			n.add(a, i)
			for _, b := range aliasesByRule(a, n.contigs[i].Length) {
				n.add(b, i)
			}
		}
	}
}

// hg19ChrM is the length of the mitochondrial sequence that UCSC's hg19 calls chrM (NC_001807). It is another sequence than rCRS, of 16,569 bases, which everybody else calls MT.
const hg19ChrM = 16571

// aliasesByRule returns the names that a contig of this name and length also goes by: with and without the prefix chr, MT, M and chrM for each other, and the RefSeq accessions of the
// human chromosomes, which the lengths tell apart by assembly.
func aliasesByRule(name string, length uint32) []string {
	bare := strings.TrimPrefix(name, "chr")
	switch {
	case name == "":
		return nil
	case isMitochondrion(name) && length == hg19ChrM:
		return []string{"NC_001807.4"}
	case isMitochondrion(name) && length == 16569:
		return []string{"MT", "chrM", "M", "chrMT", "NC_012920.1"}
	case isMitochondrion(name):
		return []string{"MT", "chrM", "M", "chrMT"}
	}
	list := []string{bare, "chr" + bare}
	for _, c := range humanChromosomes {
		for _, a := range []assembly{c.grch38, c.grch37} {
			if length == a.length && (bare == c.name || name == a.accession) {
				list = append(list, c.name, "chr"+c.name, a.accession)
			}
		}
	}
	return list
}

// isMitochondrion reports whether the name is one of those that the mitochondrial sequence of vertebrates goes by.
func isMitochondrion(name string) bool {
	switch name {
	case "MT", "M", "chrM", "chrMT", "NC_012920.1":
		return true
	}
	return false
}

// geneticCode returns the contig's NCBI translation table: as it was given, else by the name that Ensembl gives to mitochondrial sequences, else the standard code.
func (n *names) geneticCode(i int, m *ContigModel) uint8 {
	switch {
	case m.GeneticCode != 0:
		return m.GeneticCode
	case isMitochondrion(m.Name):
		return 2
	case m.Name == "Mito":
		return 3
	case m.Name == "MtDNA" || m.Name == "mitochondrion_genome":
		return 5
	case n.regions[i].Mitochondrial:
		return 2
	}
	return 1
}

// declaredLengths returns the contigs' lengths as the gene model gives them, by each name that it uses.
func declaredLengths(regions map[string]Region) map[string]uint32 {
	lengths := make(map[string]uint32, 2*len(regions))
	for name, region := range regions {
		for _, n := range append([]string{name}, region.Aliases...) {
			lengths[n] = max(lengths[n], region.Length)
		}
	}
	return lengths
}

// circular reports whether the contig is circular: as it was given, as the gene model says, or because it is a vertebrate mitochondrion.
func (n *names) circular(i int, m *ContigModel) bool {
	return m.Circular || n.regions[i].Circular || isMitochondrion(m.Name)
}
