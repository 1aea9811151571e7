package scenario

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/peers"

	"gas/test/program"
)

// TestTheProgramTakesPaymentsAtStripe runs the built program against a payment server: the page's own way to premium, and the operator's commands.
func TestTheProgramTakesPaymentsAtStripe(t *testing.T) {
	t.Parallel()
	peer := peers.NewStripe(t)
	w := program.New(t, "GAS_TEST=1", "GAS_STRIPE_URL="+peer.URL, "GAS_STRIPE_SECRET_KEY="+peer.Key, "GAS_STRIPE_WEBHOOK_SECRET=whsec_next,"+peers.StripeSecret,
		"GAS_STRIPE_PRICE_ID="+peers.StripePrice)
	w.Must("user", "add", "ada")
	s := w.Serve()
	ada := s.Browser("ada")
	to := ada.Post("/subscribe", nil)
	require.Equal(t, http.StatusSeeOther, to.Status, to.Body)
	location := to.Header.Get("Location")
	require.True(t, strings.HasPrefix(location, peer.URL+"/pay/"), location)
	require.Contains(t, to.Header.Get("Content-Security-Policy"), peer.URL, "the browser may go there after the form")
	checkout := location[strings.LastIndex(location, "/")+1:]

	require.NoError(t, peer.Pay(checkout))
	for _, e := range peer.Events() {
		a := s.Visitor().Do(http.MethodPost, "/webhooks/stripe", strings.NewReader(string(e.Payload)), "Stripe-Signature", peer.Signed(e).Get("Stripe-Signature"))
		require.Equal(t, http.StatusOK, a.Status, a.Body)
	}
	require.Contains(t, w.Must("user", "show", "ada", "-o", "json"), `"plan": "premium_user"`)
	require.Contains(t, w.Must("doctor"), "9.00 USD a month")

	customer := peer.Customers()[0]
	peer.Change(customer, map[string]any{"status": "canceled"})
	peer.Events() // lost
	require.Contains(t, w.Must("billing", "reconcile", "-o", "json"), `"to": "free_user"`)
	require.Contains(t, w.Must("user", "show", "ada", "-o", "json"), `"plan": "free_user"`)
	require.Equal(t, "[]", strings.TrimSpace(w.Must("billing", "reconcile", "-o", "json")))
	s.Stop()
	require.NotContains(t, s.Log.String(), peer.Key)
	require.NotContains(t, s.Log.String(), "whsec_")
}
