package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

const maxBody = 1 << 20 // bytes of a JSON body

// readBody reads a small body whole. One that breaks off or is badly packed is a fault of the request.
func readBody(c echo.Context) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxBody))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		err = brokenForm(&unreadable{err})
	}
	return raw, err
}

// readJSON reads a JSON body strictly: an unknown member is a mistake that should be said. An empty body leaves value as it is.
func readJSON(c echo.Context, value any) error {
	raw, err := readBody(c)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return fault.New(fault.BadInput, "The body is not the JSON that is expected here: %s.", strings.TrimPrefix(err.Error(), "json: ")).Because(err)
	}
	if decoder.More() {
		return fault.New(fault.BadInput, "The body holds more than one JSON value.")
	}
	return nil
}

// apiMe answers GET /api/v1/me.
func (s *site) apiMe(c echo.Context) error { return c.JSON(http.StatusOK, meShape(who(c))) }

// apiJob answers GET /api/v1/jobs/:id.
func (s *site) apiJob(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	shape, err := s.shapeWithSame(c.Request().Context(), v)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, shape)
}

// shapeWithSame writes a job, with the earlier one that makes it needless where there is one.
func (s *site) shapeWithSame(ctx context.Context, v sight) (jobJSON, error) {
	shape := jobShape(v)
	same, err := s.earlier(ctx, v)
	if same != nil {
		shape.SameAs = &same.ID
	}
	return shape, err
}

// answerJob answers with a job as it is after a step.
func (s *site) answerJob(c echo.Context, status int, j job.Job) error {
	v, err := s.look(c.Request().Context(), j, who(c).user)
	if err != nil {
		return err
	}
	if status == http.StatusCreated {
		c.Response().Header().Set(echo.HeaderLocation, "/api/v1/jobs/"+j.ID)
	}
	shape, err := s.shapeWithSame(c.Request().Context(), v)
	if err != nil {
		return err
	}
	return c.JSON(status, shape)
}

// apiSubmit answers POST /api/v1/jobs.
func (s *site) apiSubmit(c echo.Context) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	j, err := s.receive(c, key)
	if err != nil {
		return err
	}
	return s.answerJob(c, http.StatusCreated, j)
}

// jobQuery reads the query of a list: q, status (repeated or with commas), sort, limit, cursor.
func jobQuery(c echo.Context) (port.JobQuery, error) {
	q := port.JobQuery{Cursor: c.QueryParam("cursor"), Search: c.QueryParam("q"), Sort: c.QueryParam("sort"), Limit: 20}
	if text := c.QueryParam("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 200 {
			return q, fault.New(fault.BadInput, "limit is a number from 1 to 200.")
		}
		q.Limit = n
	}
	switch strings.TrimPrefix(q.Sort, "-") {
	case "", "submitted", "name", "status", "size":
	default:
		return q, fault.New(fault.BadInput, "sort is one of submitted, name, status, size, with - before it to turn it round.")
	}
	for _, value := range c.QueryParams()["status"] {
		for word := range strings.SplitSeq(value, ",") {
			status := job.Status(strings.ToUpper(strings.TrimSpace(word)))
			switch status {
			case job.Uploading, job.Pending, job.Running, job.Completed, job.Failed, job.Cancelled:
				q.Status = append(q.Status, status)
			default:
				return q, fault.New(fault.BadInput, "There is no status %q.", visible(firstOf(word, 40)))
			}
		}
	}
	return q, nil
}

// apiJobs answers GET /api/v1/jobs.
func (s *site) apiJobs(c echo.Context) error {
	q, err := jobQuery(c)
	if err != nil {
		return err
	}
	page, err := s.Store.JobsOf(c.Request().Context(), who(c).user.ID, q)
	if err != nil {
		return fmt.Errorf("list jobs: %w", err)
	}
	seen, err := s.lookAll(c, page.Jobs)
	if err != nil {
		return err
	}
	items := make([]jobJSON, len(seen))
	for i, v := range seen {
		items[i] = jobShape(v)
	}
	return c.JSON(http.StatusOK, listOf(items, page.Total, page.Next))
}

// apiDelete answers DELETE /api/v1/jobs/:id.
func (s *site) apiDelete(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	if err := s.deleteOwn(c, v.ID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// apiCancel answers POST /api/v1/jobs/:id/cancel.
func (s *site) apiCancel(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	j, err := s.flow.Cancel(c.Request().Context(), v.UserID, v.ID)
	if err != nil {
		return err
	}
	return s.answerJob(c, http.StatusOK, j)
}

// apiRerun answers POST /api/v1/jobs/:id/rerun. Options that the body does not name stay as they were.
func (s *site) apiRerun(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	return s.once24(c, func() (int, any, error) {
		var body map[string]any
		if err := readJSON(c, &body); err != nil {
			return 0, nil, err
		}
		options, err := s.optionsOf(body, v.Options)
		if err != nil {
			return 0, nil, err
		}
		j, err := s.rerun(c.Request().Context(), v.UserID, v.ID, &options)
		if err != nil {
			return 0, nil, err
		}
		c.Response().Header().Set(echo.HeaderLocation, "/api/v1/jobs/"+j.ID)
		made, err := s.look(c.Request().Context(), j, who(c).user)
		return http.StatusCreated, jobShape(made), err
	})
}

// optionsOf reads options from the members of a JSON object: texts, numbers, true or false, and a list for databases.
func (s *site) optionsOf(body map[string]any, base job.Options) (job.Options, error) {
	f := s.newOptions()
	for name, value := range body {
		if list, ok := value.([]any); ok {
			words := make([]string, len(list))
			for i, v := range list {
				words[i] = fmt.Sprint(v)
			}
			f.set(name, strings.Join(words, ","))
			continue
		}
		if value != nil {
			f.set(name, fmt.Sprint(value))
		}
	}
	return f.apply(base), f.err
}

// idsJSON is the body of the bulk requests.
type idsJSON struct {
	IDs []string `json:"ids"`
}

const maxBulk = 200

func (b idsJSON) check() error {
	if len(b.IDs) == 0 || len(b.IDs) > maxBulk {
		return fault.New(fault.BadInput, "ids is a list of 1 to %d jobs.", maxBulk)
	}
	return nil
}

// outcomeJSON is what became of one job of a bulk request.
type outcomeJSON struct {
	ID     string   `json:"job_id"`
	OK     bool     `json:"ok"`
	Error  *string  `json:"error"`
	Code   *string  `json:"code"`
	Result *jobJSON `json:"job"`
}

// bulk does a step for each job and tells of each how it went: one that is missing does not keep the others.
func (s *site) bulk(c echo.Context, do func(id string) (*jobJSON, error)) error {
	return s.once24(c, func() (int, any, error) {
		var body idsJSON
		if err := readJSON(c, &body); err != nil {
			return 0, nil, err
		}
		if err := body.check(); err != nil {
			return 0, nil, err
		}
		outcomes := make([]outcomeJSON, len(body.IDs))
		for i, id := range body.IDs {
			result, err := do(id)
			outcomes[i] = outcomeJSON{ID: id, OK: err == nil, Result: result}
			if err != nil {
				_, f := faultOf(err)
				code := string(f.Kind)
				outcomes[i].Error, outcomes[i].Code = &f.Message, &code
			}
		}
		return http.StatusOK, listOf(outcomes, len(outcomes), ""), nil
	})
}

// apiDeleteMany answers POST /api/v1/jobs/delete.
func (s *site) apiDeleteMany(c echo.Context) error {
	return s.bulk(c, func(id string) (*jobJSON, error) {
		return nil, s.deleteOwn(c, id)
	})
}

// apiRerunMany answers POST /api/v1/jobs/rerun.
func (s *site) apiRerunMany(c echo.Context) error {
	return s.bulk(c, func(id string) (*jobJSON, error) {
		j, err := s.rerun(c.Request().Context(), who(c).user.ID, id, nil)
		if err != nil {
			return nil, err
		}
		v, err := s.look(c.Request().Context(), j, who(c).user)
		shape := jobShape(v)
		return &shape, err
	})
}

// apiLog answers GET /api/v1/jobs/:id/log with the text itself.
func (s *site) apiLog(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	return s.download(c, v, job.FileLog)
}

// apiSummary answers GET /api/v1/jobs/:id/summary.
func (s *site) apiSummary(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	object, blobs, err := s.fileOf(v, job.FileSummary)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Type", "application/json")
	c.Request().Header.Del("Range") // a piece of an object is none; the file has ranges
	return s.serveObject(c, blobs, object)
}

// tokenJSON is a token of a list; secret stands in the answer that made it and nowhere else.
type tokenJSON struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Scopes  []Scope    `json:"scopes"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires"`
	Used    *time.Time `json:"used"`
	Secret  *string    `json:"secret,omitempty"`
}

func tokenShape(t Token) tokenJSON {
	return tokenJSON{ID: t.ID, Name: t.Name, Scopes: t.Scopes, Created: t.Created.UTC(), Expires: timeOf(t.Expires), Used: timeOf(t.Used)}
}

// apiTokens answers GET /api/v1/tokens.
func (s *site) apiTokens(c echo.Context) error {
	tokens, err := Tokens(c.Request().Context(), s.Records, who(c).user.ID)
	if err != nil {
		return err
	}
	items := make([]tokenJSON, len(tokens))
	for i, t := range tokens {
		items[i] = tokenShape(t)
	}
	return c.JSON(http.StatusOK, listOf(items, len(items), ""))
}

// apiMakeToken answers POST /api/v1/tokens. It is for browsers that are signed in: a token that makes tokens would outlive its revocation.
func (s *site) apiMakeToken(c echo.Context) error {
	if err := s.onlyOnce(c); err != nil {
		return err
	}
	wish := defaultWish()
	if err := readJSON(c, &wish); err != nil {
		return err
	}
	token, secret, err := s.newToken(c, wish)
	if err != nil {
		return err
	}
	shape := tokenShape(token)
	shape.Secret = &secret
	return c.JSON(http.StatusCreated, shape)
}

// apiRevokeToken answers DELETE /api/v1/tokens/:token.
func (s *site) apiRevokeToken(c echo.Context) error {
	if err := RevokeToken(c.Request().Context(), s.Records, who(c).user.ID, c.Param("token")); err != nil {
		return err
	}
	s.note(c, port.AuditRevoke, c.Param("token"))
	return c.NoContent(http.StatusNoContent)
}

// apiUsage answers GET /api/v1/usage.
func (s *site) apiUsage(c echo.Context) error {
	usage, err := s.usageOf(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{
		"plan": who(c).user.Plan, "limits": limitsShape(s.Plans.Of(who(c).user.Plan)),
		"jobs":  map[string]int{"total": usage.jobs, "uploading": usage.load.Uploading, "pending": usage.load.Pending, "running": usage.load.Running, "this_month": usage.month},
		"bytes": map[string]int64{"inputs": usage.inputs, "results": usage.hot, "archived": usage.cold},
	})
}

// apiServiceInfo answers GET /api/v1/service-info in the shape of the GA4GH service-info 1.0.
func (s *site) apiServiceInfo(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]any{
		"id": "gas." + s.Install.ID, "name": "GAS, Genomics Annotation Service",
		"type":         map[string]string{"group": "gas", "artifact": "annotation", "version": "1.0.0"},
		"description":  "Annotates variants of a VCF with their consequences on genes.",
		"organization": map[string]string{"name": "The operator of this installation", "url": s.baseURL(c)},
		"version":      s.Version, "documentationUrl": s.baseURL(c) + "/docs",
		"limits": map[string]limitsJSON{string(user.Free): limitsShape(s.Plans.Free), string(user.Premium): limitsShape(s.Plans.Premium)},
	})
}
