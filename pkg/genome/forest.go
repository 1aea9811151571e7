package genome

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// ReadModel reads a gene model in GFF3 or GTF, as Ensembl, GENCODE, RefSeq and others write them. Which of the two it is, the first feature's attributes say.
// The order of the lines does not matter, children may come before their parents. Errors about the file's form are FormatErrors.
func ReadModel(in io.Reader) (*Model, error) {
	f := &forest{rows: newRows(in), byKey: make(map[nodeKey]int32), regions: make(map[string]Region)}
	f.rows.pragma = f.pragma
	var r row
	for {
		err := f.rows.next(&r)
		if errors.Is(err, io.EOF) {
			return f.model(), nil
		}
		if err != nil {
			return nil, err
		}
		f.plant(&r)
	}
}

// forest is the tree of features: genes, their transcripts, and the exons and pieces of CDS that the transcripts are made of.
type forest struct {
	rows    *rows
	nodes   []node
	byKey   map[nodeKey]int32
	regions map[string]Region
	source  string
	gtf     bool
	begun   bool
	attrs   attributes
}

// nodeKey tells features apart. The contig belongs to it: X and Y have genes with the same ID in some releases.
type nodeKey struct{ contig, id string }

// none is the parent of a node that has none.
const none = -1

// node is a feature that may be a gene or a transcript. It exists from the first line that names it, as itself or as a parent; defined is set by its own line.
type node struct {
	id, contig, kind string
	parent           int32
	children         int32
	order            int // the line that defined it
	strand           int8
	defined          bool
	facts            *facts
	exons            []Span
	stops            []Span
	listsUTRs        bool
	recoded          []Recode
	coding           []coding
}

// coding is one protein's CDS under a node; most transcripts have one.
type coding struct {
	id, protein, ccds string
	code              uint8
	flags             uint32
	pieces            []CDS
}

func (f *forest) plant(r *row) {
	if !f.begun && len(r.attributes) > 0 {
		f.begun, f.gtf = true, !isGFF3(r.attributes)
		if f.gtf {
			f.rows.format = "GTF"
		}
	}
	if f.source == "" {
		f.source = sourceOf(r.source)
	}
	if f.gtf {
		f.attrs.read(gtfAttributes(r.attributes))
		f.plantGTF(r)
		return
	}
	f.attrs.read(gff3Attributes(r.attributes))
	f.plantGFF3(r)
}

// sourceOf tells from the second column whose gene model it is.
func sourceOf(column string) string {
	switch column {
	case "ensembl", "havana", "ensembl_havana", "mirbase":
		return "Ensembl"
	case "ENSEMBL", "HAVANA":
		return "GENCODE"
	case "RefSeq", "BestRefSeq", "Gnomon", "Curated Genomic", "BestRefSeq%2CGnomon", "tRNAscan-SE", "cmsearch":
		return "RefSeq"
	}
	return ""
}

// part is what a feature is to its parent.
type part int

const (
	isNode part = iota
	isExon
	isCDS
	isStop
	isRecoded
	isUTR
	isRegion
	isNothing
)

// partOf sorts the kinds of features.
func partOf(kind string) part {
	switch kind {
	case "exon", "pseudogenic_exon":
		return isExon
	case "CDS", "cds":
		return isCDS
	case "stop_codon":
		return isStop
	case "Selenocysteine", "stop_codon_redefined_as_selenocysteine":
		return isRecoded
	case "region", "chromosome", "supercontig", "scaffold", "contig", "primary_assembly":
		return isRegion
	case "five_prime_UTR", "three_prime_UTR", "UTR", "5UTR", "3UTR":
		return isUTR
	case "start_codon", "intron", "biological_region", "match", "cDNA_match", "match_part", "sequence_feature", "inter", "inter_CNS":
		return isNothing
	}
	return isNode
}

func (f *forest) plantGFF3(r *row) {
	a := &f.attrs
	what := partOf(r.kind)
	switch what {
	case isNothing:
		return
	case isRegion:
		f.region(r)
		return
	case isNode:
		f.define(r, f.ownID(r), f.parentOf(r))
		return
	}
	for parents := a.parents; len(parents) > 0; {
		var id []byte
		id, parents, _ = bytes.Cut(parents, []byte{','})
		f.attach(f.node(r.contig, unescape(id)), what, r)
	}
}

// ownID is the feature's ID, or its name. A feature that has neither can have no children and is passed over.
func (f *forest) ownID(r *row) []byte {
	if len(f.attrs.id) > 0 {
		return unescape(f.attrs.id)
	}
	return unescape(f.attrs.name)
}

func (f *forest) parentOf(r *row) int32 {
	id, _, _ := bytes.Cut(f.attrs.parents, []byte{','})
	if len(id) == 0 {
		return none
	}
	return f.node(r.contig, unescape(id))
}

// plantGTF does the same for GTF, where every line names its gene and transcript and some files have no lines for these.
func (f *forest) plantGTF(r *row) {
	a := &f.attrs
	what := partOf(r.kind)
	if what == isNothing || what == isRegion || what == isNode && r.kind != "gene" && r.kind != "transcript" {
		return
	}
	gene := int32(none)
	if len(a.geneID) > 0 {
		gene = f.node(r.contig, append([]byte("gene:"), a.geneID...))
		if r.kind == "gene" {
			f.define(r, append([]byte("gene:"), a.geneID...), none)
		}
	}
	if r.kind == "gene" || len(a.transcriptID) == 0 {
		return
	}
	id := append([]byte("transcript:"), a.transcriptID...)
	t := f.node(r.contig, id)
	if what == isNode || f.nodes[t].facts == nil {
		f.define(r, id, gene)
	}
	if what != isNode {
		f.attach(t, what, r)
	}
}

// node returns the node with this ID, and makes it when it is new.
func (f *forest) node(contig string, id []byte) int32 {
	if i, ok := f.byKey[nodeKey{contig, string(id)}]; ok {
		return i
	}
	i := int32(len(f.nodes))
	f.nodes = append(f.nodes, node{id: string(id), contig: contig, parent: none})
	f.byKey[nodeKey{contig, f.nodes[i].id}] = i
	return i
}

// define fills a node from its own line. Of two lines with one ID the first counts.
func (f *forest) define(r *row, id []byte, parent int32) {
	if len(id) == 0 {
		return
	}
	i := f.node(r.contig, id)
	n := &f.nodes[i]
	if n.defined {
		return
	}
	if n.parent == none && parent != none && parent != i {
		n.parent = parent
		f.nodes[parent].children++
	}
	n.defined = r.kind == "gene" || r.kind == "transcript" || !f.gtf
	n.kind, n.strand, n.order = r.kind, r.strand, f.rows.line
	n.facts = f.factsOf(r)
}

func (f *forest) attach(i int32, what part, r *row) {
	n := &f.nodes[i]
	if n.strand == 0 {
		n.strand = r.strand
	}
	if r.Start == r.End {
		return
	}
	switch what {
	case isExon:
		n.exons = append(n.exons, r.Span)
	case isStop:
		n.stops = append(n.stops, r.Span)
	case isRecoded:
		n.recoded = append(n.recoded, Recode{Codon: r.Span, Residue: 'U'})
	case isUTR:
		n.listsUTRs = true
	case isCDS:
		f.attachCDS(n, r)
	}
}

func (f *forest) attachCDS(n *node, r *row) {
	a := &f.attrs
	id := a.id
	if len(id) == 0 {
		id = a.proteinID
	}
	var c *coding
	for i := range n.coding {
		if n.coding[i].id == string(id) {
			c = &n.coding[i]
		}
	}
	if c == nil {
		n.coding = append(n.coding, coding{id: string(id), protein: a.protein(), ccds: string(a.ccds)})
		c = &n.coding[len(n.coding)-1]
		c.code = a.geneticCode()
		n.recoded = append(n.recoded, a.recoded()...)
	}
	c.flags |= a.openEnds(r.strand)
	c.pieces = append(c.pieces, CDS{r.Span, r.phase})
}

// pragma reads "##sequence-region 21 1 46709983".
func (f *forest) pragma(line []byte) {
	words := bytes.Fields(line)
	if len(words) != 4 || string(words[0]) != "##sequence-region" || string(words[2]) != "1" {
		return
	}
	if end, ok := number(words[3]); ok && end <= longestContig {
		name := string(unescape(words[1]))
		g := f.regions[name]
		g.Length = max(g.Length, uint32(end))
		f.regions[name] = g
	}
}

// region notes what a line about a whole contig says of it.
func (f *forest) region(r *row) {
	a := &f.attrs
	if r.Start != 0 || r.cut {
		return
	}
	g := f.regions[r.contig]
	g.Length = max(g.Length, r.End)
	for _, name := range strings.Split(string(unescape(a.alias)), ",") {
		if name != "" {
			g.Aliases = append(g.Aliases, name)
		}
	}
	switch string(a.organelle) {
	case "chromosome":
		g.Aliases = append(g.Aliases, string(unescape(a.chromosome)))
	case "mitochondrion":
		g.Mitochondrial = true
		g.Aliases = append(g.Aliases, "MT")
	}
	g.Circular = g.Circular || string(a.circular) == "true"
	f.regions[r.contig] = g
}
