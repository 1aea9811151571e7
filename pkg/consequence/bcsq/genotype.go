package bcsq

// The alleles of a genotype that are no allele.
const (
	missingAllele = -1
	noAllele      = -2
)

// ReadGenotype reads the text of a GT field, for example "0|1", and tells how many alleles it has. More than two make a genotype that is left out.
func ReadGenotype(text []byte) (g Genotype, ploidy int) {
	g.Alleles = [2]int{noAllele, noAllele}
	allele, digits := 0, 0
	put := func() {
		if ploidy < 2 {
			g.Alleles[ploidy] = missingAllele
			if digits > 0 {
				g.Alleles[ploidy] = allele
			}
		}
		ploidy++
		allele, digits = 0, 0
	}
	for _, b := range text {
		switch {
		case b == '|':
			g.Phased = true
			put()
		case b == '/':
			put()
		case b >= '0' && b <= '9' && allele < 1<<20:
			allele = allele*10 + int(b-'0')
			digits++
		}
	}
	put()
	return g, ploidy
}
