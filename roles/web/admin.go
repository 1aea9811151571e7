package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

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
	Jobs   adminJobsView
	Mails  []mailRow
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

// How many rows the parts of the overview have.
const (
	adminRows = 100
	adminJobs = 20
)

// adminPage answers GET /admin.
func (s *site) adminPage(c echo.Context) error {
	status, err := s.statusOf(c)
	if err != nil {
		return err
	}
	view := adminView{Status: status, Banner: s.banner(c)}
	if view.Dead, err = s.deadLetters(c); err != nil {
		return err
	}
	if view.Jobs, err = s.jobsInMotion(c, "", adminJobs); err != nil {
		return err
	}
	if view.Mails, err = s.mailLog(c); err != nil {
		return err
	}
	users, _, err := s.Store.EveryUser(c.Request().Context(), "", adminRows)
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

func (s *site) deadLetters(c echo.Context) ([]deadView, error) {
	var out []deadView
	for _, topic := range job.Topics {
		dead, err := s.Queue.Dead(c.Request().Context(), topic, adminRows)
		if err != nil {
			return nil, fmt.Errorf("list dead letters: %w", err)
		}
		for _, d := range dead {
			out = append(out, deadView{
				ID: d.ID, Topic: string(topic), Job: d.Message.JobID, Reason: visible(d.Reason), Receives: countText(d.Receives), At: at(d.At),
			})
		}
	}
	return out, nil
}

func rowOfUser(u user.User) userRow {
	other := user.Premium
	if u.Plan == user.Premium {
		other = user.Free
	}
	return userRow{Other: string(other), OtherWord: other.Word(), ID: u.ID, Name: nameOf(u), Plan: u.Plan.Word(), Created: at(u.Created), Load: fmt.Sprintf("%d waiting, %d running", u.Load.Queued(), u.Load.Running)}
}

type mailRow struct {
	At              when
	Job, User, Kind string
	State           stateView
	Reason          string
}

// mailLog is what the notify role noted of each mail, newest first, after those that still wait.
func (s *site) mailLog(c echo.Context) ([]mailRow, error) {
	ctx := c.Request().Context()
	waiting, err := s.Store.WaitingNotices(ctx, s.Now().Add(forever), adminRows)
	if err != nil {
		return nil, fmt.Errorf("list mails that wait: %w", err)
	}
	ended, err := s.Records.Of(ctx, job.MailKind, "", adminRows)
	if err != nil {
		return nil, fmt.Errorf("read the log of mails: %w", err)
	}
	var out []mailRow
	for _, n := range waiting {
		out = append(out, rowOfMail(n))
	}
	for _, r := range ended {
		n, err := job.ReadMail(r.Value)
		if err != nil {
			return nil, err
		}
		out = append(out, rowOfMail(n))
	}
	return out, nil
}

// forever is further ahead than anything waits.
const forever = 100 * 365 * 24 * time.Hour

func rowOfMail(n job.Notice) mailRow {
	state := stateView{"waiting", "Waiting"}
	switch n.State {
	case job.NoticeSending:
		state = stateView{"running", "Being sent"}
	case job.NoticeSent:
		state = stateView{"done", "Sent"}
	case job.NoticeGaveUp:
		state = stateView{"failed", "Not sent"}
	}
	return mailRow{At: at(n.At), Job: n.JobID, User: n.UserID, Kind: n.Kind, State: state, Reason: visible(n.Reason)}
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
