package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/results"
	"gas/pkg/results/filter"
)

// variantQuery reads filter, sort, cursor and limit.
func variantQuery(c echo.Context, x *results.Index) (results.Query, error) {
	q := results.Query{Sort: c.QueryParam("sort"), Cursor: c.QueryParam("cursor")}
	if text := c.QueryParam("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > results.MaxLimit {
			return q, fault.New(fault.BadInput, "limit is a number from 1 to %d.", results.MaxLimit)
		}
		q.Limit = n
	}
	var err error
	q.Filter, err = x.Parse(c.QueryParam("filter"))
	return q, err
}

// apiVariants answers GET /api/v1/jobs/:id/variants.
func (s *site) apiVariants(c echo.Context) error {
	_, index, done, err := s.variants(c)
	if err != nil {
		return err
	}
	defer done()
	q, err := variantQuery(c, index)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), queryDeadline)
	defer cancel()
	page, err := index.Query(ctx, q)
	if err != nil {
		return err
	}
	if page.Items == nil {
		page.Items = []results.Variant{}
	}
	return c.JSON(http.StatusOK, page)
}

// apiGenes answers GET /api/v1/jobs/:id/genes.
func (s *site) apiGenes(c echo.Context) error {
	_, index, done, err := s.variants(c)
	if err != nil {
		return err
	}
	defer done()
	q, err := variantQuery(c, index)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), queryDeadline)
	defer cancel()
	page, err := index.Genes(ctx, q)
	if err != nil {
		return err
	}
	if page.Items == nil {
		page.Items = []results.Gene{}
	}
	return c.JSON(http.StatusOK, page)
}

// apiExport answers GET /api/v1/jobs/:id/export: the same rows as the page, in the order of the file.
func (s *site) apiExport(c echo.Context) error {
	v, index, done, err := s.variants(c)
	if err != nil {
		return err
	}
	defer done()
	format := results.Format(orDefault(c.QueryParam("format"), string(results.TSV)))
	kind, ok := results.Formats[format]
	if !ok {
		return fault.New(fault.BadInput, "There is no format %q. Expected vcf, tsv, csv, xlsx or jsonl.", visible(firstOf(string(format), 20)))
	}
	what := results.Export{Format: format}
	if what.Filter, err = index.Parse(c.QueryParam("filter")); err != nil {
		return err
	}
	if what.Columns, err = exportColumns(c, index); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", attachment(job.Stem(v.Name)+".variants."+string(format)))
	if c.Request().Method == http.MethodHead {
		return nil
	}
	if err := index.Export(c.Request().Context(), c.Response(), what); err != nil {
		if c.Response().Committed { // a cut connection tells the reader that the file is not whole
			s.Log.Warn().Err(err).Str("request", requestID(c)).Msg("export broke off")
			panic(http.ErrAbortHandler)
		}
		return err
	}
	return nil
}

// exportColumns reads the columns of a table, all where none are named.
func exportColumns(c echo.Context, x *results.Index) ([]string, error) {
	text := c.QueryParam("columns")
	if text == "" {
		return nil, nil
	}
	columns := strings.Split(text, ",")
	for _, name := range columns {
		if !slices.Contains(x.Columns(), name) {
			return nil, fault.New(fault.BadInput, "There is no column %q.", visible(firstOf(name, 60)))
		}
	}
	return columns, nil
}

const variantsOnPage = 50

// variantsView is the tab of variants.
type variantsView struct {
	Missing string
	Filter  string
	Problem string
	Hint    string
	Terms   []termView
	Presets []linkView
	Drafts  []linkView
	Saved   []savedView
	Save    string // where a filter is saved; empty where there is none to save
	Here    string // this page
	Sort    string
	Count   string
	Columns []columnView
	Choices []choiceView
	Rows    [][]cellView
	Pages   pagesView
	Exports []linkView
	Export  string
}

// problemAt is what is wrong with a filter, and in which column.
func problemAt(f *fault.Fault) string {
	if f.Column > 0 {
		return "Column " + countText(f.Column) + ": " + f.Message
	}
	return sentence(f.Message)
}

type termView struct{ Text, Removed, Without string }

// cellView is one cell: plain text, an impact, or the link to the variant's page.
type cellView struct {
	Text, URL, Label string
	Number, Mono     bool
	Named            bool // means nothing without its label
	Impact           *impactView
}

// variantsPage answers GET /annotations/:id/variants.
func (s *site) variantsPage(c echo.Context) error {
	v, index, done, err := s.variants(c)
	if err != nil {
		return s.withoutVariants(c, v, err, "job_variants", "variants")
	}
	defer done()
	ctx, cancel := context.WithTimeout(c.Request().Context(), queryDeadline)
	defer cancel()
	columns := s.chosenColumns(c, index)
	view := variantsView{Filter: orDefault(c.QueryParam("draft"), c.QueryParam("filter")), Sort: c.QueryParam("sort"), Choices: columnChoices(index, columns)}
	view.Presets, view.Drafts = presets(c, index, nil)
	if view.Saved, err = s.savedViews(c, index); err != nil {
		return err
	}
	view.Here = withQuery(c, nil)
	expr, err := index.Parse(c.QueryParam("filter"))
	if err == nil {
		view.Presets, _ = presets(c, index, expr)
		if expr != nil {
			view.Save = "/annotations/" + v.ID + "/filters"
		}
		err = s.fillVariants(ctx, c, v, index, &view, expr, columns)
	}
	if fault.Is(err, fault.BadInput) {
		f := fault.Of(err)
		view.Problem, view.Hint = problemAt(f), f.Hint
	} else if err != nil {
		return err
	}
	return s.showJob(c, v, "job_variants", "variants", view)
}

// withoutVariants shows the tab of a job whose result can't be read, and says why. Other errors stay errors.
func (s *site) withoutVariants(c echo.Context, v sight, err error, page, tab string) error {
	var known *fault.Fault
	if v.ID == "" || !errors.As(err, &known) || known.Kind == fault.NotFound {
		return err
	}
	text := known.Message
	if !v.Status.Final() {
		text = sentence(tab) + " stand here when the job is done."
	} else if v.Status != job.Completed {
		text = "The job ended without a result, so there are no " + tab + "."
	}
	if page == "job_genes" {
		return s.showJob(c, v, page, tab, genesView{Missing: text})
	}
	return s.showJob(c, v, page, tab, variantsView{Missing: text})
}

func (s *site) fillVariants(ctx context.Context, c echo.Context, v sight, x *results.Index, view *variantsView, expr filter.Expr, columns []string) error {
	number := 1
	if n, err := strconv.Atoi(c.QueryParam("page")); err == nil && n > 1 {
		number = n
	}
	page, err := x.Query(ctx, results.Query{Filter: expr, Sort: view.Sort, Cursor: results.CursorAt(int64(number-1) * variantsOnPage), Limit: variantsOnPage})
	if err != nil {
		return err
	}
	last := int((page.Total + variantsOnPage - 1) / variantsOnPage)
	view.Pages = pagesOf(min(number, max(last, 1)), last, func(n int) string { return pageURL(c, n) })
	view.Count = countText(page.Total) + " of " + plural(page.All, "allele", "alleles")
	for i, t := range page.Terms {
		view.Terms = append(view.Terms, termView{
			Text: visible(t.Term), Removed: countText(t.Removed), Without: withQuery(c, map[string]string{"filter": filter.String(filter.Without(expr, i)), "page": "", "draft": ""}),
		})
	}
	view.Columns = variantColumns(c, x, columns, view.Sort)
	for i := range page.Items {
		view.Rows = append(view.Rows, variantCells(v.ID, &page.Items[i], columns))
	}
	view.Exports, view.Export = exports(v.ID, filter.String(expr), columns, page.Total, len(x.Columns()))
	return nil
}

// presets are the filters that everybody wants, as links that add to the filter, and those that a person completes, as drafts.
func presets(c echo.Context, x *results.Index, expr filter.Expr) (ready, drafts []linkView) {
	for _, p := range x.Presets() {
		if p.Blank {
			drafts = append(drafts, linkView{Text: p.Title, URL: withQuery(c, map[string]string{"draft": p.Filter})})
			continue
		}
		added, err := x.Parse(p.Filter)
		if err != nil || slices.ContainsFunc(filter.Terms(expr), func(t filter.Expr) bool { return t.String() == added.String() }) {
			continue
		}
		both := filter.String(filter.With(expr, added))
		ready = append(ready, linkView{Text: p.Title, URL: withQuery(c, map[string]string{"filter": both, "page": "", "draft": ""})})
	}
	return ready, drafts
}

// plainColumns are shown where nobody has chosen others.
var plainColumns = [...]string{"pos", "ref", "gene", "consequence", "impact", "hgvsc", "hgvsp", "id"}

// chosenColumns reads which columns to show: from the form, which also remembers them in a cookie, else from the cookie.
func (s *site) chosenColumns(c echo.Context, x *results.Index) []string {
	asked := c.QueryParams()["column"]
	if len(asked) == 0 {
		asked = strings.Split(s.cookies.get(c.Request(), "columns"), ",")
	} else {
		s.cookies.set(c.Response(), "columns", firstOf(strings.Join(asked, ","), 1000), 365*24*time.Hour)
	}
	var chosen []string
	for _, name := range asked {
		if slices.Contains(x.Columns(), name) {
			chosen = append(chosen, name)
		}
	}
	if len(chosen) == 0 {
		chosen = slices.Clone(plainColumns[:])
		for _, name := range x.Columns() {
			if strings.Contains(name, ".") && len(chosen) < 12 {
				chosen = append(chosen, name)
			}
		}
	}
	return chosen
}

func columnChoices(x *results.Index, chosen []string) []choiceView {
	var out []choiceView
	for _, name := range x.Columns() {
		if name != "key" && name != "chrom" && name != "alt" { // shown with pos and ref
			out = append(out, choiceView{Value: name, Text: visible(columnText(name)), Chosen: slices.Contains(chosen, name)})
		}
	}
	return out
}

// columnText is the head of a column.
func columnText(name string) string {
	words := map[string]string{
		"pos": "Position", "ref": "Change", "id": "Id", "hgvsc": "HGVSc", "hgvsp": "HGVSp", "qual": "Quality", "filter": "Filter", "type": "Type", "gene": "Gene",
		"transcript": "Transcript", "consequence": "Consequence", "impact": "Impact", "biotype": "Biotype",
	}
	if sample, ok := strings.CutPrefix(name, "gt."); ok {
		return sample
	}
	return orDefault(words[name], name)
}

func variantColumns(c echo.Context, x *results.Index, columns []string, sort string) []columnView {
	sortable := x.Sortable()
	out := make([]columnView, len(columns))
	for i, name := range columns {
		out[i] = columnView{Text: visible(columnText(name)), Number: name == "qual"}
		if !slices.Contains(sortable, name) {
			continue
		}
		next := name
		switch sort {
		case name:
			out[i].Sorted, out[i].Arrow, next = "ascending", "↑", "-"+name
		case "-" + name:
			out[i].Sorted, out[i].Arrow, next = "descending", "↓", ""
		}
		out[i].URL = withQuery(c, map[string]string{"sort": next, "page": "", "draft": ""})
	}
	return out
}

// variantCells writes the cells of a row.
func variantCells(jobID string, v *results.Variant, columns []string) []cellView {
	cells := make([]cellView, len(columns))
	for i, name := range columns {
		cell := cellView{Label: visible(columnText(name))}
		switch name {
		case "pos":
			cell.Text, cell.Mono = visible(v.Chrom)+":"+countPlain(v.Pos), true
			cell.URL = "/annotations/" + jobID + "/variants/" + url.PathEscape(v.Key)
		case "ref":
			cell.Text, cell.Mono = alleleText(v.Ref)+" > "+alleleText(v.Alt), true
		case "consequence":
			cell.Text = visible(strings.Join(v.Consequence, ", "))
		case "impact":
			cell.Impact = impactOf(v.Impact)
		case "hgvsc", "hgvsp":
			cell.Text, cell.Mono = visible(unescaped(cellText(v.Cell(name)))), true
		default:
			cell.Text, cell.Number = visible(cellText(v.Cell(name))), name == "qual"
			cell.Mono, cell.Named = strings.HasPrefix(name, "gt."), name != "gene"
		}
		cells[i] = cell
	}
	return cells
}

// unescaped writes a protein that does not change as people do: VEP writes its = as %3D, for INFO has no room for one.
func unescaped(hgvs string) string { return strings.ReplaceAll(hgvs, "%3D", "=") }

func countPlain(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// alleleText shortens a long allele and says how long it is.
func alleleText(allele string) string {
	if len(allele) <= 24 {
		return visible(allele)
	}
	return visible(allele[:16]) + "… (" + countText(len(allele)) + ")"
}

func cellText(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case float64:
		return strconv.FormatFloat(value, 'g', 6, 64)
	}
	return fmt.Sprint(value)
}

func impactOf(name string) *impactView {
	switch name {
	case "HIGH", "MODERATE", "LOW", "MODIFIER":
		return &impactView{Name: name, Icon: strings.ToLower(name)}
	}
	return nil
}

// exports are the links that take away what the filter leaves, and the sentence that says how much that is.
func exports(jobID, filterText string, columns []string, total int64, all int) ([]linkView, string) {
	var links []linkView
	shown := append([]string{"chrom"}, columns...)
	if i := slices.Index(shown, "ref"); i >= 0 {
		shown = slices.Insert(shown, i+1, "alt")
	}
	for _, f := range []struct{ format, text string }{{"vcf", "VCF"}, {"tsv", "TSV"}, {"xlsx", "XLSX"}, {"csv", "CSV"}, {"jsonl", "JSON lines"}} {
		q := url.Values{"format": {f.format}}
		if filterText != "" {
			q.Set("filter", filterText)
		}
		if f.format != "vcf" && f.format != "jsonl" {
			q.Set("columns", strings.Join(shown, ","))
		}
		links = append(links, linkView{Text: f.text, URL: "/api/v1/jobs/" + jobID + "/export?" + q.Encode()})
	}
	return links, plural(total, "row", "rows") + "; tables with the " + countText(len(shown)) + " columns shown, VCF and JSON with all " + countText(all) + "."
}

type genesView struct {
	Missing string
	Count   string
	Columns []columnView
	Rows    []geneView
	Pages   pagesView
}

type geneView struct{ Gene, URL, High, Moderate, Low, Modifier, Variants string }

// genesPage answers GET /annotations/:id/genes.
func (s *site) genesPage(c echo.Context) error {
	v, index, done, err := s.variants(c)
	if err != nil {
		return s.withoutVariants(c, v, err, "job_genes", "genes")
	}
	defer done()
	ctx, cancel := context.WithTimeout(c.Request().Context(), queryDeadline)
	defer cancel()
	number := 1
	if n, err := strconv.Atoi(c.QueryParam("page")); err == nil && n > 1 {
		number = n
	}
	sort := c.QueryParam("sort")
	page, err := index.Genes(ctx, results.Query{Sort: sort, Cursor: results.CursorAt(int64(number-1) * variantsOnPage), Limit: variantsOnPage})
	if err != nil {
		return err
	}
	last := int((page.Total + variantsOnPage - 1) / variantsOnPage)
	view := genesView{Count: plural(page.Total, "gene", "genes"), Pages: pagesOf(min(number, max(last, 1)), last, func(n int) string { return pageURL(c, n) }), Columns: geneColumns(c, sort)}
	for _, g := range page.Items {
		expr := filter.Comparison{Field: filter.Field{Name: "gene"}, Op: filter.Equal, Values: []string{g.Gene}}
		view.Rows = append(view.Rows, geneView{
			Gene: visible(orDefault(g.Gene, "no gene")), URL: "/annotations/" + v.ID + "/variants?filter=" + url.QueryEscape(expr.String()),
			High: countText(g.High), Moderate: countText(g.Moderate), Low: countText(g.Low), Modifier: countText(g.Modifier), Variants: countText(g.Variants),
		})
	}
	return s.showJob(c, v, "job_genes", "genes", view)
}

func geneColumns(c echo.Context, sort string) []columnView {
	var out []columnView
	for _, name := range []string{"gene", "high", "moderate", "low", "modifier", "variants"} {
		column := columnView{Text: sentence(name), Number: name != "gene"}
		next := "-" + name
		switch {
		case name == "gene" && sort == "":
			next = name
		case sort == "-"+name:
			column.Sorted, column.Arrow, next = "descending", "↓", name
		case sort == name:
			column.Sorted, column.Arrow, next = "ascending", "↑", "-"+name
		}
		column.URL = withQuery(c, map[string]string{"sort": next, "page": ""})
		out = append(out, column)
	}
	return out
}
