package web

import (
	"context"
	"errors"
	"fmt"
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
	Plan      string
	Sentence  string // what the plan is by and until when, or what a larger one would change
	Effect    string // what the end of it would do to the results
	Takes     bool   // payments are taken at all
	NoCharge  bool   // they cost nothing
	Offered   bool   // a subscription can be begun
	Managed   bool   // there is one that can be changed
	Owing     bool   // it waits for money
	Waiting   bool   // a payment was made, and the provider has not told of it yet
	Restoring []rowView
	Just      string
}

// subscribePage answers GET /subscribe: what changes with the plan, in numbers, and what happens to the results.
func (s *site) subscribePage(c echo.Context) error {
	u := who(c).user
	use, err := s.usageOf(c)
	if err != nil {
		return err
	}
	view := subscribeView{Plan: u.Plan.Word(), Takes: s.Payments != nil, Owing: u.Billing.Owing(), Just: justText(c.QueryParam("done"), u)}
	view.Waiting = c.QueryParam("done") == "paid" && u.Plan == user.Free && view.Takes
	view.Managed = view.Takes && (u.Billing.Paid || view.Owing)
	view.Offered = view.Takes && u.Plan == user.Free && !view.Owing && !view.Waiting
	free, premium := s.planView(user.Free), s.planView(user.Premium)
	free.Yours, premium.Yours = u.Plan == user.Free, u.Plan == user.Premium
	if premium.Price, view.NoCharge = s.price(c); premium.Price != "" {
		free.Price = "no charge"
	}
	view.Plans = []planView{free, premium}
	view.Sentence = s.thawText(use)
	if premium.Yours {
		view.Sentence, view.Effect = paidText(u.Billing), s.endText()
	}
	if view.Restoring, err = s.restoring(c); err != nil {
		return err
	}
	return s.show(c, "subscribe", head{Title: "Subscription"}, view)
}

// priceTakes is how long a page waits for the price; without it the page is still good.
const priceTakes = 3 * time.Second

// price is what a subscription costs, and whether it costs nothing. Both are empty where the provider does not say.
func (s *site) price(c echo.Context) (text string, free bool) {
	if s.Payments == nil {
		return "", false
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), priceTakes)
	defer cancel()
	price, err := s.Payments.Price(ctx)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return "", true
	case err != nil:
		s.Log.Warn().Err(err).Str("request", requestID(c)).Msg("price")
		return "", false
	}
	return PriceText(price), false
}

// paidText says what a premium plan is by, and until when.
func paidText(b user.Billing) string {
	day := b.PeriodEnd.UTC().Format("2 January 2006")
	switch {
	case !b.Paid:
		return "An administrator gave it to you; nothing is charged for it."
	case b.Ending:
		return "The subscription is cancelled: Premium stays until " + day + ", and nothing more is charged."
	case b.PeriodEnd.IsZero():
		return "The subscription runs."
	}
	return "The subscription is renewed on " + day + "."
}

// endText says what the end of Premium does to the results.
func (s *site) endText() string {
	if s.Plans.Free.Window == 0 {
		return "When Premium ends, the limits of Free hold for new jobs. Your results stay as they are."
	}
	return "When Premium ends, each result stays readable for " + durationText(s.Plans.Free.Window) + " more and then goes to cold storage. Nothing is deleted."
}

// thawText says what an upgrade does to the results.
func (s *site) thawText(use usage) string {
	switch {
	case use.archived == 1:
		return "1 result (" + sizeText(use.cold) + ") is in cold storage; with Premium it comes back, within about " + durationText(s.thawTime()) + "."
	case use.archived > 1:
		return countText(use.archived) + " results (" + sizeText(use.cold) + ") are in cold storage; with Premium they come back, within about " + durationText(s.thawTime()) + "."
	case s.Plans.Free.Window == 0:
		return ""
	}
	return "None of your results is in cold storage now; with Premium none will be."
}

func justText(done string, u user.User) string {
	switch {
	case done == "paid" && u.Plan == user.Premium:
		return "You are premium now."
	case done == "paid":
		return "The payment is being confirmed. This page changes when it is."
	case done == "cancelled" && u.Plan == user.Free && !u.Billing.Owing():
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

// subscribe answers POST /subscribe: the provider's own page takes the card. Whoever has paid already, of which the event was lost, is not asked
// to pay again, and a subscription that waits for money is put right where it is managed.
func (s *site) subscribe(c echo.Context) error {
	if s.Payments == nil {
		return noPayments()
	}
	ctx, u, back := c.Request().Context(), who(c).user, s.baseURL(c)+"/subscribe"
	if u.Billing.Customer != "" {
		settled, err := s.flow.Settle(ctx, s.Payments, u.ID, "", "")
		switch {
		case errors.Is(err, port.ErrNotFound): // a customer of another provider or account: Checkout makes a new one
		case err != nil:
			return fmt.Errorf("look at the subscription: %w", err)
		case settled.Billing.Paid:
			return c.Redirect(http.StatusSeeOther, "/subscribe?done=paid")
		case settled.Billing.Owing():
			return s.portal(c)
		}
	}
	begun, err := s.flow.Checkout(ctx, s.Payments, u.ID, back+"?done=paid", back)
	if err != nil {
		return fmt.Errorf("begin checkout: %w", err)
	}
	return s.leave(c, begun.URL)
}

// portal answers POST /subscribe/portal.
func (s *site) portal(c echo.Context) error {
	if s.Payments == nil {
		return noPayments()
	}
	to, err := s.Payments.Portal(c.Request().Context(), who(c).user, s.baseURL(c)+"/subscribe?done=cancelled")
	if errors.Is(err, port.ErrNotFound) {
		return fault.New(fault.NotFound, "You have no subscription here that could be changed.").WithHint("The page Subscription says what your plan is by.")
	}
	if err != nil {
		return fmt.Errorf("open billing portal: %w", err)
	}
	return s.leave(c, to)
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
