package overlay

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Preset is what is known of a database that everybody uses: how its header tells it, and which fields are worth having.
type Preset struct {
	Name    string   // also the name of the database unless another is given
	Fields  []string // of these, those that the header declares
	matches func(*vcfHeader) bool
	version func(h *vcfHeader, file string) string
}

// Presets are the databases that are known by their header. They are used where no fields are named.
var Presets = []Preset{
	{
		Name:    "clinvar",
		Fields:  []string{"CLNSIG", "CLNREVSTAT", "CLNDN", "CLNSIGCONF", "ALLELEID"},
		matches: func(h *vcfHeader) bool { return strings.EqualFold(h.source, "ClinVar") },
		version: func(h *vcfHeader, _ string) string { return h.date },
	},
	{
		Name:    "dbsnp",
		Fields:  []string{"RS", "COMMON", "FREQ", "CAF"},
		matches: func(h *vcfHeader) bool { return h.dbSNP != "" || strings.HasPrefix(strings.ToLower(h.source), "dbsnp") },
		version: func(h *vcfHeader, _ string) string { return h.dbSNP },
	},
	{
		Name:    "gnomad",
		Fields:  []string{"AF", "AC", "AN", "nhomalt", "AF_grpmax", "AF_popmax"},
		matches: func(h *vcfHeader) bool { _, counted := h.field("nhomalt"); return counted || h.gnomAD && h.has("AF") },
		version: func(_ *vcfHeader, file string) string { return gnomadVersion.FindString(filepath.Base(file)) },
	},
}

var gnomadVersion = regexp.MustCompile(`v?\d+\.\d+(\.\d+)?`)

func (h *vcfHeader) has(id string) bool {
	return slices.ContainsFunc(h.fields, func(f Field) bool { return f.ID == id })
}

// presetOf returns the preset that a header tells, nil where none does.
func presetOf(h *vcfHeader) *Preset {
	for i := range Presets {
		if Presets[i].matches(h) {
			return &Presets[i]
		}
	}
	return nil
}
