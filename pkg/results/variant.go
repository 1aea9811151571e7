package results

import (
	"bytes"
	"strconv"
	"strings"
)

// Variant is one row: one allele of a record, with the transcript that speaks for it (MANE Select, else the canonical one, else the most severe).
// Texts that are missing are empty, numbers null.
type Variant struct {
	Key         string                    `json:"key"` // names the row in this result, for ever
	Chrom       string                    `json:"chrom"`
	Pos         uint32                    `json:"pos"` // POS, 1-based
	Ref         string                    `json:"ref"`
	Alt         string                    `json:"alt"`
	ID          string                    `json:"id"`
	Qual        *float64                  `json:"qual"`
	Filter      string                    `json:"filter"`
	Type        string                    `json:"type"`
	Gene        string                    `json:"gene"` // the symbol, the gene's id where it has none
	Transcript  string                    `json:"transcript"`
	Consequence []string                  `json:"consequence"`
	Impact      string                    `json:"impact"`
	Biotype     string                    `json:"biotype"`
	HGVSc       string                    `json:"hgvsc"`
	HGVSp       string                    `json:"hgvsp"`
	Databases   map[string]map[string]any `json:"databases"` // NAME, FIELD; only what is there
	Genotypes   map[string]string         `json:"genotypes"` // GT of each sample as in the result
}

// Details is everything of a row, for its own page.
type Details struct {
	Variant
	Info        string              `json:"info"`        // the record's INFO without the annotation
	Format      string              `json:"format"`      // the record's FORMAT
	Samples     map[string]string   `json:"samples"`     // each sample's whole column
	Transcripts []map[string]string `json:"transcripts"` // every entry of CSQ, or ANN, that speaks of the allele, by the names of its fields
	Fields      []string            `json:"fields"`      // the names of its fields in their order
}

// keyOf and rowOf turn the number of a row into a key and back.
func keyOf(row int64) string { return strconv.FormatInt(row+1, 10) }

func rowOf(key string) (row int64, ok bool) {
	n, err := strconv.ParseInt(key, 10, 64)
	return n - 1, err == nil && n > 0
}

// variant makes a row of what was read of its line.
func (r *lineReader) variant(row int64, allele int) Variant {
	p := &r.picks[allele]
	v := Variant{
		Key: keyOf(row), Chrom: string(r.chrom), Pos: r.pos, Ref: string(r.ref), Alt: string(r.alts[allele]), ID: string(r.id), Filter: string(r.filter),
		Type: string(variantType(r.ref, r.alts[allele])), Gene: string(p.gene), Transcript: string(p.transcript), Impact: string(p.impact), Biotype: string(p.biotype),
		HGVSc: string(p.hgvsc), HGVSp: string(p.hgvsp), Consequence: []string{}, Databases: make(map[string]map[string]any), Genotypes: make(map[string]string, len(r.header.Samples)),
	}
	if q, err := strconv.ParseFloat(string(r.qual), 64); err == nil {
		v.Qual = &q
	}
	if len(p.consequence) > 0 {
		v.Consequence = strings.Split(string(p.consequence), "&")
	}
	r.fillDatabases(v.Databases, allele)
	r.genotypes(len(r.header.Samples), func(sample int, gt []byte) { v.Genotypes[r.header.Samples[sample]] = string(gt) })
	return v
}

func (r *lineReader) fillDatabases(to map[string]map[string]any, allele int) {
	n := 0
	for _, d := range r.header.Databases {
		for _, f := range d.Fields {
			if value := r.value(n, allele); value != nil {
				if to[d.Name] == nil {
					to[d.Name] = make(map[string]any)
				}
				to[d.Name][f.ID] = typedValue(f, value)
			}
			n++
		}
	}
}

// typedValue is a number where the field is one and the text is one, true for a flag, else the text.
func typedValue(f DatabaseField, value []byte) any {
	switch f.Type {
	case "Flag":
		return true
	case "Integer":
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return n
		}
	case "Float":
		if n, err := strconv.ParseFloat(string(value), 64); err == nil && n-n == 0 {
			return n
		}
	}
	return string(value)
}

// details adds to a row what its own page shows.
func (r *lineReader) details(row int64, allele int) Details {
	d := Details{Variant: r.variant(row, allele), Samples: make(map[string]string), Fields: r.header.Fields, Transcripts: []map[string]string{}}
	var info []string
	for entry := range strings.SplitSeq(string(r.info), ";") {
		if r.header.Key == "" || !strings.HasPrefix(entry, r.header.Key+"=") {
			info = append(info, entry)
		}
	}
	d.Info = strings.Join(info, ";")
	format, rest, _ := bytes.Cut(r.rest, []byte{'\t'})
	d.Format = string(format)
	for _, sample := range r.header.Samples {
		var column []byte
		column, rest, _ = bytes.Cut(rest, []byte{'\t'})
		d.Samples[sample] = string(column)
	}
	for rest := r.entries; len(rest) > 0; {
		rest = r.cutEntry(rest)
		if len(r.entry) < r.layout.count || r.alleleOfEntry() != allele {
			continue
		}
		transcript := make(map[string]string, len(r.header.Fields))
		for i, name := range r.header.Fields {
			transcript[name] = string(r.entry[i])
		}
		d.Transcripts = append(d.Transcripts, transcript)
	}
	return d
}
