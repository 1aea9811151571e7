package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
)

const jobsOnPage = 25

// tableView is a table of jobs.
type tableView struct {
	Caption string
	Select  bool
	Columns []columnView
	Rows    []rowView
}

type columnView struct {
	Text, URL, Sorted, Arrow string
	Number                   bool
}

type rowView struct {
	ID, Name  string
	State     stateView
	Why       string
	Reference string
	Variants  string
	Size      string
	Submitted when
	Result    string
}

type jobsView struct {
	Never    bool
	Search   string
	Sort     string
	States   []choiceView
	Narrowed bool
	Count    string
	Live     bool
	Table    tableView
	Pages    pagesView
}

type choiceView struct {
	Value, Text string
	Chosen      bool
}

// stateChoices are the states of the list's filter.
var stateChoices = []struct {
	value, text string
	status      []job.Status
}{
	{"", "Every state", nil},
	{"waiting", "Waiting", []job.Status{job.Uploading, job.Pending}},
	{"running", "Running", []job.Status{job.Running}},
	{"done", "Done", []job.Status{job.Completed}},
	{"failed", "Failed", []job.Status{job.Failed}},
	{"cancelled", "Cancelled", []job.Status{job.Cancelled}},
}

// jobsPage answers GET /annotations.
func (s *site) jobsPage(c echo.Context) error {
	q, view := s.readList(c)
	page, err := s.Store.JobsOf(c.Request().Context(), who(c).user.ID, q)
	if err != nil {
		return fmt.Errorf("list jobs: %w", err)
	}
	last := (page.Total + jobsOnPage - 1) / jobsOnPage
	here := q.Offset/jobsOnPage + 1
	if here > last && last > 0 { // a page that is gone, after a deletion: the last one there is
		return c.Redirect(http.StatusSeeOther, pageURL(c, last))
	}
	seen, err := s.lookAll(c, page.Jobs)
	if err != nil {
		return err
	}
	view.Never = page.Total == 0 && !view.Narrowed
	view.Count = plural(page.Total, "job", "jobs")
	view.Pages = pagesOf(here, last, func(n int) string { return pageURL(c, n) })
	view.Table = tableView{Caption: "Your jobs", Select: true, Columns: columns(c, view.Sort), Rows: s.rows(seen)}
	view.Live = unfinished(seen)
	return s.show(c, "jobs", head{Title: "Jobs"}, view)
}

// readList reads search, state, sort and page number. What it can't read it leaves out: an old link still shows a list.
func (s *site) readList(c echo.Context) (port.JobQuery, jobsView) {
	view := jobsView{Search: c.QueryParam("q"), Sort: c.QueryParam("sort")}
	switch strings.TrimPrefix(view.Sort, "-") {
	case "name", "status", "size", "submitted":
	default:
		view.Sort = ""
	}
	q := port.JobQuery{Search: view.Search, Sort: view.Sort, Limit: jobsOnPage}
	for _, choice := range stateChoices {
		chosen := choice.value == c.QueryParam("state")
		view.States = append(view.States, choiceView{Value: choice.value, Text: choice.text, Chosen: chosen})
		if chosen {
			q.Status = choice.status
		}
	}
	view.Narrowed = view.Search != "" || len(q.Status) > 0
	if n, err := strconv.Atoi(c.QueryParam("page")); err == nil && n > 1 && n < 1_000_000 {
		q.Offset = (n - 1) * jobsOnPage
	}
	return q, view
}

// lookAll looks at each job of a page with one reading of the clock.
func (s *site) lookAll(c echo.Context, jobs []job.Job) ([]sight, error) {
	ctx := c.Request().Context()
	now, err := s.Store.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the store's clock: %w", err)
	}
	seen := make([]sight, len(jobs))
	for i, j := range jobs {
		if seen[i], err = s.lookAt(ctx, j, who(c).user, now); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

func (s *site) rows(seen []sight) []rowView {
	rows := make([]rowView, len(seen))
	for i, v := range seen {
		rows[i] = s.row(v)
	}
	return rows
}

func (s *site) row(v sight) rowView {
	row := rowView{
		ID: v.ID, Name: visible(v.Name), State: v.state(), Reference: visible(v.Reference), Submitted: at(v.SubmitTime), Result: v.resultText(),
	}
	if row.Reference == "" {
		row.Reference = visible(v.Options.Reference)
	}
	if row.Reference == "auto" { // not chosen yet
		row.Reference = ""
	}
	if v.Counts != nil {
		row.Variants = countText(v.Counts.Records)
	}
	if v.Status != job.Uploading {
		row.Size = sizeText(v.Input.Size)
	}
	if v.Status == job.Failed {
		row.Why = firstOf(visible(v.failure().Text), 90)
		if len(row.Why) == 90 {
			row.Why += "…"
		}
	}
	return row
}

func unfinished(seen []sight) bool {
	for _, v := range seen {
		if !v.Status.Final() || v.Storage == job.Thawing {
			return true
		}
	}
	return false
}

// columns are the heads of the list: those that sort are links that turn the order round.
func columns(c echo.Context, sort string) []columnView {
	heads := []struct {
		text, key string
		number    bool
	}{{"Name", "name", false}, {"State", "status", false}, {"Reference", "", false}, {"Variants", "", true}, {"Size", "size", true}, {"Submitted", "submitted", false}, {"Result", "", false}}
	out := make([]columnView, len(heads))
	for i, h := range heads {
		out[i] = columnView{Text: h.text, Number: h.number}
		if h.key == "" {
			continue
		}
		next := h.key
		switch {
		case sort == h.key, h.key == "submitted" && sort == "":
			out[i].Sorted, out[i].Arrow, next = "ascending", "↑", "-"+h.key
		case sort == "-"+h.key:
			out[i].Sorted, out[i].Arrow = "descending", "↓"
		}
		if h.key == "submitted" && out[i].Sorted != "" { // newest first is the plain order
			flip := map[string]string{"ascending": "descending", "descending": "ascending"}
			arrow := map[string]string{"↑": "↓", "↓": "↑"}
			out[i].Sorted, out[i].Arrow = flip[out[i].Sorted], arrow[out[i].Arrow]
		}
		out[i].URL = withQuery(c, map[string]string{"sort": next, "page": ""})
	}
	return out
}

// withQuery is the address of this page with some parameters changed; an empty one goes away.
func withQuery(c echo.Context, changes map[string]string) string {
	q := url.Values{}
	for name, values := range c.QueryParams() {
		q[name] = values
	}
	for name, value := range changes {
		q.Del(name)
		if value != "" {
			q.Set(name, value)
		}
	}
	if encoded := q.Encode(); encoded != "" {
		return c.Request().URL.Path + "?" + encoded
	}
	return c.Request().URL.Path
}

func pageURL(c echo.Context, n int) string {
	return withQuery(c, map[string]string{"page": strconv.Itoa(n)})
}

// pagesView is the row of page numbers, with the real last one.
type pagesView struct {
	Last           int
	Previous, Next string
	Links          []pageLink
}

type pageLink struct {
	Number string
	URL    string
	Here   bool
	Gap    bool
}

// pagesOf shows the first, the last, and two on each side of the page that is shown.
func pagesOf(here, last int, link func(int) string) pagesView {
	view := pagesView{Last: last}
	if here > 1 {
		view.Previous = link(here - 1)
	}
	if here < last {
		view.Next = link(here + 1)
	}
	shown := 0
	for n := 1; n <= last; n++ {
		if n != 1 && n != last && (n < here-2 || n > here+2) {
			continue
		}
		if n > shown+1 {
			view.Links = append(view.Links, pageLink{Gap: true})
		}
		shown = n
		view.Links = append(view.Links, pageLink{Number: countText(n), URL: link(n), Here: n == here})
	}
	return view
}

// selected reads the ids of the rows that were selected.
func selected(c echo.Context) ([]string, error) {
	form, err := c.FormParams()
	if err != nil {
		return nil, fault.New(fault.Usage, "The form is not understood.").Because(err)
	}
	ids := form["id"]
	if len(ids) == 0 {
		return nil, fault.New(fault.BadInput, "No job was selected.").WithHint("Go back and tick the jobs that you mean.")
	}
	if len(ids) > maxBulk {
		return nil, fault.New(fault.BadInput, "At most %d jobs at once.", maxBulk)
	}
	return ids, nil
}

// deleteOwn deletes a job of who asks, and notes it.
func (s *site) deleteOwn(c echo.Context, id string) error {
	if err := s.flow.Delete(c.Request().Context(), who(c).user.ID, id); err != nil {
		return err
	}
	s.indexes.drop(id)
	s.usages.drop(who(c).user.ID)
	s.note(c, didDeleteJob, id)
	return nil
}

// deleteSelected answers POST /annotations/delete.
func (s *site) deleteSelected(c echo.Context) error {
	ids, err := selected(c)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := s.deleteOwn(c, id)
		if err != nil && !errors.Is(err, port.ErrNotFound) { // one that is gone already is as it should be
			return err
		}
	}
	return c.Redirect(http.StatusSeeOther, "/annotations")
}

// rerunSelected answers POST /annotations/rerun.
func (s *site) rerunSelected(c echo.Context) error {
	ids, err := selected(c)
	if err != nil {
		return err
	}
	var refused error
	for _, id := range ids { // one that can't be run again does not keep the others
		if _, err := s.rerun(c.Request().Context(), who(c).user.ID, id, nil); err != nil {
			refused = cmp.Or(refused, err)
		}
	}
	if refused != nil {
		return refused
	}
	return c.Redirect(http.StatusSeeOther, "/annotations")
}

// cancelJob answers POST /annotations/:id/cancel.
func (s *site) cancelJob(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	if _, err := s.flow.Cancel(c.Request().Context(), v.UserID, v.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/annotations/"+v.ID)
}

// rerunJob answers POST /annotations/:id/rerun.
func (s *site) rerunJob(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	options := v.Options
	if form, err := c.FormParams(); err == nil && len(form) > 0 {
		chosen := s.newOptions()
		for name, values := range form {
			chosen.set(name, strings.Join(values, ","))
		}
		if chosen.err != nil {
			return chosen.err
		}
		options = chosen.apply(job.Options{})
	}
	j, err := s.rerun(c.Request().Context(), v.UserID, v.ID, &options)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/annotations/"+j.ID)
}

// deleteJob answers POST /annotations/:id/delete.
func (s *site) deleteJob(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	if err := s.deleteOwn(c, v.ID); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/annotations")
}
