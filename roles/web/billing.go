package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

type subscribeView struct {
	Plans     []planView
	Premium   bool
	Offered   bool
	Effect    string
	Ends      string
	Restoring []rowView
	Just      string
}

// subscribePage answers GET /subscribe: what changes with the plan, in numbers, and what happens to the results.
func (s *site) subscribePage(c echo.Context) error {
	u := who(c).user
	view := subscribeView{Plans: s.planViews(), Premium: u.Plan == user.Premium, Offered: s.Payments != nil, Just: justText(c.QueryParam("done"), u)}
	use, err := s.usageOf(c)
	if err != nil {
		return err
	}
	if view.Premium {
		view.Effect = "If you cancel, each result stays readable for " + durationText(s.Plans.Free.Window) + " more and then goes to cold storage. Nothing is deleted."
		if !u.Billing.PeriodEnd.IsZero() {
			view.Ends = "The paid period ends " + at(u.Billing.PeriodEnd).Text + "."
		}
		if s.Plans.Free.Window == 0 {
			view.Effect = "If you cancel, the limits of Free hold for new jobs. Your results stay as they are."
		}
	} else if use.archived > 0 {
		view.Effect = plural(use.archived, "result", "results") + " (" + sizeText(use.cold) + ") in cold storage: with Premium they are brought back, within about " + durationText(s.thawTime()) + "."
	} else {
		view.Effect = "None of your results is in cold storage now; with Premium none will be."
	}
	if view.Restoring, err = s.restoring(c); err != nil {
		return err
	}
	return s.show(c, "subscribe", head{Title: "Subscription"}, view)
}

func justText(done string, u user.User) string {
	switch {
	case done == "paid" && u.Plan == user.Premium:
		return "You are premium now."
	case done == "paid":
		return "The payment is being confirmed; this page changes when it is."
	case done == "cancelled" && u.Plan == user.Free:
		return "Your plan is free now."
	}
	return ""
}

// thawTime is about how long a restore takes where the vault is our own, and an hour's guess elsewhere.
func (s *site) thawTime() time.Duration {
	if s.Config.Backend == "aws" {
		return 5 * time.Hour
	}
	return s.Config.RetrievalStandard + time.Minute
}

// restoring lists the results that are on their way back.
func (s *site) restoring(c echo.Context) ([]rowView, error) {
	page, err := s.Store.JobsOf(c.Request().Context(), who(c).user.ID, port.JobQuery{Limit: 200, Status: []job.Status{job.Completed}})
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	seen, err := s.lookAll(c, page.Jobs)
	if err != nil {
		return nil, err
	}
	var out []rowView
	for _, v := range seen {
		if v.Storage == job.Thawing || v.Storage == job.Archived && v.owner.Plan == user.Premium {
			out = append(out, s.row(v))
		}
	}
	return out, nil
}

func noPayments() error {
	return fault.New(fault.NotFound, "This installation takes no payments. An administrator sets plans: gas user set-plan.")
}

// subscribe answers POST /subscribe: the provider's own page takes the card.
func (s *site) subscribe(c echo.Context) error {
	if s.Payments == nil {
		return noPayments()
	}
	back := s.baseURL(c) + "/subscribe"
	checkout, err := s.Payments.Checkout(c.Request().Context(), who(c).user, back+"?done=paid", back)
	if err != nil {
		return fmt.Errorf("begin checkout: %w", err)
	}
	return c.Redirect(http.StatusSeeOther, checkout.URL)
}

// portal answers POST /subscribe/portal.
func (s *site) portal(c echo.Context) error {
	if s.Payments == nil {
		return noPayments()
	}
	to, err := s.Payments.Portal(c.Request().Context(), who(c).user, s.baseURL(c)+"/subscribe?done=cancelled")
	if err != nil {
		return fmt.Errorf("open billing portal: %w", err)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

type checkoutView struct {
	ID     string
	Active bool
	Cancel string
}

// order reads the local checkout that a request names; another user's is not found.
func (s *site) order(c echo.Context, id string) (port.LocalCheckout, port.LocalOrder, error) {
	local, ok := s.Payments.(port.LocalCheckout)
	if !ok {
		return nil, port.LocalOrder{}, fault.New(fault.NotFound, "Payments are made on the provider's own page.")
	}
	order, err := local.Describe(c.Request().Context(), id)
	if errors.Is(err, port.ErrNotFound) || err == nil && order.UserID != who(c).user.ID {
		return nil, order, fault.New(fault.NotFound, "There is no such checkout, or it is over.").WithHint("Begin again from the page Subscription.")
	}
	return local, order, err
}

// checkoutPage answers GET /checkout, a payment page that says that it is a local one.
func (s *site) checkoutPage(c echo.Context) error {
	_, order, err := s.order(c, c.QueryParam("id"))
	if err != nil {
		return err
	}
	return s.show(c, "checkout", head{Title: "Checkout"}, checkoutView{ID: c.QueryParam("id"), Active: order.Active, Cancel: order.Cancel})
}

// checkout answers POST /checkout: the local provider decides, signs an event, and the webhook's own code takes it.
func (s *site) checkout(c echo.Context) error {
	id, pay := c.FormValue("id"), c.FormValue("decision") == "pay"
	local, order, err := s.order(c, id)
	if err != nil {
		return err
	}
	payload, header, err := local.Decide(c.Request().Context(), id, pay)
	if err != nil {
		return fmt.Errorf("decide local checkout: %w", err)
	}
	if err := s.takeEvent(c, payload, header); err != nil {
		return err
	}
	if pay {
		return c.Redirect(http.StatusSeeOther, order.Success)
	}
	return c.Redirect(http.StatusSeeOther, order.Cancel)
}

const maxEvent = 64 << 10 // bytes of a payment event

// paymentEvent answers POST /webhooks/stripe.
func (s *site) paymentEvent(c echo.Context) error {
	if s.Payments == nil {
		return noPayments()
	}
	payload, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxEvent))
	if err != nil {
		return err
	}
	if err := s.takeEvent(c, payload, c.Request().Header); err != nil {
		return err
	}
	return c.NoContent(http.StatusOK)
}

// takeEvent verifies an event and settles the plan of whom it names. The event is a hint: what holds is what the provider says when asked.
func (s *site) takeEvent(c echo.Context, payload []byte, header http.Header) error {
	ctx := c.Request().Context()
	event, err := s.Payments.Event(ctx, payload, header)
	if errors.Is(err, port.ErrForged) {
		return fault.New(fault.Denied, "The event does not verify.").Because(err)
	}
	if err != nil {
		return fmt.Errorf("verify payment event: %w", err)
	}
	if event.UserID == "" {
		return nil // an event of a kind that says nothing about a subscription of ours
	}
	_, err = s.flow.Settle(ctx, s.Payments, event.UserID, event.Customer, event.ID)
	switch {
	case errors.Is(err, port.ErrExists): // seen before: the provider repeats until it hears 200
		return nil
	case errors.Is(err, port.ErrNotFound):
		s.Log.Warn().Str("event", event.ID).Msg("payment event for a user who is not here")
		return nil
	}
	return err
}
