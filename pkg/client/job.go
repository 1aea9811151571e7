package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"gas/pkg/job"
)

// Job is a job as the API shows it.
type Job struct {
	ID            string       `json:"job_id"`
	Name          string       `json:"name"`
	Status        job.Status   `json:"status"`
	Storage       *job.Storage `json:"storage"`
	Reference     string       `json:"reference"`
	Stage         string       `json:"stage"`
	Percent       float64      `json:"percent"`
	QueuePosition int          `json:"queue_position"`
	Attempt       int          `json:"attempt"`
	SubmitTime    *time.Time   `json:"submit_time"`
	StartTime     *time.Time   `json:"start_time"`
	CompleteTime  *time.Time   `json:"complete_time"`
	FreeUntil     *time.Time   `json:"free_until"`
	Input         File         `json:"input"`
	Result        *Result      `json:"result"`
	Counts        *job.Counts  `json:"counts"`
	Error         *job.Failure `json:"error"`
	Options       job.Options  `json:"options"`
	RerunOf       *string      `json:"rerun_of"` // the job whose input this one annotated again
	SameAs        string       `json:"same_as"`  // an earlier job of the same file, options and data, whose result can be read
	raw           json.RawMessage
}

// File is one file of a job.
type File struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Result is the annotated file of a completed job.
type Result struct {
	Available  bool       `json:"available"`
	Size       int64      `json:"size"`
	SHA256     string     `json:"sha256"` // of the bytes that a download gives
	ExpectedAt *time.Time `json:"expected_at"`
}

// UnmarshalJSON reads a job and keeps its text, so that printing it loses no key that this version does not know.
func (j *Job) UnmarshalJSON(raw []byte) error {
	type plain Job
	if err := json.Unmarshal(raw, (*plain)(j)); err != nil {
		return err
	}
	j.raw = append(json.RawMessage(nil), raw...)
	return nil
}

// MarshalJSON writes the job as the server sent it.
func (j Job) MarshalJSON() ([]byte, error) {
	if j.raw != nil {
		return j.raw, nil
	}
	type plain Job
	return json.Marshal(plain(j))
}

// List is one page of something with the exact total.
type List[T any] struct {
	Items []T     `json:"items"`
	Total int     `json:"total"`
	Next  *string `json:"next"`
}

// JobQuery narrows a list of jobs. The zero value asks for the newest.
type JobQuery struct {
	Cursor string
	Limit  int
	Search string
	Status []string
	Sort   string
}

// Job reads one job.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	var j Job
	err := c.get(ctx, "/jobs/"+url.PathEscape(id), &j)
	return j, err
}

// Jobs lists one page of jobs, newest first.
func (c *Client) Jobs(ctx context.Context, q JobQuery) (List[Job], error) {
	query := url.Values{}
	set := func(key, value string) {
		if value != "" {
			query.Add(key, value)
		}
	}
	set("cursor", q.Cursor)
	set("q", q.Search)
	set("sort", q.Sort)
	for _, status := range q.Status {
		set("status", status)
	}
	if q.Limit > 0 {
		set("limit", strconv.Itoa(q.Limit))
	}
	var list List[Job]
	err := c.get(ctx, "/jobs?"+query.Encode(), &list)
	return list, err
}

// Cancel stops a job that has not ended.
func (c *Client) Cancel(ctx context.Context, id string) (Job, error) {
	var j Job
	err := c.json(ctx, call{method: http.MethodPost, path: "/jobs/" + url.PathEscape(id) + "/cancel", repeats: true}, &j)
	return j, err
}

// Rerun makes a new job of the same input; options that are empty stay as they were.
func (c *Client) Rerun(ctx context.Context, id string, options map[string]any) (Job, error) {
	if options == nil {
		options = map[string]any{}
	}
	var j Job
	err := c.json(ctx, call{
		method: http.MethodPost, path: "/jobs/" + url.PathEscape(id) + "/rerun", repeats: true, body: jsonBody(options),
		headers: map[string]string{"Content-Type": "application/json", "Idempotency-Key": newKey()},
	}, &j)
	return j, err
}

// Delete removes a job with all its files.
func (c *Client) Delete(ctx context.Context, id string) error {
	return c.json(ctx, call{method: http.MethodDelete, path: "/jobs/" + url.PathEscape(id), repeats: true}, nil)
}

// Me is the owner of the token.
type Me struct {
	ID          string `json:"user_id"`
	Name        string `json:"name"`
	Email       string `json:"email"`
	Institution string `json:"institution"`
	Plan        string `json:"plan"`

	FreeSince *time.Time `json:"free_since"` // since when the owner is on the free plan; nil on another
	Created   time.Time  `json:"created"`
	Scopes    []string   `json:"scopes"` // what the token may do
}

// Me tells whom the token belongs to.
func (c *Client) Me(ctx context.Context) (Me, error) {
	var me Me
	err := c.get(ctx, "/me", &me)
	return me, err
}

// newKey makes an Idempotency-Key.
func newKey() string {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString()
	}
	return id.String()
}

// Ended tells whether the job has reached its last state.
func (j Job) Ended() bool { return j.Status.Final() }

// Done is a short word for how far the job is.
func (j Job) Done() string {
	switch {
	case j.Status == job.Running && j.Percent > 0:
		return fmt.Sprintf("%.0f %%", j.Percent)
	case j.Status == job.Pending && j.QueuePosition > 0:
		return fmt.Sprintf("place %d", j.QueuePosition)
	case j.Status == job.Failed && j.Error != nil:
		return j.Error.Code
	case j.Storage != nil && *j.Storage != job.Hot:
		return string(*j.Storage)
	}
	return ""
}
