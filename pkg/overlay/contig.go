package overlay

import "strings"

// contigNames finds a database's contig by the name that a variant file uses for it.
type contigNames struct {
	exact map[string]int
	plain map[string]int // by plainContig
}

func newContigNames(names []string) *contigNames {
	c := &contigNames{exact: make(map[string]int, len(names)), plain: make(map[string]int, len(names))}
	for i, name := range names {
		c.exact[name] = i
		if _, taken := c.plain[plainContig(name)]; !taken {
			c.plain[plainContig(name)] = i
		}
	}
	return c
}

// find returns the index of a contig, -1 where the database has none of that name or of a name that means the same.
func (c *contigNames) find(name string) int {
	if i, ok := c.exact[name]; ok {
		return i
	}
	if i, ok := c.plain[plainContig(name)]; ok {
		return i
	}
	return -1
}

// plainContig gives the names that mean one contig one spelling: without the prefix chr, MT for M, and a human chromosome's RefSeq accession
// (NC_000001.11 in files of dbSNP) as the chromosome, whatever the version: whether the assemblies fit is for the reader of the header to say.
func plainContig(name string) string {
	bare := strings.TrimPrefix(name, "chr")
	if bare == "M" {
		return "MT"
	}
	accession, isRefSeq := strings.CutPrefix(bare, "NC_")
	if !isRefSeq {
		return bare
	}
	number, _, _ := strings.Cut(accession, ".")
	if number == "012920" {
		return "MT"
	}
	chromosome := strings.TrimLeft(number, "0")
	switch {
	case len(number) != 6 || len(chromosome) > 2 || chromosome > "24" && len(chromosome) == 2:
		return bare
	case chromosome == "23":
		return "X"
	case chromosome == "24":
		return "Y"
	}
	return chromosome
}
