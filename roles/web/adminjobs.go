package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
)

// adminJobsView is a list of anybody's jobs. It shows ids and no names: a file's name may be a person's, and an operator needs none.
type adminJobsView struct {
	Rows     []adminJobRow
	Next     string
	Searched string
}

type adminJobRow struct {
	ID, User, Size, Attempt string
	State                   stateView
	Storage                 string
	Submitted, Due          when
	Error                   string
}

func rowOfAdminJob(j job.Job) adminJobRow {
	row := adminJobRow{ID: j.ID, User: j.UserID, Size: sizeText(j.Input.Size), Attempt: countText(j.Attempt), State: statePlain(j), Storage: strings.ToLower(string(j.Storage)),
		Submitted: at(j.SubmitTime), Due: at(j.Due)}
	if j.Error != nil {
		row.Error = j.Error.Code
	}
	return row
}

// statePlain is a job's state as its record says it.
func statePlain(j job.Job) stateView {
	tone := map[job.Status]string{
		job.Uploading: "waiting", job.Pending: "waiting", job.Running: "running", job.Completed: "done", job.Failed: "failed", job.Cancelled: "cancelled",
	}[j.Status]
	if tone == "" {
		tone = "archived"
	}
	word := strings.ToLower(string(j.Status))
	return stateView{tone, strings.ToUpper(word[:1]) + word[1:]}
}

// jobsInMotion lists the jobs that wait for something, the longest waiting first.
func (s *site) jobsInMotion(c echo.Context, cursor string, limit int) (adminJobsView, error) {
	jobs, next, err := s.Store.WaitingJobs(c.Request().Context(), s.Now().Add(forever), cursor, limit)
	if err != nil {
		return adminJobsView{}, fmt.Errorf("list jobs in motion: %w", err)
	}
	view := adminJobsView{Next: next}
	for _, j := range jobs {
		view.Rows = append(view.Rows, rowOfAdminJob(j))
	}
	return view, nil
}

// adminJobsPage answers GET /admin/jobs: a job or a user by id, or else the jobs that wait for something.
func (s *site) adminJobsPage(c echo.Context) error {
	if asked := cleanLine(c.QueryParam("q")); asked != "" {
		return s.adminFind(c, asked)
	}
	view, err := s.jobsInMotion(c, c.QueryParam("cursor"), adminRows)
	if err != nil {
		return err
	}
	return s.show(c, "admin_jobs", head{Title: "Jobs in motion", Crumbs: adminCrumbs}, view)
}

var adminCrumbs = []linkView{{Text: "Administration", URL: "/admin"}}

// adminFind goes to the page of the job or the user with an id.
func (s *site) adminFind(c echo.Context, asked string) error {
	ctx := c.Request().Context()
	if id, err := uuid.Parse(asked); err == nil {
		if _, err := s.Store.Job(ctx, id.String()); err == nil {
			return c.Redirect(http.StatusSeeOther, "/admin/jobs/"+id.String())
		}
	}
	if u, err := s.Store.User(ctx, asked); err == nil {
		return c.Redirect(http.StatusSeeOther, "/admin/users/"+url.PathEscape(u.ID))
	}
	return s.show(c, "admin_jobs", head{Title: "Jobs in motion", Crumbs: adminCrumbs}, adminJobsView{Searched: visible(asked)})
}

type adminJobView struct {
	ID     string
	State  stateView
	User   string
	Facts  []factView
	Events []eventView
	Mails  []mailRow
}

// adminJobPage answers GET /admin/jobs/:job: the record, the events and the mails of anybody's job, but nothing of its files.
func (s *site) adminJobPage(c echo.Context) error {
	ctx := c.Request().Context()
	j, err := s.Store.Job(ctx, c.Param("job"))
	if errors.Is(err, port.ErrNotFound) {
		return fault.New(fault.NotFound, "There is no such job.")
	}
	if err != nil {
		return fmt.Errorf("read job: %w", err)
	}
	view := adminJobView{ID: j.ID, State: statePlain(j), User: j.UserID, Facts: factsOfRecord(j)}
	events, err := s.Store.Events(ctx, j.ID)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	for _, e := range events {
		view.Events = append(view.Events, viewOfEvent(e))
	}
	notices, err := s.Store.Notices(ctx, j.ID)
	if err != nil {
		return fmt.Errorf("read notices: %w", err)
	}
	for _, n := range notices {
		view.Mails = append(view.Mails, rowOfMail(n))
	}
	return s.show(c, "admin_job", head{Title: "Job " + j.ID, Crumbs: adminCrumbs}, view)
}

// factsOfRecord is what an operator reads first of a job's record.
func factsOfRecord(j job.Job) []factView {
	facts := []factView{
		{Name: "Storage", Value: strings.ToLower(string(j.Storage))}, {Name: "Generation", Value: countText(j.Gen)}, {Name: "Attempt", Value: countText(j.Attempt)},
		{Name: "Input", Value: sizeText(j.Input.Size)}, {Name: "Result", Value: sizeText(j.Result.Size)}, {Name: "Record's version", Value: fmt.Sprint(j.Version)},
		{Name: "Archive", Value: j.Archive.Ref, Mono: true}, {Name: "Thaw", Value: strings.TrimSpace(j.Retrieval.Tier + " " + j.Retrieval.ID), Mono: true},
		{Name: "Held by", Value: j.Owner, Mono: true},
	}
	for _, moment := range []struct {
		name string
		when when
	}{
		{"Submitted", at(j.SubmitTime)}, {"Started", at(j.StartTime)}, {"Completed", at(j.CompleteTime)}, {"Restored", at(j.RestoredTime)},
		{"Lease ends", at(j.LeaseUntil)}, {"Looked at next", at(j.Due)},
	} {
		facts = append(facts, factView{Name: moment.name, Value: moment.when.Text})
	}
	if j.Error != nil {
		facts = append(facts, factView{Name: "Error", Value: fmt.Sprintf("%s, line %d", j.Error.Code, j.Error.Line)})
	}
	said := facts[:0]
	for _, f := range facts {
		if f.Value != "" && f.Value != "0 B" {
			said = append(said, f)
		}
	}
	return said
}
