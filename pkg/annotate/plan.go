package annotate

import (
	"bytes"
	"fmt"
	"strings"

	"gas/pkg/consequence"
	"gas/pkg/consequence/bcsq"
	"gas/pkg/genome"
	index "gas/pkg/results"
	"gas/pkg/vcf"
)

// plan is what is done with every record of a file. It is immutable and shared by the workers.
type plan struct {
	annotator *Annotator
	engine    *consequence.Engine
	reference *genome.Reference
	contigs   *genome.ContigMap // nil without a reference
	misfits   []string          // sentences that say where the header does not fit the reference
	header    *vcf.Header
	sieve     *index.Sieve // of the filter; nil where there is none
	limits    vcf.Limits
	format    Format
	fields    []consequence.Field // of a row or object; VCF leaves them to the engine
	own       ownKeys
	entry     []byte // the engine's key with its "="
	ends      bool   // records may have an END
	rejected  int    // records that may be rejected before the file is
}

func newPlan(a *Annotator, h *vcf.Header, format Format, o Options) *plan {
	p := &plan{annotator: a, engine: a.Engine, reference: a.Reference, header: h, limits: o.Limits, format: format, rejected: o.MaxRejected}
	p.ends = h.Declared("INFO", "END") != nil
	if p.engine != nil {
		p.entry = []byte(p.engine.Key() + "=")
		p.own.add(p.entry)
		for _, name := range p.engine.FieldNames() {
			if f, ok := consequence.FieldNamed(name); ok {
				p.fields = append(p.fields, f)
			}
		}
	}
	for _, line := range a.overlayLines() {
		if id := infoID(line); id != "" {
			p.own.add([]byte(id + "="))
		}
	}
	if p.reference != nil {
		p.contigs, p.misfits = genome.MapContigs(p.reference, headerContigs(h))
	}
	return p
}

// bases are those of a contig by its name in the file, nil where the reference lacks it or there is none.
func (p *plan) bases(contig []byte) []byte {
	if p.contigs == nil {
		return nil
	}
	i, ok := p.contigs.Contig(contig)
	if !ok {
		return nil
	}
	return p.reference.Bases(i, 0, p.reference.Contigs[i].Length)
}

// overlayLines are the header lines of all databases.
func (a *Annotator) overlayLines() []string {
	var lines []string
	for _, o := range a.Overlays {
		lines = append(lines, o.HeaderLines()...)
	}
	return lines
}

// infoID is the ID of an ##INFO line.
func infoID(line string) string {
	_, rest, ok := strings.Cut(line, "##INFO=<ID=")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, ",")
	return id
}

// outputHeader is the header of the result, with its line ends.
func (p *plan) outputHeader(h *vcf.Header, o Options) []byte {
	switch p.format {
	case TSV:
		return p.tableHeader()
	case JSONLines:
		return nil
	}
	return p.vcfHeader(h, o)
}

// vcfHeader is the header of a result that is a VCF.
func (p *plan) vcfHeader(h *vcf.Header, o Options) []byte {
	var b bytes.Buffer
	for i, line := range h.Lines {
		if !p.replaces(&h.Meta[i]) {
			b.Write(line)
			b.WriteByte('\n')
		}
	}
	if len(h.Lines) == 0 {
		b.WriteString("##fileformat=VCFv4.2\n")
	}
	for _, line := range p.ownLines(o) {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	b.Write(h.Column)
	b.WriteByte('\n')
	return b.Bytes()
}

// replaces tells whether a line of the input describes what an earlier run left and this one writes anew, as VEP replaces its own.
func (p *plan) replaces(m *vcf.Meta) bool {
	if strings.HasPrefix(m.Key, "GAS") {
		return true
	}
	if p.annotator.Haplotypes != nil && (m.Key == "INFO" || m.Key == "FORMAT") && m.Get("ID") == "BCSQ" {
		return true
	}
	if m.Key != "INFO" {
		return false
	}
	for _, key := range p.own.keys {
		if m.Get("ID")+"=" == string(key) {
			return true
		}
	}
	return false
}

// ownLines are the header lines that say what was run, and declare what was added.
func (p *plan) ownLines(o Options) []string {
	version := o.Version
	if version == "" {
		version = "unknown"
	}
	lines := []string{fmt.Sprintf("##GAS=<ID=version,Value=%s>", quoted(version))}
	name := ""
	if p.reference != nil {
		name = p.reference.Name
		lines = append(lines, fmt.Sprintf("##GAS=<ID=reference,Name=%s,Digest=%s>", quoted(p.reference.Name), quoted(p.reference.Digest)))
	}
	if o.Settings != nil {
		lines = append(lines, fmt.Sprintf("##GAS=<ID=command,Value=%s>", quoted(commandOf(settled(o.Settings, name)))))
	}
	if p.sieve != nil {
		lines = append(lines, fmt.Sprintf("##GAS=<ID=filter,Value=%s>", quoted(p.sieve.String())))
	}
	if p.engine != nil {
		lines = append(lines, p.engine.HeaderLine())
	}
	if haplotypes := p.annotator.Haplotypes; haplotypes != nil {
		options := *haplotypes
		options.Samples = len(p.header.Samples)
		lines = append(lines, bcsq.Header(options)...)
	}
	return append(lines, p.annotator.overlayLines()...)
}

// quoted is a value as a structured header line holds it.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ").Replace(s) + `"`
}
