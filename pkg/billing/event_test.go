package billing

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/test/peers"
)

const header = "Stripe-Signature"

func TestAnEventIsBelievedOnlyWithAFreshSignatureOfOurSecret(t *testing.T) {
	s := newShop(t, func(o *Options) { o.Secrets = []string{"whsec_new", peers.StripeSecret} })
	begun := s.begin(t, ada)
	require.NoError(t, s.peer.Pay(begun.ID))
	event := s.peer.Events()[0]
	now := time.Now()
	sign := func(secret string, at time.Time) string {
		return peers.StripeSigned(event.Payload, secret, at).Get(header)
	}
	good := sign(peers.StripeSecret, now)
	stamp, signature, _ := strings.Cut(good, ",")
	changed := bytes.Replace(event.Payload, []byte("evt_"), []byte("evt-"), 1)
	large := append(bytes.Clone(event.Payload), bytes.Repeat([]byte(" "), maxEvent+1-len(event.Payload))...)

	for name, c := range map[string]struct {
		payload []byte
		header  []string
		forged  bool
	}{
		"signed by the secret that goes":                   {event.Payload, []string{good}, false},
		"signed by the secret that comes":                  {event.Payload, []string{sign("whsec_new", now)}, false},
		"signed by both, as Stripe does during a rotation": {event.Payload, []string{sign("whsec_other", now) + "," + signature}, false},
		"with another scheme beside":                       {event.Payload, []string{good + ",v0=00"}, false},
		"299 seconds old":                                  {event.Payload, []string{sign(peers.StripeSecret, now.Add(-299*time.Second))}, false},
		"of exactly 64 KiB":                                {large[:maxEvent], []string{peers.StripeSigned(large[:maxEvent], "whsec_new", now).Get(header)}, false},
		"unsigned":                                         {event.Payload, nil, true},
		"with an empty signature":                          {event.Payload, []string{""}, true},
		"with two headers":                                 {event.Payload, []string{good, good}, true},
		"with two times":                                   {event.Payload, []string{good + ",t=1"}, true},
		"without a time":                                   {event.Payload, []string{signature}, true},
		"without a signature":                              {event.Payload, []string{stamp}, true},
		"with the signature as another scheme":             {event.Payload, []string{strings.Replace(good, "v1=", "v0=", 1)}, true},
		"with a signature that is cut":                     {event.Payload, []string{good[:len(good)-2]}, true},
		"with a time that is no number":                    {event.Payload, []string{"t=now," + signature}, true},
		"with the largest time":                            {event.Payload, []string{sign(peers.StripeSecret, time.Unix(1<<62, 0))}, true},
		"with the smallest time":                           {event.Payload, []string{sign(peers.StripeSecret, time.Unix(-1<<62, 0))}, true},
		"signed by a stranger":                             {event.Payload, []string{sign("whsec_stranger", now)}, true},
		"signed by no secret":                              {event.Payload, []string{sign("", now)}, true},
		"302 seconds old":                                  {event.Payload, []string{sign(peers.StripeSecret, now.Add(-302*time.Second))}, true},
		"from the future":                                  {event.Payload, []string{sign(peers.StripeSecret, now.Add(400*time.Second))}, true},
		"with another body":                                {changed, []string{good}, true},
		"over 64 KiB":                                      {large, []string{peers.StripeSigned(large, peers.StripeSecret, now).Get(header)}, true},
		"that is no JSON":                                  {[]byte("{"), []string{peers.StripeSigned([]byte("{"), peers.StripeSecret, now).Get(header)}, true},
		"that is no event":                                 {[]byte(`{"id":"a"}`), []string{peers.StripeSigned([]byte(`{"id":"a"}`), peers.StripeSecret, now).Get(header)}, true},
	} {
		t.Run("an event "+name, func(t *testing.T) {
			before := s.peer.Calls("GET /v1/customers/" + begun.Customer)
			got, err := s.Event(t.Context(), c.payload, http.Header{header: c.header})
			if c.forged {
				require.ErrorIs(t, err, port.ErrForged)
				require.Equal(t, before, s.peer.Calls("GET /v1/customers/"+begun.Customer), "Stripe was asked about a forged event")
				return
			}
			require.NoError(t, err)
			require.Equal(t, port.PaymentEvent{ID: event.ID, Customer: begun.Customer, UserID: "u_ada", At: got.At}, got)
		})
	}
}

func TestAnEventOfTheOtherModeIsRefused(t *testing.T) {
	for _, live := range []bool{true, false} {
		t.Run(fmt.Sprintf("live is %t", live), func(t *testing.T) {
			s := newShop(t)
			if live {
				s = newShop(t, func(o *Options) { o.Key = "sk_live_a" })
			}
			s.peer.Live = !live
			e := s.peer.Emit("customer.subscription.created", map[string]any{"id": "sub_1", "customer": "cus_1"})
			_, err := s.Event(t.Context(), e.Payload, s.peer.Signed(e))
			require.ErrorIs(t, err, port.ErrForged)
			require.ErrorContains(t, err, "other mode")
		})
	}
}

func TestOnlyEventsAboutCustomersOfThisInstallationNameAUser(t *testing.T) {
	s := newShop(t)
	mine := s.begin(t, ada).Customer
	bare := s.peer.Customer(nil)
	elsewhere := s.peer.Customer(map[string]string{metaUser: "u_ada", metaInstallation: "elsewhere"})
	mark := map[string]any{metaUser: "u_ada", metaInstallation: "here"}
	for name, c := range map[string]struct {
		kind  string
		about map[string]any
		want  string
	}{
		"an invoice":                        {"invoice.payment_failed", map[string]any{"id": "in_1", "customer": mine}, "u_ada"},
		"an expanded customer":              {"invoice.paid", map[string]any{"id": "in_1", "customer": map[string]any{"id": mine}}, "u_ada"},
		"another kind":                      {"charge.succeeded", map[string]any{"id": "ch_1", "customer": mine}, ""},
		"no customer":                       {"invoice.paid", map[string]any{"id": "in_1", "customer": nil}, ""},
		"an odd customer":                   {"invoice.paid", map[string]any{"id": "in_1", "customer": 7}, ""},
		"a customer who is not there":       {"invoice.paid", map[string]any{"id": "in_1", "customer": "cus_none"}, ""},
		"a customer without a mark":         {"invoice.paid", map[string]any{"id": "in_1", "customer": bare}, ""},
		"a customer of another house":       {"invoice.paid", map[string]any{"id": "in_1", "customer": elsewhere}, ""},
		"a mark that only the event claims": {"customer.subscription.created", map[string]any{"id": "sub_1", "customer": bare, "metadata": mark}, ""},
		"a payment link with a name in it":  {"checkout.session.completed", map[string]any{"id": "cs_1", "customer": bare, "client_reference_id": "u_ada", "metadata": mark}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := s.peer.Emit(c.kind, c.about)
			event, err := s.Event(t.Context(), e.Payload, s.peer.Signed(e))
			require.NoError(t, err)
			require.Equal(t, c.want, event.UserID)
		})
	}
}

func FuzzSignature(f *testing.F) {
	s, err := New(Options{Key: "sk_test_a", Secrets: []string{"whsec_a"}, Prices: []string{"p"}, URL: "http://127.0.0.1:1"})
	require.NoError(f, err)
	f.Add("t=1,v1=00", []byte("{}"))
	f.Add("t=1,t=2,v1=,v1", []byte(""))
	f.Add("v1=00,=,,t=-9223372036854775808", []byte("x"))
	f.Fuzz(func(t *testing.T, value string, payload []byte) {
		_, err := s.Event(t.Context(), payload, http.Header{header: {value}})
		require.ErrorIs(t, err, port.ErrForged)
	})
}
