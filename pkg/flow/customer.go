package flow

import (
	"context"
	"errors"
	"fmt"

	"gas/pkg/port"
	"gas/pkg/user"
)

// checkoutRounds bounds how often a checkout is begun again because somebody else began one for the same user meanwhile.
const checkoutRounds = 5

// Checkout begins a user's subscription. The customer who pays is kept with the user before anybody is sent to the payment, so that no event can
// come for a customer who is unknown here.
func (f Flow) Checkout(ctx context.Context, pay port.Payments, userID, success, cancel string) (port.Checkout, error) {
	for range checkoutRounds {
		u, err := f.Store.User(ctx, userID)
		if err != nil {
			return port.Checkout{}, err
		}
		begun, err := pay.Checkout(ctx, u, success, cancel)
		if err != nil || begun.Customer == u.Billing.Customer {
			return begun, err
		}
		err = f.keepCustomer(ctx, userID, u.Billing.Customer, begun.Customer)
		if !errors.Is(err, port.ErrConflict) {
			return begun, err
		}
	}
	return port.Checkout{}, fmt.Errorf("keep the customer of %s: %w", userID, port.ErrConflict)
}

// keepCustomer writes a user's new customer in the place of the one that he had. ErrConflict when that is another by now.
func (f Flow) keepCustomer(ctx context.Context, userID, was, is string) error {
	_, err := f.updateUser(ctx, userID, func(c *port.Change) error {
		b := &c.User.Billing
		if b.Customer != was {
			return port.ErrConflict
		}
		*b = user.Billing{Customer: is, Looks: b.Looks}
		return nil
	})
	return err
}

// Reconciled is what a look at every customer found.
type Reconciled struct {
	Looked  int
	Changed []PlanMoved
	Unknown []string // users whose customer the provider does not know; their plan stays as it is
}

// PlanMoved is one plan that changed.
type PlanMoved struct {
	UserID   string `json:"user_id"`
	From, To user.Plan
}

// Reconcile looks at the subscription of every user who has a customer, as an event may have been lost. One that cannot be looked at does not keep
// the others back.
func (f Flow) Reconcile(ctx context.Context, pay port.Payments) (found Reconciled, errs error) {
	for cursor, more := "", true; more; more = cursor != "" {
		users, next, err := f.Store.EveryUser(ctx, cursor, sweepPage)
		if err != nil {
			return found, errors.Join(errs, fmt.Errorf("list users: %w", err))
		}
		for _, u := range users {
			if u.Deleted || u.Billing.Customer == "" {
				continue
			}
			if err := ctx.Err(); err != nil {
				return found, errors.Join(errs, err)
			}
			found.Looked++
			errs = errors.Join(errs, f.reconcileOne(ctx, pay, u, &found))
		}
		cursor = next
	}
	return found, errs
}

func (f Flow) reconcileOne(ctx context.Context, pay port.Payments, before user.User, found *Reconciled) error {
	after, err := f.Settle(ctx, pay, before.ID, "", "")
	switch {
	case errors.Is(err, port.ErrNotFound):
		found.Unknown = append(found.Unknown, before.ID)
		return nil
	case err != nil:
		return err
	case after.Plan != before.Plan:
		found.Changed = append(found.Changed, PlanMoved{before.ID, before.Plan, after.Plan})
	}
	return nil
}
