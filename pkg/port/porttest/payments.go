package porttest

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/pkg/user"
)

// Payments checks a payment adapter at which a checkout can be decided: a local one, or one whose provider the test plays.
func Payments(t *testing.T, fresh Harness) {
	decidable := func(w World) bool {
		_, is := w.Payments.(port.LocalCheckout)
		return is || w.Payments != nil && w.Decide != nil
	}
	each(t, fresh, decidable, []check{
		{"paying makes the subscription active, cancelling ends it", paid},
		{"a checkout names the customer, the same for the user who has one", customerNamed},
		{"a price is whole, or ErrNotFound where nothing is charged", priceWhole},
		{"an event whose payload or signature was changed is ErrForged", eventForged},
		{"an event that is too old, or of the future, is ErrForged", eventOld},
		{"a local checkout tells what it is for, and a missing one is ErrNotFound; any other is at the provider's address", localOrder},
		{"a missing customer is ErrNotFound", customerMissing},
	})
}

var payer = user.User{ID: "u_a"}

// decide goes through a checkout and returns the signed event.
func decide(t *testing.T, w World, id string, pay bool) ([]byte, http.Header) {
	t.Helper()
	if w.Decide == nil {
		w.Decide = w.Payments.(port.LocalCheckout).Decide
	}
	payload, header, err := w.Decide(t.Context(), id, pay)
	require.NoError(t, err)
	return payload, header
}

// verified goes through a checkout and returns its verified event.
func verified(t *testing.T, w World, id string, pay bool) port.PaymentEvent {
	t.Helper()
	payload, header := decide(t, w, id, pay)
	event, err := w.Payments.Event(t.Context(), payload, header)
	require.NoError(t, err)
	require.Equal(t, "u_a", event.UserID)
	require.NotEmpty(t, event.ID)
	return event
}

// checkout begins one for a user.
func checkout(t *testing.T, w World, u user.User) port.Checkout {
	t.Helper()
	begun, err := w.Payments.Checkout(t.Context(), u, "http://gas.example/subscribe/done", "http://gas.example/subscribe")
	require.NoError(t, err)
	require.NotEmpty(t, begun.URL)
	require.NotEmpty(t, begun.ID)
	return begun
}

func paid(t *testing.T, w World) {
	begun := checkout(t, w, payer)
	first := verified(t, w, begun.ID, true)
	require.Equal(t, begun.Customer, first.Customer)
	billing, active, err := w.Payments.Current(t.Context(), first.Customer)
	require.NoError(t, err)
	require.True(t, active)
	require.Equal(t, first.Customer, billing.Customer)
	require.NotEmpty(t, billing.Subscription)
	require.False(t, billing.PeriodEnd.IsZero())
	u := payer
	u.Billing = billing
	to, err := w.Payments.Portal(t.Context(), u, "http://gas.example/profile")
	require.NoError(t, err)
	require.NotEmpty(t, to)
	second := verified(t, w, checkout(t, w, u).ID, false)
	require.NotEqual(t, first.ID, second.ID)
	_, active, err = w.Payments.Current(t.Context(), first.Customer)
	require.NoError(t, err)
	require.False(t, active)
}

func customerNamed(t *testing.T, w World) {
	begun := checkout(t, w, payer)
	require.NotEmpty(t, begun.Customer)
	u := payer
	u.Billing.Customer = begun.Customer
	require.Equal(t, begun.Customer, checkout(t, w, u).Customer)
	require.NotEqual(t, begun.Customer, checkout(t, w, user.User{ID: "u_b"}).Customer)
}

func priceWhole(t *testing.T, w World) {
	price, err := w.Payments.Price(t.Context())
	if err != nil {
		require.ErrorIs(t, err, port.ErrNotFound)
		return
	}
	require.Positive(t, price.Amount)
	require.Len(t, price.Currency, 3)
	require.Contains(t, []string{"day", "week", "month", "year"}, price.Interval)
	require.Positive(t, price.Count)
}

func eventForged(t *testing.T, w World) {
	payload, header := decide(t, w, checkout(t, w, payer).ID, true)
	_, err := w.Payments.Event(t.Context(), append([]byte(" "), payload...), header)
	require.ErrorIs(t, err, port.ErrForged)
	_, err = w.Payments.Event(t.Context(), payload, http.Header{})
	require.ErrorIs(t, err, port.ErrForged)
	for name, values := range header {
		changed := header.Clone()
		changed.Set(name, values[0][:len(values[0])-1]+"x")
		_, err = w.Payments.Event(t.Context(), payload, changed)
		require.ErrorIs(t, err, port.ErrForged)
	}
}

func eventOld(t *testing.T, w World) {
	movable(t, w)
	payload, header := decide(t, w, checkout(t, w, payer).ID, true)
	_, err := w.Payments.Event(t.Context(), payload, header)
	require.NoError(t, err)
	for _, moved := range []time.Duration{time.Hour, -2 * time.Hour} {
		w.Advance(moved)
		_, err := w.Payments.Event(t.Context(), payload, header)
		require.ErrorIs(t, err, port.ErrForged)
	}
}

func localOrder(t *testing.T, w World) {
	local, is := w.Payments.(port.LocalCheckout)
	if !is { // the provider has a page of its own: the browser is sent to its address
		order := checkout(t, w, payer)
		page, err := url.Parse(order.URL)
		require.NoError(t, err)
		require.True(t, page.IsAbs() && page.Host != "", order.URL)
		require.NotEmpty(t, order.ID)
		return
	}
	order, err := local.Describe(t.Context(), checkout(t, w, payer).ID)
	require.NoError(t, err)
	require.Equal(t, port.LocalOrder{UserID: "u_a", Success: "http://gas.example/subscribe/done", Cancel: "http://gas.example/subscribe"}, order)
	decide(t, w, checkout(t, w, payer).ID, true)
	order, err = local.Describe(t.Context(), checkout(t, w, payer).ID)
	require.NoError(t, err)
	require.True(t, order.Active)
	_, _, err = local.Decide(t.Context(), "none", true)
	require.ErrorIs(t, err, port.ErrNotFound)
}

func customerMissing(t *testing.T, w World) {
	_, _, err := w.Payments.Current(t.Context(), "none")
	require.ErrorIs(t, err, port.ErrNotFound)
}
