// Package billing is port.Payments at Stripe: a customer for each user, Checkout to subscribe, the Billing Portal to change and cancel, and signed
// events. What an event says is never believed: it names a customer, and his subscription is fetched.
package billing

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v76"
	portal "github.com/stripe/stripe-go/v76/billingportal/session"
	checkout "github.com/stripe/stripe-go/v76/checkout/session"
	"github.com/stripe/stripe-go/v76/customer"
	"github.com/stripe/stripe-go/v76/price"
	"github.com/stripe/stripe-go/v76/subscription"

	"gas/pkg/port"
)

// Options say which account of Stripe is used, and how.
type Options struct {
	Key          string     // the secret key, or a restricted one. It decides between the test mode and the live one
	Secrets      []string   // of the webhook: one, or two while it is rotated
	Prices       []string   // ids: the first is sold, the others still count for those who subscribed at them
	Installation string     // written to each customer, so that two installations may share an account
	Now          port.Clock // nil = this machine's
	URL          string     // of the API; empty = Stripe's
}

// callTakes bounds one call with its answer; the library tries it three times.
const callTakes = 20 * time.Second

// Stripe is port.Payments. It is safe for concurrent use.
type Stripe struct {
	key          string
	secrets      []string
	prices       []string
	live         bool
	installation string
	now          port.Clock

	customers     customer.Client
	checkouts     checkout.Client
	portals       portal.Client
	subscriptions subscription.Client
	sold          price.Client

	lock   sync.Mutex
	priced port.Price // as fetched last
	failed error      // of that
	again  time.Time  // when it is fetched again
}

// New makes the adapter. It calls nobody.
func New(o Options) (*Stripe, error) {
	live, err := mode(o.Key)
	if err != nil {
		return nil, err
	}
	if len(o.Secrets) == 0 || len(o.Prices) == 0 {
		return nil, errors.New("open billing: a webhook's secret or a price is missing")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	config := &stripe.BackendConfig{
		HTTPClient:      &http.Client{Timeout: callTakes},
		EnableTelemetry: stripe.Bool(false),
		LeveledLogger:   &stripe.LeveledLogger{Level: stripe.LevelNull}, // errors are returned; they need not be on stderr too
	}
	if o.URL != "" {
		config.URL = stripe.String(o.URL)
	}
	api := stripe.GetBackendWithConfig(stripe.APIBackend, config)
	return &Stripe{
		key: o.Key, secrets: o.Secrets, prices: o.Prices, live: live, installation: o.Installation, now: o.Now,
		customers:     customer.Client{B: api, Key: o.Key},
		checkouts:     checkout.Client{B: api, Key: o.Key},
		portals:       portal.Client{B: api, Key: o.Key},
		subscriptions: subscription.Client{B: api, Key: o.Key},
		sold:          price.Client{B: api, Key: o.Key},
	}, nil
}

// mode tells whether a key takes money. Keys are named sk_live_…, sk_test_…, and rk_… with fewer rights.
func mode(key string) (live bool, err error) {
	kind, rest, _ := strings.Cut(key, "_")
	mode, _, _ := strings.Cut(rest, "_")
	if kind != "sk" && kind != "rk" || mode != "live" && mode != "test" {
		return false, errors.New("open billing: the key begins with none of sk_live_, sk_test_, rk_live_ and rk_test_")
	}
	return mode == "live", nil
}

// keyOf names a call, so that Stripe makes one thing of all calls with the same arguments.
func keyOf(what string, of ...any) *string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", of))
	return stripe.String("gas-" + what + "-" + hex.EncodeToString(sum[:16]))
}

// errNoCustomer says that Stripe does not have, or no longer has, the customer of a call.
var errNoCustomer = errors.New("there is no such customer")

// missing tells whether Stripe answered that what a call names does not exist.
func missing(err error) bool {
	var said *stripe.Error
	return errors.As(err, &said) && said.Code == stripe.ErrorCodeResourceMissing
}

// because tells why a call did not work: what Stripe refuses is a mistake of ours, anything else is Stripe not being there. An answer that repeats
// the key is told without it.
func (s *Stripe) because(doing string, err error) error {
	var said *stripe.Error
	if !errors.As(err, &said) {
		return fmt.Errorf("%s: %w: %w", doing, port.ErrUnavailable, err)
	}
	message := strings.ReplaceAll(said.Msg, s.key, "***")
	if missing(err) && said.Param == "customer" {
		return fmt.Errorf("%s: %w: %s", doing, errNoCustomer, message)
	}
	if said.HTTPStatusCode < http.StatusInternalServerError && said.HTTPStatusCode != http.StatusTooManyRequests {
		return fmt.Errorf("%s: Stripe refuses: %s (%s, status %d, request %s)", doing, message, said.Code, said.HTTPStatusCode, said.RequestID)
	}
	return fmt.Errorf("%s: %w: %s (status %d, request %s)", doing, port.ErrUnavailable, message, said.HTTPStatusCode, said.RequestID)
}

// Names of what is written beside customers, subscriptions and payments at Stripe.
const (
	metaUser         = "gas_user"
	metaInstallation = "gas_installation"
	metaPrice        = "gas_price"
)

// mark is what tells later whose a thing is.
func (s *Stripe) mark(userID string) map[string]string {
	return map[string]string{metaUser: userID, metaInstallation: s.installation}
}

// ours reads a mark: the user's id, empty for a thing that this installation did not make.
func (s *Stripe) ours(mark map[string]string) string {
	if mark[metaInstallation] != s.installation {
		return ""
	}
	return mark[metaUser]
}
