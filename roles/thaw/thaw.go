// Package thaw asks the vault to warm the archived results of premium users.
package thaw

import (
	"context"
	"errors"
	"fmt"

	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
)

// Role brings the results of a user who has upgraded back from cold storage.
func Role() role.Role {
	return role.Role{
		Name:    "thaw",
		Does:    "asks cold storage for the results of users who have upgraded",
		Handles: []role.Handler{{Topic: job.Thaws, Knock: "/thaw", Workers: 4, Do: thaw}},
	}
}

// thaw handles one result, or, in a message without a job, one page of a user's results.
func thaw(ctx context.Context, d role.Deps, m role.Message) error {
	body, err := job.Decode(m.Message.Body)
	if err != nil {
		return role.Hopeless{Why: err}
	}
	f := d.Flow()
	if body.JobID == "" {
		return f.FanOutRound(ctx, body.UserID, flow.FanThaw)
	}
	j, err := f.ClaimThaw(ctx, body.JobID)
	switch {
	case errors.Is(err, flow.ErrFree):
		return f.Rest(ctx, body.JobID)
	case errors.Is(err, port.ErrNotFound):
		return flow.ErrLost
	case err != nil:
		return err
	}
	return warm(ctx, d, j)
}

// warm asks the vault, or, where the copy is warm already, calls the restorer: its message may have been lost.
func warm(ctx context.Context, d role.Deps, j job.Job) error {
	f, by := d.Flow(), flow.FenceOf(j)
	state, err := d.Vault.State(ctx, j.Archive.Ref)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return gone(ctx, d, j)
	case err != nil:
		return fmt.Errorf("look into the vault: %w", err)
	case state == port.Warm:
		return f.CallRestore(ctx, j)
	case state == port.Warming && j.Retrieval.ID != "":
		return f.Rest(ctx, j.ID)
	}
	r, err := ask(ctx, d, j.Archive.Ref)
	if errors.Is(err, port.ErrNotFound) {
		return gone(ctx, d, j)
	}
	if err != nil {
		return err
	}
	_, err = f.Asked(ctx, j.ID, by, r)
	return err
}

// ask asks for the quick tier and, where that has no capacity, for the other.
func ask(ctx context.Context, d role.Deps, ref string) (job.Retrieval, error) {
	r, err := d.Vault.Thaw(ctx, ref, port.Expedited)
	if errors.Is(err, port.ErrCapacity) {
		r, err = d.Vault.Thaw(ctx, ref, port.Standard)
	}
	if err != nil {
		return r, fmt.Errorf("ask the vault: %w", err)
	}
	return r, nil
}

// gone answers a vault that does not have what the record names: the record is read again, and if it still names it, the result is damaged.
func gone(ctx context.Context, d role.Deps, j job.Job) error {
	return d.Flow().Damage(ctx, j.ID, flow.FenceOf(j))
}
