package annotate

import (
	"gas/pkg/genome"
	"gas/pkg/vcf"
)

// Sighting is what the look at a file's beginning shows of the reference that it was called against.
func (p *Peek) Sighting() genome.Sighting {
	s := genome.Sighting{Header: headerContigs(p.Header)}
	for _, site := range p.Sites {
		s.Records = append(s.Records, genome.SeenRecord{Contig: site.Contig, Position: int64(site.Pos) - 1, Ref: site.Ref})
	}
	return s
}

func headerContigs(h *vcf.Header) []genome.HeaderContig {
	var list []genome.HeaderContig
	for _, c := range h.Contigs() {
		list = append(list, genome.HeaderContig{Name: c.Name, Length: int64(c.Length), MD5: c.MD5})
	}
	return list
}
