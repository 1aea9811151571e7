package results

import (
	"slices"
	"strings"

	"gas/pkg/consequence"
	"gas/pkg/results/filter"
)

// schema is the fields that may be asked for in a result.
type schema struct {
	fields  []filter.Field
	columns map[string]int // of the fields that have a column; others are computed
}

// Names of fields that are computed.
const (
	fieldPos    = "pos"
	fieldRegion = "region"
)

// newSchema lists the fields of a result.
func newSchema(h *Header) *schema {
	s := &schema{columns: make(map[string]int)}
	add := func(column int, f filter.Field) {
		s.fields = append(s.fields, f)
		if column >= 0 {
			s.columns[f.Name] = column
		}
	}
	text := func(name string) filter.Field { return filter.Field{Name: name, Type: filter.Text} }
	list := func(name, separators string) filter.Field {
		return filter.Field{Name: name, Type: filter.List, Separators: separators}
	}
	add(columnChrom, filter.Field{Name: "chrom", Type: filter.Contig})
	add(-1, filter.Field{Name: fieldPos, Type: filter.Number})
	add(-1, filter.Field{Name: fieldRegion, Type: filter.Region})
	add(columnRef, text("ref"))
	add(columnAlt, text("alt"))
	add(columnID, list("id", ";"))
	add(columnQual, filter.Field{Name: "qual", Type: filter.Number})
	add(columnFilter, list("filter", ";"))
	add(columnType, filter.Field{Name: "type", Type: filter.Text, Values: types})
	add(columnGene, text("gene"))
	add(columnTranscript, text("transcript"))
	consequences := list("consequence", "&")
	if h.Own {
		consequences.Values = consequence.TermNames()
	}
	add(columnConsequence, consequences)
	add(columnImpact, filter.Field{Name: "impact", Type: filter.Impact})
	add(columnBiotype, text("biotype"))
	add(columnHGVSc, text("hgvsc"))
	add(columnHGVSp, filter.Field{Name: "hgvsp", Type: filter.Text, Escaped: true})
	add(columnAnyImpact, filter.Field{Name: "any_impact", Type: filter.List, Separators: "&", Any: true, Ranked: true, Values: filter.Impacts})
	consequences.Name, consequences.Any = "any_consequence", true
	add(columnAnyConsequence, consequences)
	column := fixedColumns
	for _, d := range h.Databases {
		for _, f := range d.Fields {
			field := list(d.Name+"."+f.ID, ",&|")
			if f.numeric() || f.Type == "Flag" {
				field = filter.Field{Name: field.Name, Type: filter.Number}
			}
			add(column, field)
			column++
		}
	}
	for i, sample := range h.Samples {
		at := -1
		if i < h.indexedSamples() {
			at = column + i
		}
		add(at, filter.Field{Name: "gt." + sample, Type: filter.Genotype, Values: filter.Genotypes})
	}
	return s
}

// Field finds a field by its name.
func (s *schema) Field(name string) (filter.Field, bool) {
	for _, f := range s.fields {
		if f.Name == name {
			return f, true
		}
	}
	return filter.Field{}, false
}

// Names are the names of all fields.
func (s *schema) Names() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.Name
	}
	return names
}

// ParseCommon reads a filter that every result can answer: of no database and no sample. A mistake is a fault of kind BadInput with its Column.
func ParseCommon(text string) (filter.Expr, error) {
	return filter.Parse(text, newSchema(&Header{Own: true}))
}

// Preset is a filter that everybody wants, as a page offers it.
type Preset struct {
	Name   string `json:"name"`  // for example "rare"
	Title  string `json:"title"` // what a person reads
	Filter string `json:"filter"`
	Blank  bool   `json:"blank,omitempty"` // the filter is to be completed by what a person types: a gene list, a region, a sample's genotype
}

// PresetsOf returns the presets that make sense for a result with such a header: those that ask for a database only where it is there.
func PresetsOf(h *Header) []Preset {
	list := []Preset{
		{Name: "high", Title: "High impact", Filter: "impact = HIGH"},
		{Name: "coding", Title: "Moderate or high impact", Filter: "impact >= MODERATE"},
		{Name: "pass", Title: "Passed all filters", Filter: "filter = PASS"},
	}
	if rare := rareFilter(h); rare != "" {
		list = append(list, Preset{Name: "rare", Title: "Rare: below 1 % or not known", Filter: rare})
	}
	if clinical := clinicalField(h); clinical != "" {
		list = append(list, Preset{Name: "clinvar", Title: "ClinVar: pathogenic or likely pathogenic", Filter: clinical + ` ~ "(^|[,&|/])(Pathogenic|Likely_pathogenic)"`})
	}
	list = append(list,
		Preset{Name: "genes", Title: "Genes", Filter: "gene in (BRCA1, BRCA2)", Blank: true},
		Preset{Name: "region", Title: "Region", Filter: "region = 21:25000000-25100000", Blank: true})
	if len(h.Samples) > 0 {
		f := filter.Comparison{Field: filter.Field{Name: "gt." + h.Samples[0]}, Op: filter.In, Values: []string{"hom", "het"}}
		list = append(list, Preset{Name: "genotype", Title: "Carried by a sample", Filter: f.String(), Blank: true})
	}
	return list
}

// rareFilter asks every database for a frequency below 1 %.
func rareFilter(h *Header) string {
	var terms []string
	for _, d := range h.Databases {
		for _, f := range d.Fields {
			if f.Type == "Float" && (f.ID == "AF" || f.ID == "AF_grpmax" || f.ID == "AF_popmax" || strings.HasSuffix(f.ID, "_AF")) {
				name := d.Name + "." + f.ID
				terms = append(terms, "("+name+" < 0.01 or "+name+" = missing)")
			}
		}
	}
	return strings.Join(terms, " and ")
}

func clinicalField(h *Header) string {
	for _, d := range h.Databases {
		if slices.ContainsFunc(d.Fields, func(f DatabaseField) bool { return f.ID == "CLNSIG" }) {
			return d.Name + ".CLNSIG"
		}
	}
	return ""
}

// severity orders consequence texts by their most severe term.
func severity(text string) int {
	best := len(consequence.TermNames())
	for name := range strings.SplitSeq(text, "&") {
		if t, ok := consequence.TermOf(name); ok {
			best = min(best, t.Rank())
		}
	}
	return best
}
