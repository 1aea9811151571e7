package sim

import (
	"context"
	"errors"
	"strings"
	"time"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// settle is the calm phase: nothing fails any more, and everything has to arrive where it belongs.
func (w *world) settle() {
	w.end()
	w.calm = true
	for round := 0; round < 70 && w.broken == nil && !w.atRest(); round++ {
		w.calmRound()
		w.check()
		if round < 50 {
			time.Sleep(30 * time.Second)
		} else {
			time.Sleep(5 * time.Minute)
		}
		w.dirty = true
	}
	w.check()
	w.checkArrived()
	w.sweepAway()
}

// calmRound does what there is to do now: events, relay, every message, and one round of the sweeper.
func (w *world) calmRound() {
	for _, e := range append([]event{}, w.events...) {
		w.alone("pay", func(ctx context.Context, a *actor) {
			d := a.deps("web")
			_, err := d.Flow().Settle(ctx, d.Payments, e.user, e.user, e.id)
			if err == nil || errors.Is(err, port.ErrExists) {
				w.taken(e)
			}
		})
	}
	w.alone("sweep", func(ctx context.Context, a *actor) { _ = a.deps("sweeper").Flow().Sweep(ctx) })
	for range 100 {
		w.alone("relay", func(ctx context.Context, a *actor) { _, _ = a.deps("relay").Flow().Relay(ctx, "") })
		if !w.handleOne() {
			return
		}
	}
}

// handleOne handles one message, if there is one.
func (w *world) handleOne() bool {
	for _, topic := range topics {
		dv, ok := w.receive(topic, 0, visibility)
		if !ok {
			continue
		}
		w.log("calm: receive %s %s (%d)", topic, dv.Message.ID, dv.Receives)
		w.alone("calm", func(ctx context.Context, a *actor) { _ = a.handle(ctx, dv) })
		return true
	}
	return false
}

// alone lets an actor work to its end. It has a goroutine of its own, which may die.
func (w *world) alone(kind string, work func(ctx context.Context, a *actor)) {
	a := w.newActor(kind)
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(context.Background(), a)
	}()
	<-done
}

// atRest tells whether everything has arrived and nothing is left to be done.
func (w *world) atRest() bool {
	if len(w.outbox)+len(w.timers)+len(w.events) > 0 {
		return false
	}
	for _, letters := range w.queues {
		if len(letters) > 0 {
			return false
		}
	}
	for _, j := range w.jobs {
		if !w.arrived(j) {
			return false
		}
	}
	return w.noticesDone()
}

// arrived tells whether a job is where its owner's plan wants it.
func (w *world) arrived(j job.Job) bool {
	switch j.Status {
	case job.Completed:
		if w.users[j.UserID].Plan == user.Premium {
			return j.Storage == job.Hot || j.Storage == job.Damaged
		}
		return j.Storage == job.Archived || j.Storage == job.Damaged
	case job.Uploading:
		return true // it may still be used, for a day
	}
	return j.Status.Final()
}

func (w *world) noticesDone() bool {
	for _, notices := range w.ram.notices {
		for _, n := range notices {
			if n.State != job.NoticeSent && n.State != job.NoticeGaveUp {
				return false
			}
		}
	}
	return true
}

// checkArrived: L1 to L5, L7 and S12.
func (w *world) checkArrived() {
	for uploadID, id := range w.accepted {
		if _, ok := w.jobs[id]; !ok {
			w.fail("S5", "job %s of upload %s is lost", id, uploadID)
		}
	}
	for _, j := range w.jobs {
		if !w.arrived(j) {
			w.fail("L1-L3", "job %s of a %s stays %s", j.ID, w.users[j.UserID].Plan, j.State())
		}
		if j.Storage == job.Damaged && w.bad < 3 {
			w.fail("L2", "job %s is damaged after %d bent streams", j.ID, w.bad)
		}
	}
	if !w.noticesDone() {
		w.fail("L4", "a notice is neither sent nor given up")
	}
	for topic, letters := range w.queues {
		if len(letters) > 0 {
			w.fail("L5", "%d messages stay on %s, such as %s", len(letters), topic, letters[0].message.ID)
		}
	}
	if len(w.outbox) > 0 {
		w.fail("L5", "%d messages stay in the outbox", len(w.outbox))
	}
	for _, d := range w.dead {
		j := w.jobs[d.Message.JobID]
		poison := j.Error != nil && (j.Error.Code == string(fault.Poison) || j.Error.Code == string(fault.Unavailable))
		if !poison && d.Receives < port.MaxReceives && j.Status != job.Deleted {
			w.fail("L7", "dead letter %s of job %s, which is %s: %s", d.ID, j.ID, j.State(), d.Reason)
		}
	}
	for id, u := range w.users {
		if u.Plan != w.plan(id) {
			w.fail("S12", "%s has the plan %s and pays for %s", id, u.Plan, w.plan(id))
		}
	}
}

// sweepAway lets the collector run after a while: then there is no object that no record names (L6).
func (w *world) sweepAway() {
	if w.broken != nil {
		return
	}
	time.Sleep(26 * time.Hour)
	for range 2 {
		w.calmRound()
		w.alone("collect", func(ctx context.Context, a *actor) {
			if _, err := a.deps("collector").Flow().Collect(ctx); err != nil {
				w.fail("L6", "the collector: %v", err)
			}
		})
		time.Sleep(2 * time.Hour)
	}
	named := map[string]bool{}
	for _, j := range w.jobs {
		named[j.Result.Key], named[j.Input.Key], named[j.Archive.Ref] = true, true, true
		for _, f := range j.Files {
			named[f.Key] = true
		}
	}
	for _, shelf := range []*shelf{w.inputs, w.results} {
		for key := range shelf.items {
			if !named[key] && !w.damaged(key) {
				w.fail("L6", "%s is an orphan", key)
			}
		}
	}
	for ref := range w.cold {
		if !named[ref] && w.jobs[w.cold[ref].item.JobID].Storage != job.Damaged {
			w.fail("L6", "%s is an orphan of the vault", ref)
		}
	}
}

// damaged tells whether an object was written for a job that is DAMAGED: of those nothing is deleted but by the owner, as an older attempt's copy
// may be the last good one.
func (w *world) damaged(key string) bool {
	parts := strings.Split(key, "/") // results/EPOCH/JOB/GEN-ATTEMPT/NAME
	return len(parts) == 5 && w.jobs[parts[2]].Storage == job.Damaged
}
