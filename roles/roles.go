// Package roles is the list of what one GAS process can be.
package roles

import (
	"context"
	"fmt"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/roles/annotator"
	"gas/roles/archive"
	"gas/roles/notify"
	"gas/roles/restore"
	"gas/roles/thaw"
	"gas/roles/web"
)

// All lists every role, in the order in which work passes through them.
func All() []role.Role {
	return []role.Role{
		web.Role(),
		annotator.Role(annotator.Annotate),
		notify.Role(),
		archive.Role(),
		thaw.Role(),
		restore.Role(),
	}
}

// ByHand does one role's step for an operator, through the same handler as a message would: archive, restore and notify take a job's id,
// thaw a user's.
func ByHand(ctx context.Context, d role.Deps, name, id string) error {
	picked, err := role.Pick(All(), []string{name})
	if err != nil {
		return err
	}
	topic := picked[0].Handles[0].Topic
	m := job.Hint("by-hand", topic, job.Job{ID: id})
	if name == "thaw" {
		m = job.FanOut("by-hand", topic, id, "")
		if err := d.As(name).Flow().FanOutAgain(ctx, id); err != nil {
			return fmt.Errorf("thaw the results of %s: %w", id, err)
		}
	}
	err = picked[0].Handles[0].Do(ctx, d.As(name), role.Message{Delivery: port.Delivery{Topic: topic, Message: m}})
	if err != nil {
		return fmt.Errorf("%s %s by hand: %w", name, id, err)
	}
	return nil
}
