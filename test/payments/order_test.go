package payments

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"gas/pkg/port"
	"gas/pkg/user"
	"gas/roles/web"
	"gas/test/peers"
)

// gate is a payment provider whose answers arrive late when the test says so: Stripe has told the state, and it changes on the way here.
type gate struct {
	port.Payments
	mu      sync.Mutex
	held    chan struct{} // closed to let answers through; nil = they are not held
	arrived chan struct{} // told of each answer that is held
}

func (g *gate) Current(ctx context.Context, customer string) (user.Billing, bool, error) {
	b, active, err := g.Payments.Current(ctx, customer)
	g.mu.Lock()
	held := g.held
	g.mu.Unlock()
	if held != nil {
		g.arrived <- struct{}{}
		<-held
	}
	return b, active, err
}

// hold holds the answers of those who ask from now on.
func (g *gate) hold(is bool) (let func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !is {
		g.held = nil
		return nil
	}
	held := make(chan struct{})
	g.held = held
	return func() { close(held) }
}

// late delivers an event whose answer of Stripe is under way until the test lets it arrive.
func (h *house) late(g *gate, e peers.StripeEvent) (arrive func() int) {
	let, code := g.hold(true), make(chan int, 1)
	go func() { code <- h.post(e.Payload, h.peer.Signed(e)) }()
	<-g.arrived
	g.hold(false)
	return func() int { let(); return <-code }
}

func newGatedHouse(t *testing.T) (*house, *gate) {
	t.Helper()
	h := newHouse(t)
	g := &gate{Payments: h.deps.Payments, arrived: make(chan struct{})}
	h.deps.Payments = g
	var err error
	h.web, err = web.Serve(h.deps)
	require.NoError(t, err)
	return h, g
}

func TestT18TwoEventsThatCrossCannotLeaveTheOlderState(t *testing.T) {
	h, g := newGatedHouse(t)
	ada := h.person("ada")
	begun := h.checkout(ada)
	require.NoError(t, h.peer.Pay(begun.ID))
	arrive := h.late(g, h.peer.Events()[0]) // it has seen an active subscription
	h.peer.Change(begun.Customer, map[string]any{"status": "canceled"})
	h.deliver(h.peer.Events()...)
	require.Equal(t, 200, arrive())
	require.Equal(t, user.Free, h.user(ada).Plan)
	require.Equal(t, "canceled", h.user(ada).Billing.Status)
}

func TestALookThatFindsWhatIsKnownOutrunsAnOlderAnswer(t *testing.T) {
	h, g := newGatedHouse(t)
	ada := h.person("ada")
	begun := h.subscribe(ada)
	h.peer.Change(begun.Customer, map[string]any{"status": "canceled"}) // its event is lost
	arrive := h.late(g, h.peer.Emit("invoice.paid", map[string]any{"id": "in", "customer": begun.Customer}))
	h.peer.Change(begun.Customer, map[string]any{"status": "active"})
	_, err := h.flow.Reconcile(t.Context(), h.deps.Payments)
	require.NoError(t, err)
	require.Equal(t, 200, arrive())
	require.Equal(t, user.Premium, h.user(ada).Plan)
	require.Equal(t, "active", h.user(ada).Billing.Status)
}

// TestPlansEndAsStripeSaysInWhateverOrderEventsCome lets a subscription change a few times, and delivers the events doubled, out of order, late, some
// of them at once, between the changes and across them. Some never come. After the last change at least one comes, or the night does.
func TestPlansEndAsStripeSaysInWhateverOrderEventsCome(t *testing.T) {
	h, g := newGatedHouse(t)
	people := 0
	rapid.Check(t, func(r *rapid.T) {
		people++
		id := h.person(fmt.Sprint("person ", people))
		begun := h.checkout(id)
		require.NoError(r, h.peer.Pay(begun.ID))
		waiting := h.peer.Events()
		status := "active"
		var arrive func() int // lets the one that is late arrive
		for range rapid.IntRange(0, 4).Draw(r, "changes") {
			if arrive != nil && rapid.Bool().Draw(r, "the late one arrives") {
				require.Equal(r, 200, arrive())
				arrive = nil
			}
			if arrive == nil && rapid.Bool().Draw(r, "one is late") {
				arrive = h.late(g, h.peer.Emit("invoice.paid", map[string]any{"id": "in", "customer": begun.Customer}))
			}
			status = rapid.SampledFrom([]string{"active", "past_due", "canceled", "unpaid", "trialing"}).Draw(r, "status")
			h.peer.Change(begun.Customer, map[string]any{"status": status})
			waiting = append(waiting, h.peer.Events()...)
			waiting = deliverSome(r, h, waiting)
		}
		if rapid.Bool().Draw(r, "the last is not lost") {
			last := h.peer.Emit("customer.subscription.updated", map[string]any{"id": "sub", "customer": begun.Customer})
			deliverAll(r, h, rapid.Permutation(append(waiting, last)).Draw(r, "order"))
		} else {
			_, err := h.flow.Settle(r.Context(), h.deps.Payments, id, "", "") // the night's look at this one
			require.NoError(r, err)
		}
		if arrive != nil {
			require.Equal(r, 200, arrive())
		}
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
