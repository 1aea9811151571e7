package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// roleStatus is how a role is: when one of its processes was heard of last.
type roleStatus struct {
	Role      string     `json:"role"`
	Up        bool       `json:"up"`
	Instances int        `json:"instances"`
	Heard     *time.Time `json:"heard"`
}

// KnownRoles are the roles whose heartbeats the status page looks for. Package roles imports this one, so the list can't come from there; a test
// there holds both equal.
func KnownRoles() []string { return knownRoles[:] }

var knownRoles = [...]string{"web", "annotator", "notify", "archive", "thaw", "restore"}

// roleStates reads the heartbeats. A heartbeat that is older than its life is not found, so one that is there is one that lives.
func (s *site) roleStates(c echo.Context) ([]roleStatus, error) {
	records, err := s.Records.Of(c.Request().Context(), role.HeartbeatKind, "", 1000)
	if err != nil {
		return nil, fmt.Errorf("read heartbeats: %w", err)
	}
	by := map[string]*roleStatus{}
	out := make([]roleStatus, len(knownRoles))
	for i, name := range knownRoles {
		out[i].Role = name
		by[name] = &out[i]
	}
	for _, r := range records {
		var beat role.Heartbeat
		if err := json.Unmarshal(r.Value, &beat); err != nil {
			return nil, fmt.Errorf("read heartbeat: %w", err)
		}
		state := by[beat.Role]
		if state == nil {
			continue
		}
		state.Up = true
		state.Instances++
		if state.Heard == nil || beat.At.After(*state.Heard) {
			state.Heard = timeOf(beat.At)
		}
	}
	return out, nil
}

func (s *site) queueStats(c echo.Context) ([]port.QueueStats, error) {
	var out []port.QueueStats
	for _, topic := range job.Topics {
		stats, err := s.Queue.Stats(c.Request().Context(), topic)
		if err != nil {
			return nil, fmt.Errorf("count queue %s: %w", topic, err)
		}
		stats.Topic = topic
		out = append(out, stats)
	}
	return out, nil
}

// apiStatus answers GET /api/v1/status.
func (s *site) apiStatus(c echo.Context) error {
	roles, err := s.roleStates(c)
	if err != nil {
		return err
	}
	stats, err := s.queueStats(c)
	if err != nil {
		return err
	}
	type queue struct {
		Topic         job.Topic `json:"topic"`
		Waiting       int       `json:"waiting"`
		Delayed       int       `json:"delayed"`
		Running       int       `json:"running"`
		Dead          int       `json:"dead"`
		OldestSeconds float64   `json:"oldest_seconds"`
	}
	queues := make([]queue, len(stats))
	for i, q := range stats {
		queues[i] = queue{q.Topic, q.Waiting, q.Delayed, q.Running, q.Dead, q.Oldest.Seconds()}
	}
	status := "ok"
	if slices.ContainsFunc(roles, func(r roleStatus) bool { return !r.Up }) {
		status = "degraded"
	}
	return c.JSON(http.StatusOK, map[string]any{"status": status, "version": s.Version, "roles": roles, "queues": queues, "banner": s.banner(c)})
}

type statusView struct {
	Sentence string
	State    stateView
	Version  string
	Roles    []roleView
	Queues   []queueView
}

type roleView struct {
	Name, Does string
	State      stateView
	Instances  string
	Heard      when
}

type queueView struct{ Name, Waiting, Delayed, Running, Dead, Oldest string }

// doing says what stands still while a role is down.
var doing = map[string]string{
	"web": "pages and API", "annotator": "annotates; while it is down jobs wait", "notify": "sends mail; while it is down mail waits",
	"archive": "moves results to cold storage, sweeps", "thaw": "asks for archived results", "restore": "brings archived results back",
}

func (s *site) statusOf(c echo.Context) (statusView, error) {
	view := statusView{Version: s.Version, Sentence: "Everything runs.", State: stateView{"done", "Up"}}
	roles, err := s.roleStates(c)
	if err != nil {
		return view, err
	}
	var down []string
	for _, r := range roles {
		row := roleView{Name: r.Role, Does: doing[r.Role], State: stateView{"done", "Up"}, Instances: countText(r.Instances)}
		if r.Heard != nil {
			row.Heard = at(*r.Heard)
		}
		if !r.Up {
			row.State = stateView{"failed", "Down"}
			down = append(down, r.Role)
		}
		view.Roles = append(view.Roles, row)
	}
	if len(down) > 0 {
		view.Sentence, view.State = "Not heard of for 35 s: "+strings.Join(down, ", ")+".", stateView{"failed", "Degraded"}
	}
	stats, err := s.queueStats(c)
	if err != nil {
		return view, err
	}
	for _, q := range stats {
		row := queueView{Name: string(q.Topic), Waiting: countText(q.Waiting), Delayed: countText(q.Delayed), Running: countText(q.Running), Dead: countText(q.Dead)}
		if q.Waiting > 0 {
			row.Oldest = durationText(q.Oldest)
		}
		view.Queues = append(view.Queues, row)
	}
	return view, nil
}

// statusPage answers GET /status.
func (s *site) statusPage(c echo.Context) error {
	view, err := s.statusOf(c)
	if err != nil {
		return err
	}
	return s.show(c, "status", head{Title: "Status"}, view)
}

type adminView struct {
	Status statusView
	Dead   []deadView
	Users  []userRow
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
	s.audit(c, "redrive", fmt.Sprintf("%d of %s", n, topic))
	return c.Redirect(http.StatusSeeOther, "/admin")
}

// setPlan answers POST /admin/plan. What the plan moves is moved as after a payment.
func (s *site) setPlan(c echo.Context) error {
	id, plan := c.FormValue("user"), user.Plan(c.FormValue("plan"))
	if !plan.Valid() {
		return fault.New(fault.BadInput, "There is no such plan.")
	}
	if _, err := s.flow.SetPlan(c.Request().Context(), id, flow.PlanChange{Plan: plan}); err != nil {
		return fmt.Errorf("set plan: %w", err)
	}
	s.audit(c, "set plan of "+id, string(plan))
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
	s.audit(c, "banner", text)
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

// audit writes what an administrator did into the log.
func (s *site) audit(c echo.Context, what, detail string) {
	s.Log.Info().Str("user", who(c).user.ID).Str("what", what).Str("detail", detail).Str("request", requestID(c)).Msg("administrator acted")
}
