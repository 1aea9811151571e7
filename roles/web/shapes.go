package web

import (
	"time"

	"gas/pkg/job"
	"gas/pkg/user"
)

// jobJSON is a job as the contract writes it.
type jobJSON struct {
	ID            string            `json:"job_id"`
	Name          string            `json:"name"`
	Status        job.Status        `json:"status"`
	Storage       *job.Storage      `json:"storage"`
	Reference     string            `json:"reference"`
	Stage         string            `json:"stage"`
	Percent       float64           `json:"percent"`
	QueuePosition int               `json:"queue_position"`
	Attempt       int               `json:"attempt"`
	SubmitTime    *time.Time        `json:"submit_time"`
	StartTime     *time.Time        `json:"start_time"`
	CompleteTime  *time.Time        `json:"complete_time"`
	FreeUntil     *time.Time        `json:"free_until"`
	Input         inputJSON         `json:"input"`
	Result        *resultJSON       `json:"result"`
	Counts        *job.Counts       `json:"counts"`
	Error         *job.Failure      `json:"error"`
	Versions      map[string]string `json:"versions"`
	Options       job.Options       `json:"options"`
	RerunOf       *string           `json:"rerun_of"`
	SameAs        *string           `json:"same_as,omitempty"` // an earlier job whose result is what this one's is or will be; not in lists
}

type inputJSON struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type resultJSON struct {
	Available  bool       `json:"available"`
	Size       int64      `json:"size"`
	SHA256     string     `json:"sha256"` // of the bytes that a download gives
	ExpectedAt *time.Time `json:"expected_at"`
}

// jobShape writes a job as the contract has it.
func jobShape(v sight) jobJSON {
	out := jobJSON{
		ID: v.ID, Name: v.Name, Status: v.Status, Reference: v.Reference, Stage: v.progress.Stage, Percent: v.progress.Percent,
		QueuePosition: v.place, Attempt: v.Attempt,
		SubmitTime: timeOf(v.SubmitTime), StartTime: timeOf(v.StartTime), CompleteTime: timeOf(v.CompleteTime), FreeUntil: timeOf(v.freeUntil),
		Input: inputJSON{Size: v.Input.Size, SHA256: v.Input.SHA256}, Counts: v.Counts, Error: v.Error, Versions: v.Versions, Options: v.Options,
	}
	if out.Reference == "" {
		out.Reference = v.Options.Reference
	}
	if out.Versions == nil {
		out.Versions = map[string]string{}
	}
	if v.RerunOf != "" {
		out.RerunOf = &v.RerunOf
	}
	if v.Status != job.Completed {
		return out
	}
	out.Percent = 100
	out.Storage = &v.Storage
	out.Result = &resultJSON{Available: v.readable == nil, Size: v.Result.Size, SHA256: v.Result.SHA256}
	if v.Storage == job.Thawing {
		out.Result.ExpectedAt = timeOf(v.Retrieval.ExpectedAt)
	}
	return out
}

// timeOf is a time in UTC, nil for the zero time.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// listJSON is one page of anything.
type listJSON[T any] struct {
	Items []T     `json:"items"`
	Total int     `json:"total"`
	Next  *string `json:"next"`
}

// listOf makes a page; its items are never null.
func listOf[T any](items []T, total int, next string) listJSON[T] {
	list := listJSON[T]{Items: items, Total: total}
	if list.Items == nil {
		list.Items = []T{}
	}
	if next != "" {
		list.Next = &next
	}
	return list
}

// meJSON is who asks.
type meJSON struct {
	ID          string     `json:"user_id"`
	Name        string     `json:"name"`
	Email       string     `json:"email"`
	Institution string     `json:"institution"`
	Plan        user.Plan  `json:"plan"`
	FreeSince   *time.Time `json:"free_since"`
	Created     time.Time  `json:"created"`
	Scopes      []Scope    `json:"scopes"` // of the token that asked; null for a session
}

func meShape(w subject) meJSON {
	u := w.user
	me := meJSON{ID: u.ID, Name: u.Name, Email: u.Email, Institution: u.Institution, Plan: u.Plan, Created: u.Created.UTC()}
	if u.Plan == user.Free {
		me.FreeSince = timeOf(u.FreeSince)
	}
	if w.token != nil {
		me.Scopes = w.token.Scopes
	}
	return me
}

// limitsJSON is what a plan allows. Sizes are in bytes; window_seconds is null where results stay.
type limitsJSON struct {
	Upload        int64  `json:"upload"`
	Running       int    `json:"running"`
	Queued        int    `json:"queued"`
	WindowSeconds *int64 `json:"window_seconds"`
}

func limitsShape(l user.Limits) limitsJSON {
	out := limitsJSON{Upload: l.Upload, Running: l.Running, Queued: l.Queued}
	if l.Window > 0 {
		seconds := int64(l.Window / time.Second)
		out.WindowSeconds = &seconds
	}
	return out
}
