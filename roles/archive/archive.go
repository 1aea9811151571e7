// Package archive moves free users' results to cold storage.
package archive

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

// Role archives results whose free window is over, and warns their owners before.
func Role() role.Role {
	return role.Role{
		Name:    "archive",
		Does:    "moves free users' results to cold storage when their window is over",
		Handles: []role.Handler{{Topic: job.Archives, Knock: "/archive", Workers: 4, Do: archive}},
		Loops:   role.Housekeeping(),
	}
}

// archive handles the end of a window, the warning before it, and the fan-out after a downgrade.
func archive(ctx context.Context, d role.Deps, m role.Message) error {
	body, err := job.Decode(m.Message.Body)
	if err != nil {
		return role.Hopeless{Why: err}
	}
	f := d.Flow()
	if body.JobID == "" {
		return f.FanOutRound(ctx, body.UserID, flow.FanWindow)
	}
	j, err := f.ClaimArchive(ctx, body.JobID)
	switch {
	case errors.Is(err, flow.ErrEarly):
		return early(ctx, f, body.JobID)
	case errors.Is(err, flow.ErrPremium):
		return f.Rest(ctx, body.JobID)
	case errors.Is(err, port.ErrNotFound):
		return flow.ErrLost
	case err != nil:
		return err
	}
	return move(ctx, d, j)
}

// early warns the owner if it is time for that, and else notes when to look again.
func early(ctx context.Context, f flow.Flow, jobID string) error {
	_, err := f.Warn(ctx, jobID)
	if errors.Is(err, flow.ErrEarly) || errors.Is(err, flow.ErrPremium) || errors.Is(err, flow.ErrLost) {
		return f.Rest(ctx, jobID)
	}
	return err
}

// move copies, verifies, commits, and only then deletes the hot copy. Whatever of it was done before is not done again.
func move(ctx context.Context, d role.Deps, j job.Job) error {
	f, by := d.Flow(), flow.FenceOf(j)
	if j.Storage == job.Archived {
		return f.DropHot(ctx, j)
	}
	ref, err := copyCold(ctx, d, j)
	if errors.Is(err, errNoGoodCopy) {
		return f.Damage(ctx, j.ID, by)
	}
	if err != nil {
		return err
	}
	if mutant.EarlyDelete {
		_ = d.Results.Delete(ctx, j.Result.Key)
	}
	j, kept, err := f.CommitArchive(ctx, j.ID, by, ref)
	switch {
	case kept:
		return f.DropCold(ctx, ref)
	case mutant.LoserDelete && errors.Is(err, flow.ErrLost):
		return d.Vault.Delete(ctx, ref)
	case err != nil:
		return err
	}
	return f.DropHot(ctx, j)
}

// errNoGoodCopy says that the hot object is gone or is not what the job recorded.
var errNoGoodCopy = errors.New("the hot copy is gone or wrong")

// copyCold streams the result into the vault, which verifies it against the job's sha256 and size.
func copyCold(ctx context.Context, d role.Deps, j job.Job) (string, error) {
	r, _, err := d.Results.Open(ctx, j.Result.Key, j.Result.Version, port.Whole)
	if errors.Is(err, port.ErrNotFound) || errors.Is(err, port.ErrConflict) {
		return "", errNoGoodCopy
	}
	if err != nil {
		return "", fmt.Errorf("open result: %w", err)
	}
	defer r.Close()
	item := port.VaultItem{
		Key: flow.ArchiveKey(d.Install.Epoch, j.ID, j.Gen), JobID: j.ID, Gen: j.Gen, SHA256: j.Result.SHA256, Size: j.Result.Size,
	}
	ref, err := d.Vault.Store(ctx, item, r)
	if errors.Is(err, port.ErrChecksum) {
		return "", recheck(ctx, d, j)
	}
	if err != nil {
		return "", fmt.Errorf("store in the vault: %w", err)
	}
	return ref, nil
}
