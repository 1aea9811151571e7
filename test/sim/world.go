package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"gas/config"
	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
	"gas/roles/annotator"
	"gas/roles/archive"
	"gas/roles/notify"
	"gas/roles/restore"
	"gas/roles/thaw"
)

const (
	visibility = 30 * time.Second
	window     = 5 * time.Minute
	maxJobs    = 3
)

// ports are the world's own, without faults.
type ports struct {
	Store    port.Store
	Records  port.Records
	Inputs   port.Blobs
	Results  port.Blobs
	Bus      port.Bus
	Queue    port.Queue
	Vault    port.Vault
	Mailer   port.Mailer
	Payments port.Payments
}

// world is one run.
type world struct {
	scheduler
	*ram
	src         *source
	raw         ports
	base        role.Deps
	tmp         string
	jumped      time.Duration // that the clock was set forward
	process     *process
	processes   int
	actors      int
	busy        map[string]int // actors that work, by kind
	faultsAt    int            // faults left
	crashes     int
	lost        int // calls whose answer got lost
	ids         int
	uploads     int
	events      []event
	past        []event           // that were taken
	plansOnly   bool              // nothing comes from outside but changes of plan
	expect      map[string]*truth // by job
	accepted    map[string]string // upload id -> job
	slow        int               // times that a sender's claim ran out while it lived
	bad         int               // streams that were bent
	expired     int               // retrievals that expired
	bendNext    bool
	foreign     *ram // of a collector with the wrong table
	foreignRuns int
	broken      error
	trace       []string
	keepTrace   bool
	covered     map[string]bool
	dirty       bool
}

// event is a message of the payment side that has not been taken yet.
type event struct{ id, user string }

// truth is what the world itself knows of a job.
type truth struct {
	content string
	sha     string // of the right result
	gen     int
	attempt int
	state   job.State
}

var users = []string{"u_ann", "u_ben"}

func newWorld(src *source, tmp string, keepTrace bool) *world {
	w := &world{src: src, tmp: tmp, faultsAt: 6, busy: map[string]int{}, expect: map[string]*truth{}, accepted: map[string]string{}, keepTrace: keepTrace, covered: map[string]bool{}}
	w.ram = newRAM(w.time)
	w.ram.wrote = w.wroteJob
	w.raw = ports{
		Store: ramStore{ram: w.ram}, Records: ramRecords{ram: w.ram}, Inputs: w.inputs, Results: w.results, Bus: ramBus{ram: w.ram},
		Queue: ramQueue{ram: w.ram}, Vault: ramVault{ram: w.ram}, Mailer: ramMailer{w.ram}, Payments: ramPayments{ram: w.ram},
	}
	w.base = role.Deps{
		Config: config.Config{Backend: "aws", QueueVisibility: visibility, Data: tmp, BaseURL: "http://gas.example"},
		Plans: user.Plans{
			Free:    user.Limits{Upload: 100, Running: 1, Queued: 2, Window: window},
			Premium: user.Limits{Upload: 1000, Running: 2, Queued: 4},
		},
		Log: zerolog.Nop(), Now: w.time, Install: w.install, NewID: func() string { w.ids++; return fmt.Sprintf("j%d", w.ids) },
		OwnerGone: func(name string) bool { return name != w.process.name || w.process.dead },
	}
	for i, id := range users {
		u := user.User{ID: id, Email: id + "@example.org", EmailVerified: true, Plan: user.Free, Created: w.time(), FreeSince: w.time()}
		if i == 1 && src.pick(2) == 1 {
			u.Plan = user.Premium
			w.subs[id] = true
		}
		w.users[id] = u
	}
	w.restart()
	for range src.pick(3) {
		w.begin()
	}
	return w
}

// begin puts a job into the world that has completed before, so that storms reach the storage of results early.
func (w *world) begin() {
	userID, id := users[w.src.pick(len(users))], w.base.NewID()
	in := w.inputs.set(flow.InputKey(1, userID, id), []byte("some")).Object
	result := w.results.set(flow.ResultKey(1, id, flow.Fence{Gen: 1, Attempt: 1}, flow.ResultName), annotated("some")).Object
	log := w.results.set(flow.ResultKey(1, id, flow.Fence{Gen: 1, Attempt: 1}, "log.txt"), []byte("log")).Object
	j := job.Job{
		ID: id, UserID: userID, Status: job.Completed, Storage: job.Hot, Gen: 1, Attempt: 1, Input: in, Result: result, UploadID: "old-" + id,
		Files: map[string]job.Object{job.FileLog: log}, SubmitTime: w.time(), CompleteTime: w.time(), Created: w.time(), Due: w.time(),
	}
	if w.src.pick(2) == 1 { // its window is over
		j.CompleteTime = w.time().Add(-window)
		u := w.users[userID]
		u.FreeSince = j.CompleteTime
		w.users[userID] = u
	}
	w.jobs[id] = j
	w.knows(id, "some")
	w.expect[id].gen, w.expect[id].attempt = 1, 1
}

func (w *world) time() time.Time { return time.Now().Add(w.jumped) }

func (w *world) log(format string, args ...any) {
	if w.keepTrace {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.trace = append(w.trace, fmt.Sprintf("%s  ", w.time().Format("02 15:04:05"))+fmt.Sprintf(format, args...))
	}
}

// fail notes the first broken invariant.
func (w *world) fail(invariant, format string, args ...any) {
	if w.broken == nil {
		w.broken = fmt.Errorf("%s: %s", invariant, fmt.Sprintf(format, args...))
		w.log("BROKEN %v", w.broken)
	}
}

// restart begins a process; the one before it is dead.
func (w *world) restart() {
	w.processes++
	w.process = &process{name: fmt.Sprintf("p%d", w.processes)}
}

// newActor is somebody in the living process.
func (w *world) newActor(kind string) *actor {
	w.actors++
	if w.process.dead {
		w.restart()
	}
	return &actor{world: w, process: w.process, name: fmt.Sprintf("%s#%d", kind, w.actors), order: w.actors, kind: kind}
}

// spawn lets an actor work in a goroutine of its own.
func (w *world) spawn(kind string, work func(ctx context.Context, a *actor) error) {
	a := w.newActor(kind)
	w.work(kind, 1)
	go func() {
		defer w.work(kind, -1)
		err := work(context.Background(), a)
		if !errors.Is(err, context.DeadlineExceeded) { // several may end with it at the same instant, in any order
			w.log("%s ends: %v", a.name, err)
		}
	}()
}

// work counts the actors of a kind that work; several may end at once, when their process dies.
func (w *world) work(kind string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy[kind] += n
}

// working is how many actors of a kind work.
func (w *world) working(kind string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.busy[kind]
}

// handler is what a role does with a topic, with an engine that makes a small and certain result.
func (a *actor) handler(topic job.Topic) (role.Handler, string) {
	for _, r := range []role.Role{annotator.Role(a.engine), notify.Role(), archive.Role(), thaw.Role(), restore.Role()} {
		if h := r.Handles[0]; h.Topic == topic {
			do := h.Do
			h.Do = func(ctx context.Context, d role.Deps, m role.Message) error {
				defer func() { a.done = true }()
				return do(ctx, d, m)
			}
			return h, r.Name
		}
	}
	panic("no role for topic " + topic)
}

// engine annotates: what comes out is certain, and one kind of input is bad and another kills the process.
func (a *actor) engine(ctx context.Context, o annotator.Order) (annotator.Made, error) {
	in, err := os.ReadFile(o.Input)
	if err != nil {
		return annotator.Made{}, err
	}
	switch {
	case string(in) == "bad":
		return annotator.Made{}, fault.At(1, 0, "This is not a VCF.")
	case string(in) == "kill":
		a.die(a.process)
		runtime.Goexit()
	}
	result, log := filepath.Join(o.Dir, flow.ResultName), filepath.Join(o.Dir, "log.txt")
	if err := errors.Join(os.WriteFile(result, annotated(string(in)), 0o600), os.WriteFile(log, []byte("log"), 0o600)); err != nil {
		return annotator.Made{}, err
	}
	return annotator.Made{Result: result, Files: map[string]string{job.FileLog: log}}, nil
}

// annotated is the right result of an input.
func annotated(in string) []byte { return []byte("annotated " + in) }

// handle takes one delivery in the calm phase or as an actor.
func (a *actor) handle(ctx context.Context, dv port.Delivery) error {
	h, name := a.handler(dv.Topic)
	return role.Handle(ctx, a.deps(name), h, dv)
}

// storm makes moves until the invariants break.
func (w *world) storm(moves int) {
	for range moves {
		synctest.Wait()
		w.check()
		if w.broken != nil {
			return
		}
		w.move()
	}
}

// end lets everything that is under way end, without further faults.
func (w *world) end() {
	for {
		synctest.Wait()
		w.check()
		waiting := w.waiting()
		if len(waiting) == 0 {
			return
		}
		w.bendNext = false
		w.grant(waiting[0], goOn)
	}
}
