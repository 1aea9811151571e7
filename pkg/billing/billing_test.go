package billing

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gas/pkg/port"
	"gas/pkg/port/porttest"
	"gas/pkg/user"
	"gas/test/peers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that a test moves.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// shop is the adapter with a payment server.
type shop struct {
	*Stripe
	peer  *peers.Stripe
	clock *clock
}

func newShop(t *testing.T, edits ...func(*Options)) *shop {
	t.Helper()
	return newShopOn(t, peers.StripeMock(t), edits...)
}

func newShopOn(t *testing.T, mock *peers.Peer, edits ...func(*Options)) *shop {
	t.Helper()
	c := &clock{}
	peer := peers.NewStripeOn(t, mock)
	o := Options{Key: peer.Key, Secrets: []string{peers.StripeSecret}, Prices: []string{peers.StripePrice}, Installation: "here", Now: c.now, URL: peer.URL}
	for _, edit := range edits {
		edit(&o)
	}
	s, err := New(o)
	require.NoError(t, err)
	return &shop{s, peer, c}
}

func TestStripeKeepsThePromisesOfPayments(t *testing.T) {
	mock := peers.StripeMock(t)
	porttest.Payments(t, func(t *testing.T) porttest.World {
		s := newShopOn(t, mock)
		return porttest.World{Payments: s, Decide: s.peer.Decide, Advance: s.clock.pass}
	})
}

var ada = user.User{ID: "u_ada", Email: "ada@example.org", EmailVerified: true}

const success, back = "https://gas.example/subscribe?done=paid", "https://gas.example/subscribe"

func (s *shop) begin(t *testing.T, u user.User) port.Checkout {
	t.Helper()
	begun, err := s.Checkout(t.Context(), u, success, back)
	require.NoError(t, err)
	return begun
}

// with is a user with a customer.
func with(u user.User, customer string) user.User {
	u.Billing.Customer = customer
	return u
}

func TestAKeyDecidesBetweenTestAndLive(t *testing.T) {
	for key, live := range map[string]bool{"sk_live_a": true, "rk_live_a": true, "sk_test_live_": false, "rk_test_a": false} {
		got, err := mode(key)
		require.NoError(t, err, key)
		require.Equal(t, live, got, key)
	}
	for _, key := range []string{"", "pk_live_a", "sk_a", "sk", "live_sk_a", "whsec_a"} {
		_, err := mode(key)
		require.Error(t, err, key)
	}
}

func TestAButtonThatIsPressedTwiceLeadsToOnePayment(t *testing.T) {
	s := newShop(t)
	first := s.begin(t, ada)
	require.Equal(t, first, s.begin(t, ada), "before the customer was kept")
	kept := with(ada, first.Customer)
	require.Equal(t, first, s.begin(t, kept))
	s.clock.pass(5 * time.Hour)
	require.Equal(t, first, s.begin(t, kept), "the payment is open still")

	require.NoError(t, s.peer.Pay(first.ID))
	billing, active, err := s.Current(t.Context(), first.Customer)
	require.NoError(t, err)
	require.True(t, active)
	kept.Billing = billing
	kept.Billing.Looks = 1
	again := s.begin(t, kept)
	require.NotEqual(t, first.ID, again.ID, "the first one is paid")
	require.Equal(t, first.Customer, again.Customer)
}

func TestAnOpenPaymentAtAnotherPriceIsClosed(t *testing.T) {
	s := newShop(t)
	first := s.begin(t, ada)
	s.prices = []string{"price_new", peers.StripePrice}
	second := s.begin(t, with(ada, first.Customer))
	require.NotEqual(t, first.ID, second.ID)
	require.Error(t, s.peer.Pay(first.ID))
	require.NoError(t, s.peer.Pay(second.ID))
	_, active, err := s.Current(t.Context(), first.Customer)
	require.NoError(t, err)
	require.True(t, active)
}

func TestACustomerWhomStripeHasLostIsMadeAnew(t *testing.T) {
	s := newShop(t)
	first := s.begin(t, ada)
	require.NoError(t, s.peer.Pay(first.ID))
	s.peer.Delete(first.Customer)
	second := s.begin(t, with(ada, first.Customer))
	require.NotEqual(t, first.Customer, second.Customer)
	_, err := s.Portal(t.Context(), with(ada, first.Customer), back)
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = s.Portal(t.Context(), ada, back)
	require.ErrorIs(t, err, port.ErrNotFound)
	to, err := s.Portal(t.Context(), with(ada, second.Customer), back)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(to, s.peer.URL))
}

func TestTheStateOfASubscriptionDecidesThePlan(t *testing.T) {
	mock := peers.StripeMock(t)
	for status, active := range map[string]bool{
		"active": true, "trialing": true, "past_due": false, "unpaid": false, "canceled": false, "incomplete": false, "incomplete_expired": false, "paused": false,
	} {
		t.Run(status, func(t *testing.T) {
			s := newShopOn(t, mock)
			who := s.begin(t, ada).Customer
			s.peer.Subscribe(who, peers.StripePrice, status)
			billing, got, err := s.Current(t.Context(), who)
			require.NoError(t, err)
			require.Equal(t, active, got)
			require.Equal(t, active, billing.Paid)
			require.Equal(t, status, billing.Status)
			require.WithinDuration(t, time.Now().AddDate(0, 1, 0), billing.PeriodEnd, time.Minute)
		})
	}
}

func TestOnlyASubscriptionAtOurPriceCounts(t *testing.T) {
	s := newShop(t, func(o *Options) { o.Prices = append(o.Prices, "price_of_last_year") })
	who := s.begin(t, ada).Customer
	current := func() (user.Billing, bool) {
		billing, active, err := s.Current(t.Context(), who)
		require.NoError(t, err)
		return billing, active
	}
	billing, active := current()
	require.False(t, active)
	require.Equal(t, user.Billing{Customer: who}, billing)

	s.peer.Subscribe(who, "price_of_something_cheap", "active")
	_, active = current()
	require.False(t, active, "another thing of the same account")

	s.peer.Subscribe(who, "price_of_last_year", "active")
	billing, active = current()
	require.True(t, active, "who subscribed at an older price keeps it")

	s.peer.Subscribe(who, peers.StripePrice, "canceled")
	newer, active := current()
	require.True(t, active, "one that runs counts before a newer one that does not")
	require.Equal(t, billing, newer)
}

func TestACancelledSubscriptionRunsUntilTheEndOfItsPeriod(t *testing.T) {
	s := newShop(t)
	begun := s.begin(t, ada)
	require.NoError(t, s.peer.Pay(begun.ID))
	s.peer.Change(begun.Customer, map[string]any{"cancel_at_period_end": true})
	billing, active, err := s.Current(t.Context(), begun.Customer)
	require.NoError(t, err)
	require.True(t, active)
	require.True(t, billing.Ending)

	end := time.Now().Add(72 * time.Hour).Truncate(time.Second).UTC()
	s.peer.Change(begun.Customer, map[string]any{"cancel_at_period_end": false, "cancel_at": end.Unix()})
	billing, _, err = s.Current(t.Context(), begun.Customer)
	require.NoError(t, err)
	require.True(t, billing.Ending)
	require.Equal(t, end, billing.PeriodEnd)
}

func TestADeletedCustomerHasNoSubscriptionAndAnUnknownOneIsNotFound(t *testing.T) {
	s := newShop(t)
	begun := s.begin(t, ada)
	require.NoError(t, s.peer.Pay(begun.ID))
	s.peer.Events()
	s.peer.Delete(begun.Customer)
	billing, active, err := s.Current(t.Context(), begun.Customer)
	require.NoError(t, err)
	require.False(t, active)
	require.Equal(t, "canceled", billing.Status)
	for _, e := range s.peer.Events() {
		event, err := s.Event(t.Context(), e.Payload, s.peer.Signed(e))
		require.NoError(t, err)
		require.Equal(t, "u_ada", event.UserID, e.Type)
		require.Equal(t, begun.Customer, event.Customer)
	}
	_, _, err = s.Current(t.Context(), "cus_of_nobody")
	require.ErrorIs(t, err, port.ErrNotFound)
}

func TestThePriceIsWhatStripeSaysAndIsNotAskedForEachTime(t *testing.T) {
	s := newShop(t)
	s.peer.Price = map[string]any{"unit_amount": 12000, "currency": "eur", "recurring": map[string]any{"interval": "year", "interval_count": 1}}
	for range 3 {
		price, err := s.Price(t.Context())
		require.NoError(t, err)
		require.Equal(t, port.Price{Amount: 12000, Currency: "eur", Interval: "year", Count: 1}, price)
	}
	require.Equal(t, 1, s.peer.Calls("GET /v1/prices/"+peers.StripePrice))
	s.clock.pass(priceLasts)
	s.peer.Price = map[string]any{"recurring": nil}
	_, err := s.Price(t.Context())
	require.ErrorContains(t, err, "paid once")
}
