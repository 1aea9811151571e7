package overlay

import (
	"strings"

	"gas/pkg/fault"
)

// Description is what a database says of itself: what was compiled, from which file, and which fields it has.
type Description struct {
	Name    string   `json:"name"`
	Kind    Kind     `json:"kind"`
	Preset  string   `json:"preset,omitempty"`  // clinvar, dbsnp, gnomad
	Version string   `json:"version,omitempty"` // as its header says: ClinVar's date, dbSNP's build
	Source  Source   `json:"source"`
	Contigs []string `json:"contigs"` // in the order of the rows
	Fields  []Field  `json:"fields"`
	Rows    int64    `json:"rows"`    // alleles or intervals
	Skipped int64    `json:"skipped"` // alleles that are not made of bases: symbolic ones, breakends, `*`
	// Reference is the one on whose sequence insertions and deletions were moved to the left; empty where they are as they were given.
	Reference string `json:"reference,omitempty"`
	Moved     int64  `json:"moved,omitempty"` // alleles that were moved
	Digest    string `json:"-"`               // sha256 of the compiled file, of its source where it is not compiled; hexadecimal
	Path      string `json:"-"`               // where it was opened
}

// Source is the file that a database was made of.
type Source struct {
	File   string `json:"file"` // its name without folders
	Size   int64  `json:"size"` // in bytes
	SHA256 string `json:"sha256"`
}

// Kind says how rows are found.
type Kind string

// The kinds of database.
const (
	Alleles   Kind = "alleles"   // by exact allele
	Intervals Kind = "intervals" // by overlap
)

// chooseFields finds the fields that were asked for; where none were, those of the preset.
func (d *Description) chooseFields(h *vcfHeader, asked []string, file string) error {
	if preset := presetOf(h); preset != nil {
		d.Preset, d.Version = preset.Name, preset.version(h, file)
		if len(asked) == 0 {
			for _, id := range preset.Fields {
				if h.has(id) {
					asked = append(asked, id)
				}
			}
		}
	}
	if d.Version == "" {
		d.Version = h.date
	}
	if len(asked) == 0 {
		return fault.New(fault.BadInput, "Which fields of %s are wanted is not said, and its header is that of no database with a preset.", d.Source.File).
			WithHint("Name fields; the header declares %s.", strings.Join(h.ids(), ", "))
	}
	for _, id := range asked {
		f, ok := h.field(id)
		if !ok {
			return fault.New(fault.BadInput, "The header of %s declares no INFO field %q.", d.Source.File, id).WithHint("It declares %s.", strings.Join(h.ids(), ", "))
		}
		d.Fields = append(d.Fields, f)
	}
	return nil
}

func (h *vcfHeader) ids() []string {
	ids := make([]string, 0, len(h.fields)+len(columnFields))
	for _, list := range [][]Field{h.fields, columnFields} {
		for _, f := range list {
			ids = append(ids, f.ID)
		}
	}
	return ids
}
