package payments

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"gas/pkg/user"
	"gas/test/peers"
)

// TestPlansEndAsStripeSaysInWhateverOrderEventsCome lets a subscription change a few times, and delivers the events doubled, out of order, late, some
// of them at once, and between the changes. Some never come. The last of those that come comes after the last change.
func TestPlansEndAsStripeSaysInWhateverOrderEventsCome(t *testing.T) {
	h := newHouse(t)
	people := 0
	rapid.Check(t, func(r *rapid.T) {
		people++
		id := h.person(fmt.Sprint("person ", people))
		begun := h.checkout(id)
		require.NoError(r, h.peer.Pay(begun.ID))
		waiting := h.peer.Events()
		status := "active"
		for range rapid.IntRange(0, 4).Draw(r, "changes") {
			status = rapid.SampledFrom([]string{"active", "past_due", "canceled", "unpaid", "trialing"}).Draw(r, "status")
			h.peer.Change(begun.Customer, map[string]any{"status": status})
			waiting = append(waiting, h.peer.Events()...)
			waiting = deliverSome(r, h, waiting)
		}
		last := h.peer.Emit("customer.subscription.updated", map[string]any{"id": "sub", "customer": begun.Customer})
		deliverAll(r, h, rapid.Permutation(append(waiting, last)).Draw(r, "order"))
		want := user.Free
		if status == "active" || status == "trialing" {
			want = user.Premium
		}
		got := h.user(id)
		require.Equal(r, want, got.Plan)
		require.Equal(r, status, got.Billing.Status)
	})
}

// deliverSome delivers a part of what waits, from any place, and keeps some of it to be sent again.
func deliverSome(r *rapid.T, h *house, waiting []peers.StripeEvent) []peers.StripeEvent {
	shuffled := rapid.Permutation(waiting).Draw(r, "order")
	n := rapid.IntRange(0, len(shuffled)).Draw(r, "delivered")
	deliverAll(r, h, shuffled[:n])
	again := rapid.IntRange(0, n).Draw(r, "again")
	return shuffled[n-again:]
}

// deliverAll delivers events one after another, or all at once.
func deliverAll(r *rapid.T, h *house, events []peers.StripeEvent) {
	if !rapid.Bool().Draw(r, "at once") {
		h.deliver(events...)
		return
	}
	var all sync.WaitGroup
	codes := make([]int, len(events))
	for i, e := range events {
		all.Go(func() { codes[i] = h.post(e.Payload, h.peer.Signed(e)) })
	}
	all.Wait()
	for i, code := range codes {
		require.Equal(r, 200, code, events[i].Type)
	}
}
