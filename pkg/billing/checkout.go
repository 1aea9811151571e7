package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stripe/stripe-go/v76"

	"gas/pkg/port"
	"gas/pkg/user"
)

// sameFor is how long a second call without an open payment gets the first one's answer, as Stripe keeps it: a button that was pressed twice.
const sameFor = time.Hour

// Checkout begins a subscription at Stripe. A customer whom Stripe has lost (deleted there, or of the other mode) is replaced by a new one.
func (s *Stripe) Checkout(ctx context.Context, u user.User, success, cancel string) (port.Checkout, error) {
	if u.Billing.Customer != "" {
		begun, err := s.pay(ctx, u, u.Billing.Customer, success, cancel)
		if !errors.Is(err, errNoCustomer) {
			return begun, err
		}
	}
	made, err := s.makeCustomer(ctx, u)
	if err != nil {
		return port.Checkout{}, err
	}
	return s.pay(ctx, u, made, success, cancel)
}

// makeCustomer makes the customer of a user. His name stays with us; the address is given, if it is his, for receipts.
func (s *Stripe) makeCustomer(ctx context.Context, u user.User) (string, error) {
	p := &stripe.CustomerParams{Metadata: s.mark(u.ID)}
	email := ""
	if u.EmailVerified && u.Email != "" {
		email = u.Email
		p.Email = stripe.String(email)
	}
	p.Context = ctx
	p.IdempotencyKey = keyOf("customer", s.installation, u.ID, email, u.Billing.Customer)
	made, err := s.customers.New(p)
	if err != nil {
		return "", s.because("make customer", err)
	}
	return made.ID, nil
}

// pay leads to the customer's open payment, or opens one. There is one at most, so that nobody pays twice from two windows.
func (s *Stripe) pay(ctx context.Context, u user.User, customer, success, cancel string) (port.Checkout, error) {
	open, err := s.openPayment(ctx, customer, success, cancel)
	if open != nil || err != nil {
		return checkoutOf(open, customer), err
	}
	p := &stripe.CheckoutSessionParams{
		Mode: stripe.String(string(stripe.CheckoutSessionModeSubscription)), Customer: &customer, ClientReferenceID: &u.ID,
		LineItems:        []*stripe.CheckoutSessionLineItemParams{{Price: &s.prices[0], Quantity: stripe.Int64(1)}},
		SubscriptionData: &stripe.CheckoutSessionSubscriptionDataParams{Metadata: s.mark(u.ID)},
		SuccessURL:       &success, CancelURL: &cancel, Metadata: s.mark(u.ID),
	}
	p.AddMetadata(metaPrice, s.prices[0])
	p.Context = ctx
	p.IdempotencyKey = keyOf("checkout", s.installation, u.ID, customer, s.prices[0], success, cancel, u.Billing.Looks, s.now().Truncate(sameFor).Unix())
	begun, err := s.checkouts.New(p)
	if err != nil {
		return port.Checkout{}, s.because("begin checkout", err)
	}
	return checkoutOf(begun, customer), nil
}

func checkoutOf(c *stripe.CheckoutSession, customer string) port.Checkout {
	if c == nil {
		return port.Checkout{}
	}
	return port.Checkout{ID: c.ID, URL: c.URL, Customer: customer}
}

// openPayment finds the customer's open payment. Those at another price, or that lead back to another address, are closed.
func (s *Stripe) openPayment(ctx context.Context, customer, success, cancel string) (found *stripe.CheckoutSession, err error) {
	list := &stripe.CheckoutSessionListParams{Customer: &customer, Status: stripe.String(string(stripe.CheckoutSessionStatusOpen))}
	list.Context = ctx
	all := s.checkouts.List(list)
	for all.Next() {
		c := all.CheckoutSession()
		switch {
		case s.ours(c.Metadata) == "":
		case found == nil && c.URL != "" && c.Metadata[metaPrice] == s.prices[0] && c.SuccessURL == success && c.CancelURL == cancel:
			found = c
		default:
			p := &stripe.CheckoutSessionExpireParams{}
			p.Context = ctx
			p.IdempotencyKey = keyOf("expire", c.ID)
			if _, err := s.checkouts.Expire(c.ID, p); err != nil {
				return nil, s.because("close an older checkout", err)
			}
		}
	}
	if err := all.Err(); err != nil {
		return nil, s.because("list open checkouts", err)
	}
	return found, nil
}

// Portal opens Stripe's page on which a subscription is changed or cancelled. What it offers is set in Stripe's dashboard.
func (s *Stripe) Portal(ctx context.Context, u user.User, back string) (string, error) {
	if u.Billing.Customer == "" {
		return "", fmt.Errorf("open portal: no customer: %w", port.ErrNotFound)
	}
	p := &stripe.BillingPortalSessionParams{Customer: &u.Billing.Customer, ReturnURL: &back}
	p.Context = ctx // the library makes the idempotency key, one for the tries of this call: a portal is opened anew each time
	opened, err := s.portals.New(p)
	if missing(err) {
		return "", fmt.Errorf("open portal: Stripe has lost the customer: %w", port.ErrNotFound)
	}
	if err != nil {
		return "", s.because("open portal", err)
	}
	return opened.URL, nil
}
