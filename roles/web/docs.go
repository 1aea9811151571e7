package web

import (
	"slices"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
)

type docsView struct {
	Pages   []navView
	Page    string
	Errors  []fault.Answer
	Plans   []planView
	BaseURL string
	Stripe  bool // takes the payments
	Routes  []Route
}

// docPages are the pages of the documentation, in their order; "" is the first.
var docPages = []fieldView{{"", "How it works"}, {"input", "Input"}, {"results", "Results"}, {"filters", "Filters"}, {"api", "API"}, {"errors", "Errors"}, {"privacy", "Privacy and deletion"}}

// docs answers GET /docs and /docs/:page.
func (s *site) docs(c echo.Context) error {
	page := c.Param("page")
	i := slices.IndexFunc(docPages, func(p fieldView) bool { return p.Name == page })
	if i < 0 {
		return fault.New(fault.NotFound, "There is no such page in the documentation.")
	}
	view := docsView{Page: orDefault(page, "start"), Errors: fault.Table, Plans: s.planViews(), BaseURL: s.baseURL(c), Stripe: s.Config.StripeSecretKey != ""}
	for _, p := range docPages {
		url := "/docs"
		if p.Name != "" {
			url += "/" + p.Name
		}
		view.Pages = append(view.Pages, navView{URL: url, Text: p.Value, Here: p.Name == page})
	}
	for _, r := range Routes() {
		if len(r.Path) > 8 && r.Path[:8] == "/api/v1/" {
			view.Routes = append(view.Routes, r)
		}
	}
	return s.show(c, "docs", head{Title: docPages[i].Value}, view)
}
