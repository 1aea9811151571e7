package annotate

import (
	"cmp"
	"fmt"
	"slices"

	"gas/pkg/consequence"
	"gas/pkg/fault"
	"gas/pkg/vcf"
	"gas/pkg/vcf/bgzf"
)

// Summary is what was counted on the way: summary.json. Its bytes depend on the input and the options alone.
type Summary struct {
	Input        InputSummary     `json:"input"`
	Reference    ReferenceSummary `json:"reference"`
	Records      LedgerSummary    `json:"records"`
	Variants     int64            `json:"variants"` // records that were annotated or passed through
	Alleles      int64            `json:"alleles"`
	GenesTouched int              `json:"genes_touched"`
	Consequences []Count          `json:"consequences"` // alleles by their most severe term, the most severe first
	Impacts      []Count          `json:"impacts"`      // alleles, HIGH first
	Types        []Count          `json:"types"`        // alleles
	Transitions  int64            `json:"transitions"`
	Transversion int64            `json:"transversions"`
	TsTv         *float64         `json:"ts_tv"`         // null without transversions
	IndelLengths []Length         `json:"indel_lengths"` // alleles by the bases that they gain
	Contigs      []ContigSummary  `json:"contigs"`       // in the order of the file
	Samples      []SampleSummary  `json:"samples"`
	TopGenes     []GeneSummary    `json:"top_genes"` // by alleles of high, then moderate, then any impact
	Sorted       bool             `json:"sorted"`
	Index        string           `json:"index"` // "tbi" or "csi", empty when none was made
	Warnings     []Warning        `json:"warnings"`

	Ledger    Ledger `json:"-"`
	counts    *counts
	header    *vcf.Header
	order     []string // of the contigs in the file
	databases []Database
	packed    *bgzf.Writer // of the result, closed; nil where that is not compressed
}

// High is how many alleles have HIGH as their greatest impact.
func (s *Summary) High() *int64 {
	high := int64(0)
	for _, c := range s.Impacts {
		if c.Name == consequence.High.String() {
			high = c.Count
		}
	}
	return &high
}

// InputSummary is what was read.
type InputSummary struct {
	Name        string `json:"name"`
	Size        int64  `json:"size"` // bytes
	SHA256      string `json:"sha256,omitempty"`
	Compression string `json:"compression"`
	Version     string `json:"vcf_version"` // empty where the file does not say one
	Samples     int    `json:"samples"`
}

// ReferenceSummary is what the file was annotated with.
type ReferenceSummary struct {
	Name   string `json:"name,omitempty"`
	Digest string `json:"digest,omitempty"`
	Choice string `json:"choice,omitempty"` // why this one

	Misfits []string `json:"misfits,omitempty"` // sentences that say where the header does not fit it
}

// LedgerSummary is the ledger as summary.json has it.
type LedgerSummary struct {
	Read          int64       `json:"read"`
	Annotated     int64       `json:"annotated"`
	PassedThrough int64       `json:"passed_through"`
	Rejected      int64       `json:"rejected"`
	LeftOut       int64       `json:"left_out,omitempty"` // of those annotated or passed through, by the filter
	Passed        []Count     `json:"passed_through_because,omitempty"`
	Rejections    []Rejection `json:"rejections,omitempty"`
}

// Rejection is a record that was rejected.
type Rejection struct {
	Line   int64  `json:"line"`
	Column int    `json:"column,omitempty"`
	Reason string `json:"reason"`
}

// Warning is a rule of leniency that was used.
type Warning struct {
	Rule    string `json:"rule"`
	Number  int    `json:"number"` // of the rule in docs/input.md
	Count   int64  `json:"count"`
	Line    int64  `json:"line"` // of its first use
	Message string `json:"message"`
}

// String is the warning as a person reads it.
func (w Warning) String() string {
	return fmt.Sprintf("line %d: %s (rule %d, %s; %s)", w.Line, w.Message, w.Number, w.Rule, times(w.Count))
}

// Count is a name with how often it was met.
type Count struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// Length is a number of bases gained, below 0 lost, with how many alleles do. The first and the last stand for all longer ones, too.
type Length struct {
	Gained int   `json:"gained"`
	Count  int64 `json:"count"`
}

// ContigSummary counts a contig's records.
type ContigSummary struct {
	Name      string `json:"name"`
	Records   int64  `json:"records"`
	Annotated int64  `json:"annotated"`
}

// SampleSummary counts a sample's genotypes.
type SampleSummary struct {
	Name    string `json:"name"`
	HomRef  int64  `json:"hom_ref"`
	Het     int64  `json:"het"`
	HomAlt  int64  `json:"hom_alt"`
	Missing int64  `json:"missing"`
}

// GeneSummary counts the alleles that touch a gene, by their greatest impact there.
type GeneSummary struct {
	ID       string `json:"id"`
	Symbol   string `json:"symbol"`
	Alleles  int64  `json:"alleles"`
	High     int64  `json:"high"`
	Moderate int64  `json:"moderate"`
	Low      int64  `json:"low"`
	Modifier int64  `json:"modifier"`
}

// How much of what may be long is kept.
const (
	topGenes       = 50
	keptRejections = 100
)

func newSummary(name string) *Summary { return &Summary{Input: InputSummary{Name: name}, Sorted: true} }

// note adds a rule's uses.
func (s *Summary) note(n vcf.Note, count int64) {
	for i := range s.Warnings {
		if w := &s.Warnings[i]; w.Number == int(n.Rule) {
			w.Count += count
			return
		}
	}
	s.Warnings = append(s.Warnings, Warning{n.Rule.String(), int(n.Rule), count, n.Line, n.Message})
}

// reject keeps a rejected record.
func (s *Summary) reject(f *fault.Fault) {
	if len(s.Records.Rejections) < keptRejections {
		s.Records.Rejections = append(s.Records.Rejections, Rejection{f.Line, f.Column, f.Message})
	}
}

// takeHeader takes what the header shows.
func (s *Summary) takeHeader(h *vcf.Header) {
	s.header = h
	s.Input.Version, s.Input.Samples = h.Version, len(h.Samples)
	for _, n := range h.Notes() {
		s.note(n, 1)
	}
}

// takePlan takes what the file is annotated with, and makes room for counts.
func (s *Summary) takePlan(p *plan) {
	s.counts = newCounts(p)
	s.Reference.Choice, s.databases = p.annotator.Choice, p.annotator.Databases
	if p.reference != nil {
		s.Reference.Name, s.Reference.Digest, s.Reference.Misfits = p.reference.Name, p.reference.Digest, p.misfits
	}
}

// Databases are those that were asked, with their digests.
func (s *Summary) Databases() []Database { return s.databases }

// sum fills the summary from the counts.
func (s *Summary) sum(p *plan) {
	s.sumLedger()
	c := s.counts
	if c == nil {
		return
	}
	c.settle()
	s.Alleles, s.Transitions, s.Transversion = c.alleles(), c.transitions, c.transversions
	if c.transversions > 0 {
		ratio := float64(c.transitions) / float64(c.transversions)
		s.TsTv = &ratio
	}
	for rank, n := range c.terms {
		if n > 0 {
			s.Consequences = append(s.Consequences, Count{string(consequence.Terms(1<<rank).Append(nil, '&')), n})
		}
	}
	impacts := c.impacts()
	for i := consequence.High; ; i-- {
		s.Impacts = append(s.Impacts, Count{i.String(), impacts[i]})
		if i == consequence.Modifier {
			break
		}
	}
	for kind, n := range c.kinds {
		s.Types = append(s.Types, Count{kindNames[kind], n})
	}
	for i, n := range c.lengths {
		if n > 0 {
			s.IndelLengths = append(s.IndelLengths, Length{i - longestIndel, n})
		}
	}
	s.sumContigs()
	s.sumSamples()
	s.sumGenes(p)
}

func (s *Summary) sumLedger() {
	l := &s.Ledger
	s.Records.Read, s.Records.Annotated, s.Records.PassedThrough, s.Records.Rejected = l.Read, l.Annotated, l.PassedThrough, l.Rejected
	s.Records.LeftOut = l.LeftOut
	s.Variants = l.Annotated + l.PassedThrough
	for reason, n := range l.Passed {
		if n > 0 {
			s.Records.Passed = append(s.Records.Passed, Count{Reason(reason).String(), n})
		}
	}
}

// sumContigs lists the contigs in the order in which the file has them.
func (s *Summary) sumContigs() {
	for _, name := range s.order {
		if n := s.counts.contigs[name]; n != nil {
			s.Contigs = append(s.Contigs, ContigSummary{name, n.records, n.annotated})
		}
	}
}

func (s *Summary) sumSamples() {
	c := &s.counts.samples
	for i, name := range s.header.Samples {
		n := c.each[i]
		s.Samples = append(s.Samples, SampleSummary{name, c.records - n[genotypeHet] - n[genotypeHom] - n[genotypeMissing], n[genotypeHet], n[genotypeHom], n[genotypeMissing]})
	}
}

// sumGenes counts the genes touched and lists those touched most.
func (s *Summary) sumGenes(p *plan) {
	var touched []int
	genes := s.counts.genes
	for i := range genes {
		if genes[i].alleles() > 0 {
			touched = append(touched, i)
		}
	}
	s.GenesTouched = len(touched)
	slices.SortFunc(touched, func(a, b int) int {
		x, y := &genes[a], &genes[b]
		return cmp.Or(cmp.Compare(y.impacts[consequence.High], x.impacts[consequence.High]),
			cmp.Compare(y.impacts[consequence.Moderate], x.impacts[consequence.Moderate]), cmp.Compare(y.alleles(), x.alleles()), cmp.Compare(a, b))
	})
	for _, i := range touched[:min(len(touched), topGenes)] {
		g, n := &p.reference.Genes[i], &genes[i]
		s.TopGenes = append(s.TopGenes, GeneSummary{p.reference.String(g.ID), p.reference.String(g.Symbol), n.alleles(),
			int64(n.impacts[consequence.High]), int64(n.impacts[consequence.Moderate]), int64(n.impacts[consequence.Low]), int64(n.impacts[consequence.Modifier])})
	}
}

// someContigs names a few of the file's contigs.
func (s *Summary) someContigs() string {
	names := ""
	for i, c := range s.Contigs[:min(len(s.Contigs), 3)] {
		if i > 0 {
			names += ", "
		}
		names += c.Name
	}
	return names
}
