package backend

import (
	"context"
	"errors"
	"time"

	"gas/config"
	"gas/pkg/local"
)

// DatabaseFile is where the local backend keeps its records, in the data folder and in a backup of it.
const DatabaseFile = "gas.db"

// Copied tells what a backup holds.
type Copied = local.Copied

// CopyObjects copies everything but the records from one data folder to another.
func CopyObjects(ctx context.Context, from, to string) (Copied, error) {
	return local.CopyObjects(ctx, from, to)
}

// openLocal opens the data folder.
func openLocal(ctx context.Context, c config.Config) (*Ports, error) {
	l, err := local.Open(ctx, local.Options{
		Data: c.Data, Secret: []byte(c.SessionSecret.Reveal()), Expedited: atOnce(c.RetrievalExpedited), Standard: atOnce(c.RetrievalStandard),
		Clock: clock(c), MailFrom: c.MailFrom, SMTPURL: c.SMTPURL.Reveal(),
	})
	if err != nil {
		return nil, err
	}
	identity, err := identityOf(c, l.Identity)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	pay, err := paymentsOf(c, l.Install, l.Payments)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &Ports{
		Now: clock(c), Install: l.Install, Instance: l.Instance,
		Store: l.Store, Records: l.Records, Inputs: l.Inputs, Results: l.Results, Parts: l.Parts, Bus: l.Bus, Queue: l.Queue,
		Vault: l.Vault, Mailer: l.Mailer, Payments: pay, Identity: identity,
		OwnerGone: l.OwnerGone, Wake: l.Wake, Snapshot: l.Snapshot, RaiseEpoch: l.RaiseEpoch, close: l.Close,
	}, nil
}

// atOnce gives a delay of nothing a value that is not taken for "not set".
func atOnce(d time.Duration) time.Duration { return max(d, time.Nanosecond) }

// clock is this machine's, moved by the offset of a test.
func clock(c config.Config) func() time.Time {
	return func() time.Time { return time.Now().UTC().Add(c.ClockOffset) }
}
