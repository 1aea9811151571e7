package genome

import (
	"bytes"
	"strings"
)

// facts are a gene's or a transcript's attributes, decoded.
type facts struct {
	source, name, transcriptID, geneID, version, protein string
	biotype, gbkey, class                                string
	geneName, gene, geneNumber                           string
	symbolSource, hgnc                                   string
	supportLevel, ccds, appris, partner                  string
	microRNA                                             bool // the gene's description begins with microRNA
	flags                                                uint32
}

// factsOf takes over the attributes of a gene or a transcript from its line.
func (f *forest) factsOf(r *row) *facts {
	a := &f.attrs
	text := func(raw []byte) string { return string(f.plain(raw)) }
	common := func(raw []byte) string { return f.rows.texts.add(f.plain(raw)) }
	n := &facts{
		source: r.source, name: text(a.name), transcriptID: text(a.transcriptID), geneID: text(a.geneID), protein: a.protein(), ccds: text(a.ccds),
		version: common(either(a.transcriptVersion, a.version)), biotype: common(either(a.biotype, a.transcriptType)), gbkey: common(a.gbkey), class: common(a.class),
		geneName: common(a.geneName), gene: common(a.gene), hgnc: common(a.hgncID), supportLevel: common(supportLevel(a.supportLevel)),
	}
	if r.kind == "gene" && n.biotype == "" {
		n.biotype = common(a.geneType)
	}
	n.describe(text(a.description))
	n.crossReferences(text(a.crossReferences))
	for _, tags := range a.tags {
		for tag := range bytes.SplitSeq(f.plain(tags), []byte{','}) {
			n.tag(string(tag))
		}
	}
	return n
}

// plain decodes the escapes of GFF3; GTF has none.
func (f *forest) plain(raw []byte) []byte {
	if f.gtf {
		return raw
	}
	return unescape(raw)
}

func either(a, b []byte) []byte {
	if len(a) > 0 {
		return a
	}
	return b
}

// supportLevel is the digit of "1 (assigned to previous version 8)"; "NA" has none.
func supportLevel(text []byte) []byte {
	if len(text) > 0 && text[0] >= '1' && text[0] <= '9' {
		return text[:1]
	}
	return nil
}

// describe takes the symbol's source from the end of Ensembl's description: "amyloid beta precursor protein [Source:HGNC Symbol;Acc:HGNC:620]".
func (n *facts) describe(text string) {
	n.microRNA = strings.HasPrefix(text, "microRNA")
	_, text, found := strings.Cut(text, "[Source:")
	if !found {
		return
	}
	source, accession, _ := strings.Cut(strings.TrimSuffix(text, "]"), ";Acc:")
	n.symbolSource = source
	switch source {
	case "HGNC Symbol":
		n.symbolSource, n.hgnc = "HGNC", "HGNC:"+strings.TrimPrefix(accession, "HGNC:")
	case "MGI Symbol":
		n.symbolSource = "MGI"
	case "RGD Symbol":
		n.symbolSource = "RGD"
	case "NCBI gene", "NCBI gene (formerly Entrezgene)":
		n.symbolSource = "EntrezGene"
	}
}

// crossReferences reads RefSeq's Dbxref: "GeneID:351,Genbank:NM_000484.4,HGNC:HGNC:620,Ensembl:ENST00000346798.8".
func (n *facts) crossReferences(text string) {
	for reference := range strings.SplitSeq(text, ",") {
		database, accession, _ := strings.Cut(reference, ":")
		switch database {
		case "GeneID":
			n.geneNumber, n.symbolSource = accession, "EntrezGene"
		case "HGNC":
			n.hgnc = accession
		case "Ensembl":
			n.partner = accession
		}
	}
}

// tag reads one tag of Ensembl, GENCODE or RefSeq.
func (n *facts) tag(tag string) {
	switch tag {
	case "Ensembl_canonical", "RefSeq Select":
		n.flags |= Canonical
	case "MANE_Select", "MANE Select":
		n.flags |= Mane
	case "MANE_Plus_Clinical", "MANE Plus Clinical":
		n.flags |= ManeClinical
	case "basic", "gencode_basic":
		n.flags |= GencodeBasic
	case "gencode_primary", "GENCODE_Primary":
		n.flags |= GencodePrimary
	case "cds_start_NF":
		n.flags |= CDSStartNF
	case "cds_end_NF":
		n.flags |= CDSEndNF
	}
	if grade, ok := strings.CutPrefix(tag, "appris_principal_"); ok {
		n.appris = "P" + grade
	} else if grade, ok := strings.CutPrefix(tag, "appris_alternative_"); ok {
		n.appris = "A" + grade
	}
}

// protein is the protein's accession with its version where the file gives one apart.
func (a *attributes) protein() string {
	version := either(a.proteinVersion, a.cdsVersion())
	if len(a.proteinID) == 0 || len(version) == 0 {
		return string(a.proteinID)
	}
	return string(a.proteinID) + "." + string(version)
}

// cdsVersion is the version of a line about a CDS in Ensembl's GFF3, where it is the protein's.
func (a *attributes) cdsVersion() []byte {
	if bytes.HasPrefix(a.id, []byte("CDS:")) {
		return a.version
	}
	return nil
}

// geneticCode is the CDS's transl_table, 0 where it has none.
func (a *attributes) geneticCode() uint8 {
	for _, t := range a.translationTable {
		if n, ok := number(t); ok && n < 256 {
			if _, known := Code(uint8(n)); known {
				return uint8(n)
			}
		}
	}
	return 0
}

// openEnds tells from RefSeq's start_range and end_range, which are on the contig, which ends of the CDS were not found.
func (a *attributes) openEnds(strand int8) (flags uint32) {
	first, last := uint32(CDSStartNF), uint32(CDSEndNF)
	if strand < 0 {
		first, last = last, first
	}
	if len(a.startRange) > 0 {
		flags |= first
	}
	if len(a.endRange) > 0 {
		flags |= last
	}
	return flags
}

// residues are the amino acids that a codon may be recoded to, by the names of the feature table of INSDC.
var residues = map[string]byte{
	"Ala": 'A', "Arg": 'R', "Asn": 'N', "Asp": 'D', "Cys": 'C', "Gln": 'Q', "Glu": 'E', "Gly": 'G', "His": 'H', "Ile": 'I', "Leu": 'L', "Lys": 'K',
	"Met": 'M', "Phe": 'F', "Pro": 'P', "Ser": 'S', "Thr": 'T', "Trp": 'W', "Tyr": 'Y', "Val": 'V', "Sec": 'U', "Pyl": 'O',
}

// recoded reads transl_except: "(pos:123..125,aa:Sec)", one or more, positions 1-based and closed, with complement and join around them where needed.
// A stop that the poly(A) tail completes (aa:TERM) is no recoded codon.
func (a *attributes) recoded() []Recode {
	var list []Recode
	for _, text := range a.translationExcept {
		for exception := range strings.SplitSeq(string(unescape(text)), "(pos:") {
			where, what, found := strings.Cut(exception, ",aa:")
			if len(what) < 3 || !found {
				continue
			}
			residue, known := residues[what[:3]]
			span, ok := hull(where)
			if known && ok {
				list = append(list, Recode{Codon: span, Residue: residue})
			}
		}
	}
	return list
}

// hull returns the smallest interval that holds every position of an INSDC location.
func hull(location string) (Span, bool) {
	lowest, highest := int64(1)<<31, int64(0)
	for digits := range strings.FieldsFuncSeq(location, func(c rune) bool { return c < '0' || c > '9' }) {
		n, ok := number([]byte(digits))
		if !ok || n < 1 || n >= 1<<31 {
			return Span{}, false
		}
		lowest, highest = min(lowest, n), max(highest, n)
	}
	if highest == 0 {
		return Span{}, false
	}
	return Span{uint32(lowest - 1), uint32(highest)}, true
}
