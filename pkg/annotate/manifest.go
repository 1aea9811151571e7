package annotate

import (
	"encoding/json"
	"io"
)

// Manifest says what was run on what: manifest.json. Its command, with the same version and data, gives the same bytes.
type Manifest struct {
	GAS       string           `json:"gas"`     // version
	Command   string           `json:"command"` // repeats the run on the input under its name
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

// manifest makes the manifest of a run with these options on these files.
func (s *Summary) manifest(f *Files, o Options) *Manifest {
	options := settled(o.Settings, s.Reference.Name)
	return &Manifest{GAS: o.Version, Command: f.command(options), Input: s.Input, Reference: s.Reference, Databases: s.databases, Options: options, Records: s.Records}
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
