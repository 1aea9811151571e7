package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

type adminView struct {
	Status statusView
	Dead   []deadView
	Users  []userRow
	Audit  auditView
	Banner string
}

type deadView struct {
	ID, Topic, Job, Reason, Receives string
	At                               when
}

type userRow struct {
	ID, Name, Plan, Load string
	Other, OtherWord     string // the plan that the user has not
	Created              when
}

const adminRows = 100

// adminPage answers GET /admin.
func (s *site) adminPage(c echo.Context) error {
	ctx := c.Request().Context()
	status, err := s.statusOf(c)
	if err != nil {
		return err
	}
	view := adminView{Status: status, Banner: s.banner(c)}
	for _, topic := range job.Topics {
		dead, err := s.Queue.Dead(ctx, topic, adminRows)
		if err != nil {
			return fmt.Errorf("list dead letters: %w", err)
		}
		for _, d := range dead {
			view.Dead = append(view.Dead, deadView{
				ID: d.ID, Topic: string(topic), Job: d.Message.JobID, Reason: visible(d.Reason), Receives: countText(d.Receives), At: at(d.At),
			})
		}
	}
	users, _, err := s.Store.EveryUser(ctx, "", adminRows)
	if err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	for _, u := range users {
		view.Users = append(view.Users, rowOfUser(u))
	}
	if view.Audit, err = s.auditView(c, "", adminRows); err != nil {
		return err
	}
	return s.show(c, "admin", head{Title: "Administration"}, view)
}

func rowOfUser(u user.User) userRow {
	other := user.Premium
	if u.Plan == user.Premium {
		other = user.Free
	}
	return userRow{Other: string(other), OtherWord: other.Word(), ID: u.ID, Name: nameOf(u), Plan: u.Plan.Word(), Created: at(u.Created), Load: fmt.Sprintf("%d waiting, %d running", u.Load.Queued(), u.Load.Running)}
}

// redrive answers POST /admin/redrive: one dead letter, or all of a topic.
func (s *site) redrive(c echo.Context) error {
	topic := job.Topic(c.FormValue("topic"))
	if !slices.Contains(job.Topics, topic) {
		return fault.New(fault.BadInput, "There is no such queue.")
	}
	var ids []string
	if id := c.FormValue("id"); id != "" {
		ids = []string{id}
	}
	n, err := s.Queue.Redrive(c.Request().Context(), topic, ids)
	if err != nil {
		return fmt.Errorf("redrive: %w", err)
	}
	s.noteAdmin(c, "", port.AuditRedrive, fmt.Sprintf("%d of %s", n, topic))
	return c.Redirect(http.StatusSeeOther, "/admin")
}

// setPlan answers POST /admin/plan. What the plan moves is moved as after a payment.
func (s *site) setPlan(c echo.Context) error {
	id, plan := c.FormValue("user"), user.Plan(c.FormValue("plan"))
	if !plan.Valid() {
		return fault.New(fault.BadInput, "There is no such plan.")
	}
	if _, err := s.flow.SetPlan(c.Request().Context(), id, flow.PlanChange{Plan: plan, By: who(c).user.ID}); err != nil {
		return fmt.Errorf("set plan: %w", err)
	}
	return c.Redirect(http.StatusSeeOther, "/admin")
}

const (
	bannerKind = "banner"
	bannerID   = "all"
)

// setBanner answers POST /admin/banner; an empty text takes it away.
func (s *site) setBanner(c echo.Context) error {
	ctx, text := c.Request().Context(), cleanLine(c.FormValue("text"))
	if err := s.Records.Delete(ctx, bannerKind, bannerID); err != nil {
		return fmt.Errorf("take banner away: %w", err)
	}
	if text != "" {
		if err := s.Records.Create(ctx, port.Record{Kind: bannerKind, ID: bannerID, Value: []byte(text), Created: s.Now()}); err != nil {
			return fmt.Errorf("set banner: %w", err)
		}
	}
	s.noteAdmin(c, "", didBanner, text)
	return c.Redirect(http.StatusSeeOther, "/admin")
}

// banner is the maintenance line. A page without it is better than no page, so an error leaves it out.
func (s *site) banner(c echo.Context) string {
	record, err := s.Records.Get(c.Request().Context(), bannerKind, bannerID)
	if err != nil {
		return ""
	}
	return visible(string(record.Value))
}
