package genome

import (
	"bytes"
	"iter"
)

// attributes are the ones of a feature that a reference needs, as they stand in the file. The names are those of Ensembl, GENCODE and RefSeq, in GFF3 and in GTF.
type attributes struct {
	id, name, parents                   []byte
	transcriptID, geneID, proteinID     []byte
	version, transcriptVersion          []byte
	proteinVersion                      []byte
	biotype, transcriptType             []byte // transcriptType is transcript_type or transcript_biotype
	geneType                            []byte // gene_type or gene_biotype
	geneName, gene, description, hgncID []byte
	crossReferences                     []byte
	supportLevel, ccds, gbkey, class    []byte
	tags                                [][]byte
	translationTable, translationExcept [][]byte // these and tags may come more than once
	startRange, endRange                []byte
	alias, circular, organelle          []byte
	chromosome                          []byte
}

// read fills the attributes from those that all yields.
func (a *attributes) read(all iter.Seq2[[]byte, []byte]) {
	*a = attributes{tags: a.tags[:0], translationTable: a.translationTable[:0], translationExcept: a.translationExcept[:0]}
	for key, value := range all {
		if field := a.field(key); field != nil {
			*field = value
			continue
		}
		switch string(key) {
		case "tag":
			a.tags = append(a.tags, value)
		case "transl_table":
			a.translationTable = append(a.translationTable, value)
		case "transl_except":
			a.translationExcept = append(a.translationExcept, value)
		}
	}
}

// field returns where the value of an attribute that comes once is kept.
func (a *attributes) field(key []byte) *[]byte {
	switch string(key) {
	case "ID", "id":
		return &a.id
	case "Name", "name":
		return &a.name
	case "Parent", "parent":
		return &a.parents
	case "transcript_id":
		return &a.transcriptID
	case "gene_id":
		return &a.geneID
	case "protein_id":
		return &a.proteinID
	case "version":
		return &a.version
	case "transcript_version":
		return &a.transcriptVersion
	case "protein_version":
		return &a.proteinVersion
	case "biotype":
		return &a.biotype
	case "transcript_type", "transcript_biotype":
		return &a.transcriptType
	case "gene_type", "gene_biotype":
		return &a.geneType
	}
	return a.fieldOfAnnotation(key)
}

func (a *attributes) fieldOfAnnotation(key []byte) *[]byte {
	switch string(key) {
	case "gene_name":
		return &a.geneName
	case "gene":
		return &a.gene
	case "description":
		return &a.description
	case "hgnc_id":
		return &a.hgncID
	case "Dbxref", "dbxref":
		return &a.crossReferences
	case "transcript_support_level", "tsl":
		return &a.supportLevel
	case "ccdsid", "ccds_id":
		return &a.ccds
	case "gbkey":
		return &a.gbkey
	case "ncrna_class", "ncRNA_class":
		return &a.class
	case "start_range":
		return &a.startRange
	case "end_range":
		return &a.endRange
	case "Alias":
		return &a.alias
	case "Is_circular":
		return &a.circular
	case "genome":
		return &a.organelle
	case "chromosome":
		return &a.chromosome
	}
	return nil
}

// gff3Attributes yields the pairs of "ID=a;Parent=b,c", escapes kept.
func gff3Attributes(text []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for len(text) > 0 {
			var pair []byte
			pair, text, _ = bytes.Cut(text, []byte{';'})
			key, value, found := bytes.Cut(pair, []byte{'='})
			if found && !yield(bytes.TrimSpace(key), bytes.TrimSpace(value)) {
				return
			}
		}
	}
}

// gtfAttributes yields the pairs of `gene_id "a"; level 2;`, without the quotation marks.
func gtfAttributes(text []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for {
			text = bytes.TrimLeft(text, " ;")
			space := bytes.IndexAny(text, " ;")
			if space < 0 {
				return
			}
			key := text[:space]
			text = bytes.TrimLeft(text[space:], " ")
			end := bytes.IndexByte(text, ';')
			var value []byte
			if len(text) > 0 && text[0] == '"' {
				value, text, _ = bytes.Cut(text[1:], []byte{'"'})
			} else if end >= 0 {
				value, text = text[:end], text[end:]
			} else {
				value, text = text, nil
			}
			if !yield(key, bytes.TrimSpace(value)) {
				return
			}
		}
	}
}

// isGFF3 tells GFF3's attributes (key=value) from GTF's (key "value").
func isGFF3(text []byte) bool {
	i := bytes.IndexAny(text, "= \"")
	return i >= 0 && text[i] == '='
}
