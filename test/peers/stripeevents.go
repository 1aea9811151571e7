package peers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"
)

// StripeEvent is one event as it is posted, without its signature.
type StripeEvent struct {
	ID      string
	Type    string
	Payload []byte
}

// StripeSigned is the header of an event that is signed at a time with a secret.
func StripeSigned(payload []byte, secret string, at time.Time) http.Header {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: payload, Secret: secret, Timestamp: at})
	return http.Header{"Stripe-Signature": {signed.Header}}
}

// Signed is the header of an event that is signed now.
func (s *Stripe) Signed(e StripeEvent) http.Header {
	return StripeSigned(e.Payload, StripeSecret, s.Now())
}

// Events takes the events that have not been taken before, the oldest first.
func (s *Stripe) Events() []StripeEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.events
	s.events = nil
	return taken
}

// emit makes an event about an object as it is now.
func (s *Stripe) emit(kind string, about thing) {
	id := s.number("evt")
	raw := s.write(thing{
		"id": id, "object": "event", "api_version": stripe.APIVersion, "created": s.Now().Unix(), "livemode": s.Live, "type": kind,
		"pending_webhooks": 1, "request": thing{"id": nil, "idempotency_key": nil}, "data": thing{"object": about},
	})
	s.events = append(s.events, StripeEvent{ID: id, Type: kind, Payload: raw})
}

// Emit makes an event of a kind about any object, and gives it to the caller alone.
func (s *Stripe) Emit(kind string, about map[string]any) StripeEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit(kind, about)
	last := s.events[len(s.events)-1]
	s.events = s.events[:len(s.events)-1]
	return last
}

// Pay pays an open checkout: the customer has a subscription, of which three events tell.
func (s *Stripe) Pay(checkout string) error {
	example := s.example("/v1/subscriptions/sub_example")
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.things[checkout]
	if c == nil || c["status"] != "open" {
		return fmt.Errorf("the checkout %s is not open", checkout)
	}
	sub := s.subscribe(example, c["customer"].(string), s.baskets[checkout].price, "active", s.baskets[checkout].marks)
	c["status"], c["payment_status"], c["url"], c["subscription"] = "complete", "paid", nil, sub["id"]
	s.emit("customer.subscription.created", sub)
	s.emit("invoice.paid", s.invoice(sub, "paid"))
	s.emit("checkout.session.completed", c)
	return nil
}

// Subscribe gives a customer a subscription that nobody here asked for, without an event.
func (s *Stripe) Subscribe(customer, price, status string) {
	example := s.example("/v1/subscriptions/sub_example")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribe(example, customer, price, status, thing{})
}

func (s *Stripe) subscribe(example thing, customer, price, status string, marks thing) thing {
	now := s.Now()
	sub := s.keep("sub", example, thing{
		"customer": customer, "status": status, "metadata": marks, "cancel_at": nil, "canceled_at": nil, "cancel_at_period_end": false,
		"current_period_start": now.Unix(), "current_period_end": now.AddDate(0, 1, 0).Unix(),
	})
	item := sub["items"].(thing)["data"].([]any)[0].(thing)
	item["price"].(thing)["id"] = price
	return sub
}

func (s *Stripe) invoice(sub thing, status string) thing {
	return thing{"id": s.number("in"), "object": "invoice", "customer": sub["customer"], "subscription": sub["id"], "status": status, "livemode": s.Live, "metadata": thing{}}
}

// Customer makes a customer whom nobody here asked for.
func (s *Stripe) Customer(marks map[string]string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	given := thing{}
	for key, value := range marks {
		given[key] = value
	}
	return s.keep("cus", thing{"object": "customer"}, thing{"metadata": given})["id"].(string)
}

// Customers are the ids of all customers, the oldest first.
func (s *Stripe) Customers() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		if s.things[id]["object"] == "customer" {
			ids = append(ids, id)
		}
	}
	return ids
}

// Change sets fields of a customer's newest subscription, and tells of it.
func (s *Stripe) Change(customer string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.newest(customer)
	if sub == nil {
		s.t.Errorf("%s has no subscription", customer)
		return
	}
	for name, value := range fields {
		sub[name] = value
	}
	kind := "customer.subscription.updated"
	if sub["status"] == "canceled" {
		kind = "customer.subscription.deleted"
	}
	s.emit(kind, sub)
}

// Fail lets the payment of a customer's newest subscription fail.
func (s *Stripe) Fail(customer string) {
	s.Change(customer, thing{"status": "past_due"})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit("invoice.payment_failed", s.invoice(s.newest(customer), "open"))
}

// Delete deletes a customer, with whom his subscriptions end. They are not found by his id any more.
func (s *Stripe) Delete(customer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.things[customer]
	for _, id := range s.order {
		if sub := s.things[id]; sub["object"] == "subscription" && sub["customer"] == customer && sub["status"] != "canceled" {
			sub["status"] = "canceled"
			s.emit("customer.subscription.deleted", sub)
		}
	}
	s.emit("customer.deleted", before)
	s.things[customer] = thing{"id": customer, "object": "customer", "deleted": true}
}

func (s *Stripe) newest(customer string) (found thing) {
	for _, id := range s.order {
		if sub := s.things[id]; sub["object"] == "subscription" && sub["customer"] == customer {
			found = sub
		}
	}
	return found
}

// Decide pays a checkout, or leaves it and cancels what its customer has, and gives the last event.
func (s *Stripe) Decide(_ context.Context, checkout string, pay bool) ([]byte, http.Header, error) {
	if pay {
		if err := s.Pay(checkout); err != nil {
			return nil, nil, err
		}
	} else {
		s.mu.Lock()
		customer, _ := s.things[checkout]["customer"].(string)
		s.mu.Unlock()
		s.Change(customer, thing{"status": "canceled"})
	}
	events := s.Events()
	last := events[len(events)-1]
	return last.Payload, s.Signed(last), nil
}

// deliver posts what has happened to the webhook, as long as it answers with success.
func (s *Stripe) deliver() error {
	if s.Webhook == "" {
		return nil
	}
	var failed error
	for _, e := range s.Events() {
		r, err := http.NewRequest(http.MethodPost, s.Webhook, bytes.NewReader(e.Payload))
		if err != nil {
			return err
		}
		r.Header = s.Signed(e)
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		response.Body.Close()
		if response.StatusCode/100 != 2 {
			failed = errors.Join(failed, fmt.Errorf("the webhook answered %s with %d", e.Type, response.StatusCode))
		}
	}
	return failed
}
