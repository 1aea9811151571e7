package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/pkg/results"
	"gas/pkg/results/filter"
)

// Filters that a person keeps under a name, for every result of his.

const (
	filterKind     = "filter"
	filtersKept    = 50
	filterNameSize = 60      // runes
	filterSize     = 8 << 10 // bytes
)

// savedFilter is a filter with its name.
type savedFilter struct {
	ID     string `json:"-"`
	Name   string `json:"name"`
	Filter string `json:"filter"`
}

// savedFilters lists a user's filters by name.
func savedFilters(ctx context.Context, records port.Records, owner string) ([]savedFilter, error) {
	found, err := records.Of(ctx, filterKind, owner, filtersKept)
	if err != nil {
		return nil, fmt.Errorf("list saved filters: %w", err)
	}
	list := make([]savedFilter, len(found))
	for i, r := range found {
		if err := json.Unmarshal(r.Value, &list[i]); err != nil {
			return nil, fmt.Errorf("read a saved filter: %w", err)
		}
		list[i].ID = r.ID
	}
	slices.SortStableFunc(list, func(a, b savedFilter) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list, nil
}

// saveFilter answers POST /annotations/:id/filters: it keeps a filter, in its canonical form, in the place of one of the same name.
func (s *site) saveFilter(c echo.Context) error {
	v, index, done, err := s.variants(c)
	if err != nil {
		return err
	}
	defer done()
	kept, err := s.keepFilter(c, c.FormValue("name"), c.FormValue("filter"), index.Parse)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/annotations/"+v.ID+"/variants?filter="+url.QueryEscape(kept.Filter))
}

// keepFilter keeps a filter for whoever asks. parse knows the fields that it may ask for.
func (s *site) keepFilter(c echo.Context, name, text string, parse func(string) (filter.Expr, error)) (savedFilter, error) {
	kept := savedFilter{Name: strings.TrimSpace(name)}
	expr, err := parse(text)
	if err != nil {
		return kept, err
	}
	kept.Filter = filter.String(expr)
	switch {
	case kept.Name == "" || len([]rune(kept.Name)) > filterNameSize:
		return kept, fault.New(fault.BadInput, "A saved filter has a name of 1 to %d characters.", filterNameSize)
	case kept.Filter == "":
		return kept, fault.New(fault.BadInput, "There is no filter to save.")
	case len(kept.Filter) > filterSize:
		return kept, fault.New(fault.BadInput, "A saved filter has at most %d bytes.", filterSize)
	}
	return s.storeFilter(c.Request().Context(), who(c).user.ID, kept)
}

// storeFilter writes a filter into the record of the same name, or into a new one.
func (s *site) storeFilter(ctx context.Context, owner string, kept savedFilter) (savedFilter, error) {
	list, err := savedFilters(ctx, s.Records, owner)
	if err != nil {
		return kept, err
	}
	value, err := json.Marshal(kept)
	if err != nil {
		return kept, fmt.Errorf("write a saved filter: %w", err)
	}
	same := slices.IndexFunc(list, func(f savedFilter) bool { return f.Name == kept.Name })
	if same >= 0 {
		kept.ID = list[same].ID
		_, err = s.Records.Update(ctx, filterKind, kept.ID, func(r *port.Record) error { r.Value = value; return nil })
		return kept, err
	}
	if len(list) >= filtersKept {
		return kept, fault.New(fault.Conflict, "%d filters are saved, and no more can be.", filtersKept).WithHint("Delete one first.")
	}
	kept.ID = randomText(10)
	return kept, s.Records.Create(ctx, port.Record{Kind: filterKind, ID: kept.ID, Owner: owner, Value: value, Created: s.Now()})
}

// deleteFilter answers POST /filters/:filter/delete.
func (s *site) deleteFilter(c echo.Context) error {
	if err := s.dropFilter(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, localPath(c.FormValue("next")))
}

// dropFilter deletes the filter of the path; another's is as missing as none.
func (s *site) dropFilter(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("filter")
	record, err := s.Records.Get(ctx, filterKind, id)
	if errors.Is(err, port.ErrNotFound) || err == nil && record.Owner != who(c).user.ID {
		return fault.New(fault.NotFound, "There is no such filter.")
	}
	if err != nil {
		return fmt.Errorf("read a saved filter: %w", err)
	}
	if err := s.Records.Delete(ctx, filterKind, id); err != nil {
		return fmt.Errorf("delete a saved filter: %w", err)
	}
	return nil
}

// filterJSON is a saved filter as the API tells it.
type filterJSON struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Filter string `json:"filter"`
}

// apiFilters answers GET /api/v1/filters.
func (s *site) apiFilters(c echo.Context) error {
	list, err := savedFilters(c.Request().Context(), s.Records, who(c).user.ID)
	if err != nil {
		return err
	}
	items := make([]filterJSON, len(list))
	for i, f := range list {
		items[i] = filterJSON(f)
	}
	return c.JSON(http.StatusOK, listOf(items, len(items), ""))
}

// apiSaveFilter answers POST /api/v1/filters. The fields of databases and samples are those of the job that the body names.
func (s *site) apiSaveFilter(c echo.Context) error {
	return s.once24(c, func() (int, any, error) {
		var body struct {
			Name   string `json:"name"`
			Filter string `json:"filter"`
			Job    string `json:"job_id"`
		}
		if err := readJSON(c, &body); err != nil {
			return 0, nil, err
		}
		parse := results.ParseCommon
		if body.Job != "" {
			_, index, done, err := s.variantsOf(c, body.Job)
			if err != nil {
				return 0, nil, err
			}
			defer done()
			parse = index.Parse
		}
		kept, err := s.keepFilter(c, body.Name, body.Filter, parse)
		return http.StatusCreated, filterJSON(kept), err
	})
}

// apiDeleteFilter answers DELETE /api/v1/filters/:filter.
func (s *site) apiDeleteFilter(c echo.Context) error {
	if err := s.dropFilter(c); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// savedView is a saved filter on the page of variants. One that this result cannot answer has no URL.
type savedView struct {
	ID, Name, Filter, URL string
	Here                  bool // it is the filter that is asked
}

// savedViews are the filters that whoever asks has saved.
func (s *site) savedViews(c echo.Context, x *results.Index) ([]savedView, error) {
	list, err := savedFilters(c.Request().Context(), s.Records, who(c).user.ID)
	if err != nil {
		return nil, err
	}
	views := make([]savedView, len(list))
	for i, f := range list {
		views[i] = savedView{ID: f.ID, Name: visible(f.Name), Filter: visible(f.Filter)}
		if expr, err := x.Parse(f.Filter); err == nil {
			views[i].URL = withQuery(c, map[string]string{"filter": filter.String(expr), "page": "", "draft": ""})
			asked, err := x.Parse(c.QueryParam("filter"))
			views[i].Here = err == nil && filter.String(asked) == filter.String(expr)
		}
	}
	return views, nil
}
