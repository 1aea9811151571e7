package flow

import (
	"context"
	"errors"
	"fmt"

	"gas/pkg/job"
	"gas/pkg/port"
)

// The records that forbid deletes: while a backup is taken, the snapshot of the store must find everything that it names.
const (
	LeaseKind   = "lease"
	LeaseBackup = "backup"
	LeaseAdopt  = "adopt" // a backup was restored and nobody has said yet that it fits its objects
)

// deletesForbidden tells whether a backup is being taken.
func (f Flow) deletesForbidden(ctx context.Context) (bool, error) {
	_, err := f.Records.Get(ctx, LeaseKind, LeaseBackup)
	if errors.Is(err, port.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for a backup: %w", err)
	}
	return true, nil
}

// DropHot deletes the hot copies of a result that has gone cold: every object of an older gen that its record does not name.
// While a backup is taken it deletes nothing; the collector does it later.
func (f Flow) DropHot(ctx context.Context, j job.Job) error {
	if held, err := f.deletesForbidden(ctx); err != nil || held {
		return err
	}
	items, _, err := f.Results.List(ctx, resultPrefix(f.Install.Epoch, j.ID), "", 1000)
	if err != nil {
		return fmt.Errorf("list hot objects: %w", err)
	}
	for _, item := range items {
		at, ok := parseResultKey(item.Key)
		if !ok || names(j, item.Key) || at.Gen >= j.Gen {
			continue
		}
		if err := f.Results.Delete(ctx, item.Key); err != nil {
			return fmt.Errorf("delete hot object: %w", err)
		}
	}
	return nil
}

// DropCold deletes an item of the vault that no record names any more.
func (f Flow) DropCold(ctx context.Context, ref string) error {
	if held, err := f.deletesForbidden(ctx); err != nil || held || ref == "" {
		return err
	}
	if err := f.Vault.Delete(ctx, ref); err != nil && !errors.Is(err, port.ErrNotFound) {
		return fmt.Errorf("delete archive: %w", err)
	}
	return nil
}

// names tells whether a record names a key.
func names(j job.Job, key string) bool {
	if key == "" {
		return false
	}
	if j.Input.Key == key || j.Result.Key == key {
		return true
	}
	for _, file := range j.Files {
		if file.Key == key {
			return true
		}
	}
	return false
}

func resultPrefix(epoch int, jobID string) string {
	return fmt.Sprintf("results/%d/%s/", epoch, jobID)
}
