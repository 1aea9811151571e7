package billing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v76"

	"gas/pkg/port"
	"gas/pkg/user"
)

// Current asks Stripe for a customer's subscription. Of several the one that counts is told: one that runs before others, then the newest. A
// subscription at a price that is none of ours counts for nothing, as the account may sell other things too.
func (s *Stripe) Current(ctx context.Context, customer string) (user.Billing, bool, error) {
	none := user.Billing{Customer: customer}
	list := &stripe.SubscriptionListParams{Customer: &customer, Status: stripe.String("all")}
	list.Context = ctx
	list.Limit = stripe.Int64(100)
	all := s.subscriptions.List(list)
	var counts *stripe.Subscription
	for all.Next() {
		if sub := all.Subscription(); s.sells(sub) && (counts == nil || before(sub, counts)) {
			counts = sub
		}
	}
	switch err := all.Err(); {
	case missing(err):
		return s.deleted(ctx, customer)
	case err != nil:
		return none, false, s.because("list subscriptions", err)
	case counts == nil:
		return none, false, nil
	}
	return billingOf(customer, counts), runs(counts), nil
}

// sells tells whether a subscription is one of ours, by its price.
func (s *Stripe) sells(sub *stripe.Subscription) bool {
	return sub.Items != nil && slices.ContainsFunc(sub.Items.Data, func(item *stripe.SubscriptionItem) bool {
		return item.Price != nil && slices.Contains(s.prices, item.Price.ID)
	})
}

// before tells whether a counts before b.
func before(a, b *stripe.Subscription) bool {
	if runs(a) != runs(b) {
		return runs(a)
	}
	return a.Created > b.Created
}

// runs tells whether a subscription makes the plan premium. One whose payment has failed is past_due and does not.
func runs(sub *stripe.Subscription) bool {
	return sub.Status == stripe.SubscriptionStatusActive || sub.Status == stripe.SubscriptionStatusTrialing
}

func billingOf(customer string, sub *stripe.Subscription) user.Billing {
	b := user.Billing{Customer: customer, Subscription: sub.ID, Status: string(sub.Status), Paid: runs(sub), PeriodEnd: time.Unix(sub.CurrentPeriodEnd, 0).UTC()}
	if b.Paid && (sub.CancelAtPeriodEnd || sub.CancelAt != 0) {
		b.Ending = true
		if sub.CancelAt != 0 {
			b.PeriodEnd = time.Unix(sub.CancelAt, 0).UTC()
		}
	}
	return b
}

// deleted tells a customer who was deleted at Stripe, with whom every subscription ended, from one who never was there.
func (s *Stripe) deleted(ctx context.Context, customer string) (user.Billing, bool, error) {
	b := user.Billing{Customer: customer, Status: string(stripe.SubscriptionStatusCanceled)}
	found, err := s.fetchCustomer(ctx, customer)
	if err == nil && !found.Deleted {
		err = fmt.Errorf("list subscriptions: Stripe has the customer %s and has not", customer)
	}
	return b, false, err
}

// fetchCustomer reads a customer. ErrNotFound where there never was one; a deleted one has nothing but its mark of being so.
func (s *Stripe) fetchCustomer(ctx context.Context, id string) (*stripe.Customer, error) {
	p := &stripe.CustomerParams{}
	p.Context = ctx
	found, err := s.customers.Get(id, p)
	if missing(err) {
		return nil, fmt.Errorf("fetch customer: %w", port.ErrNotFound)
	}
	if err != nil {
		return nil, s.because("fetch customer", err)
	}
	return found, nil
}

// How long a price is shown before it is asked for again (at Stripe the amount of a price never changes; another is another price), and how long
// nobody asks after it could not be had: a page is not to wait for Stripe each time.
const (
	priceLasts  = 10 * time.Minute
	priceMissed = 30 * time.Second
)

// Price asks Stripe what is sold, not more often than it may have changed.
func (s *Stripe) Price(ctx context.Context) (port.Price, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.now().Before(s.again) {
		return s.priced, s.failed
	}
	s.priced, s.failed = s.fetchPrice(ctx)
	s.again = s.now().Add(priceLasts)
	if s.failed != nil {
		s.again = s.now().Add(priceMissed)
	}
	return s.priced, s.failed
}

func (s *Stripe) fetchPrice(ctx context.Context) (port.Price, error) {
	p := &stripe.PriceParams{}
	p.Context = ctx
	sold, err := s.sold.Get(s.prices[0], p)
	if err != nil {
		return port.Price{}, s.because("fetch price", err)
	}
	if sold.Recurring == nil {
		return port.Price{}, fmt.Errorf("fetch price: %s is paid once, not by the month or year", sold.ID)
	}
	return port.Price{
		Amount: sold.UnitAmount, Currency: string(sold.Currency), Interval: string(sold.Recurring.Interval), Count: max(1, sold.Recurring.IntervalCount),
	}, nil
}
