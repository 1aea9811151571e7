package billing

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"gas/pkg/port"
)

const (
	signatureHeader = "Stripe-Signature" // t=<Unix seconds>,v1=<HMAC>[,v1=…]
	signatureLife   = webhook.DefaultTolerance
	maxEvent        = 64 << 10 // bytes
)

// told is what is read of an event: its names, none of what it says about the state.
type told struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Livemode *bool  `json:"livemode"`
	Created  int64  `json:"created"`
	Data     struct {
		Object struct {
			ID       string            `json:"id"`
			Object   string            `json:"object"`
			Customer json.RawMessage   `json:"customer"`
			Metadata map[string]string `json:"metadata"`
		} `json:"object"`
	} `json:"data"`
}

// Event verifies an event and finds out whose it is, by the mark that his customer carries at Stripe. UserID is empty for an event of a kind that
// says nothing about subscriptions, and for one about a customer whom this installation did not make.
func (s *Stripe) Event(ctx context.Context, payload []byte, header http.Header) (port.PaymentEvent, error) {
	var none port.PaymentEvent
	if err := s.verify(payload, header); err != nil {
		return none, err
	}
	var e told
	if err := json.Unmarshal(payload, &e); err != nil || e.ID == "" || e.Livemode == nil {
		return none, fmt.Errorf("read payment event: it is none: %w", port.ErrForged)
	}
	if *e.Livemode != s.live {
		return none, fmt.Errorf("event %s is of the other mode: %w", e.ID, port.ErrForged)
	}
	event := port.PaymentEvent{ID: e.ID, Customer: e.customer(), At: time.Unix(e.Created, 0).UTC()}
	if event.Customer == "" {
		return event, nil
	}
	found, err := s.fetchCustomer(ctx, event.Customer)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return event, nil
	case err != nil:
		return none, err
	case found.Deleted: // a deleted customer has no mark any more; what he had subscribed to has
		event.UserID = s.ours(e.Data.Object.Metadata)
	default:
		event.UserID = s.ours(found.Metadata)
	}
	return event, nil
}

// verify checks the signature over time and payload. Any of the secrets may have signed.
func (s *Stripe) verify(payload []byte, header http.Header) error {
	if len(payload) > maxEvent {
		return fmt.Errorf("an event of %d bytes: %w", len(payload), port.ErrForged)
	}
	signed, signatures, err := readSignature(header.Values(signatureHeader))
	if err != nil {
		return err
	}
	if age := s.now().Sub(signed); age.Abs() > signatureLife {
		return fmt.Errorf("an event signed %s ago: %w", age, port.ErrForged)
	}
	for _, secret := range s.secrets {
		want := webhook.ComputeSignature(signed, payload, secret)
		for _, got := range signatures {
			if hmac.Equal(want, got) {
				return nil
			}
		}
	}
	return fmt.Errorf("no signature of an event is right: %w", port.ErrForged)
}

// readSignature reads the header: when it was signed, and the signatures of the scheme v1. Other schemes are skipped, as Stripe asks.
func readSignature(values []string) (signed time.Time, signatures [][]byte, err error) {
	if len(values) != 1 {
		return signed, nil, fmt.Errorf("an event with %d signature headers: %w", len(values), port.ErrForged)
	}
	for part := range strings.SplitSeq(values[0], ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil || !signed.IsZero() {
				return signed, nil, fmt.Errorf("an event with an odd time: %w", port.ErrForged)
			}
			signed = time.Unix(seconds, 0)
		case "v1":
			if signature, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, signature)
			}
		}
	}
	if signed.IsZero() {
		return signed, nil, fmt.Errorf("an event without a time: %w", port.ErrForged)
	}
	return signed, signatures, nil
}

// customer names whom an event is about, if it may have changed a subscription.
func (e told) customer() string {
	if e.Type == string(stripe.EventTypeCustomerDeleted) {
		return e.Data.Object.ID
	}
	for _, about := range []string{"checkout.session.", "customer.subscription.", "invoice."} {
		if strings.HasPrefix(e.Type, about) {
			return idOf(e.Data.Object.Customer)
		}
	}
	return ""
}

// idOf reads a reference, which is an id or, expanded, the object itself.
func idOf(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id
	}
	var object struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(raw, &object) // what is neither has no id
	return object.ID
}
