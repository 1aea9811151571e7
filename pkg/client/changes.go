package client

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// ChangesQuery narrows the changes between two jobs. The zero value asks for the first page of all changes since the job that was run again.
type ChangesQuery struct {
	Since  string   // the id of the older job
	Fields []string // only variants that changed in one of these
	Cursor string
	Limit  int
}

// Change is one field with its value in the older job and in the newer: a string, a number, true, or nil.
type Change struct {
	Field  string `json:"field"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// ChangedVariant is a variant on which two jobs do not agree.
type ChangedVariant struct {
	Variant
	Changes []Change `json:"changes"`
}

// UnmarshalJSON reads the variant and what changed.
func (v *ChangedVariant) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &v.Variant); err != nil {
		return err
	}
	var rest struct{ Changes []Change }
	err := json.Unmarshal(raw, &rest)
	v.Changes = rest.Changes
	return err
}

// ChangedPage is one page of changes, with how many variants changed in each field and what the jobs were made with.
type ChangedPage struct {
	List[ChangedVariant]
	Since  string `json:"since"`
	All    int    `json:"all"`
	Fields []struct {
		Field string `json:"field"`
		Count int    `json:"count"`
	} `json:"fields"`
	Added    []string `json:"added"`
	Removed  []string `json:"removed"`
	Versions []struct {
		Name   string `json:"name"`
		Before string `json:"before"`
		After  string `json:"after"`
	} `json:"versions"`
}

// Changes reads one page of what changed since another job of the same file.
func (c *Client) Changes(ctx context.Context, id string, q ChangesQuery) (ChangedPage, error) {
	values := url.Values{}
	for key, value := range map[string]string{"since": q.Since, "fields": strings.Join(q.Fields, ","), "cursor": q.Cursor} {
		if value != "" {
			values.Set(key, value)
		}
	}
	if q.Limit > 0 {
		values.Set("limit", strconv.Itoa(q.Limit))
	}
	var page ChangedPage
	err := c.get(ctx, "/jobs/"+url.PathEscape(id)+"/changes?"+values.Encode(), &page)
	return page, err
}
