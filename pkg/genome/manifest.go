package genome

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// ManifestFile is the name of the manifest in a reference's folder.
const ManifestFile = "manifest.json"

// Manifest says for people and programs what a reference was made of. The compiled file does not need it.
type Manifest struct {
	Name        string   `json:"name"`
	Source      string   `json:"source"`
	Digest      string   `json:"digest"`
	Layout      int      `json:"layout"`
	Contigs     int      `json:"contigs"`
	Bases       int64    `json:"bases"`
	Genes       int      `json:"genes"`
	Transcripts int      `json:"transcripts"`
	Inputs      []Input  `json:"inputs"`
	Warnings    []string `json:"warnings,omitempty"`
}

// Input is a file that a reference was made of.
type Input struct {
	Kind   string `json:"kind"` // "genes" or "sequence"
	File   string `json:"file"` // without its folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (b *build) writeManifest() error {
	m := Manifest{
		Name: b.ref.Name, Source: b.ref.Source, Digest: b.ref.Digest, Layout: layoutVersion, Contigs: len(b.ref.Contigs), Genes: len(b.ref.Genes),
		Transcripts: len(b.ref.Transcripts), Inputs: b.inputs, Warnings: b.warnings(),
	}
	for i := range b.ref.Contigs {
		m.Bases += int64(b.ref.Contigs[i].Length)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.Out, ManifestFile), append(text, '\n'), 0o644)
}

// ReadManifest reads the manifest in a reference's folder.
func ReadManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, ManifestFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the reference's manifest: %w", err)
	}
	m := new(Manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return m, nil
}

// validName is what a reference may be called: its name is also its folder's.
var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// CheckName returns an error for what cannot be the name of a reference.
func CheckName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("%q cannot be the name of a reference: use letters, digits, '.', '_' and '-', at most 100", name)
	}
	return nil
}
