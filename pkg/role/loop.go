package role

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"gas/config"
	"gas/pkg/flow"
	"gas/pkg/port"
)

// localSweep is how often the sweeper looks on one machine at most: a worker that died there is seen to be gone at once.
const localSweep = 5 * time.Second

// Housekeeping is what keeps everything moving and tidy: the sweeper, and the collector. On AWS it runs with the role archive, so that no other
// role may delete objects; locally in any process.
func Housekeeping() []Loop {
	return []Loop{
		{Name: "sweep", Every: sweepEvery, Do: func(ctx context.Context, d Deps) error { return d.Flow().Sweep(ctx) }},
		{Name: "collect", Every: func(c config.Config) time.Duration { return 20 * c.SweepEvery }, Do: collect},
	}
}

func sweepEvery(c config.Config) time.Duration {
	if c.Backend == "local" {
		return min(c.SweepEvery, localSweep)
	}
	return c.SweepEvery
}

func collect(ctx context.Context, d Deps) error {
	report, err := d.Flow().Collect(ctx)
	if err != nil {
		return err
	}
	if report.Deleted+report.Marked > 0 {
		d.Log.Info().Int("deleted", report.Deleted).Int("marked", report.Marked).Int("seen", report.Seen).Msg("collected")
	}
	return nil
}

// runLoop repeats a loop's round until the context ends, whenever this process holds its lease.
func runLoop(ctx context.Context, d Deps, l Loop) {
	every := d.Config.SweepEvery
	if l.Every != nil {
		every = l.Every(d.Config)
	}
	for {
		sleep(ctx, every*3/4+rand.N(every/2+1))
		if ctx.Err() != nil {
			return
		}
		mine, err := lead(ctx, d, l.Name, 3*every+time.Minute)
		if err == nil && mine {
			err = KeepIn(func() error { return l.Do(ctx, d) })
		}
		if err != nil && ctx.Err() == nil {
			d.Log.Warn().Err(err).Str("loop", l.Name).Msg("round")
		}
	}
}

// lead tells whether this process leads a loop: it holds the loop's lease, or takes one that nobody holds.
func lead(ctx context.Context, d Deps, name string, lasts time.Duration) (bool, error) {
	lease := port.Record{Kind: flow.LeaseKind, ID: "loop-" + name, Value: []byte(d.Instance), Created: d.Now(), Expires: d.Now().Add(lasts)}
	held, err := d.Records.Get(ctx, lease.Kind, lease.ID)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return create(ctx, d, lease)
	case err != nil:
		return false, fmt.Errorf("read the lease of %s: %w", name, err)
	case string(held.Value) == d.Instance:
		_, err := d.Records.Update(ctx, lease.Kind, lease.ID, func(r *port.Record) error {
			if string(r.Value) != d.Instance {
				return errLostLease
			}
			r.Expires = lease.Expires
			return nil
		})
		return err == nil, ignore(err, errLostLease, port.ErrNotFound)
	case d.OwnerGone != nil && d.OwnerGone(string(held.Value)):
		if err := d.Records.Delete(ctx, lease.Kind, lease.ID); err != nil {
			return false, err
		}
		return create(ctx, d, lease)
	}
	return false, nil
}

func create(ctx context.Context, d Deps, lease port.Record) (bool, error) {
	err := d.Records.Create(ctx, lease)
	return err == nil, ignore(err, port.ErrExists)
}

// ignore drops errors that are answers.
func ignore(err error, answers ...error) error {
	for _, answer := range answers {
		if errors.Is(err, answer) {
			return nil
		}
	}
	return err
}
