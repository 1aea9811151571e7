package flow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"gas/pkg/flow/mutant"
	"gas/pkg/job"
	"gas/pkg/port"
)

// The brakes of the collector: a wrong table name or an old backup must not empty a bucket.
const (
	afterLease    = time.Hour          // an object of a final job is garbage this long after its last lease
	afterMark     = 7 * 24 * time.Hour // an object without any record is deleted this long after it was first seen
	maxUnrecorded = 1000               // more of them at once stop the pass,
	oneIn         = 100                // and so does more than one in a hundred,
	fewUnrecorded = 10                 // unless they are only a handful: a young store has little else
	markKind      = "garbage"
)

// The reasons for which the collector refuses.
var (
	ErrForeign  = errors.New("store and objects are not of the same installation and epoch")
	ErrTooMany  = errors.New("too many objects have no record")
	ErrAdopting = errors.New("a restored backup waits for gas fsck --adopt")
)

// Collected tells what a pass of the collector found.
type Collected struct {
	Seen    int // objects and cold copies
	Marked  int // without any record, seen for the first time
	Deleted int
}

// garbage is something that a pass will delete.
type garbage struct {
	name   string
	delete func(ctx context.Context) error
}

// collection is one pass: first everything is looked at, then what was found is deleted, so that the brakes come before the first delete.
type collection struct {
	Flow
	now    time.Time
	jobs   map[string]*job.Job // nil = no record
	report Collected
	found  []garbage
	orphan []garbage
}

// Collect is one pass of the collector. It deletes objects that no record names and that, by gen and attempt, none can come to name.
func (f Flow) Collect(ctx context.Context) (Collected, error) {
	if err := f.sameInstallation(ctx); err != nil {
		return Collected{}, fmt.Errorf("collect: %w", err)
	}
	if held, err := f.deletesForbidden(ctx); err != nil || held {
		return Collected{}, err
	}
	now, err := f.Store.Now(ctx)
	if err != nil {
		return Collected{}, err
	}
	c := &collection{Flow: f, now: now, jobs: map[string]*job.Job{}}
	if err := errors.Join(c.lookAt(ctx, f.Results, c.result), c.lookAt(ctx, f.Inputs, c.input), c.lookAtVault(ctx)); err != nil {
		return c.report, fmt.Errorf("collect: %w", err)
	}
	return c.report, c.clear(ctx)
}

// sameInstallation compares the installation of the store with that of each place where objects are.
func (f Flow) sameInstallation(ctx context.Context) error {
	if mutant.NoInstall {
		return nil
	}
	for _, place := range []any{f.Store, f.Inputs, f.Results, f.Vault} {
		installed, ok := place.(port.Installed)
		if !ok {
			continue
		}
		have, err := installed.Installation(ctx)
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read installation: %w", err)
		}
		if have != f.Install {
			return ErrForeign
		}
	}
	_, err := f.Records.Get(ctx, LeaseKind, LeaseAdopt)
	if err == nil {
		return ErrAdopting
	}
	if !errors.Is(err, port.ErrNotFound) {
		return err
	}
	return nil
}

// lookAt pages through a store of blobs.
func (c *collection) lookAt(ctx context.Context, blobs port.Blobs, judge func(context.Context, port.BlobInfo) error) error {
	cursor := ""
	for {
		items, next, err := blobs.List(ctx, "", cursor, 1000)
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		for _, item := range items {
			c.report.Seen++
			if err := judge(ctx, item); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// result judges an object among the results.
func (c *collection) result(ctx context.Context, item port.BlobInfo) error {
	at, ours := parseResultKey(item.Key)
	if !ours {
		return nil
	}
	j, err := c.record(ctx, at.JobID)
	if err != nil {
		return err
	}
	drop := garbage{item.Key, func(ctx context.Context) error { return c.Results.Delete(ctx, item.Key) }}
	switch {
	case j == nil:
		c.orphan = append(c.orphan, drop)
	case !names(*j, item.Key) && c.dead(*j, at.Fence):
		c.found = append(c.found, drop)
	}
	return nil
}

// dead tells whether no worker can still commit an object of this gen and attempt.
func (c *collection) dead(j job.Job, at Fence) bool {
	if j.Storage == job.Damaged {
		return false
	}
	if at.Gen < j.Gen || at.Attempt < j.Attempt || mutant.AnyGen {
		return true
	}
	if j.Status == job.Completed && (at.Gen > j.Gen || j.Storage == job.Thawing) {
		return false // a restore may be about to commit it
	}
	return j.Status.Final() && c.now.After(maxTime(j.LeaseUntil, j.CompleteTime).Add(afterLease))
}

// input judges an object among the inputs.
func (c *collection) input(ctx context.Context, item port.BlobInfo) error {
	_, id, ours := parseInputKey(item.Key)
	if !ours {
		return nil
	}
	j, err := c.record(ctx, id)
	if err != nil {
		return err
	}
	drop := garbage{item.Key, func(ctx context.Context) error { return c.Inputs.Delete(ctx, item.Key) }}
	switch {
	case j == nil:
		c.orphan = append(c.orphan, drop)
	case !names(*j, item.Key) && j.Status.Final():
		c.found = append(c.found, drop)
	}
	return nil
}

func (c *collection) lookAtVault(ctx context.Context) error {
	cursor := ""
	for {
		items, refs, next, err := c.Vault.List(ctx, cursor, 1000)
		if err != nil {
			return fmt.Errorf("list the vault: %w", err)
		}
		for i, item := range items {
			c.report.Seen++
			if err := c.cold(ctx, item, refs[i]); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// cold judges an item of the vault.
func (c *collection) cold(ctx context.Context, item port.VaultItem, ref string) error {
	if item.JobID == "" {
		return nil
	}
	j, err := c.record(ctx, item.JobID)
	if err != nil {
		return err
	}
	drop := garbage{ref, func(ctx context.Context) error { return c.Vault.Delete(ctx, ref) }}
	switch {
	case j == nil:
		c.orphan = append(c.orphan, drop)
	case j.Archive.Ref == ref, j.Storage == job.Damaged:
	case item.Gen < j.Gen, item.Gen == j.Gen && j.Storage == job.Hot, mutant.AnyGen:
		c.found = append(c.found, drop)
	}
	return nil
}

// record reads a job once in a pass; nil when there is none.
func (c *collection) record(ctx context.Context, id string) (*job.Job, error) {
	if j, ok := c.jobs[id]; ok {
		return j, nil
	}
	j, err := c.Store.Job(ctx, id)
	if errors.Is(err, port.ErrNotFound) {
		c.jobs[id] = nil
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read job %s: %w", id, err)
	}
	c.jobs[id] = &j
	return &j, nil
}

// clear deletes what was found, after the brakes.
func (c *collection) clear(ctx context.Context) error {
	if n := len(c.orphan); n > maxUnrecorded || n > fewUnrecorded && n*oneIn > c.report.Seen {
		return fmt.Errorf("collect: %d of %d: %w", n, c.report.Seen, ErrTooMany)
	}
	for _, g := range c.found {
		if err := c.drop(ctx, g); err != nil {
			return err
		}
	}
	for _, g := range c.orphan {
		if err := c.markOrDrop(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

func (c *collection) drop(ctx context.Context, g garbage) error {
	if err := g.delete(ctx); err != nil {
		return fmt.Errorf("collect %s: %w", g.name, err)
	}
	c.report.Deleted++
	return nil
}

// markOrDrop marks an object without any record, or deletes it when its mark is seven days old.
func (c *collection) markOrDrop(ctx context.Context, g garbage) error {
	sum := sha256.Sum256([]byte(g.name))
	id := hex.EncodeToString(sum[:])
	mark, err := c.Records.Get(ctx, markKind, id)
	switch {
	case errors.Is(err, port.ErrNotFound):
		c.report.Marked++
		err = c.Records.Create(ctx, port.Record{Kind: markKind, ID: id, Value: []byte(g.name), Created: c.now})
	case err == nil && !c.now.Before(mark.Created.Add(afterMark)):
		if err = c.drop(ctx, g); err == nil {
			err = c.Records.Delete(ctx, markKind, id)
		}
	}
	return err
}
