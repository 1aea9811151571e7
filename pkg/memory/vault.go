package memory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// thaw is the last thaw of an item.
type thaw struct {
	job.Retrieval
	coldAgain time.Time
	failed    bool
}

// state is how warm the item is at a time.
func (t thaw) state(now time.Time) port.VaultState {
	switch {
	case t.ID == "":
		return port.Cold
	case now.Before(t.ExpectedAt):
		return port.Warming
	case t.failed || !now.Before(t.coldAgain):
		return port.Cold
	}
	return port.Warm
}

// vault is port.Vault. A ref is the item's key.
type vault struct {
	*World
	blobs *blobs
	items map[string]port.VaultItem
	thaws map[string]thaw
}

// Installation tells the world's installation.
func (v *vault) Installation(ctx context.Context) (port.Installation, error) {
	return v.blobs.Installation(ctx)
}

func (v *vault) Store(ctx context.Context, item port.VaultItem, r io.Reader) (string, error) {
	if _, err := v.blobs.Put(ctx, item.Key, r, port.Put{SHA256: item.SHA256, Size: item.Size}); err != nil {
		return "", fmt.Errorf("store in vault: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.items[item.Key] = item
	return item.Key, nil
}

// notice is the vault's own message.
type notice struct {
	Ref    string `json:"ref"`
	JobID  string `json:"job_id"`
	Failed bool   `json:"failed"`
}

func (v *vault) Thaw(_ context.Context, ref, tier string) (job.Retrieval, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	item, is := v.items[ref]
	if !is {
		return job.Retrieval{}, fmt.Errorf("thaw: %w", port.ErrNotFound)
	}
	now := v.o.Clock()
	if t := v.thaws[ref]; t.state(now) != port.Cold {
		return t.Retrieval, nil
	}
	if v.o.VaultRefuses != nil && v.o.VaultRefuses(ref, tier) {
		return job.Retrieval{}, fmt.Errorf("thaw: %w", port.ErrCapacity)
	}
	takes := v.o.Standard
	if tier == port.Expedited {
		takes = v.o.Expedited
	}
	t := thaw{Retrieval: job.Retrieval{ID: v.id("retrieval"), Tier: tier, AskedAt: now, ExpectedAt: now.Add(takes)}}
	t.coldAgain = t.ExpectedAt.Add(v.o.WarmFor)
	t.failed = v.o.VaultFails != nil && v.o.VaultFails(ref)
	v.thaws[ref] = t
	body, err := json.Marshal(notice{Ref: ref, JobID: item.JobID, Failed: t.failed})
	if err != nil {
		return t.Retrieval, err
	}
	v.enqueue(job.Message{ID: "vault-" + t.ID, Topic: job.Restores, JobID: item.JobID, Body: body}, t.ExpectedAt, "")
	return t.Retrieval, nil
}

func (v *vault) State(_ context.Context, ref string) (port.VaultState, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, is := v.items[ref]; !is {
		return "", fmt.Errorf("look into vault: %w", port.ErrNotFound)
	}
	return v.thaws[ref].state(v.o.Clock()), nil
}

func (v *vault) Open(ctx context.Context, ref string) (io.ReadCloser, int64, error) {
	state, err := v.State(ctx, ref)
	if err != nil {
		return nil, 0, err
	}
	if state != port.Warm {
		return nil, 0, fmt.Errorf("open from vault: %w", port.ErrCold)
	}
	r, info, err := v.blobs.Open(ctx, ref, "", port.Whole)
	return r, info.Size, err
}

func (v *vault) Delete(ctx context.Context, ref string) error {
	if err := v.blobs.Delete(ctx, ref); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.items, ref)
	delete(v.thaws, ref)
	return nil
}

func (v *vault) List(_ context.Context, cursor string, limit int) (items []port.VaultItem, refs []string, next string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, ref := range slices.Sorted(maps.Keys(v.items)) {
		if ref <= cursor {
			continue
		}
		if len(items) == limit {
			return items, refs, refs[limit-1], nil
		}
		items, refs = append(items, v.items[ref]), append(refs, ref)
	}
	return items, refs, "", nil
}

func (v *vault) ReadNotice(body []byte) (port.VaultNotice, error) {
	var read notice
	if err := json.Unmarshal(body, &read); err != nil {
		return port.VaultNotice{}, fmt.Errorf("read the vault's notice: %w", err)
	}
	if read.Ref == "" {
		return port.VaultNotice{}, errors.New("read the vault's notice: it names no item")
	}
	found := port.VaultNotice{Ref: read.Ref, JobID: read.JobID, Failed: read.Failed}
	if read.Failed {
		found.Reason = "the retrieval failed"
	}
	return found, nil
}
