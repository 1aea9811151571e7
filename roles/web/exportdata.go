package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// personJSON is what is kept about a person beside the jobs.
type personJSON struct {
	Exported time.Time      `json:"exported"`
	User     user.User      `json:"user"`
	Tokens   []tokenJSON    `json:"tokens"`
	Sessions []sessionJSON  `json:"sessions"`
	Filters  []savedFilter  `json:"filters"`
	Activity []activityJSON `json:"activity"` // the lines of the audit log about the account, newest first
}

type sessionJSON struct {
	Began    time.Time `json:"began"`
	Seen     time.Time `json:"seen"`
	Provider string    `json:"provider"`
	Browser  string    `json:"browser"`
}

type activityJSON struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Did    string    `json:"did"`
	Detail string    `json:"detail"`
}

// keptJob is a job with what happened to it.
type keptJob struct {
	jobJSON
	Events []job.Event `json:"events"`
}

const exportLines = 10_000 // of the audit log

// exportData answers GET /profile/export: everything that is kept about a person, but the files, which the jobs name. Jobs are written as they are
// read, however many there are; an answer that breaks off is no whole JSON.
func (s *site) exportData(c echo.Context) error {
	person, err := s.personOf(c)
	if err != nil {
		return err
	}
	head, err := json.Marshal(person)
	if err != nil {
		return fmt.Errorf("write data: %w", err)
	}
	out := c.Response()
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Content-Disposition", attachment("gas-data.json"))
	out.WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	if _, err := fmt.Fprintf(out, "%s,\n\"jobs\": [", head[:len(head)-1]); err != nil {
		return err
	}
	before := "\n"
	err = s.eachJob(c, func(j job.Job) error {
		raw, err := s.keptJob(c, j, person.User)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s%s", before, raw)
		before = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, "\n]}\n")
	return err
}

func (s *site) personOf(c echo.Context) (personJSON, error) {
	ctx, u := c.Request().Context(), who(c).user
	person := personJSON{Exported: s.Now().UTC(), User: u, Tokens: []tokenJSON{}, Sessions: []sessionJSON{}, Activity: []activityJSON{}}
	tokens, err := Tokens(ctx, s.Records, u.ID)
	if err != nil {
		return person, err
	}
	for _, t := range tokens {
		person.Tokens = append(person.Tokens, tokenShape(t))
	}
	sessions, err := sessionsOf(ctx, s.Records, u.ID)
	if err != nil {
		return person, err
	}
	for _, open := range sessions {
		person.Sessions = append(person.Sessions, sessionJSON{Began: open.Created.UTC(), Seen: open.Seen.UTC(), Provider: open.Provider, Browser: open.Browser})
	}
	if person.Filters, err = savedFilters(ctx, s.Records, u.ID); err != nil {
		return person, err
	}
	lines, err := port.AuditLines(ctx, s.Records, u.ID, exportLines)
	if err != nil {
		return person, err
	}
	for _, a := range lines {
		person.Activity = append(person.Activity, activityJSON{At: a.At.UTC(), By: byText(a, subject{user: u}), Did: a.Did, Detail: a.Detail})
	}
	return person, nil
}

func (s *site) keptJob(c echo.Context, j job.Job, u user.User) ([]byte, error) {
	v, err := s.look(c.Request().Context(), j, u)
	if err != nil {
		return nil, err
	}
	events, err := s.Store.Events(c.Request().Context(), j.ID)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return json.Marshal(keptJob{jobShape(v), events})
}
