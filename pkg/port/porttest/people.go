package porttest

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/pkg/user"
)

// Mailer checks mail, by the inbox of an adapter that has one.
func Mailer(t *testing.T, fresh Harness) {
	kept := func(w World) bool {
		_, is := w.Mailer.(port.Inbox)
		return is
	}
	each(t, fresh, kept, []check{
		{"a mail is in the inbox of its user alone, whole, newest first", mailKept},
		{"a mail that is sent again is there once", mailAgain},
		{"mails of a user who is forgotten are gone, and nobody else's", mailForgotten},
	})
}

// mail makes a mail with text beyond ASCII and a subject that tries to add a header.
func mail(id string, at time.Time) port.Mail {
	return port.Mail{ID: id, To: "ada@example.org", Subject: "Your result is ready: naïve\r\nBcc: eve@example.org", Text: "Ünïcode.\n\nSecond line.\n", HTML: "<p>Ünïcode.</p>", UserID: "u_a", At: at}
}

// inbox reads a user's mail.
func inbox(t *testing.T, w World, userID string) []port.Mail {
	t.Helper()
	list, err := w.Mailer.(port.Inbox).Inbox(t.Context(), userID, 10)
	require.NoError(t, err)
	return list
}

func mailKept(t *testing.T, w World) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, w.Mailer.Send(t.Context(), mail("m1", at)))
	require.NoError(t, w.Mailer.Send(t.Context(), mail("m2", at.Add(time.Minute))))
	list := inbox(t, w, "u_a")
	require.Len(t, list, 2)
	require.Equal(t, "m2", list[0].ID)
	got := list[1]
	require.Equal(t, "ada@example.org", got.To)
	require.Contains(t, got.Subject, "Your result is ready: naïve")
	require.Contains(t, got.Text, "Ünïcode.")
	require.Contains(t, got.Text, "Second line.")
	require.Contains(t, got.HTML, "<p>Ünïcode.</p>")
	require.True(t, got.At.Equal(at))
	require.Empty(t, inbox(t, w, "u_b"))
}

func mailAgain(t *testing.T, w World) {
	for range 2 {
		require.NoError(t, w.Mailer.Send(t.Context(), mail("m1", time.Now())))
	}
	require.Len(t, inbox(t, w, "u_a"), 1)
}

func mailForgotten(t *testing.T, w World) {
	require.NoError(t, w.Mailer.Send(t.Context(), mail("m1", time.Now())))
	for range 2 {
		require.NoError(t, w.Mailer.(port.Inbox).Forget(t.Context(), "u_b"))
	}
	require.Len(t, inbox(t, w, "u_a"), 1)
	for range 2 {
		require.NoError(t, w.Mailer.(port.Inbox).Forget(t.Context(), "u_a"))
	}
	require.Empty(t, inbox(t, w, "u_a"))
}

// Payments checks a payment adapter that takes no money.
func Payments(t *testing.T, fresh Harness) {
	local := func(w World) bool {
		_, is := w.Payments.(port.LocalCheckout)
		return is
	}
	each(t, fresh, local, []check{
		{"paying makes the subscription active, cancelling ends it", paid},
		{"an event whose payload or signature was changed is ErrForged", eventForged},
		{"an event that is too old is ErrForged", eventOld},
		{"a missing checkout or customer is ErrNotFound", orderMissing},
	})
}

var payer = user.User{ID: "u_a"}

// decide goes through a checkout and returns its verified event.
func decide(t *testing.T, w World, id string, pay bool) port.PaymentEvent {
	t.Helper()
	payload, header, err := w.Payments.(port.LocalCheckout).Decide(t.Context(), id, pay)
	require.NoError(t, err)
	event, err := w.Payments.Event(t.Context(), payload, header)
	require.NoError(t, err)
	require.Equal(t, "u_a", event.UserID)
	require.NotEmpty(t, event.ID)
	return event
}

// checkout begins one.
func checkout(t *testing.T, w World) string {
	t.Helper()
	begun, err := w.Payments.Checkout(t.Context(), payer, "/subscribe/done", "/subscribe")
	require.NoError(t, err)
	require.NotEmpty(t, begun.URL)
	return begun.ID
}

func paid(t *testing.T, w World) {
	id := checkout(t, w)
	order, err := w.Payments.(port.LocalCheckout).Describe(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, port.LocalOrder{UserID: "u_a", Success: "/subscribe/done", Cancel: "/subscribe"}, order)
	first := decide(t, w, id, true)
	billing, active, err := w.Payments.Current(t.Context(), first.Customer)
	require.NoError(t, err)
	require.True(t, active)
	require.Equal(t, first.Customer, billing.Customer)
	require.False(t, billing.PeriodEnd.IsZero())
	_, err = w.Payments.Portal(t.Context(), payer, "/profile")
	require.NoError(t, err)
	id = checkout(t, w)
	order, err = w.Payments.(port.LocalCheckout).Describe(t.Context(), id)
	require.NoError(t, err)
	require.True(t, order.Active)
	second := decide(t, w, id, false)
	require.NotEqual(t, first.ID, second.ID)
	_, active, err = w.Payments.Current(t.Context(), first.Customer)
	require.NoError(t, err)
	require.False(t, active)
}

func eventForged(t *testing.T, w World) {
	payload, header, err := w.Payments.(port.LocalCheckout).Decide(t.Context(), checkout(t, w), true)
	require.NoError(t, err)
	_, err = w.Payments.Event(t.Context(), append([]byte(" "), payload...), header)
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
	payload, header, err := w.Payments.(port.LocalCheckout).Decide(t.Context(), checkout(t, w), true)
	require.NoError(t, err)
	w.Advance(time.Hour)
	_, err = w.Payments.Event(t.Context(), payload, header)
	require.ErrorIs(t, err, port.ErrForged)
}

func orderMissing(t *testing.T, w World) {
	_, _, err := w.Payments.(port.LocalCheckout).Decide(t.Context(), "none", true)
	require.ErrorIs(t, err, port.ErrNotFound)
	_, _, err = w.Payments.Current(t.Context(), "none")
	require.ErrorIs(t, err, port.ErrNotFound)
}
