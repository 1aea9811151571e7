package genome

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"gas/pkg/fault"
	"strings"
)

// ErrUnknown says that no reference has the name that was asked for.
var ErrUnknown = errors.New("no such reference")

// Unknown tells a person that there is no reference of a name; it is ErrUnknown.
func Unknown(name string) error {
	return fault.New(fault.UnknownRef, "There is no reference %s.", name).WithHint("gas reference list tells which there are").Because(ErrUnknown)
}

// builtinFiles are the sequences and gene tables of the references that come with the program. builtin/make.py makes the sequences; docs/references.md says where the facts are from.
//
//go:embed builtin/*.fa builtin/*.tsv
var builtinFiles embed.FS

// builtinReference describes one reference that comes with the program.
type builtinReference struct {
	name         string
	others       []string // further names by which it is asked for
	source       string   // of its gene table
	symbolSource string
	contig       ContigModel // without length and MD5, which its bases give
	md5          string      // of its bases
}

// builtins are the references that come with the program.
var builtins = [...]builtinReference{
	{
		name: "rCRS", others: []string{"MT", "NC_012920.1"}, source: "RefSeq", md5: "c68f52674c9fb33aef52dcf399755519",
		contig: ContigModel{Name: "MT", GeneticCode: 2, Circular: true},
	},
	{
		name: "SARS-CoV-2", others: []string{"MN908947.3", "NC_045512.2"}, source: "Ensembl", symbolSource: "EntrezGene", md5: "105c82802b67521950854a851fc6eefd",
		contig: ContigModel{Name: "MN908947.3", Aliases: []string{"NC_045512.2", "NC_045512v2"}},
	},
}

// BuiltinNames returns the names of the references that come with the program.
func BuiltinNames() []string {
	names := make([]string, 0, len(builtins))
	for _, b := range builtins {
		names = append(names, b.name)
	}
	return names
}

// Builtin returns a reference that comes with the program: rCRS (also MT, NC_012920.1) or SARS-CoV-2 (also MN908947.3, NC_045512.2). Case does not matter. ErrUnknown for any other name.
func Builtin(name string) (*Reference, error) {
	if b := builtinNamed(name); b != nil {
		return b.build()
	}
	return nil, Unknown(name)
}

// builtinNamed finds a reference that comes with the program by one of its names, nil where there is none.
func builtinNamed(name string) *builtinReference {
	for i := range builtins {
		for _, known := range append([]string{builtins[i].name}, builtins[i].others...) {
			if strings.EqualFold(name, known) {
				return &builtins[i]
			}
		}
	}
	return nil
}

// build compiles the reference in memory, which takes about a millisecond.
func (b *builtinReference) build() (*Reference, error) {
	sequence, err := builtinFiles.ReadFile("builtin/" + b.name + ".fa")
	if err != nil {
		return nil, err
	}
	genes, err := builtinFiles.ReadFile("builtin/" + b.name + ".tsv")
	if err != nil {
		return nil, err
	}
	bases, err := readOne(sequence)
	if err != nil {
		return nil, fmt.Errorf("built-in reference %s: %w", b.name, err)
	}
	builder := NewBuilder(b.name, b.source).Contig(b.contig, bases)
	if err := b.addGenes(builder, string(genes)); err != nil {
		return nil, fmt.Errorf("built-in reference %s: %w", b.name, err)
	}
	r, err := builder.Reference()
	if err != nil {
		return nil, fmt.Errorf("built-in reference %s: %w", b.name, err)
	}
	digest := sha256.Sum256(append(sequence, genes...))
	r.Digest = hex.EncodeToString(digest[:])
	return r, nil
}

// readOne reads the one sequence of a FASTA file.
func readOne(text []byte) ([]byte, error) {
	fasta := NewFASTA(bytes.NewReader(text))
	if _, err := fasta.Next(); err != nil {
		return nil, err
	}
	var bases bytes.Buffer
	_, err := bases.ReadFrom(fasta)
	return bases.Bytes(), err
}

// addGenes reads a gene table: gene, symbol, transcript, version, protein, biotype, strand, exon, CDS, parted by tabs; "." is nothing.
func (b *builtinReference) addGenes(builder *Builder, table string) error {
	genes := make(map[string]int)
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) != 9 {
			return fmt.Errorf("a gene table's line has %d columns", len(columns))
		}
		for i, c := range columns {
			columns[i] = strings.TrimPrefix(c, ".")
		}
		exons, cds := intervals(columns[7]), intervals(columns[8])
		t := TranscriptModel{ID: columns[2], Version: columns[3], Protein: columns[4], Biotype: columns[5], Contig: b.contig.Name, Strand: 1, Exons: exons, Flags: ExonsListed}
		if columns[6] == "-" {
			t.Strand = -1
		}
		for _, s := range cds {
			t.CDS = append(t.CDS, CDS{Span: s})
		}
		if _, known := genes[columns[0]]; !known {
			genes[columns[0]] = builder.Gene(GeneModel{ID: columns[0], Symbol: columns[1], SymbolSource: b.symbolSource, Biotype: columns[5]})
		}
		t.Gene = genes[columns[0]]
		builder.Transcript(t)
	}
	return nil
}

// intervals reads "266-13468,13468-21555", 1-based and closed. What is no interval gives an empty one, which the compiler refuses.
func intervals(text string) []Span {
	if text == "" {
		return nil
	}
	var list []Span
	for part := range strings.SplitSeq(text, ",") {
		from, to, _ := strings.Cut(part, "-")
		start, _ := number([]byte(from))
		end, _ := number([]byte(to))
		list = append(list, Span{uint32(max(start, 1) - 1), uint32(end)})
	}
	return list
}
