// Package role says what a role is and runs one or many of them: receive, lease, drain, health, wake-up.
package role

import (
	"context"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"gas/config"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/telemetry"
	"gas/pkg/user"
)

// Message is one delivery as a handler sees it. The runtime extends its lease and acks it when the handler returns nil.
type Message struct {
	port.Delivery
	keep *keeper
}

// Keep registers what else is to be extended together with the message, such as the lease in a job's record. An error of it cancels the
// handler's context with that cause.
func (m Message) Keep(extend func(ctx context.Context) error) {
	if m.keep != nil {
		m.keep.set(extend)
	}
}

// Handler is what a role does with the messages of one topic.
type Handler struct {
	Topic   job.Topic
	Knock   string // where the bus may post that a message is there, on backends whose bus does; empty = nowhere
	Workers int    // how many messages at once
	Do      func(ctx context.Context, d Deps, m Message) error
}

// Role is one module of the program.
type Role struct {
	Name    string
	Does    string // one line: the help of --role, health, metrics and docs are read from it
	Handles []Handler
	Serve   func(Deps) (http.Handler, error)        // web alone
	Loops   []Loop                                  // what runs beside the handlers: relay, sweeper, collector
	Ready   func(ctx context.Context, d Deps) error // nil = ready as soon as it runs
}

// Loop is work that a role does again and again without a message. One process at a time does it, by a lease among the records.
type Loop struct {
	Name  string
	Every func(config.Config) time.Duration // between two rounds, jittered; nil = sweep_every
	Do    func(ctx context.Context, d Deps) error
}

// Deps is all that a role is given: ports, clock, settings. A field that is nil is not offered by the backend.
type Deps struct {
	Config   config.Config
	Plans    user.Plans // the limits of each plan, from the configuration
	Log      zerolog.Logger
	Now      port.Clock
	Role     string // who acts: written into events and messages
	Instance string // of this process; the owner of leases
	Install  port.Installation
	Version  string // of the program

	Store    port.Store
	Records  port.Records
	Inputs   port.Blobs
	Results  port.Blobs
	Parts    port.Multipart // of Inputs
	Bus      port.Bus
	Queue    port.Queue
	Webhooks port.Webhooks // verifies what a bus posts; nil = nobody posts
	Vault    port.Vault
	Mailer   port.Mailer
	Payments port.Payments
	Identity port.Identity

	// Metrics counts requests and jobs; nil counts nothing.
	Metrics *telemetry.Metrics
	// NewID makes the id of a job, a UUIDv7; nil = of the real clock.
	NewID func() string
	// OwnerGone tells whether an instance that held a lease is known to be gone from this machine; nil = never known.
	OwnerGone func(instance string) bool
	// Wrote tells the relay that messages were committed to the outbox; set by Run.
	Wrote func(topics []job.Topic)
	// Wake tells the consumers of a topic, here and in other processes, that a message may be there.
	Wake func(topic job.Topic)
}

// Flow is what moves jobs, over these ports and in the name of this role.
func (d Deps) Flow() flow.Flow {
	return flow.Flow{
		Store: d.Store, Records: d.Records, Inputs: d.Inputs, Results: d.Results, Vault: d.Vault, Bus: d.Bus,
		Plans: d.Plans, Role: d.Role, Instance: d.Instance, Install: d.Install, Lease: d.Config.QueueVisibility,
		NewID: d.NewID, Gone: d.OwnerGone, Wrote: d.Wrote, Ended: d.Metrics.JobEnded,
	}
}

// As is the same dependencies in the name of a role.
func (d Deps) As(role string) Deps {
	d.Role = role
	d.Log = d.Log.With().Str("role", role).Logger()
	return d
}
