package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gas/pkg/job"
	"gas/pkg/port"
)

// mend looks for a good copy of a result and lets the record name it: a hot one under any key of the job, else a cold one. Where there is none the
// result is DAMAGED, and nothing of it is deleted. It returns what was done, empty when nothing could be.
func (c *fsck) mend(ctx context.Context, j job.Job) (string, error) {
	key, size, err := c.goodHot(ctx, j)
	if err != nil {
		return "", err
	}
	if key != "" {
		return "record names the good hot copy " + key, c.nameHot(ctx, j, key, size)
	}
	for _, ref := range c.ofJob[j.ID] {
		if item := c.items[ref]; item.SHA256 == j.Result.SHA256 {
			return "record names the good cold copy " + ref, c.nameCold(ctx, j, ref, item)
		}
	}
	if j.Storage == job.Damaged {
		return "", nil
	}
	return "", c.condemn(ctx, j)
}

// condemn notes that no good copy of a result is known.
func (c *fsck) condemn(ctx context.Context, j job.Job) error {
	step := job.StepCondemn
	if j.Storage == job.Archiving || j.Storage == job.Thawing {
		step = job.StepDamage
	}
	_, err := c.advance(ctx, j.ID, step, func(ch *port.Change) error {
		if !FenceOf(j).holds(ch.Job) || ch.Job.Storage != j.Storage {
			return ErrLost
		}
		return nil
	})
	return err
}

// goodHot finds an object of the job whose bytes have the recorded sha256; the one that is named already comes first.
func (c *fsck) goodHot(ctx context.Context, j job.Job) (string, int64, error) {
	keys := make([]string, 0, len(c.ours[j.ID]))
	for key := range c.ours[j.ID] {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if a == j.Result.Key {
			return -1
		}
		if b == j.Result.Key {
			return 1
		}
		return slices.Compare([]byte(a), []byte(b))
	})
	for _, key := range keys {
		sum, size, err := c.read(ctx, c.Results, key)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", 0, err
		}
		if sum == j.Result.SHA256 {
			return key, size, nil
		}
	}
	return "", 0, nil
}

// nameHot lets the record name a hot copy that was read.
func (c *fsck) nameHot(ctx context.Context, j job.Job, key string, size int64) error {
	info, err := c.Results.Stat(ctx, key)
	if err != nil {
		return fmt.Errorf("look at %s: %w", key, err)
	}
	at, _ := parseResultKey(key)
	_, err = c.advance(ctx, j.ID, job.StepMend, func(ch *port.Change) error {
		if !FenceOf(j).holds(ch.Job) || ch.Job.Storage != j.Storage {
			return ErrLost
		}
		ch.Job.Gen = max(ch.Job.Gen, at.Gen) + 1
		ch.Job.Result.Key, ch.Job.Result.Version, ch.Job.Result.Size = key, info.Version, size
		ch.Job.Archive, ch.Job.Retrieval = job.Archive{}, job.Retrieval{}
		ch.Job.Storage = job.Hot // the timers need it now
		return nil
	})
	return err
}

// nameCold lets the record name a cold copy.
func (c *fsck) nameCold(ctx context.Context, j job.Job, ref string, item port.VaultItem) error {
	_, err := c.advance(ctx, j.ID, job.StepMendCold, func(ch *port.Change) error {
		if !FenceOf(j).holds(ch.Job) || ch.Job.Storage != j.Storage {
			return ErrLost
		}
		ch.Job.Gen = max(ch.Job.Gen, item.Gen) + 1
		ch.Job.Archive = job.Archive{Ref: ref, Gen: item.Gen}
		ch.Job.Result.Key, ch.Job.Result.Version, ch.Job.Result.Size = "", "", item.Size
		ch.Job.Retrieval = job.Retrieval{}
		return nil
	})
	return err
}

// orphans: nothing is kept that no record names (L6), but for what the collector has still to wait for.
func (c *fsck) orphans(ctx context.Context) error {
	if c.foreign() {
		return nil
	}
	p := &collection{Flow: c.Flow, now: c.now, jobs: map[string]*job.Job{}}
	if err := errors.Join(p.lookAt(ctx, c.Results, p.result), p.lookAt(ctx, c.Inputs, p.input), p.lookAtVault(ctx)); err != nil {
		return err
	}
	for _, g := range append(p.found, p.orphan...) {
		if err := c.note(ctx, Finding{Invariant: "L6", Damage: "orphan", Key: g.name, Text: "No record names it, and none can come to."}, nil); err != nil {
			return err
		}
	}
	if !c.o.Repair || len(p.found)+len(p.orphan) == 0 {
		return nil
	}
	if held, err := c.deletesForbidden(ctx); err != nil || held {
		return err
	}
	if err := p.clear(ctx); err != nil {
		return err
	}
	for i := range c.found.Findings {
		if f := &c.found.Findings[i]; f.Damage == "orphan" {
			f.Repaired = "deleted, or marked to be deleted in seven days"
		}
	}
	return nil
}

func (c *fsck) foreign() bool {
	return slices.ContainsFunc(c.found.Findings, func(f Finding) bool { return f.Damage == "foreign installation" })
}

// adopt lets the collector run again after a backup was restored, when everything that is named is there.
func (c *fsck) adopt(ctx context.Context) error {
	if !c.o.Adopt {
		return nil
	}
	for _, f := range c.found.Findings {
		if f.Repaired == "" && (f.Invariant == "S1" || f.Invariant == "S2" || f.Invariant == "S3") {
			return nil
		}
	}
	if err := c.Records.Delete(ctx, LeaseKind, LeaseAdopt); err != nil {
		return fmt.Errorf("adopt: %w", err)
	}
	return nil
}
