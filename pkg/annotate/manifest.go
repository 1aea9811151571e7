package annotate

import (
	"encoding/json"
	"io"
)

// Manifest says what was run on what: manifest.json. A repeated run gives the same bytes.
type Manifest struct {
	GAS       string           `json:"gas"` // version
	Command   string           `json:"command"`
	Input     InputSummary     `json:"input"`
	Reference ReferenceSummary `json:"reference"`
	Databases []Database       `json:"databases"`
	Options   []Setting        `json:"options"`
	Records   LedgerSummary    `json:"records"`
}

// Database is a database that was used.
type Database struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // SHA-256, in hexadecimal
}

// Setting is an option with its value, as a person would give it.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Manifest makes the manifest of a run with these options.
func (s *Summary) Manifest(o Options) *Manifest {
	return &Manifest{GAS: o.Version, Command: o.Command, Input: s.Input, Reference: s.Reference, Databases: s.databases, Options: o.Settings, Records: s.Records}
}

// WriteJSON writes the manifest.
func (m *Manifest) WriteJSON(w io.Writer) error { return writeJSON(w, m) }

// WriteJSON writes the summary.
func (s *Summary) WriteJSON(w io.Writer) error { return writeJSON(w, s) }

func writeJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}
