package web

import (
	"slices"
	"time"

	"gas/pkg/job"
	"gas/pkg/user"
)

// lifeView is one point of a job's time line: past with its time, or what comes next.
type lifeView struct {
	Class string // past, bad, idle, now, next
	What  string
	When  when
	Text  string // where there is no time
	Left  string // until then, counted down by the page
	Secs  int64  // the same in seconds
}

// pointOf is what an event of the flow table is on the time line; most are not on it.
var pointOf = map[job.Step]struct{ what, class string }{
	job.StepSubmit:   {"Submitted", "past"},
	job.StepClaim:    {"Started", "past"},
	job.StepComplete: {"Done", "past"},
	job.StepFail:     {"Failed", "bad"},
	job.StepPoison:   {"Failed", "bad"},
	job.StepCancel:   {"Cancelled", "idle"},
	job.StepArchived: {"Archived", "past"},
	job.StepThaw:     {"Restore begun", "past"},
	job.StepRestored: {"Restored", "past"},
	job.StepDamage:   {"Found damaged", "bad"},
}

// lifePoint is a point that has a place in time.
type lifePoint struct {
	at time.Time
	lifeView
}

// timeline tells a job's life from its own events and notices, and in grey what comes next. notifyDown tells that nobody sends mail now.
func (v sight) timeline(events []job.Event, notices []job.Notice, notifyDown bool) []lifeView {
	past, waiting := v.mailPoints(notices, notifyDown)
	for _, e := range events {
		if point, ok := pointOf[job.Step(e.Name)]; ok {
			past = append(past, lifePoint{e.At, lifeView{Class: point.class, What: point.what, When: at(e.At)}})
		}
	}
	slices.SortStableFunc(past, func(a, b lifePoint) int { return a.at.Compare(b.at) })
	return v.withNext(lastPoints(past, 9), waiting)
}

// withNext adds where the job stands and what comes next to what has been.
func (v sight) withNext(points []lifePoint, waiting []lifeView) []lifeView {
	past := make([]lifeView, len(points))
	for i, p := range points {
		past[i] = p.lifeView
	}
	if len(past) > 0 {
		past[len(past)-1].Class += " last"
	}
	if now := v.present(); now != nil {
		past = append(past, *now)
	}
	return append(append(past, waiting...), v.next()...)
}

// mailPoints are a job's mails: those that are done with, and those that wait. down tells that nobody is there to send them.
func (v sight) mailPoints(notices []job.Notice, down bool) (past []lifePoint, waiting []lifeView) {
	for _, n := range notices {
		point := lifeView{Class: "past", What: "Mail sent", When: at(n.At)}
		switch {
		case n.State == job.NoticeSent && n.Kind == job.NoticeExpiring:
			point.What = "Warned by mail"
		case n.State == job.NoticeSent:
		case n.State == job.NoticeGaveUp:
			point = lifeView{Class: "past", What: "No mail", Text: v.unmailed()}
		default:
			point = lifeView{Class: "next", What: "Mail", Text: "is being sent"}
			if down {
				point.Text = "waits for the role notify, which is down"
			} else if n.Tries > 1 {
				point.Text = "tried " + plural(n.Tries, "time", "times") + " so far"
			}
			waiting = append(waiting, point)
			continue
		}
		past = append(past, lifePoint{n.At, point})
	}
	return past, waiting
}

// unmailed says why a mail was given up. What a mail server answered stands in the operator's log: it may name more than its owner should read.
func (v sight) unmailed() string {
	switch {
	case v.owner.MailOff:
		return "you have switched mails off"
	case !v.owner.EmailVerified:
		return "no address of yours is confirmed"
	}
	return "it could not be delivered"
}

// lastPoints keeps the first three points and the newest: a result that was archived many times has a long life.
func lastPoints(points []lifePoint, most int) []lifePoint {
	if len(points) <= most {
		return points
	}
	return append(append([]lifePoint{}, points[:3]...), points[len(points)-most+3:]...)
}

// present is the point that the job stands on, where it stands on one.
func (v sight) present() *lifeView {
	switch {
	case v.Status == job.Running:
		return &lifeView{Class: "now", What: "Annotating", Text: durationText(v.now.Sub(v.StartTime)) + " so far"}
	case v.Status == job.Pending:
		return &lifeView{Class: "now", What: "Waiting", Text: durationText(v.now.Sub(v.SubmitTime)) + " so far"}
	case v.Status == job.Completed && v.Storage == job.Thawing:
		return &lifeView{Class: "now", What: "Being restored", Text: v.Retrieval.Tier}
	}
	return nil
}

// countdown is the point at which the free window ends, with the time that is left.
func (v sight) countdown() lifeView {
	left := v.freeUntil.Sub(v.now).Truncate(time.Second)
	return lifeView{Class: "next", What: "Free window ends", When: at(v.freeUntil), Left: "in " + leftText(left), Secs: int64(left / time.Second)}
}

// next is what is still to come.
func (v sight) next() []lifeView {
	ahead := func(what string, t time.Time) lifeView { return lifeView{Class: "next", What: what, When: at(t)} }
	free := v.owner.Plan != user.Premium
	switch {
	case v.Status == job.Uploading:
		return []lifeView{ahead("Submitted", time.Time{}), ahead("Done", time.Time{})}
	case v.Status == job.Pending:
		return []lifeView{ahead("Started", time.Time{}), ahead("Done", time.Time{}), ahead("Mail sent", time.Time{})}
	case v.Status == job.Running:
		done := time.Time{}
		if left := v.left(); left > 0 {
			done = v.now.Add(left)
		}
		return []lifeView{ahead("Done", done), ahead("Mail sent", time.Time{})}
	case v.Status != job.Completed:
		return nil
	case v.Storage == job.Damaged:
		return []lifeView{{Class: "next", What: "Mended", Text: "by an operator"}}
	case v.Storage == job.Thawing:
		return []lifeView{ahead("Restored", v.Retrieval.ExpectedAt)}
	case v.Storage == job.Archived && free:
		return []lifeView{{Class: "next", What: "Restored", Text: "after an upgrade"}}
	case v.Storage == job.Archived:
		return []lifeView{ahead("Restored", time.Time{})}
	case !v.freeUntil.IsZero() && !v.expired():
		return []lifeView{v.countdown(), {Class: "next", What: "Archived", Text: "kept in cold storage"}}
	case v.expired():
		return []lifeView{{Class: "next", What: "Archived", Text: "at any moment"}}
	}
	return []lifeView{{Class: "next", What: "Kept", Text: "as long as you are premium"}}
}
