package overlay

import (
	"os"
	"regexp"
	"strings"

	"gas/pkg/fault"
)

// Spec names a database to use and what is wanted of it, as `--db [NAME=]FILE[:FIELD,…]` does.
type Spec struct {
	Name   string   // empty: the database's own
	File   string   // a .gasdb, or a VCF compressed by bgzip beside its index
	Fields []string // empty: all fields of a compiled database, the preset's of another
}

var (
	specName   = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=(.+)$`)
	specFields = regexp.MustCompile(`^(.+):([A-Za-z0-9_.,]+)$`)
)

// ParseSpec reads `[NAME=]FILE[:FIELD,…]`. A text that is the path of a file as it stands is that file.
func ParseSpec(text string) (Spec, error) {
	s := Spec{File: text}
	if text == "" {
		return s, fault.New(fault.Usage, "A database needs a file: [NAME=]FILE[:FIELD,…].")
	}
	if _, err := os.Stat(text); err == nil {
		return s, nil
	}
	if m := specName.FindStringSubmatch(s.File); m != nil {
		s.Name, s.File = m[1], m[2]
	}
	if _, err := os.Stat(s.File); err == nil {
		return s, nil
	}
	if m := specFields.FindStringSubmatch(s.File); m != nil {
		s.File = m[1]
		for field := range strings.SplitSeq(m[2], ",") {
			if field != "" {
				s.Fields = append(s.Fields, field)
			}
		}
	}
	return s, nil
}
