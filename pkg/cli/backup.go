package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/port"
)

// The lease that forbids deletes is renewed long before it ends, and ends by itself when a backup is killed.
const (
	backupLease = 2 * time.Minute
	backupRenew = 30 * time.Second
)

func (a *app) backupCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "backup DIR",
		Short: "copy the records and everything they name into a folder, beside running servers",
		Long: "Copies the data folder into DIR, which is itself a data folder then. Nothing is deleted meanwhile. Objects that an earlier backup in DIR holds are compared,\n" +
			"and each is checked against its sha256. On AWS use the backups of the services themselves.",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onBackend(command, func(ctx context.Context, c config.Config, p *backend.Ports) error {
				if p.Snapshot == nil {
					return fault.New(fault.Usage, "The backend %s has backups of its own.", c.Backend)
				}
				release, err := forbidDeletes(ctx, p)
				if err != nil {
					return err
				}
				defer release()
				copied, err := writeBackup(ctx, c, p, args[0])
				if err != nil {
					return err
				}
				a.say("%d objects, %s", copied.Objects, humanize.IBytes(uint64(copied.Bytes)))
				return nil
			})
		},
	}
	settingsFlags(command)
	return command
}

// forbidDeletes takes the lease by which nothing is deleted, and keeps it until it is released.
func forbidDeletes(ctx context.Context, p *backend.Ports) (release func(), err error) {
	err = p.Records.Create(ctx, port.Record{Kind: flow.LeaseKind, ID: flow.LeaseBackup, Created: p.Now(), Expires: p.Now().Add(backupLease)})
	if errors.Is(err, port.ErrExists) {
		return nil, fault.New(fault.Conflict, "Another backup is under way.").WithHint("one that was killed gives way after %s", backupLease)
	}
	if err != nil {
		return nil, fmt.Errorf("forbid deletes: %w", err)
	}
	keeping, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(backupRenew)
		defer tick.Stop()
		for {
			select {
			case <-keeping.Done():
				return
			case <-tick.C:
			}
			_, _ = p.Records.Update(keeping, flow.LeaseKind, flow.LeaseBackup, func(r *port.Record) error {
				r.Expires = p.Now().Add(backupLease)
				return nil
			})
		}
	}()
	return func() {
		stop()
		<-done
		_ = p.Records.Delete(context.WithoutCancel(ctx), flow.LeaseKind, flow.LeaseBackup)
	}, nil
}

// writeBackup writes the snapshot first and then the objects: whatever the snapshot names is still there, because nothing may be deleted.
func writeBackup(ctx context.Context, c config.Config, p *backend.Ports, dir string) (backend.Copied, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return backend.Copied{}, fmt.Errorf("make the folder of the backup: %w", err)
	}
	database := filepath.Join(dir, backend.DatabaseFile)
	fresh := database + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return backend.Copied{}, fmt.Errorf("clear the backup: %w", err)
	}
	if err := p.Snapshot(ctx, fresh); err != nil {
		return backend.Copied{}, err
	}
	copied, err := backend.CopyObjects(ctx, c.Data, dir)
	if err != nil {
		return copied, err
	}
	if err := os.Rename(fresh, database); err != nil {
		return copied, fmt.Errorf("name the backup's records: %w", err)
	}
	return copied, nil
}

func (a *app) restoreBackupCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "restore-backup DIR",
		Short: "restore a backup into an empty data folder",
		Long: "Copies a backup into the data folder, which must be empty, and begins a new epoch. The collector stays off until gas fsck --adopt finds\n" +
			"that nothing is missing.",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			if err := a.restoreBackup(command.Context(), loaded.Config, args[0]); err != nil {
				return err
			}
			a.say("Restored. Now: gas fsck --read-data --adopt")
			return nil
		},
	}
	settingsFlags(command)
	return command
}

func (a *app) restoreBackup(ctx context.Context, c config.Config, dir string) error {
	if c.Backend != "local" {
		return fault.New(fault.Usage, "The backend %s has backups of its own.", c.Backend)
	}
	if _, err := os.Stat(filepath.Join(dir, backend.DatabaseFile)); err != nil {
		return fault.New(fault.NotFound, "There is no backup in %s.", dir)
	}
	if _, err := os.Stat(filepath.Join(c.Data, backend.DatabaseFile)); err == nil {
		return fault.New(fault.Conflict, "The data folder %s is not empty.", c.Data).WithHint("restore into another one: --data DIR")
	}
	if _, err := backend.CopyObjects(ctx, dir, c.Data); err != nil {
		return err
	}
	if err := copyDatabase(dir, c.Data); err != nil {
		return err
	}
	return beginEpoch(ctx, c)
}

// copyDatabase comes last: a folder without a database is one that was not restored.
func copyDatabase(from, to string) error {
	raw, err := os.Open(filepath.Join(from, backend.DatabaseFile))
	if err != nil {
		return fmt.Errorf("read the backup's records: %w", err)
	}
	defer raw.Close()
	temp := filepath.Join(to, backend.DatabaseFile+".new")
	file, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("restore the records: %w", err)
	}
	_, err = file.ReadFrom(raw)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("restore the records: %w", err)
	}
	return os.Rename(temp, filepath.Join(to, backend.DatabaseFile))
}

// beginEpoch raises the epoch, drops the backup's own lease, and keeps the collector off until somebody has looked.
func beginEpoch(ctx context.Context, c config.Config) error {
	p, err := backend.Open(ctx, c)
	if err != nil {
		return err
	}
	_, err = p.RaiseEpoch(ctx)
	if err == nil {
		err = p.Records.Delete(ctx, flow.LeaseKind, flow.LeaseBackup)
	}
	if err == nil {
		err = p.Records.Create(ctx, port.Record{Kind: flow.LeaseKind, ID: flow.LeaseAdopt, Created: p.Now()})
	}
	return errors.Join(err, p.Close())
}
