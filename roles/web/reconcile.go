package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gas/config"
	"gas/pkg/port"
	"gas/pkg/role"
)

const (
	reconcileKind = "reconciled"
	reconcileID   = "payments"
	reconcileHour = 3 // of the day, UTC
)

// loops run in the web role because it alone has the payment provider's key.
func loops() []role.Loop {
	return []role.Loop{{Name: "reconcile", Every: func(config.Config) time.Duration { return time.Hour }, Do: reconcile}}
}

// reconcile looks at every subscription once a night, as an event may have been lost. A night in which no process ran, or in which the provider did
// not answer, is made up for at the next round.
func reconcile(ctx context.Context, d role.Deps) error {
	if d.Payments == nil {
		return nil
	}
	began := d.Now().UTC()
	done, err := d.Records.Get(ctx, reconcileKind, reconcileID)
	if err != nil && !errors.Is(err, port.ErrNotFound) {
		return fmt.Errorf("read when payments were reconciled: %w", err)
	}
	if last, err := time.Parse(time.RFC3339, string(done.Value)); err == nil && !last.Before(night(began)) {
		return nil
	}
	found, err := d.Flow().Reconcile(ctx, d.Payments)
	for _, moved := range found.Changed {
		d.Log.Warn().Str("user", moved.UserID).Str("from", string(moved.From)).Str("to", string(moved.To)).Msg("plan reconciled: its payment event was lost")
	}
	for _, id := range found.Unknown {
		d.Log.Warn().Str("user", id).Msg("the payment provider does not know this user's customer")
	}
	if err != nil {
		return fmt.Errorf("reconcile payments: %w", err)
	}
	d.Log.Info().Int("looked", found.Looked).Int("changed", len(found.Changed)).Int("unknown", len(found.Unknown)).Msg("payments reconciled")
	return noteReconciled(ctx, d, began)
}

// night is when the latest night's look is due: the last three o'clock, UTC.
func night(now time.Time) time.Time {
	due := time.Date(now.Year(), now.Month(), now.Day(), reconcileHour, 0, 0, 0, time.UTC)
	if due.After(now) {
		due = due.AddDate(0, 0, -1)
	}
	return due
}

func noteReconciled(ctx context.Context, d role.Deps, began time.Time) error {
	value := []byte(began.Format(time.RFC3339))
	_, err := d.Records.Update(ctx, reconcileKind, reconcileID, func(r *port.Record) error { r.Value = value; return nil })
	if errors.Is(err, port.ErrNotFound) {
		err = d.Records.Create(ctx, port.Record{Kind: reconcileKind, ID: reconcileID, Value: value, Created: began})
	}
	if err != nil {
		return fmt.Errorf("note that payments are reconciled: %w", err)
	}
	return nil
}
