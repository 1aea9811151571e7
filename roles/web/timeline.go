package web

import (
	"time"

	"gas/pkg/job"
	"gas/pkg/user"
)

// lifeView is one point of a job's time line: past with its time, or what comes next.
type lifeView struct {
	Class string // past, bad, now, next
	What  string
	When  when
	Text  string // where there is no time
}

// pointOf is what an event of the flow table is on the time line; most are not on it.
var pointOf = map[job.Step]struct{ what, class string }{
	job.StepSubmit:   {"Submitted", "past"},
	job.StepClaim:    {"Started", "past"},
	job.StepComplete: {"Done", "past"},
	job.StepFail:     {"Failed", "bad"},
	job.StepPoison:   {"Failed", "bad"},
	job.StepCancel:   {"Cancelled", "bad"},
	job.StepArchived: {"Archived", "past"},
	job.StepThaw:     {"Restore begun", "past"},
	job.StepRestored: {"Restored", "past"},
	job.StepDamage:   {"Found damaged", "bad"},
}

// timeline tells a job's life from its own events and notices, and in grey what comes next.
func (v sight) timeline(events []job.Event, notices []job.Notice) []lifeView {
	var past []lifeView
	mailed := sentNotices(notices)
	for _, e := range events {
		if point, ok := pointOf[job.Step(e.Name)]; ok {
			past = append(past, lifeView{Class: point.class, What: point.what, When: at(e.At)})
		}
		if m, ok := mailed[job.Step(e.Name)]; ok {
			past = append(past, lifeView{Class: "past", What: "Mail sent", When: at(m)})
			delete(mailed, job.Step(e.Name))
		}
	}
	past = lastPoints(past, 8)
	next := v.next()
	if len(past) > 0 {
		past[len(past)-1].Class += " last"
	}
	if now := v.present(); now != nil {
		past = append(past, *now)
	}
	return append(past, next...)
}

// sentNotices are the times of mails that were sent, by the step that they tell of.
func sentNotices(notices []job.Notice) map[job.Step]time.Time {
	of := map[string]job.Step{"ready": job.StepComplete, "failed": job.StepFail, "restored": job.StepRestored}
	sent := map[job.Step]time.Time{}
	for _, n := range notices {
		if step, ok := of[n.Kind]; ok && n.State == job.NoticeSent {
			sent[step] = n.At
		}
	}
	return sent
}

// lastPoints keeps the first two points and the newest: a result that was archived many times has a long life.
func lastPoints(points []lifeView, most int) []lifeView {
	if len(points) <= most {
		return points
	}
	return append(append([]lifeView{}, points[:2]...), points[len(points)-most+2:]...)
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
	case v.Storage == job.Thawing:
		return []lifeView{ahead("Restored", v.Retrieval.ExpectedAt)}
	case v.Storage == job.Archived && free:
		return []lifeView{{Class: "next", What: "Restored", Text: "after an upgrade"}}
	case v.Storage == job.Archived:
		return []lifeView{ahead("Restored", time.Time{})}
	case !v.freeUntil.IsZero() && !v.expired():
		return []lifeView{ahead("Free window ends", v.freeUntil), {Class: "next", What: "Archived", Text: "kept in cold storage"}}
	case v.expired():
		return []lifeView{{Class: "next", What: "Archived", Text: "at any moment"}}
	}
	return []lifeView{{Class: "next", What: "Kept", Text: "as long as you are premium"}}
}
