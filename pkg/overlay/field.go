package overlay

import "strings"

// Field is one column of a database: an INFO key of a VCF, one of its fixed columns ID, QUAL and FILTER, or a column of a BED file.
type Field struct {
	ID          string `json:"id"`
	Number      string `json:"number"` // as in the database's header: 1, A, R, ., 0, …
	Type        string `json:"type"`   // Integer, Float, Flag, Character or String
	Description string `json:"description"`
}

func (f Field) numeric() bool { return f.Type == "Integer" || f.Type == "Float" || f.Type == "Flag" }

// The fixed columns of a VCF that may be asked for like fields.
var columnFields = []Field{
	{ID: "ID", Number: "1", Type: "String", Description: "ID of the record"},
	{ID: "QUAL", Number: "1", Type: "Float", Description: "QUAL of the record"},
	{ID: "FILTER", Number: "1", Type: "String", Description: "FILTER of the record"},
}

// vcfHeader is what the header of a database says of it.
type vcfHeader struct {
	fields  []Field
	source  string // ##source
	date    string // ##fileDate
	dbSNP   string // ##dbSNP_BUILD_ID
	gnomAD  bool   // gnomAD is named in one of the lines
	columns bool   // the line #CHROM was seen
}

// add reads one line of the header.
func (h *vcfHeader) add(line string) {
	h.gnomAD = h.gnomAD || strings.Contains(line, "gnomAD") || strings.Contains(line, "gnomad")
	key, value, _ := strings.Cut(strings.TrimPrefix(line, "##"), "=")
	switch {
	case strings.HasPrefix(line, "#CHROM\t"):
		h.columns = true
	case key == "INFO":
		if f, ok := parseField(value); ok {
			h.fields = append(h.fields, f)
		}
	case key == "source":
		h.source = value
	case key == "fileDate":
		h.date = value
	case key == "dbSNP_BUILD_ID":
		h.dbSNP = value
	}
}

// field finds a field by its ID, among the INFO keys first.
func (h *vcfHeader) field(id string) (Field, bool) {
	for _, list := range [][]Field{h.fields, columnFields} {
		for _, f := range list {
			if f.ID == id {
				return f, true
			}
		}
	}
	return Field{}, false
}

// parseField reads the value of an ##INFO line.
func parseField(value string) (Field, bool) {
	value = strings.TrimSuffix(strings.TrimPrefix(value, "<"), ">")
	var f Field
	for value != "" {
		var key, text string
		var found bool
		if key, value, found = strings.Cut(value, "="); !found {
			break
		}
		text, value = cutValue(value)
		switch key {
		case "ID":
			f.ID = text
		case "Number":
			f.Number = text
		case "Type":
			f.Type = text
		case "Description":
			f.Description = text
		}
	}
	return f, f.ID != ""
}

// cutValue takes the value of a key, quoted or bare, from the start of the text and returns it with what follows its comma.
func cutValue(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		value, rest, _ = strings.Cut(text, ",")
		return value, rest
	}
	var b strings.Builder
	i := 1
	for ; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	if i < len(text) {
		i++
	}
	return b.String(), strings.TrimPrefix(text[i:], ",")
}
