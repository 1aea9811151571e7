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

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/results"
)

// A job that ran again on newer data is compared with the one before: only what changed is shown.

// changesJSON is what two jobs of the same file do not agree on.
type changesJSON struct {
	Since string `json:"since"` // the id of the older job
	results.ChangedPage
	Versions []versionChange `json:"versions"`
}

// versionChange is a piece of data or of the program that was another one. Empty stands for one that was not used.
type versionChange struct {
	Name   string `json:"name"` // reference, gas, or a database
	Before string `json:"before"`
	After  string `json:"after"`
}

// apiChanges answers GET /api/v1/jobs/:id/changes.
func (s *site) apiChanges(c echo.Context) error {
	_, out, err := s.changes(c, results.Query{Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

// changes compares the job of the path with the one that it is to be compared with.
func (s *site) changes(c echo.Context, q results.Query) (v sight, out changesJSON, err error) {
	v, after, done, err := s.variants(c)
	if err != nil {
		return v, out, err
	}
	defer done()
	if text := c.QueryParam("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 || q.Limit > results.MaxLimit {
			return v, out, fault.New(fault.BadInput, "limit is a number from 1 to %d.", results.MaxLimit)
		}
	}
	older, err := s.since(c, v)
	if err != nil {
		return v, out, err
	}
	before, release, err := s.indexes.of(c.Request().Context(), older.Job)
	if err != nil {
		return v, out, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(c.Request().Context(), queryDeadline)
	defer cancel()
	out = changesJSON{Since: older.ID, Versions: versionChanges(older.Job, v.Job, before.Header(), after.Header())}
	out.ChangedPage, err = results.Changes(ctx, before, after, fieldsAsked(c), q)
	return v, out, err
}

// fieldsAsked are the fields whose changes are asked for; none stands for all.
func fieldsAsked(c echo.Context) []string {
	if text := c.QueryParam("fields"); text != "" {
		return strings.Split(text, ",")
	}
	return nil
}

// since finds the job to compare with: the one that the query names, else the one that this is a rerun of. It must be of the same owner and the same file.
func (s *site) since(c echo.Context, v sight) (sight, error) {
	id := orDefault(c.QueryParam("since"), v.RerunOf)
	if id == "" {
		return sight{}, fault.New(fault.Conflict, "This job is no rerun, so there is nothing to compare it with.").WithHint("Say with which job of the same file: since=JOB.")
	}
	older, err := s.Store.Job(c.Request().Context(), id)
	if errors.Is(err, port.ErrNotFound) || err == nil && (older.UserID != v.UserID || older.Status == job.Deleted) {
		return sight{}, fault.New(fault.NotFound, "The job to compare with is not there.")
	}
	if err != nil {
		return sight{}, fmt.Errorf("read the job to compare with: %w", err)
	}
	if !sameInput(older, v.Job) {
		return sight{}, fault.New(fault.Conflict, "The two jobs are not of the same file, so that changes cannot be told.")
	}
	other, err := s.lookAt(c.Request().Context(), older, v.owner, v.now)
	if err == nil && other.readable != nil {
		err = other.readable
	}
	return other, err
}

// sameInput tells whether two jobs are of the same bytes. A rerun shares the stored file, or has a copy of it.
func sameInput(a, b job.Job) bool {
	return a.Input.SHA256 != "" && a.Input.SHA256 == b.Input.SHA256 || a.Input.Key == b.Input.Key || b.RerunOf == a.ID
}

// versionChanges lists what the jobs were made with that is not the same.
func versionChanges(before, after job.Job, old, recent *results.Header) []versionChange {
	list := []versionChange{
		{"gas", before.Versions["gas"], after.Versions["gas"]}, {"reference", before.Reference, after.Reference},
		{"reference digest", before.Versions["reference"], after.Versions["reference"]},
	}
	seen := map[string]bool{}
	for _, d := range slices.Concat(old.Databases, recent.Databases) {
		if seen[d.Name] {
			continue
		}
		seen[d.Name] = true
		v, key := versionChange{d.Name, databaseVersion(old, d.Name), databaseVersion(recent, d.Name)}, job.DatabaseVersion(d.Name)
		if v.Before == v.After && v.Before != "" { // the same name may stand for other bytes
			v.Before, v.After = before.Versions[key], after.Versions[key]
		}
		list = append(list, v)
	}
	return slices.DeleteFunc(list, func(v versionChange) bool { return v.Before == v.After })
}

// databaseVersion is what a result's header says of a database's version, empty where the database was not asked.
func databaseVersion(h *results.Header, name string) string {
	for _, d := range h.Databases {
		if d.Name == name {
			return orDefault(d.Version, "without a version")
		}
	}
	return ""
}

// changesView is the tab of changes.
type changesView struct {
	Missing  string
	Since    linkView
	Count    string
	Versions []versionChange
	Fields   []changedFieldView
	Notes    []string
	Rows     []changedView
	Pages    pagesView
}

// changedFieldView is a field with how many rows changed in it, as a link that shows only those, or away from that.
type changedFieldView struct {
	linkView
	Count string
	Here  bool
}

// changedView is a row that changed.
type changedView struct {
	Place, URL, Change, Gene string
	Changes                  []versionChange
}

// changesPage answers GET /annotations/:id/changes.
func (s *site) changesPage(c echo.Context) error {
	number := 1
	if n, err := strconv.Atoi(c.QueryParam("page")); err == nil && n > 1 {
		number = n
	}
	v, found, err := s.changes(c, results.Query{Cursor: results.CursorAt(int64(number-1) * variantsOnPage), Limit: variantsOnPage})
	var known *fault.Fault
	if err != nil && v.ID != "" && errors.As(err, &known) {
		why := strings.TrimSpace(sentence(known.Message) + " " + known.Hint)
		if !v.Status.Final() {
			why = "What changed stands here when the job is done."
		}
		return s.showJob(c, v, "job_changes", "changes", changesView{Missing: why})
	}
	if err != nil {
		return err
	}
	return s.showJob(c, v, "job_changes", "changes", found.view(c, v.ID, number))
}

func (j *changesJSON) view(c echo.Context, jobID string, number int) changesView {
	last := int((j.Total + variantsOnPage - 1) / variantsOnPage)
	view := changesView{
		Since: linkView{URL: "/annotations/" + j.Since, Text: j.Since}, Count: countText(j.Total) + " of " + plural(j.All, "allele", "alleles") + " changed",
		Pages: pagesOf(min(number, max(last, 1)), last, func(n int) string { return pageURL(c, n) }),
	}
	for _, v := range j.Versions {
		view.Versions = append(view.Versions, versionChange{visible(v.Name), visible(orDefault(v.Before, "none")), visible(orDefault(v.After, "none"))})
	}
	asked := fieldsAsked(c)
	for _, f := range j.Fields {
		if f.Count == 0 {
			continue
		}
		one := changedFieldView{linkView: linkView{Text: visible(columnText(f.Field)), URL: withQuery(c, map[string]string{"fields": f.Field, "page": ""})}, Count: countText(f.Count)}
		if one.Here = slices.Contains(asked, f.Field); one.Here {
			one.URL = withQuery(c, map[string]string{"fields": "", "page": ""})
		}
		view.Fields = append(view.Fields, one)
	}
	for text, fields := range map[string][]string{"Only in the newer result: ": j.Added, "Only in the older result: ": j.Removed} {
		if len(fields) > 0 {
			view.Notes = append(view.Notes, text+visible(strings.Join(fields, ", "))+".")
		}
	}
	slices.Sort(view.Notes)
	for i := range j.Items {
		view.Rows = append(view.Rows, changedRow(jobID, &j.Items[i]))
	}
	return view
}

func changedRow(jobID string, v *results.ChangedVariant) changedView {
	row := changedView{
		Place: visible(v.Chrom) + ":" + countPlain(v.Pos), URL: "/annotations/" + jobID + "/variants/" + url.PathEscape(v.Key),
		Change: alleleText(v.Ref) + " > " + alleleText(v.Alt), Gene: visible(v.Gene),
	}
	for _, c := range v.Changes {
		row.Changes = append(row.Changes, versionChange{visible(columnText(c.Field)), visible(firstOf(orDefault(cellText(c.Before), "none"), 200)), visible(firstOf(orDefault(cellText(c.After), "none"), 200))})
	}
	return row
}
