package web

import (
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/job"
	"gas/pkg/user"
)

// usage is what a user's jobs take up, in bytes, and how many there are.
type usage struct {
	jobs, month       int
	inputs, hot, cold int64
	archived          int
	load              user.Load
}

// usageLasts is how long a count is good that nobody but the archive has changed meanwhile.
const usageLasts = 10 * time.Second

// usages keeps what was counted for a moment: a count reads every job of a user. Submissions, starts and ends raise the version of the user's record,
// and a deletion drops the count here; what is archived, restored, or deleted by another process may lag by usageLasts.
type usages struct {
	mu   sync.Mutex
	kept map[string]keptUsage // by user
}

type keptUsage struct {
	usage
	version int64 // of the user's record
	month   time.Time
	at      time.Time
}

func newUsages() *usages { return &usages{kept: map[string]keptUsage{}} }

// find returns a count that is still good.
func (x *usages) find(u user.User, now time.Time) (usage, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	kept, found := x.kept[u.ID]
	return kept.usage, found && kept.version == u.Version && kept.month.Equal(monthOf(now)) && now.Sub(kept.at).Abs() <= usageLasts
}

// keep keeps a count that was begun at a time, and forgets those that are too old.
func (x *usages) keep(u user.User, counted usage, at time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, kept := range x.kept {
		if at.Sub(kept.at).Abs() > usageLasts {
			delete(x.kept, id)
		}
	}
	x.kept[u.ID] = keptUsage{usage: counted, version: u.Version, month: monthOf(at), at: at}
}

func (x *usages) drop(userID string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.kept, userID)
}

func monthOf(t time.Time) time.Time {
	return time.Date(t.UTC().Year(), t.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
}

// usageOf is the usage of who asks.
func (s *site) usageOf(c echo.Context) (usage, error) {
	u, now := who(c).user, s.Now()
	if kept, found := s.usages.find(u, now); found {
		return kept, nil
	}
	counted, err := s.countUsage(c, monthOf(now))
	if err == nil {
		s.usages.keep(u, counted, now)
	}
	return counted, err
}

// countUsage reads every job of who asks.
func (s *site) countUsage(c echo.Context, month time.Time) (usage, error) {
	out := usage{load: who(c).user.Load}
	err := s.eachJob(c, func(j job.Job) error {
		out.jobs++
		if !j.SubmitTime.Before(month) {
			out.month++
		}
		out.inputs += j.Input.Size
		switch j.Storage {
		case job.Archived, job.Thawing:
			out.cold += j.Result.Size
			out.archived++
		case job.Hot, job.Archiving, job.Damaged:
			out.hot += j.Result.Size
		}
		return nil
	})
	return out, err
}

type usageView struct {
	Figures []figureView
	Limits  []fieldView
	Plan    string
}

type figureView struct{ Name, Value, Sub string }

// usagePage answers GET /usage.
func (s *site) usagePage(c echo.Context) error {
	u, err := s.usageOf(c)
	if err != nil {
		return err
	}
	plan := who(c).user.Plan
	return s.show(c, "usage", head{Title: "Usage"}, usageView{
		Plan: plan.Word(), Limits: s.planView(plan).Facts,
		Figures: []figureView{
			{"Jobs", countText(u.jobs), countText(u.month) + " this month"},
			{"Waiting", countText(u.load.Queued()), "of " + countText(s.Plans.Of(plan).Queued)},
			{"Running", countText(u.load.Running), "of " + countText(s.Plans.Of(plan).Running)},
			{"Inputs", sizeText(u.inputs), "kept until you delete them"},
			{"Results at hand", sizeText(u.hot), ""},
			{"Results in cold storage", sizeText(u.cold), plural(u.archived, "result", "results")},
		},
	})
}
