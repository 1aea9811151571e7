package client

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gas/pkg/fault"
)

// SavedFilter is a filter that a person keeps under a name, for every result.
type SavedFilter struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Filter string `json:"filter"`
}

// Filters lists the saved filters of the token's owner, by name.
func (c *Client) Filters(ctx context.Context) ([]SavedFilter, error) {
	var list List[SavedFilter]
	err := c.get(ctx, "/filters", &list)
	return list.Items, err
}

// FilterNamed finds a saved filter by its name. The error is a fault of kind NotFound that tells what there is.
func (c *Client) FilterNamed(ctx context.Context, name string) (SavedFilter, error) {
	list, err := c.Filters(ctx)
	if err != nil {
		return SavedFilter{}, err
	}
	if at := slices.IndexFunc(list, func(f SavedFilter) bool { return f.Name == name }); at >= 0 {
		return list[at], nil
	}
	if len(list) == 0 {
		return SavedFilter{}, fault.New(fault.NotFound, "There is no saved filter %q. None is saved.", name)
	}
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.Name
	}
	return SavedFilter{}, fault.New(fault.NotFound, "There is no saved filter %q. Saved: %s.", name, strings.Join(names, ", "))
}

// SaveFilter keeps a filter, in the place of one of the same name. Job is a job whose databases and samples the filter may ask for; empty = it asks for what
// every result has.
func (c *Client) SaveFilter(ctx context.Context, name, filter, job string) (SavedFilter, error) {
	body := map[string]string{"name": name, "filter": filter}
	if job != "" {
		body["job_id"] = job
	}
	headers := jsonHeaders()
	headers["Idempotency-Key"] = newKey()
	var saved SavedFilter
	err := c.json(ctx, call{method: http.MethodPost, path: "/filters", repeats: true, body: jsonBody(body), headers: headers}, &saved)
	return saved, err
}

// DeleteFilter removes a saved filter.
func (c *Client) DeleteFilter(ctx context.Context, id string) error {
	return c.json(ctx, call{method: http.MethodDelete, path: "/filters/" + url.PathEscape(id), repeats: true}, nil)
}
