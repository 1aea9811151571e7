package memory

import (
	"maps"
	"slices"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// Queued is one message on a queue, as an onlooker sees it.
type Queued struct {
	Message  job.Message
	Due      time.Time // when it is visible (again)
	Out      bool      // received and not acked
	Receives int
}

// State is all that a world keeps, at one moment. It is a copy: an onlooker may keep it and cannot change the world.
type State struct {
	Now      time.Time
	Jobs     map[string]job.Job
	Users    map[string]user.User
	Outbox   []job.Message
	Events   map[string][]job.Event
	Notices  []job.Notice
	Queues   map[job.Topic][]Queued
	Dead     map[job.Topic][]port.DeadLetter
	Inputs   map[string]Blob
	Results  map[string]Blob
	Vault    map[string]Blob
	Items    map[string]port.VaultItem
	Warmth   map[string]port.VaultState
	Mails    []port.Mail
	Billing  map[string]user.Billing
	Progress map[string]job.Progress
}

// Inspect copies the state of the world, for checking invariants between steps.
func (w *World) Inspect() State {
	all := (&store{w}).noticesWhere(func(job.Notice) bool { return true })
	w.mu.Lock()
	defer w.mu.Unlock()
	cold := w.cold
	s := State{
		Now: w.o.Clock(), Jobs: map[string]job.Job{}, Users: maps.Clone(w.users), Outbox: slices.Clone(w.outbox), Events: map[string][]job.Event{},
		Notices: all, Queues: map[job.Topic][]Queued{}, Dead: map[job.Topic][]port.DeadLetter{},
		Inputs: maps.Clone(w.inputs.byKey), Results: maps.Clone(w.results.byKey), Vault: maps.Clone(cold.blobs.byKey),
		Items: maps.Clone(cold.items), Warmth: map[string]port.VaultState{}, Mails: slices.Clone(w.mails), Billing: maps.Clone(w.billing),
		Progress: maps.Clone(w.progress),
	}
	for id, j := range w.jobs {
		s.Jobs[id] = cloneJob(j)
	}
	for id, line := range w.events {
		s.Events[id] = slices.Clone(line)
	}
	for ref := range cold.items {
		s.Warmth[ref] = cold.thaws[ref].state(s.Now)
	}
	for topic, q := range w.queues {
		s.Dead[topic] = slices.Clone(q.dead)
		for _, r := range q.rows {
			s.Queues[topic] = append(s.Queues[topic], Queued{Message: r.m, Due: r.due, Out: r.receipt != "" && r.due.After(s.Now), Receives: r.receives})
		}
	}
	return s
}

// Folder names a place where a world keeps bytes.
type Folder string

// The folders.
const (
	Inputs  Folder = "inputs"
	Results Folder = "results"
	Cold    Folder = "vault"
)

// Alter gives a function the bytes of an object and keeps what it returns, without any rule: damage for tests. A nil result removes the
// object. It tells whether the object was there.
func (w *World) Alter(in Folder, key string, change func([]byte) []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := map[Folder]*blobs{Inputs: w.inputs, Results: w.results, Cold: w.cold.blobs}[in]
	b, is := of.byKey[key]
	if !is {
		return false
	}
	if b.Bytes = change(slices.Clone(b.Bytes)); b.Bytes == nil {
		delete(of.byKey, key)
		return true
	}
	of.byKey[key] = b
	return true
}
