// Package backend opens a set of ports from the configuration. It is the only place that knows which adapters there are.
package backend

import (
	"context"
	"fmt"

	"gas/config"
	"gas/pkg/job"
	"gas/pkg/port"
)

// Ports is one set of open ports. A port that a backend does not have is nil.
type Ports struct {
	Now      port.Clock
	Install  port.Installation
	Instance string // of this process; the owner of leases

	Store    port.Store
	Records  port.Records
	Inputs   port.Blobs
	Results  port.Blobs
	Parts    port.Multipart
	Bus      port.Bus
	Queue    port.Queue
	Webhooks port.Webhooks // nil where the bus posts nothing
	Vault    port.Vault
	Mailer   port.Mailer
	Payments port.Payments
	Identity port.Identity

	// OwnerGone tells whether an instance is known to be gone from this machine; nil = never known.
	OwnerGone func(instance string) bool
	// Wake tells consumers, here and in other processes, that a message may be there; nil = they find it by themselves.
	Wake func(topic job.Topic)

	// Snapshot writes a consistent copy of the records to a new file while others go on writing; nil where the backend has its own backups.
	Snapshot func(ctx context.Context, path string) error
	// RaiseEpoch begins a new epoch after a backup was restored; nil where there is no Snapshot.
	RaiseEpoch func(ctx context.Context) (port.Installation, error)

	close func() error
}

// Open opens the backend that the settings name.
func Open(ctx context.Context, c config.Config) (*Ports, error) {
	switch c.Backend {
	case "local":
		return openLocal(ctx, c)
	case "aws":
		return openAWS(ctx, c)
	}
	return nil, fmt.Errorf("open backend %q: there is none of this name", c.Backend)
}

// Close flushes and closes every port.
func (p *Ports) Close() error {
	if p.close == nil {
		return nil
	}
	return p.close()
}
