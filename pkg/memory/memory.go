// Package memory is every port in memory: the world of the simulation and a fast test double.
//
// It is deterministic: it knows no time but the given clock, makes its ids from a seed and a counter, and no order of a map leaks out.
// Unlike the data folder it has a true outbox, so that relays have work, and its compare-and-swap truly reads, runs the function, and
// then writes or begins again. The ports are plain interfaces: a simulation wraps them to park, fail or double a call.
package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// rounds is how often a compare-and-swap begins again before it gives up.
const rounds = 1000

// Options says how a world behaves. The zero value works.
type Options struct {
	Clock     port.Clock    // nil = the machine's
	Seed      uint64        // part of every id
	Expedited time.Duration // how long the vault takes to warm an item; 0 = 5 s
	Standard  time.Duration // 0 = 30 s
	WarmFor   time.Duration // 0 = 24 h

	VaultRefuses func(ref, tier string) bool // the tier has no capacity
	VaultFails   func(ref string) bool       // the thaw ends in a failure
	// Between runs, without a lock, after a compare-and-swap has read and its function has run, and before it writes: where races happen.
	Between func(ctx context.Context)
}

// World is the ports, and behind them all that they keep.
type World struct {
	Store    port.Store
	Records  port.Records
	Inputs   port.Blobs
	Results  port.Blobs
	Parts    port.Multipart // of Inputs
	Bus      port.Bus
	Queue    port.Queue
	Vault    port.Vault
	Mailer   port.Mailer
	Payments port.Payments
	Identity port.Identity

	o       Options
	mu      sync.Mutex
	made    uint64 // ids
	install port.Installation

	jobs     map[string]job.Job
	users    map[string]user.User
	outbox   []job.Message // not yet sent, oldest first
	events   map[string][]job.Event
	notices  map[noticeKey]job.Notice
	seen     map[string]bool
	progress map[string]job.Progress
	records  map[recordKey]port.Record
	queues   map[job.Topic]*topicQueue
	timers   map[string]bool // keys of timers that wait
	mails    []port.Mail
	billing  map[string]user.Billing
	orders   map[string]port.LocalOrder
	inputs   *blobs
	results  *blobs
	cold     *vault
}

// New makes an empty world.
func New(o Options) *World {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	setDefault(&o.Expedited, 5*time.Second)
	setDefault(&o.Standard, 30*time.Second)
	setDefault(&o.WarmFor, 24*time.Hour)
	w := &World{
		o: o, install: port.Installation{ID: fmt.Sprintf("world-%d", o.Seed), Epoch: 1},
		jobs: map[string]job.Job{}, users: map[string]user.User{}, events: map[string][]job.Event{}, notices: map[noticeKey]job.Notice{},
		seen: map[string]bool{}, progress: map[string]job.Progress{}, records: map[recordKey]port.Record{}, queues: map[job.Topic]*topicQueue{},
		timers: map[string]bool{}, billing: map[string]user.Billing{}, orders: map[string]port.LocalOrder{},
	}
	w.inputs, w.results = newBlobs(w), newBlobs(w)
	w.cold = &vault{World: w, blobs: newBlobs(w), items: map[string]port.VaultItem{}, thaws: map[string]thaw{}}
	w.Store, w.Records, w.Bus, w.Queue = &store{w}, &records{w}, &bus{w}, &queue{w}
	w.Inputs, w.Results, w.Parts, w.Vault = w.inputs, w.results, w.inputs, w.cold
	w.Mailer, w.Payments, w.Identity = &mailer{w}, &payments{w}, identity{}
	return w
}

// setDefault sets a duration that is zero.
func setDefault(d *time.Duration, to time.Duration) {
	if *d == 0 {
		*d = to
	}
}

// id makes a new id. The lock is held.
func (w *World) id(kind string) string {
	w.made++
	return fmt.Sprintf("%s-%x-%d", kind, w.o.Seed, w.made)
}

// between calls the hook of the options.
func (w *World) between(ctx context.Context) {
	if w.o.Between != nil {
		w.o.Between(ctx)
	}
}

// locked runs do under the lock.
func (w *World) locked(do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return do()
}

// RaiseEpoch begins a new epoch, as restoring a backup does.
func (w *World) RaiseEpoch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.install.Epoch++
}
