// Package role says what a role is and runs one or many of them: receive, lease, drain, health, wake-up.
package role

import (
	"context"
	"net/http"

	"github.com/rs/zerolog"

	"gas/config"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

// Message is one delivery as a handler sees it. The runtime extends its lease and acks it when the handler returns nil.
type Message struct {
	port.Delivery
}

// Handler is what a role does with the messages of one topic.
type Handler struct {
	Topic   job.Topic
	Workers int // how many messages at once
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

// Loop is work that a role does again and again without a message. On the local backend one process at a time does it, by a lease.
type Loop struct {
	Name string
	Do   func(ctx context.Context, d Deps) error // one round; the runtime waits sweep_every, jittered, between rounds
}

// Deps is all that a role is given: ports, clock, settings. A field that is nil is not offered by the backend.
type Deps struct {
	Config   config.Config
	Plans    user.Plans // the limits of each plan, from the configuration
	Log      zerolog.Logger
	Now      port.Clock
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
	Vault    port.Vault
	Mailer   port.Mailer
	Payments port.Payments
	Identity port.Identity

	// OwnerGone tells whether an instance that held a lease is known to be gone from this machine; nil = never known.
	OwnerGone func(instance string) bool
	// Wake tells the consumers of a topic, here and in other processes, that a message may be there.
	Wake func(topic job.Topic)
}
