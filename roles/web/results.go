package web

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"gas/pkg/annotate"
	"gas/pkg/fault"
	"gas/pkg/job"
)

// summaryJSON is what the page reads of summary.json. A summary of another version may lack members: what is missing is not shown.
type summaryJSON struct {
	Reference struct {
		Name   string `json:"name"`
		Choice string `json:"choice"`
	} `json:"reference"`
	Records struct {
		Read          int64       `json:"read"`
		Annotated     int64       `json:"annotated"`
		PassedThrough int64       `json:"passed_through"`
		Rejected      int64       `json:"rejected"`
		Passed        []countJSON `json:"passed_through_because"`
		Rejections    []struct {
			Line   int64  `json:"line"`
			Reason string `json:"reason"`
		} `json:"rejections"`
	} `json:"records"`
	Variants      int64       `json:"variants"`
	Alleles       int64       `json:"alleles"`
	GenesTouched  int         `json:"genes_touched"`
	Consequences  []countJSON `json:"consequences"`
	Impacts       []countJSON `json:"impacts"`
	Types         []countJSON `json:"types"`
	Transitions   int64       `json:"transitions"`
	Transversions int64       `json:"transversions"`
	TsTv          *float64    `json:"ts_tv"`
	IndelLengths  []struct {
		Gained int   `json:"gained"`
		Count  int64 `json:"count"`
	} `json:"indel_lengths"`
	Contigs []struct {
		Name    string `json:"name"`
		Records int64  `json:"records"`
	} `json:"contigs"`
	Samples []struct {
		Name    string `json:"name"`
		HomRef  int64  `json:"hom_ref"`
		Het     int64  `json:"het"`
		HomAlt  int64  `json:"hom_alt"`
		Missing int64  `json:"missing"`
	} `json:"samples"`
	TopGenes []struct {
		ID       string `json:"id"`
		Symbol   string `json:"symbol"`
		Alleles  int64  `json:"alleles"`
		High     int64  `json:"high"`
		Moderate int64  `json:"moderate"`
		Low      int64  `json:"low"`
		Modifier int64  `json:"modifier"`
	} `json:"top_genes"`
	Warnings []struct {
		Count   int64  `json:"count"`
		Line    int64  `json:"line"`
		Message string `json:"message"`
	} `json:"warnings"`
}

type countJSON struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

const maxSummary = 16 << 20 // bytes of a summary that a page reads

// summaryOf reads a job's summary. nil where the job has none yet.
func (s *site) summaryOf(c echo.Context, v sight) (*summaryJSON, error) {
	object, blobs, err := s.fileOf(v, job.FileSummary)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	body, err := s.openBlob(c.Request().Context(), blobs, object)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxSummary))
	if err != nil {
		return nil, fmt.Errorf("read summary: %w", err)
	}
	var out summaryJSON
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("read summary: %w", err)
	}
	return &out, nil
}

type summaryView struct {
	Missing  string
	Figures  []figureView
	Ledger   string
	Passed   []passedView
	Rejected []rejectedView
	Charts   []chartView
	Tables   []plainTable
}

// passedView is how many records were passed through for a reason.
type passedView struct{ Count, Reason string }

type rejectedView struct{ Line, Reason string }

// plainTable is a table whose first column names its rows.
type plainTable struct {
	Title, Note string
	Columns     []string
	Rows        [][]string
	More        *linkView
}

// summaryPage answers GET /annotations/:id and …/summary.
func (s *site) summaryPage(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	sum, err := s.summaryOf(c, v)
	if err != nil {
		return err
	}
	if sum == nil {
		return s.showJob(c, v, "job_summary", "summary", summaryView{Missing: noSummary(v)})
	}
	return s.showJob(c, v, "job_summary", "summary", sum.view("/annotations/"+v.ID+"/genes"))
}

// noSummary says why there is none.
func noSummary(v sight) string {
	switch {
	case !v.Status.Final():
		return "Figures and charts stand here when the job is done."
	case v.Status == job.Completed:
		return "This job has no summary; its files hold everything."
	}
	text := "The job ended without a result, so there is nothing to sum up."
	if v.Files[job.FileLog].Key != "" {
		text += " The log says how far it came."
	}
	return text
}

func (j *summaryJSON) view(genes string) summaryView {
	view := summaryView{Figures: j.figures(), Ledger: j.ledger(), Charts: j.charts(), Tables: j.tables(genes)}
	for _, p := range j.Records.Passed {
		view.Passed = append(view.Passed, passedView{countText(p.Count), visible(annotate.Words(p.Name))})
	}
	for _, r := range j.Records.Rejections[:min(100, len(j.Records.Rejections))] {
		view.Rejected = append(view.Rejected, rejectedView{countText(r.Line), visible(r.Reason)})
	}
	return view
}

func (j *summaryJSON) figures() []figureView {
	ratio := "–"
	if j.TsTv != nil {
		ratio = fmt.Sprintf("%.2f", *j.TsTv)
	}
	missed := j.Records.PassedThrough + j.Records.Rejected
	because := ""
	switch {
	case len(j.Records.Passed) == 1 && j.Records.Rejected == 0:
		because = visible(annotate.Words(j.Records.Passed[0].Name))
	case missed > 0:
		because = "why stands in the ledger"
	}
	return []figureView{
		{"Variants", countText(j.Variants), "records"},
		{"Alleles", countText(j.Alleles), ""},
		{"Genes touched", countText(j.GenesTouched), ""},
		{"High impact", countText(countOf(j.Impacts, "HIGH")), "alleles"},
		{"Ts/Tv", ratio, countText(j.Transitions) + " / " + countText(j.Transversions)},
		{"Not annotated", countText(missed), because},
	}
}

func (j *summaryJSON) ledger() string {
	r := j.Records
	return fmt.Sprintf("%s read = %s annotated + %s passed through + %s rejected",
		plural(r.Read, "record", "records"), countText(r.Annotated), countText(r.PassedThrough), countText(r.Rejected))
}

func countOf(counts []countJSON, name string) int64 {
	for _, c := range counts {
		if c.Name == name {
			return c.Count
		}
	}
	return 0
}

func (j *summaryJSON) charts() []chartView {
	var out []chartView
	add := func(id, title, of string, bars []barOf) {
		if len(bars) > 0 {
			out = append(out, barChart(id, title, of, bars))
		}
	}
	add("consequences", "Consequences, most severe of each allele", "Consequence", top(barsOf(j.Consequences, nil), 14))
	add("impacts", "Impact", "Impact", barsOf(j.Impacts, func(name string) string { return "tone-" + name }))
	add("types", "Variant types", "Type", barsOf(j.Types, nil))
	var contigs []countJSON
	for _, c := range j.Contigs {
		contigs = append(contigs, countJSON{c.Name, c.Records})
	}
	if len(contigs) > 1 {
		add("contigs", "Records by chromosome", "Chromosome", top(barsOf(contigs, nil), 30))
	}
	if len(j.IndelLengths) > 0 {
		lengths := map[int]int64{}
		for _, l := range j.IndelLengths {
			lengths[l.Gained] += l.Count
		}
		out = append(out, lengthChart(lengths))
	}
	return out
}

func barsOf(counts []countJSON, class func(string) string) []barOf {
	var bars []barOf
	for _, c := range counts {
		if c.Count == 0 {
			continue
		}
		bar := barOf{name: visible(c.Name), count: c.Count}
		if class != nil && !strings.ContainsAny(c.Name, " \t\"<>") {
			bar.class = class(c.Name)
		}
		bars = append(bars, bar)
	}
	return bars
}

// top keeps the first n bars and adds up the rest in one.
func top(bars []barOf, n int) []barOf {
	if len(bars) <= n {
		return bars
	}
	rest := barOf{name: "others"}
	for _, b := range bars[n-1:] {
		rest.count += b.count
	}
	return append(slices.Clone(bars[:n-1]), rest)
}

const topGenes = 10

func (j *summaryJSON) tables(genes string) []plainTable {
	var out []plainTable
	if len(j.TopGenes) > 0 {
		t := plainTable{Title: "Top genes, by alleles", Note: "Alleles in a gene, by their greatest impact there on any transcript.", More: &linkView{URL: genes, Text: "All genes, with their variants"}, Columns: []string{"Gene", "High", "Moderate", "Low", "Modifier", "All"}}
		for _, g := range j.TopGenes[:min(topGenes, len(j.TopGenes))] {
			t.Rows = append(t.Rows, []string{visible(orDefault(g.Symbol, g.ID)), countText(g.High), countText(g.Moderate), countText(g.Low), countText(g.Modifier), countText(g.Alleles)})
		}
		out = append(out, t)
	}
	if len(j.Samples) > 0 {
		t := plainTable{Title: "Samples, genotypes", Columns: []string{"Sample", "0/0", "Het", "Hom alt", "Missing"}}
		for _, p := range j.Samples[:min(50, len(j.Samples))] {
			t.Rows = append(t.Rows, []string{visible(p.Name), countText(p.HomRef), countText(p.Het), countText(p.HomAlt), countText(p.Missing)})
		}
		if more := len(j.Samples) - 50; more > 0 {
			t.Title = "Samples, genotypes: the first 50 of " + countText(len(j.Samples))
		}
		out = append(out, t)
	}
	return out
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
