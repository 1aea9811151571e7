package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// maxBusy is how many actors of a kind work at once.
const maxBusy = 2

// move makes one move of the world.
func (w *world) move() {
	waiting := w.waiting()
	choice := w.src.pick(100)
	switch {
	case choice < 55 && len(waiting) > 0:
		w.letOne(waiting)
	case choice < 75:
		w.receiveOne()
	case choice < 83:
		w.relayRound()
	case choice < 88:
		w.sweepRound()
	case choice < 92:
		w.passTime()
	default:
		w.outside()
	}
}

// letOne lets one parked call go on, sometimes badly.
func (w *world) letOne(waiting []*call) {
	c := waiting[w.src.pick(len(waiting))]
	v := goOn
	if w.faultsAt > 0 && w.src.oneIn(14) {
		v = verdict(w.src.pick(int(verdicts)))
		if v != goOn {
			w.faultsAt--
		}
	}
	if v == goOn && strings.Contains(c.name, ".Open") && w.src.oneIn(12) {
		v = bend
	}
	if v != goOn {
		w.lost++
	}
	if v == bend {
		w.bad++
	}
	w.bendNext = v == bend
	w.grant(c, v)
}

var topics = []job.Topic{job.Requests, job.Archives, job.Thaws, job.Restores, job.Results}

// receiveOne lets a worker take a message of some queue, in any order.
func (w *world) receiveOne() {
	from := w.src.pick(len(topics))
	for i := range topics {
		topic := topics[(from+i)%len(topics)]
		ready := len(w.ready(topic))
		if ready == 0 || w.working(string(topic)) >= maxBusy {
			continue
		}
		dv, ok := w.receive(topic, w.src.pick(ready), visibility)
		if ok {
			w.log("receive %s %s (%d)", topic, dv.Message.ID, dv.Receives)
			w.spawn(string(topic), func(ctx context.Context, a *actor) error { return a.handle(ctx, dv) })
		}
		return
	}
	w.relayRound()
}

func (w *world) relayRound() {
	if w.working("relay") > 0 || len(w.outbox) == 0 {
		return
	}
	w.spawn("relay", func(ctx context.Context, a *actor) error {
		_, err := a.deps("relay").Flow().Relay(ctx, "")
		return err
	})
}

// sweepRound runs the sweeper or the collector.
func (w *world) sweepRound() {
	if w.working("sweep") > 0 {
		return
	}
	if w.src.pick(3) < 2 {
		w.spawn("sweep", func(ctx context.Context, a *actor) error { return a.deps("sweeper").Flow().Sweep(ctx) })
		return
	}
	w.spawn("sweep", func(ctx context.Context, a *actor) error {
		_, err := a.deps("collector").Flow().Collect(ctx)
		return err
	})
}

var durations = []time.Duration{time.Second, 5 * time.Second, 11 * time.Second, 31 * time.Second, 2 * time.Minute, 5 * time.Minute, 0, 0}

// passTime lets time pass: some, or up to the very end of a free window.
func (w *world) passTime() {
	d := durations[w.src.pick(len(durations))]
	if d == 0 {
		d = w.toWindowEnd()
	}
	w.log("time passes: %s", d)
	w.slowed()
	time.Sleep(d)
	w.dirty = true
}

// slowed notes that time passes while a mail is being sent: its sender's claim may run out.
func (w *world) slowed() {
	if w.working(string(job.Results)) > 0 {
		w.slow++
	}
}

// toWindowEnd is how long it takes until the next free window ends.
func (w *world) toWindowEnd() time.Duration {
	best := time.Minute
	for _, j := range w.jobs {
		until := w.windowEnd(j)
		if left := until.Sub(w.time()); !until.IsZero() && left > 0 && (left < best || best == time.Minute) {
			best = left
		}
	}
	return best
}

// outside is what comes from outside the program: people, the payment side, and misfortune.
func (w *world) outside() {
	if w.plansOnly {
		w.outsideOfPlans()
		return
	}
	switch w.src.pick(16) {
	case 0, 1:
		w.upload()
	case 2, 3, 4:
		w.turnSubscription()
	case 5, 6:
		w.deliverEvent()
	case 7:
		w.owner("cancel", func(ctx context.Context, f flow.Flow, j job.Job) error {
			_, err := f.Cancel(ctx, j.UserID, j.ID)
			return err
		})
	case 8:
		if w.src.pick(3) == 2 {
			w.owner("delete", func(ctx context.Context, f flow.Flow, j job.Job) error { return f.Delete(ctx, j.UserID, j.ID) })
		}
	case 9:
		w.double()
	case 10:
		w.lose()
	case 11:
		w.resurrect()
	case 12:
		w.spoil()
	case 13:
		w.jump()
	case 14:
		w.foreignCollector()
	case 15:
		w.rerun()
	}
}

// outsideOfPlans is an outside where plans turn and turn again, and the payment side tells of it late, out of order and more than once.
func (w *world) outsideOfPlans() {
	if len(w.jobs) < 2 {
		w.upload()
		return
	}
	switch w.src.pick(8) {
	case 0, 1:
		w.turnSubscription()
	case 2, 3:
		w.deliverEvent()
	case 4:
		w.deliverAgain()
	case 5:
		w.double()
	case 6, 7:
		w.passTime()
	}
}

var contents = []string{"some", "other", "third", "fourth", "fifth", "sixth", "bad", "kill"}

// upload lets a person begin an upload, post the file, and submit; each call is repeated when it fails.
func (w *world) upload() {
	if len(w.jobs) >= maxJobs || w.working("web") >= maxBusy {
		return
	}
	w.uploads++
	userID, uploadID := users[w.src.pick(len(users))], fmt.Sprintf("up%d", w.uploads)
	content := contents[w.src.pick(len(contents))]
	w.spawn("web", func(ctx context.Context, a *actor) error {
		f := a.deps("web").Flow()
		j, err := retry(func() (job.Job, error) {
			return f.Intend(ctx, flow.Intent{UserID: userID, UploadID: uploadID, Name: "x.vcf"})
		})
		if err != nil {
			return err
		}
		w.knows(j.ID, content)
		w.inputs.set(j.Input.Key, []byte(content))
		j, err = retry(func() (job.Job, error) { return f.Submit(ctx, userID, j.ID, "") })
		if err == nil {
			w.accept(uploadID, j)
		}
		return err
	})
}

// retry is the patience of a client.
func retry(call func() (job.Job, error)) (j job.Job, err error) {
	for range 3 {
		if j, err = call(); err == nil || !errors.Is(err, errFault) && !errors.Is(err, port.ErrUnavailable) {
			return j, err
		}
	}
	return j, err
}

// owner lets a job's owner do something.
func (w *world) owner(what string, do func(context.Context, flow.Flow, job.Job) error) {
	j, ok := w.someJob()
	if !ok || w.working("web") >= maxBusy {
		return
	}
	w.log("%s %s", what, j.ID)
	w.spawn("web", func(ctx context.Context, a *actor) error { return do(ctx, a.deps("web").Flow(), j) })
}

func (w *world) rerun() {
	if len(w.jobs) >= maxJobs {
		return
	}
	w.uploads++
	uploadID := fmt.Sprintf("up%d", w.uploads)
	w.owner("rerun", func(ctx context.Context, f flow.Flow, old job.Job) error {
		j, err := f.Rerun(ctx, old.UserID, old.ID, uploadID, nil)
		if err == nil && j.Status == job.Pending {
			w.accept(uploadID, j)
		}
		return err
	})
}

func (w *world) someJob() (job.Job, bool) {
	jobs := ramStore{ram: w.ram}.sorted(func(job.Job) bool { return true })
	if len(jobs) == 0 {
		return job.Job{}, false
	}
	return jobs[w.src.pick(len(jobs))], true
}

// turnSubscription is somebody paying, or cancelling. The payment side will tell of it, again and again until it is answered.
func (w *world) turnSubscription() {
	userID := users[w.src.pick(len(users))]
	w.subs[userID] = !w.subs[userID]
	w.subEvent++
	w.events = append(w.events, event{id: fmt.Sprintf("ev%d", w.subEvent), user: userID})
	w.log("%s subscription active: %v", userID, w.subs[userID])
	w.deliverEvent()
}

// deliverEvent lets the payment side deliver one of its events, in any order.
func (w *world) deliverEvent() {
	if len(w.events) == 0 || w.working("pay") >= maxBusy {
		return
	}
	e := w.events[w.src.pick(len(w.events))]
	w.spawn("pay", func(ctx context.Context, a *actor) error {
		d := a.deps("web")
		_, err := d.Flow().Settle(ctx, d.Payments, e.user, e.user, e.id)
		if err == nil || errors.Is(err, port.ErrExists) {
			w.taken(e)
		}
		return err
	})
}

// deliverAgain delivers an event that was taken before.
func (w *world) deliverAgain() {
	if len(w.past) == 0 || w.working("pay") >= maxBusy {
		return
	}
	e := w.past[w.src.pick(len(w.past))]
	w.log("again: event %s of %s", e.id, e.user)
	w.spawn("pay", func(ctx context.Context, a *actor) error {
		d := a.deps("web")
		_, err := d.Flow().Settle(ctx, d.Payments, e.user, e.user, e.id)
		return err
	})
}

func (w *world) taken(e event) {
	for i, other := range w.events {
		if other == e {
			w.events = append(w.events[:i:i], w.events[i+1:]...)
			w.past = append(w.past, e)
			return
		}
	}
}

// someMessage picks a queue with messages and one of them.
func (w *world) someMessage() *letter {
	from := w.src.pick(len(topics))
	for i := range topics {
		if letters := w.queues[topics[(from+i)%len(topics)]]; len(letters) > 0 {
			return letters[w.src.pick(len(letters))]
		}
	}
	return nil
}

// double delivers a message twice.
func (w *world) double() {
	if l := w.someMessage(); l != nil {
		w.log("doubled: %s", l.message.ID)
		_ = w.raw.Bus.Publish(context.Background(), l.message)
	}
}

// lose drops a message.
func (w *world) lose() {
	if l := w.someMessage(); l != nil {
		w.log("lost: %s", l.message.ID)
		w.drop(l)
	}
}

// resurrect posts a message that may have been right once.
func (w *world) resurrect() {
	j, ok := w.someJob()
	if !ok {
		return
	}
	topic := topics[w.src.pick(len(topics))]
	w.log("resurrected: %s %s", topic, j.ID)
	_ = w.raw.Bus.Publish(context.Background(), job.Hint("ghost", topic, j))
}

// spoil is a second post to an upload form, or a retrieval that expires.
func (w *world) spoil() {
	j, ok := w.someJob()
	switch {
	case !ok:
	case j.Status == job.Pending || j.Status == job.Running:
		if w.src.pick(4) == 3 && j.RerunOf == "" {
			w.log("second post to the form of %s", j.ID)
			w.inputs.set(j.Input.Key, []byte("changed"))
		}
	case j.Storage == job.Thawing:
		if i := w.cold[j.Archive.Ref]; i != nil {
			w.log("retrieval of %s expires", j.ID)
			i.warmFrom = time.Time{}
			w.expired++
		}
	}
}

// jump sets the clock forward.
func (w *world) jump() {
	w.jumped += []time.Duration{time.Second, 40 * time.Second, 6 * time.Minute}[w.src.pick(3)]
	w.log("clock jumps")
	w.slowed()
	w.dirty = true
}

// foreignCollector is a collector that was given the wrong table: it sees every object and no record. A week later it comes again.
func (w *world) foreignCollector() {
	if w.foreign == nil {
		w.foreign = newRAM(func() time.Time { return w.time().Add(time.Duration(w.foreignRuns) * 8 * 24 * time.Hour) })
		w.foreign.install = port.Installation{ID: "other", Epoch: 1}
	}
	w.foreignRuns++
	a := w.newActor("foreign")
	d := a.base
	d.Install = w.foreign.install
	d.Store, d.Records, d.Vault = ramStore{ram: w.foreign}, ramRecords{ram: w.foreign}, ramVault{ram: w.foreign}
	d.Inputs, d.Results = &watched{w.inputs, w}, &watched{w.results, w}
	_, err := d.Flow().Collect(context.Background())
	w.log("foreign collector: %v", err)
}

// watched is a store of blobs, without faults, whose deletes are looked at.
type watched struct {
	*shelf
	w *world
}

func (b *watched) Delete(ctx context.Context, key string) error {
	b.w.deletesKey(key)
	return b.shelf.Delete(ctx, key)
}

// plan is whether a user pays now.
func (w *world) plan(userID string) user.Plan {
	if w.subs[userID] {
		return user.Premium
	}
	return user.Free
}
