package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
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
	Disk     string // how much room the data folder has; empty where that can't be told
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
		view.Sentence, view.State = "No process of "+strings.Join(down, ", ")+" has been heard of for 35 s.", stateView{"failed", "Degraded"}
	}
	if free, size := diskOf(s.Config.Data); size > 0 {
		view.Disk = sizeText(free) + " of " + sizeText(size) + " free"
		if free < size/20 {
			view.Sentence, view.State = view.Sentence+" The disk is nearly full: "+view.Disk+".", stateView{"failed", "Degraded"}
		}
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
