package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/port"
)

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

// takeEvent verifies an event and settles the plan of whom it names. The event is a hint: what holds is what the provider says when asked. What
// cannot be settled now is an error, so that the provider sends the event again.
func (s *site) takeEvent(c echo.Context, payload []byte, header http.Header) error {
	ctx := c.Request().Context()
	event, err := s.Payments.Event(ctx, payload, header)
	if errors.Is(err, port.ErrForged) {
		s.Log.Warn().Err(err).Str("request", requestID(c)).Msg("payment event refused")
		return fault.New(fault.Denied, "The event does not verify.").Because(err)
	}
	if err != nil {
		return fmt.Errorf("verify payment event: %w", err)
	}
	if event.UserID == "" {
		return nil // an event that says nothing about a subscription of ours
	}
	u, err := s.flow.Settle(ctx, s.Payments, event.UserID, event.Customer, event.ID)
	switch {
	case errors.Is(err, port.ErrExists): // seen before: the provider repeats until it hears 200
		return nil
	case errors.Is(err, port.ErrNotFound), errors.Is(err, flow.ErrOtherCustomer):
		s.Log.Warn().Err(err).Str("event", event.ID).Str("user", event.UserID).Msg("payment event without effect")
		return nil
	case err != nil:
		return err
	}
	s.Log.Info().Str("event", event.ID).Str("user", u.ID).Str("plan", string(u.Plan)).Str("status", u.Billing.Status).Msg("payment event settled")
	return nil
}
