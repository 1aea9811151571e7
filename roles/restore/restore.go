// Package restore brings warmed results back to hot storage.
package restore

import (
	"context"
	"errors"
	"fmt"

	"gas/pkg/flow"
	"gas/pkg/flow/mutant"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
)

// Role takes what the vault has warmed back to hot storage.
func Role() role.Role {
	return role.Role{
		Name:    "restore",
		Does:    "brings results that cold storage has warmed back to hot storage",
		Handles: []role.Handler{{Topic: job.Restores, Knock: "/restore", Workers: 4, Do: restore}},
	}
}

// restore handles the vault's own notice, or our own message with the job's id.
func restore(ctx context.Context, d role.Deps, m role.Message) error {
	id, err := which(d, m.Message.Body)
	if errors.Is(err, port.ErrNotFound) {
		return flow.ErrLost
	}
	if err != nil {
		return role.Hopeless{Why: err}
	}
	j, err := d.Store.Job(ctx, id)
	if errors.Is(err, port.ErrNotFound) {
		return flow.ErrLost
	}
	if err != nil {
		return err
	}
	if j.Storage != job.Thawing { // a cold copy that an earlier restorer left after its commit is the collector's
		return flow.ErrLost
	}
	return bring(ctx, d, j)
}

// which tells the job that a message is about. The record says all the rest.
func which(d role.Deps, body []byte) (string, error) {
	if b, err := job.Decode(body); err == nil && b.JobID != "" {
		return b.JobID, nil
	}
	n, err := d.Vault.ReadNotice(body)
	if err != nil {
		return "", fmt.Errorf("read the vault's notice: %w", err)
	}
	if n.JobID == "" {
		return "", errors.New("the vault's notice names no job")
	}
	return n.JobID, nil
}

// bring copies, verifies, commits, and only then deletes the cold copy.
func bring(ctx context.Context, d role.Deps, j job.Job) error {
	f, by, ref := d.Flow(), flow.FenceOf(j), j.Archive.Ref
	copied, err := copyHot(ctx, d, j)
	switch {
	case errors.Is(err, port.ErrCold): // the retrieval failed or has expired: ask again
		return f.AskAgain(ctx, j)
	case errors.Is(err, port.ErrNotFound):
		return f.Damage(ctx, j.ID, by)
	case errors.Is(err, port.ErrChecksum):
		if err := f.BadRestore(ctx, j.ID, by); err != nil {
			return err
		}
		return f.AskAgain(ctx, j)
	case err != nil:
		return err
	}
	_, err = f.CommitRestore(ctx, j.ID, by, ref, copied)
	if mutant.LoserDelete && errors.Is(err, flow.ErrLost) {
		return d.Results.Delete(ctx, copied.Key)
	}
	if err != nil {
		return err
	}
	return f.DropCold(ctx, ref)
}

// copyHot streams the cold copy to the key of this gen. The put verifies it against the job's sha256 and size.
func copyHot(ctx context.Context, d role.Deps, j job.Job) (job.Object, error) {
	r, _, err := d.Vault.Open(ctx, j.Archive.Ref)
	if err != nil {
		return job.Object{}, fmt.Errorf("open in the vault: %w", err)
	}
	defer r.Close()
	at := flow.FenceOf(j)
	if mutant.SameKey {
		at.Gen = flow.ResultGen
	}
	key := flow.ResultKey(d.Install.Epoch, j.ID, at, flow.ResultName)
	want := port.Put{SHA256: j.Result.SHA256, Size: j.Result.Size}
	if mutant.NoChecksum {
		want = port.Put{Size: -1}
	}
	info, err := d.Results.Put(ctx, key, r, want)
	if err != nil {
		return job.Object{}, fmt.Errorf("put result: %w", err)
	}
	return info.Object, nil
}
