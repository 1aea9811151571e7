package local

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gas/pkg/port"
	"gas/pkg/user"
)

const (
	checkoutKind     = "checkout"
	subscriptionKind = "subscription"
	checkoutLife     = time.Hour
	period           = 30 * 24 * time.Hour
	signatureHeader  = "Gas-Signature" // "t=<Unix seconds>,v1=<HMAC>", in the form of the real provider's
	signatureLife    = 5 * time.Minute
)

// payments is a provider that takes no money. Its subscriptions are records, its events are signed like real ones.
type payments struct {
	records port.Records
	secret  []byte
	now     port.Clock
}

func (p *payments) Price(context.Context) (port.Price, error) {
	return port.Price{}, fmt.Errorf("the local checkout charges nothing: %w", port.ErrNotFound)
}

func (p *payments) Checkout(ctx context.Context, u user.User, success, cancel string) (port.Checkout, error) {
	return p.begin(ctx, port.LocalOrder{UserID: u.ID, Success: success, Cancel: cancel})
}

func (p *payments) Portal(ctx context.Context, u user.User, back string) (string, error) {
	begun, err := p.begin(ctx, port.LocalOrder{UserID: u.ID, Success: back, Cancel: back})
	return begun.URL, err
}

// begin keeps an order until it is decided.
func (p *payments) begin(ctx context.Context, order port.LocalOrder) (port.Checkout, error) {
	value, err := encode(order)
	if err != nil {
		return port.Checkout{}, err
	}
	id, now := rand.Text(), p.now()
	err = p.records.Create(ctx, port.Record{Kind: checkoutKind, ID: id, Owner: order.UserID, Value: value, Created: now, Expires: now.Add(checkoutLife)})
	if err != nil {
		return port.Checkout{}, fmt.Errorf("begin checkout: %w", err)
	}
	return port.Checkout{ID: id, URL: "/checkout?" + url.Values{"id": {id}}.Encode(), Customer: customerOf(order.UserID)}, nil
}

func (p *payments) Describe(ctx context.Context, checkoutID string) (port.LocalOrder, error) {
	record, err := p.records.Get(ctx, checkoutKind, checkoutID)
	if err != nil {
		return port.LocalOrder{}, err
	}
	order, err := decode[port.LocalOrder](record.Value)
	if err != nil {
		return order, err
	}
	_, order.Active, err = p.Current(ctx, customerOf(order.UserID))
	if errors.Is(err, port.ErrNotFound) {
		err = nil
	}
	return order, err
}

func (p *payments) Decide(ctx context.Context, checkoutID string, pay bool) ([]byte, http.Header, error) {
	order, err := p.Describe(ctx, checkoutID)
	if err != nil {
		return nil, nil, err
	}
	if err := p.subscribe(ctx, order.UserID, pay); err != nil {
		return nil, nil, fmt.Errorf("decide checkout: %w", err)
	}
	now := p.now()
	payload, err := encode(port.PaymentEvent{ID: "evt_" + rand.Text(), Customer: customerOf(order.UserID), UserID: order.UserID, At: now})
	if err != nil {
		return nil, nil, err
	}
	return payload, http.Header{signatureHeader: {p.sign(payload, now)}}, nil
}

// subscribe sets the state of a user's subscription.
func (p *payments) subscribe(ctx context.Context, userID string, pay bool) error {
	now, customer := p.now(), customerOf(userID)
	billing := user.Billing{Customer: customer, Subscription: "sub_" + customer, Status: "canceled", PeriodEnd: now}
	if pay {
		billing.Status, billing.PeriodEnd = "active", now.Add(period)
	}
	value, err := encode(billing)
	if err != nil {
		return err
	}
	err = p.records.Create(ctx, port.Record{Kind: subscriptionKind, ID: customer, Owner: userID, Value: value, Created: now})
	if !errors.Is(err, port.ErrExists) {
		return err
	}
	_, err = p.records.Update(ctx, subscriptionKind, customer, func(r *port.Record) error {
		r.Value = value
		return nil
	})
	return err
}

func (p *payments) Event(_ context.Context, payload []byte, header http.Header) (event port.PaymentEvent, err error) {
	stamp, _, _ := strings.Cut(strings.TrimPrefix(header.Get(signatureHeader), "t="), ",")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return event, port.ErrForged
	}
	signed := time.Unix(seconds, 0)
	if age := p.now().Sub(signed); age.Abs() > signatureLife || !hmac.Equal([]byte(header.Get(signatureHeader)), []byte(p.sign(payload, signed))) {
		return event, port.ErrForged
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return event, fmt.Errorf("read payment event: %w", err)
	}
	return event, nil
}

// sign is the value of the header over a time and a payload.
func (p *payments) sign(payload []byte, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, p.secret)
	mac.Write([]byte("payment\n" + stamp + "."))
	mac.Write(payload)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

func (p *payments) Current(ctx context.Context, customer string) (b user.Billing, active bool, err error) {
	record, err := p.records.Get(ctx, subscriptionKind, customer)
	if err != nil {
		return b, false, err
	}
	b, err = decode[user.Billing](record.Value)
	return b, b.Status == "active", err
}

// customerOf is the customer of a user.
func customerOf(userID string) string { return "cus_" + userID }
