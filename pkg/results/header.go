package results

import (
	"bytes"
	"slices"
	"strings"
)

// Header is what the header of a result says of its records.
type Header struct {
	Samples   []string   `json:"samples,omitempty"`
	Databases []Database `json:"databases,omitempty"`
	Key       string     `json:"key,omitempty"`    // of the annotation in INFO: CSQ, or ANN where that is what there is
	Fields    []string   `json:"fields,omitempty"` // of the annotation, in their order; empty where there is none
	Length    int64      `json:"length"`           // of the header in bytes of text
	Own       bool       `json:"own,omitempty"`    // the annotation is CSQ as GAS writes it: its terms are those that the engine knows
}

// Database is a database whose fields stand in INFO.
type Database struct {
	Name    string          `json:"name"`
	Version string          `json:"version,omitempty"`
	Fields  []DatabaseField `json:"fields"`
}

// DatabaseField is one field of a database.
type DatabaseField struct {
	ID     string `json:"id"`
	Key    string `json:"key"`    // in INFO
	Number string `json:"number"` // A: one element for each allele; 0: a flag; else one value for the record
	Type   string `json:"type"`   // Integer, Float, Flag or String
}

func (f DatabaseField) numeric() bool { return f.Type == "Integer" || f.Type == "Float" }

// parseHeader reads the text of a header, its line #CHROM with it.
func parseHeader(text []byte) Header {
	h := Header{Length: int64(len(text))}
	declared := make(map[string]DatabaseField)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "##INFO=<"):
			a := attributes(line[len("##INFO=<"):])
			declared[a["ID"]] = DatabaseField{Key: a["ID"], Number: a["Number"], Type: a["Type"]}
			h.addAnnotation(a["ID"], a["Description"])
		case strings.HasPrefix(line, "##GAS_database=<"):
			h.addDatabase(attributes(line[len("##GAS_database=<"):]))
		case strings.HasPrefix(line, "#CHROM\t"):
			if columns := strings.Split(line, "\t"); len(columns) > 9 {
				h.Samples = columns[9:]
			}
		}
	}
	for i := range h.Databases {
		for j := range h.Databases[i].Fields {
			f := &h.Databases[i].Fields[j]
			f.Number, f.Type = declared[f.Key].Number, declared[f.Key].Type
		}
	}
	return h
}

// addAnnotation takes the declaration of CSQ or ANN. CSQ goes before, unless it is not of GAS: then the input brought it.
func (h *Header) addAnnotation(key, description string) {
	own := strings.Contains(description, "from GAS")
	switch _, format, found := strings.Cut(description, "Format: "); {
	case key == "CSQ" && found && (own || h.Key != "ANN"):
		h.Key, h.Fields = key, strings.Split(strings.TrimSpace(format), "|")
		h.Own = own
	case key == "ANN" && !h.Own:
		_, format, found = strings.Cut(description, "'")
		if !found {
			return
		}
		h.Key, h.Fields = key, nil
		for name := range strings.SplitSeq(strings.TrimRight(format, "' "), "|") {
			h.Fields = append(h.Fields, strings.TrimSpace(name))
		}
	}
}

// addDatabase takes a ##GAS_database line. A later line of a name replaces an earlier one, which an input that was annotated before may carry.
func (h *Header) addDatabase(a map[string]string) {
	d := Database{Name: a["ID"], Version: a["Version"]}
	for pair := range strings.SplitSeq(a["Keys"], ",") {
		if key, id, ok := strings.Cut(pair, ":"); ok {
			d.Fields = append(d.Fields, DatabaseField{ID: id, Key: key})
		}
	}
	h.Databases = slices.DeleteFunc(h.Databases, func(o Database) bool { return o.Name == d.Name })
	h.Databases = append(h.Databases, d)
}

// attributes reads `KEY=value,KEY="value">`.
func attributes(text string) map[string]string {
	found := make(map[string]string)
	for text != "" && text != ">" {
		key, rest, ok := strings.Cut(text, "=")
		if !ok {
			break
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			value, text = unquote(rest)
		} else {
			end := strings.IndexAny(rest, ",>")
			if end < 0 {
				end = len(rest)
			}
			value, text = rest[:end], rest[end:]
		}
		text = strings.TrimPrefix(text, ",")
		found[key] = value
	}
	return found
}

func unquote(text string) (value, rest string) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:]
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// databaseFields lists the fields of all databases in the order of their columns.
func (h *Header) databaseFields() []DatabaseField {
	var list []DatabaseField
	for _, d := range h.Databases {
		list = append(list, d.Fields...)
	}
	return list
}

// columnsOf are the columns of databases' fields by their keys in INFO; nil where a key is that of none or of several.
func (h *Header) columnsOf(keys []string) []int {
	columns := make([]int, len(keys))
	for i, key := range keys {
		for j, f := range h.databaseFields() {
			if f.Key != key {
				continue
			}
			if columns[i] > 0 {
				return nil
			}
			columns[i] = fixedColumns + j
		}
		if columns[i] == 0 || key == h.Key {
			return nil
		}
	}
	return columns
}

// columnCount is the number of columns of an index.
func (h *Header) columnCount() int {
	return fixedColumns + len(h.databaseFields()) + h.indexedSamples()
}

// indexedSamples is the number of samples whose genotypes the index keeps.
func (h *Header) indexedSamples() int { return min(len(h.Samples), maxIndexedSamples) }

// kind is what a column is made of.
type kind uint8

// The kinds of columns, beside those of samples.
const (
	kindDict   kind = iota // texts that repeat
	kindText               // texts that hardly ever repeat
	kindNumber             // numbers
	kindMember             // texts that repeat, with others
	kindGroup              // what members have in common
)

// columnKinds tells the kind of each column but those of samples.
func (h *Header) columnKinds() []kind {
	kinds := make([]kind, fixedColumns)
	for column := range groupOf {
		kinds[column] = kindMember
	}
	kinds[columnSite], kinds[columnEffect] = kindGroup, kindGroup
	kinds[columnID], kinds[columnHGVSc], kinds[columnHGVSp], kinds[columnQual] = kindText, kindText, kindText, kindNumber
	for _, f := range h.databaseFields() {
		k := kindDict
		if f.numeric() {
			k = kindNumber
		}
		kinds = append(kinds, k)
	}
	return kinds
}

// kindOf is the kind of a column when it is read: members and samples are dictionaries then.
func (h *Header) kindOf(column int) kind {
	if kinds := h.columnKinds(); column < len(kinds) && kinds[column] != kindMember {
		return kinds[column]
	}
	return kindDict
}

// csqLayout says where the fields that the index needs stand in an entry of CSQ or ANN; -1 for a field that is not there.
type csqLayout struct {
	count                                                       int
	allele, consequence, impact, symbol, gene, feature, biotype int
	hgvsc, hgvsp, canonical, mane, number                       int
}

func newCSQLayout(fields []string) csqLayout {
	at := func(csq, ann string) int { return max(slices.Index(fields, csq), slices.Index(fields, ann)) }
	return csqLayout{
		count: len(fields), allele: at("Allele", "Allele"), consequence: at("Consequence", "Annotation"), impact: at("IMPACT", "Annotation_Impact"),
		symbol: at("SYMBOL", "Gene_Name"), gene: at("Gene", "Gene_ID"), feature: at("Feature", "Feature_ID"), biotype: at("BIOTYPE", "Transcript_BioType"),
		hgvsc: at("HGVSc", "HGVS.c"), hgvsp: at("HGVSp", "HGVS.p"), canonical: at("CANONICAL", ""), mane: at("MANE_SELECT", ""), number: at("ALLELE_NUM", ""),
	}
}

// headerOf cuts the header off the start of a result's text. It reports false when the text ends before the records begin.
func headerOf(text []byte) (header []byte, found bool) {
	at := 0
	for at < len(text) {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			return nil, false
		}
		isColumns := bytes.HasPrefix(text[at:], []byte("#CHROM"))
		at += end + 1
		if isColumns {
			return text[:at], true
		}
	}
	return nil, false
}
