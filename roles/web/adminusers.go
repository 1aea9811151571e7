package web

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/pkg/user"
)

type adminUserView struct {
	User  userRow
	Facts []factView
	Jobs  []adminJobRow
	Total string
	Pages pagesView
}

// adminUserPage answers GET /admin/users/:user: a person, the plan, and the person's jobs by id.
func (s *site) adminUserPage(c echo.Context) error {
	ctx := c.Request().Context()
	u, err := s.Store.User(ctx, c.Param("user"))
	if errors.Is(err, port.ErrNotFound) {
		return fault.New(fault.NotFound, "There is no such user.")
	}
	if err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	number, _ := strconv.Atoi(c.QueryParam("page"))
	number = max(number, 1)
	page, err := s.Store.JobsOf(ctx, u.ID, port.JobQuery{Limit: adminRows, Offset: (number - 1) * adminRows})
	if err != nil {
		return fmt.Errorf("list jobs: %w", err)
	}
	view := adminUserView{User: rowOfUser(u), Facts: factsOfUser(u), Total: plural(page.Total, "job", "jobs"),
		Pages: pagesOf(number, (page.Total+adminRows-1)/adminRows, func(n int) string { return "/admin/users/" + url.PathEscape(u.ID) + "?page=" + strconv.Itoa(n) })}
	for _, j := range page.Jobs {
		view.Jobs = append(view.Jobs, rowOfAdminJob(j))
	}
	return s.show(c, "admin_user", head{Title: "User " + nameOf(u), Crumbs: adminCrumbs}, view)
}

func factsOfUser(u user.User) []factView {
	facts := []factView{
		{Name: "Id", Value: u.ID, Mono: true}, {Name: "Plan", Value: u.Plan.Word()}, {Name: "Jobs now", Value: fmt.Sprintf("%d waiting, %d running", u.Load.Queued(), u.Load.Running)},
		{Name: "Since", Value: at(u.Created).Text},
	}
	if !u.FreeSince.IsZero() {
		facts = append(facts, factView{Name: "Free since", Value: at(u.FreeSince).Text})
	}
	if u.FanOut.Kind != "" {
		facts = append(facts, factView{Name: "In motion", Value: u.FanOut.Kind + ", looked at " + at(u.FanOut.Due).Text})
	}
	return facts
}
