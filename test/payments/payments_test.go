package payments

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/billing"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
	"gas/roles/web"
	"gas/test/peers"
)

func TestAnUpgradeThawsAndACancellationBeginsAFreshWindow(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	j := h.result(ada)
	h.pass(6 * time.Minute)
	h.archive(j)
	require.Equal(t, job.Archived, h.storage(j.ID))

	begun := h.subscribe(ada)
	u := h.user(ada)
	require.Equal(t, user.Premium, u.Plan)
	require.Equal(t, begun.Customer, u.Billing.Customer)
	require.True(t, u.Billing.Paid)
	h.work()
	require.Equal(t, job.Hot, h.storage(j.ID))

	h.pass(time.Hour)
	h.peer.Change(begun.Customer, map[string]any{"status": "canceled"})
	h.deliver(h.peer.Events()...)
	u = h.user(ada)
	require.Equal(t, user.Free, u.Plan)
	require.WithinDuration(t, h.deps.Now(), u.FreeSince, 10*time.Second)
	now, err := h.deps.Store.Job(t.Context(), j.ID)
	require.NoError(t, err)
	require.WithinDuration(t, h.deps.Now().Add(5*time.Minute), h.flow.FreeUntil(now, u), 10*time.Second, "the window is a fresh one")

	lines, err := port.AuditLines(t.Context(), h.deps.Records, ada, 10)
	require.NoError(t, err)
	var said []string
	for _, line := range slices.Backward(lines) {
		require.Equal(t, port.AuditPayment, line.By)
		said = append(said, line.Detail)
	}
	require.Equal(t, []string{"free_user to premium_user", "premium_user to free_user"}, said)
}

func TestAFailedPaymentDowngradesUntilItIsMade(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	begun := h.subscribe(ada)
	h.peer.Fail(begun.Customer)
	h.deliver(h.peer.Events()...)
	require.Equal(t, user.Free, h.user(ada).Plan)
	require.True(t, h.user(ada).Billing.Owing())
	h.peer.Change(begun.Customer, map[string]any{"status": "active"})
	h.deliver(h.peer.Events()...)
	require.Equal(t, user.Premium, h.user(ada).Plan)
}

func TestACancellationForTheEndOfThePeriodKeepsThePlanUntilThen(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	begun := h.subscribe(ada)
	h.peer.Change(begun.Customer, map[string]any{"cancel_at_period_end": true})
	h.deliver(h.peer.Events()...)
	require.Equal(t, user.Premium, h.user(ada).Plan)
	require.True(t, h.user(ada).Billing.Ending)
	h.peer.Change(begun.Customer, map[string]any{"status": "canceled"})
	h.deliver(h.peer.Events()...)
	require.Equal(t, user.Free, h.user(ada).Plan)
}

// TestT18 is row T18 of the threats: each event here is refused or without effect.
func TestT18NoPaymentEventIsBelieved(t *testing.T) {
	mock := peers.StripeMock(t)
	var h *house
	var ada string
	var begun port.Checkout
	// paid is an event that would make ada premium, were it believed; Stripe says that she has no subscription.
	paid := func() peers.StripeEvent {
		return h.peer.Emit("customer.subscription.created", map[string]any{
			"id": "sub_forged", "object": "subscription", "customer": begun.Customer, "status": "active",
			"items": map[string]any{"data": []any{map[string]any{"price": map[string]any{"id": peers.StripePrice}}}},
		})
	}
	signed := func(e peers.StripeEvent) http.Header { return h.peer.Signed(e) }
	for name, attack := range map[string]func(t *testing.T) (status int){
		"an unsigned event": func(t *testing.T) int { return h.post(paid().Payload, nil) },
		"a signature of another secret": func(t *testing.T) int {
			e := paid()
			return h.post(e.Payload, peers.StripeSigned(e.Payload, "whsec_guessed", h.deps.Now()))
		},
		"a signature over another body": func(t *testing.T) int {
			e := paid()
			return h.post(bytes.Replace(e.Payload, []byte("sub_forged"), []byte("sub_other"), 1), signed(e))
		},
		"an event signed more than 300 seconds ago": func(t *testing.T) int {
			e := paid()
			return h.post(e.Payload, peers.StripeSigned(e.Payload, peers.StripeSecret, h.deps.Now().Add(-302*time.Second)))
		},
		"an event signed in the future": func(t *testing.T) int {
			e := paid()
			return h.post(e.Payload, peers.StripeSigned(e.Payload, peers.StripeSecret, h.deps.Now().Add(302*time.Second)))
		},
		"a body over 64 KiB": func(t *testing.T) int {
			e := paid()
			large := append(e.Payload, bytes.Repeat([]byte(" "), 64<<10)...)
			return h.post(large, peers.StripeSigned(large, peers.StripeSecret, h.deps.Now()))
		},
		"a signed event that lies about the subscription": func(t *testing.T) int { e := paid(); return h.post(e.Payload, signed(e)) },
		"a subscription at another price": func(t *testing.T) int {
			h.peer.Subscribe(begun.Customer, "price_of_something_cheap", "active")
			e := paid()
			return h.post(e.Payload, signed(e))
		},
		"another's customer who pays and says he is ada": func(t *testing.T) int {
			other := h.peer.Customer(map[string]string{"gas_user": ada, "gas_installation": "elsewhere"})
			h.peer.Subscribe(other, peers.StripePrice, "active")
			e := h.peer.Emit("checkout.session.completed", map[string]any{"id": "cs_1", "customer": other, "client_reference_id": ada, "metadata": map[string]any{"gas_user": ada, "gas_installation": h.deps.Install.ID}})
			return h.post(e.Payload, signed(e))
		},
		"a customer who is not the one that is kept with ada": func(t *testing.T) int {
			other := h.peer.Customer(map[string]string{"gas_user": ada, "gas_installation": h.deps.Install.ID})
			h.peer.Subscribe(other, peers.StripePrice, "active")
			e := h.peer.Emit("invoice.paid", map[string]any{"id": "in_1", "customer": other})
			return h.post(e.Payload, signed(e))
		},
		"a live event in test mode": func(t *testing.T) int {
			h.peer.Live = true
			h.peer.Subscribe(begun.Customer, peers.StripePrice, "active")
			e := paid()
			return h.post(e.Payload, signed(e))
		},
		"no JSON": func(t *testing.T) int {
			return h.post([]byte("{"), peers.StripeSigned([]byte("{"), peers.StripeSecret, h.deps.Now()))
		},
		"nothing at all": func(t *testing.T) int {
			return h.post(nil, peers.StripeSigned(nil, peers.StripeSecret, h.deps.Now()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h = newHouseOn(t, mock)
			ada = h.person("ada")
			begun = h.checkout(ada)
			before := h.user(ada)
			status := attack(t)
			require.Contains(t, []int{http.StatusOK, http.StatusForbidden, http.StatusRequestEntityTooLarge}, status)
			after := h.user(ada)
			require.Equal(t, user.Free, after.Plan)
			if status != http.StatusOK {
				require.Equal(t, before, after, "a refused event wrote something")
			}
		})
	}
}

func TestT18ATestEventIsRefusedInLiveMode(t *testing.T) {
	h := newHouse(t, func(o *billing.Options) { o.Key = "sk_live_a" })
	h.peer.Key = "sk_live_a"
	ada := h.person("ada")
	h.peer.Live = true
	begun := h.checkout(ada)
	h.peer.Live = false
	require.NoError(t, h.peer.Pay(begun.ID)) // a test subscription, were there one customer in both modes
	for _, e := range h.peer.Events() {
		require.Equal(t, http.StatusForbidden, h.post(e.Payload, h.peer.Signed(e)))
	}
	require.Equal(t, user.Free, h.user(ada).Plan)
}

func TestT18AnEventTakesEffectOnceHoweverOftenItIsSent(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	begun := h.subscribe(ada)
	h.peer.Change(begun.Customer, map[string]any{"cancel_at_period_end": true})
	e := h.peer.Events()[0]
	for range 100 {
		require.Equal(t, http.StatusOK, h.post(e.Payload, h.peer.Signed(e)))
	}
	u := h.user(ada)
	require.Equal(t, user.Premium, u.Plan)
	require.EqualValues(t, 4, u.Billing.Looks, "three events of the payment, one of the cancellation")
	lines, err := port.AuditLines(t.Context(), h.deps.Records, ada, 10)
	require.NoError(t, err)
	require.Len(t, lines, 1)
}

func TestT18EitherSecretCountsDuringARotation(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	begun := h.checkout(ada)
	require.NoError(t, h.peer.Pay(begun.ID))
	e := h.peer.Events()[0]
	require.Equal(t, http.StatusOK, h.post(e.Payload, peers.StripeSigned(e.Payload, secretThatComes, h.deps.Now())))
	require.Equal(t, user.Premium, h.user(ada).Plan)
}

// stumbling is a payment provider whose look-ups fail.
type stumbling struct {
	port.Payments
	failing bool
}

func (s *stumbling) Current(ctx context.Context, customer string) (user.Billing, bool, error) {
	if s.failing {
		return user.Billing{}, false, errors.New("no route")
	}
	return s.Payments.Current(ctx, customer)
}

func TestAnEventThatCannotBeSettledIsSentAgain(t *testing.T) {
	h := newHouse(t)
	pay := &stumbling{Payments: h.deps.Payments, failing: true}
	h.deps.Payments = pay
	var err error
	h.web, err = web.Serve(h.deps)
	require.NoError(t, err)
	ada := h.person("ada")
	begun := h.checkout(ada)
	require.NoError(t, h.peer.Pay(begun.ID))
	e := h.peer.Events()[0]
	require.Equal(t, http.StatusInternalServerError, h.post(e.Payload, h.peer.Signed(e)))
	require.Equal(t, user.Free, h.user(ada).Plan)
	pay.failing = false
	h.deliver(e)
	require.Equal(t, user.Premium, h.user(ada).Plan)
}

func TestTwoCheckoutsAtOnceKeepOneCustomer(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	begun := make(chan port.Checkout, 8)
	for range cap(begun) {
		go func() {
			c, _ := h.flow.Checkout(t.Context(), h.deps.Payments, ada, "http://gas.example/subscribe?done=paid", "http://gas.example/subscribe")
			begun <- c
		}()
	}
	first := <-begun
	for range cap(begun) - 1 {
		require.Equal(t, first, <-begun)
	}
	require.Equal(t, first.Customer, h.user(ada).Billing.Customer)
}

// overtaken is a payment provider at which another checkout of the same user ends while his own is under way.
type overtaken struct {
	port.Payments
	meanwhile func()
}

func (o *overtaken) Checkout(ctx context.Context, u user.User, success, cancel string) (port.Checkout, error) {
	begun, err := o.Payments.Checkout(ctx, u, success, cancel)
	if do := o.meanwhile; do != nil {
		o.meanwhile = nil
		do()
	}
	return begun, err
}

func TestACheckoutThatIsOvertakenPaysForTheCustomerWhoIsKept(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	var first port.Checkout
	pay := &overtaken{h.deps.Payments, func() {
		_, err := h.deps.Store.UpdateUser(t.Context(), ada, func(c *port.Change) error {
			c.User.Email, c.User.EmailVerified = "ada@example.org", true // so that another customer is made
			return nil
		})
		require.NoError(t, err)
		first = h.checkout(ada)
	}}
	second, err := h.flow.Checkout(t.Context(), pay, ada, "http://gas.example/subscribe?done=paid", "http://gas.example/subscribe")
	require.NoError(t, err)
	require.Equal(t, 2, h.peer.Calls("POST /v1/customers"))
	require.Equal(t, first, second)
	require.Equal(t, first.Customer, h.user(ada).Billing.Customer)
}

func TestReconcilingFindsWhatEventsDidNotTell(t *testing.T) {
	h := newHouse(t)
	ada, ben, cy, dora := h.person("ada"), h.person("ben"), h.person("cy"), h.person("dora")
	h.checkout(dora) // begun, not paid
	adas := h.checkout(ada)
	require.NoError(t, h.peer.Pay(adas.ID))
	h.peer.Events() // lost
	bens := h.subscribe(ben)
	h.peer.Change(bens.Customer, map[string]any{"status": "canceled"})
	h.peer.Events() // lost
	_, err := h.deps.Store.UpdateUser(t.Context(), cy, func(c *port.Change) error {
		c.User.Plan, c.User.Billing = user.Premium, user.Billing{Customer: "cus_of_another_account", Status: "active", Paid: true}
		return nil
	})
	require.NoError(t, err)

	found, err := h.flow.Reconcile(t.Context(), h.deps.Payments)
	require.NoError(t, err)
	require.Equal(t, 4, found.Looked)
	require.ElementsMatch(t, []flow.PlanMoved{{UserID: ada, From: user.Free, To: user.Premium}, {UserID: ben, From: user.Premium, To: user.Free}}, found.Changed)
	require.Equal(t, []string{cy}, found.Unknown)
	require.Equal(t, user.Premium, h.user(ada).Plan)
	require.Equal(t, user.Free, h.user(ben).Plan)
	require.Equal(t, user.Premium, h.user(cy).Plan, "a look-up that fails never means free")

	again, err := h.flow.Reconcile(t.Context(), h.deps.Payments)
	require.NoError(t, err)
	require.Empty(t, again.Changed)
}

func TestWhatAnOperatorSetStaysUntilTheSubscriptionChanges(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	begun := h.subscribe(ada)
	h.peer.Change(begun.Customer, map[string]any{"status": "canceled"})
	h.deliver(h.peer.Events()...)
	_, err := h.flow.SetPlan(t.Context(), ada, flow.PlanChange{Plan: user.Premium, By: "operator"})
	require.NoError(t, err)
	for _, fields := range []map[string]any{{}, {"current_period_end": h.deps.Now().Unix()}} {
		h.peer.Change(begun.Customer, fields)
		_, err = h.flow.Reconcile(t.Context(), h.deps.Payments)
		require.NoError(t, err)
		require.Equal(t, user.Premium, h.user(ada).Plan)
	}
	h.peer.Change(begun.Customer, map[string]any{"status": "active"})
	h.deliver(h.peer.Events()...)
	h.peer.Change(begun.Customer, map[string]any{"status": "canceled"})
	_, err = h.flow.Reconcile(t.Context(), h.deps.Payments)
	require.NoError(t, err)
	require.Equal(t, user.Free, h.user(ada).Plan)
}

func TestTheWebRoleReconcilesOnceANight(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada")
	h.checkout(ada)
	var nightly role.Loop
	for _, l := range web.Role().Loops {
		if l.Name == "reconcile" {
			nightly = l
		}
	}
	require.NotNil(t, nightly.Do)
	looked := func() int { return h.peer.Calls("GET /v1/subscriptions") }
	for range 30 { // an hour each: the first round, and at three o'clock of the night that comes
		require.NoError(t, nightly.Do(t.Context(), h.deps))
		h.pass(time.Hour)
	}
	require.Contains(t, []int{2, 3}, looked())

	h.deps.Payments = &stumbling{Payments: h.deps.Payments, failing: true}
	h.pass(24 * time.Hour)
	require.Error(t, nightly.Do(t.Context(), h.deps))
	h.deps.Payments.(*stumbling).failing = false
	before := looked()
	require.NoError(t, nightly.Do(t.Context(), h.deps))
	require.Equal(t, before+1, looked(), "a night that failed is made up for")

	h.deps.Payments = nil
	require.NoError(t, nightly.Do(t.Context(), h.deps), "a house without payments has nothing to reconcile")
}
