package memory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"gas/pkg/port"
	"gas/pkg/user"
)

// signatureHeader carries the checksum by which an event of this package is known.
const signatureHeader = "Memory-Signature"

// payments is port.Payments with a checkout that anyone may decide.
type payments struct{ *World }

func (p *payments) Price(context.Context) (port.Price, error) {
	return port.Price{}, fmt.Errorf("nothing is charged in memory: %w", port.ErrNotFound)
}

func (p *payments) Checkout(_ context.Context, u user.User, success, cancel string) (port.Checkout, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := p.id("checkout")
	p.orders[id] = port.LocalOrder{UserID: u.ID, Success: success, Cancel: cancel}
	return port.Checkout{ID: id, URL: "/checkout?id=" + id, Customer: customerOf(u.ID)}, nil
}

func (p *payments) Portal(ctx context.Context, u user.User, back string) (string, error) {
	begun, err := p.Checkout(ctx, u, back, back)
	return begun.URL, err
}

func (p *payments) Describe(_ context.Context, checkoutID string) (port.LocalOrder, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	order, is := p.orders[checkoutID]
	if !is {
		return order, fmt.Errorf("find checkout: %w", port.ErrNotFound)
	}
	order.Active = p.billing[customerOf(order.UserID)].Status == "active"
	return order, nil
}

func (p *payments) Decide(ctx context.Context, checkoutID string, pay bool) ([]byte, http.Header, error) {
	order, err := p.Describe(ctx, checkoutID)
	if err != nil {
		return nil, nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now, customer := p.o.Clock(), customerOf(order.UserID)
	b := user.Billing{Customer: customer, Subscription: "sub_" + customer, Status: "canceled", PeriodEnd: now}
	if pay {
		b.Status, b.PeriodEnd = "active", now.Add(30*24*time.Hour)
	}
	p.billing[customer] = b
	payload, err := json.Marshal(port.PaymentEvent{ID: p.id("event"), Customer: customer, UserID: order.UserID, At: now})
	return payload, http.Header{signatureHeader: {sign(payload)}}, err
}

// sign is the header over a payload.
func sign(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

func (p *payments) Event(_ context.Context, payload []byte, header http.Header) (event port.PaymentEvent, err error) {
	if header.Get(signatureHeader) != sign(payload) {
		return event, port.ErrForged
	}
	err = json.Unmarshal(payload, &event)
	if age := p.o.Clock().Sub(event.At); err == nil && age.Abs() > 5*time.Minute {
		return port.PaymentEvent{}, port.ErrForged
	}
	return event, err
}

func (p *payments) Current(_ context.Context, customer string) (user.Billing, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, is := p.billing[customer]
	if !is {
		return b, false, fmt.Errorf("find customer: %w", port.ErrNotFound)
	}
	return b, b.Status == "active", nil
}

// customerOf is the customer of a user.
func customerOf(userID string) string { return "cus_" + userID }
