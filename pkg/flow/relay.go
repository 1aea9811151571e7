package flow

import (
	"context"
	"fmt"

	"gas/pkg/job"
)

// relayBatch is how many outbox rows one look takes.
const relayBatch = 100

// Relay publishes the outbox rows of a role (of all roles where role is empty) and tells how many. A crash between publishing and marking
// publishes again: messages are hints.
func (f Flow) Relay(ctx context.Context, role string) (int, error) {
	total := 0
	for {
		rows, err := f.Store.Unsent(ctx, role, relayBatch)
		if err != nil || len(rows) == 0 {
			return total, err
		}
		sent := make([]string, 0, len(rows))
		var failed error
		for _, m := range rows {
			if failed = f.publish(ctx, m); failed != nil {
				break
			}
			sent = append(sent, m.ID)
		}
		if err := f.Store.MarkSent(ctx, sent); err != nil {
			return total, fmt.Errorf("mark messages as sent: %w", err)
		}
		total += len(sent)
		if failed != nil || len(rows) < relayBatch {
			return total, failed
		}
	}
}

func (f Flow) publish(ctx context.Context, m job.Message) error {
	if m.NotBefore.IsZero() {
		return f.Bus.Publish(ctx, m)
	}
	return f.Bus.PublishAt(ctx, m, m.NotBefore, m.TimerKey())
}
