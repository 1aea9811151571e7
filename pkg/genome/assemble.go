package genome

import (
	"cmp"
	"slices"
	"strings"
)

// model turns the forest into genes and transcripts.
//
// A transcript is a feature that has exons (or a CDS) and stands directly under a gene, or under nothing. A feature under a transcript, such as the mature miRNA of RefSeq, is none.
// VEP knows a list of types that may be transcripts; this reader takes all of them, so that tRNA, rRNA and the many kinds of ncRNA are annotated too.
func (f *forest) model() *Model {
	a := harvest{forest: f, genes: make(map[int32]int)}
	a.m = &Model{Source: cmp.Or(f.source, "gene model"), Regions: f.regions}
	order := make([]int32, 0, len(f.nodes))
	for i := range f.nodes {
		if len(f.nodes[i].exons) > 0 || len(f.nodes[i].coding) > 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(x, y int32) int { return cmp.Compare(f.nodes[x].order, f.nodes[y].order) })
	for _, i := range order {
		a.add(i)
	}
	return a.m
}

// harvest collects a forest's genes and transcripts.
type harvest struct {
	forest *forest
	m      *Model
	genes  map[int32]int // from the gene's node (or the transcript's own, where it has no gene) to its index in the model
}

func (a *harvest) add(i int32) {
	n := &a.forest.nodes[i]
	if n.facts == nil {
		return
	}
	if n.parent == none && isGene(n) {
		a.addWithoutTranscript(i)
		return
	}
	if n.parent != none && !a.mayHoldTranscripts(n.parent) {
		return
	}
	t := a.transcript(i)
	t.Exons, t.CDS = n.exons, joinStops(n)
	if n.listsUTRs {
		t.Flags |= UTRsListed
	}
	if len(t.Exons) > 0 {
		t.Flags |= ExonsListed
	} else {
		t.Exons = exonsOf(t.CDS)
	}
	a.m.Transcripts = append(a.m.Transcripts, t)
}

// addWithoutTranscript makes a transcript of each CDS that stands directly under its gene, as in RefSeq's files of mitochondria, viruses and bacteria.
// A gene that has only exons, such as RefSeq's pseudogenes, has no transcript; nor does VEP see one.
func (a *harvest) addWithoutTranscript(i int32) {
	n := &a.forest.nodes[i]
	if n.children > 0 {
		return
	}
	for _, c := range n.coding {
		t := a.transcript(i)
		t.ID, t.Version = trimKind(cmp.Or(c.protein, c.id, n.id)), ""
		t.Biotype, t.Protein = "protein_coding", c.protein
		t.CCDS = cmp.Or(t.CCDS, c.ccds)
		t.CDS = c.pieces
		t.Exons = exonsOf(c.pieces)
		a.m.Transcripts = append(a.m.Transcripts, t)
	}
}

// isGene is VEP's rule for which top-level features are genes.
func isGene(n *node) bool {
	return strings.Contains(n.kind, "gene") && !strings.HasSuffix(n.kind, "gene_segment")
}

// mayHoldTranscripts reports whether the node is a gene: it is one by its kind, or nothing stands above it.
func (a *harvest) mayHoldTranscripts(i int32) bool {
	n := &a.forest.nodes[i]
	return n.parent == none || isGene(n)
}

// transcript returns a node's transcript without exons and CDS, and adds its gene.
func (a *harvest) transcript(i int32) TranscriptModel {
	n := &a.forest.nodes[i]
	x := n.facts
	t := TranscriptModel{
		ID: trimKind(cmp.Or(x.transcriptID, n.id)), Version: x.version, Biotype: a.biotype(n), CCDS: x.ccds, APPRIS: x.appris, TSL: x.supportLevel, Protein: x.protein,
		Contig: n.contig, Strand: n.strand, Flags: x.flags, Recoded: n.recoded, Gene: a.gene(i),
	}
	switch {
	case x.flags&Mane != 0:
		t.ManeSelect = x.partner
	case x.flags&ManeClinical != 0:
		t.ManePlus = x.partner
	}
	for _, c := range n.coding {
		t.Protein = cmp.Or(c.protein, t.Protein)
		t.CCDS = cmp.Or(t.CCDS, c.ccds)
		t.GeneticCode = cmp.Or(t.GeneticCode, c.code)
		t.Flags |= c.flags
	}
	return t
}

// trimKind takes off the prefixes of Ensembl's IDs.
func trimKind(id string) string {
	for _, prefix := range []string{"gene:", "transcript:"} {
		if len(id) > len(prefix) && strings.EqualFold(id[:len(prefix)], prefix) {
			return id[len(prefix):]
		}
	}
	return id
}

// gene returns the index of a transcript's gene, and adds it when it is new. The rules for its ID and symbol are VEP's.
func (a *harvest) gene(i int32) int {
	n := &a.forest.nodes[i]
	at := i
	var above *facts
	if n.parent != none {
		at = n.parent
		above = a.forest.nodes[at].facts
	}
	if known, ok := a.genes[at]; ok {
		return known
	}
	x := n.facts
	g := GeneModel{ID: cmp.Or(x.geneID, x.geneNumber), Symbol: cmp.Or(x.geneName, x.gene), SymbolSource: x.symbolSource, HGNC: x.hgnc}
	if above != nil {
		g.ID = cmp.Or(g.ID, above.geneID, trimKind(a.forest.nodes[at].id))
		g.Symbol = cmp.Or(g.Symbol, above.geneName, above.name)
		g.SymbolSource, g.HGNC, g.Biotype = cmp.Or(above.symbolSource, g.SymbolSource), cmp.Or(above.hgnc, g.HGNC), above.biotype
	} else if isGene(n) {
		g.ID, g.Symbol, g.Biotype = cmp.Or(g.ID, trimKind(n.id)), cmp.Or(g.Symbol, x.name), x.biotype
	}
	a.m.Genes = append(a.m.Genes, g)
	a.genes[at] = len(a.m.Genes) - 1
	return a.genes[at]
}

// biotype is VEP's rule: what the file says, else what the type of the feature lets guess. Where VEP leaves a transcript without a biotype out, it has its type here.
func (a *harvest) biotype(n *node) string {
	x := n.facts
	kind := strings.ToLower(n.kind)
	segment, isSegment := strings.CutSuffix(kind, "_gene_segment")
	switch {
	case x.biotype != "":
		return x.biotype
	case a.forest.gtf:
		return cmp.Or(x.source, "transcript")
	case kind == "mrna":
		return "protein_coding"
	case kind == "ncrna" && x.class != "":
		return x.class
	case isSegment:
		return "IG_" + strings.ToUpper(segment) + "_gene"
	case n.parent != none && a.forest.nodes[n.parent].facts != nil && a.forest.nodes[n.parent].facts.microRNA:
		return "miRNA"
	case x.gbkey != "":
		return x.gbkey
	}
	return cmp.Or(n.kind, "transcript")
}

// joinStops returns the node's pieces of CDS with the stop codon, which GTF keeps apart.
func joinStops(n *node) []CDS {
	var pieces []CDS
	for _, c := range n.coding {
		pieces = append(pieces, c.pieces...)
	}
	if len(pieces) == 0 {
		return nil
	}
	slices.SortFunc(pieces, func(a, b CDS) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	pieces = slices.Compact(pieces)
	for _, stop := range n.stops {
		pieces = joinStop(pieces, stop, n.strand)
	}
	return pieces
}

// joinStop widens the piece that the stop codon touches, or adds it as a piece of its own.
func joinStop(pieces []CDS, stop Span, strand int8) []CDS {
	for i := range pieces {
		p := &pieces[i]
		if stop.Start <= p.End && p.Start <= stop.End {
			if strand >= 0 {
				p.End = max(p.End, stop.End)
			} else {
				p.Start = min(p.Start, stop.Start)
			}
			return pieces
		}
	}
	return append(pieces, CDS{Span: stop})
}

// widestSlip is the widest gap in bases between two pieces of CDS that is taken for a slippage and not for an intron, where the file has no exons to tell.
const widestSlip = 2

// exonsOf makes exons of a CDS's pieces: pieces that overlap or almost touch lie in one exon.
func exonsOf(pieces []CDS) []Span {
	spans := make([]Span, 0, len(pieces))
	for _, p := range pieces {
		spans = append(spans, p.Span)
	}
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	exons := spans[:0]
	for _, s := range spans {
		if n := len(exons); n > 0 && s.Start <= exons[n-1].End+widestSlip {
			exons[n-1].End = max(exons[n-1].End, s.End)
			continue
		}
		exons = append(exons, s)
	}
	return exons
}
