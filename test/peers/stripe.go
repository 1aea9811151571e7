package peers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// StripePrice is a price that a Stripe sells at.
const StripePrice = "price_premium"

// StripeSecret signs a Stripe's events.
const StripeSecret = "whsec_of_the_peer"

// Stripe is a payment server that remembers. Every call goes to stripe-mock, which checks it against the published interface and refuses what is
// wrong; into its stateless answers are put the things that were made before: customers, payments, subscriptions. Its pages can be clicked, and its
// events are signed. It is safe for concurrent use.
type Stripe struct {
	URL     string           // of the interface and of the pages
	Key     string           // a secret key that it takes
	Live    bool             // livemode of everything
	Now     func() time.Time // when events are signed
	Webhook string           // where events are posted when something was clicked; empty = nowhere: the test takes them by Events
	Price   map[string]any   // what is laid over the price: amount, currency, period

	t       testing.TB
	mock    *Peer
	mu      sync.Mutex
	numbers int
	things  map[string]thing  // by id
	order   []string          // ids, the oldest first
	answers map[string]kept   // by idempotency key
	calls   map[string]int    // by method and path
	baskets map[string]basket // by checkout
	events  []StripeEvent
}

// basket is what is paid for at a checkout.
type basket struct {
	price string
	marks thing
}

// thing is an object of the interface.
type thing = map[string]any

// kept is the answer to a call with an idempotency key.
type kept struct {
	asked  string
	answer []byte
}

// NewStripe starts one.
func NewStripe(t testing.TB) *Stripe {
	t.Helper()
	return NewStripeOn(t, StripeMock(t))
}

// NewStripeOn starts one on a stripe-mock that runs already, which several can share as it remembers nothing.
func NewStripeOn(t testing.TB, mock *Peer) *Stripe {
	t.Helper()
	s := &Stripe{
		t: t, mock: mock, Key: "sk_test_of_the_peer", Now: time.Now, things: map[string]thing{}, answers: map[string]kept{}, calls: map[string]int{}, baskets: map[string]basket{},
		Price: thing{"unit_amount": 900, "unit_amount_decimal": "900", "currency": "usd"},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/", s.serveAPI)
	mux.HandleFunc("/pay/{id}", s.payPage)
	mux.HandleFunc("/portal/{id}", s.portalPage)
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Calls counts the calls of a method and a path, such as "POST /v1/customers".
func (s *Stripe) Calls(of string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[of]
}

// serveAPI lets stripe-mock judge a call, and gives its answer with what is remembered.
func (s *Stripe) serveAPI(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	status, answer, err := s.forward(r, body)
	if err != nil {
		s.t.Errorf("ask stripe-mock: %v", err)
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if status == http.StatusOK {
		status, answer = s.remember(r, body, answer)
	} else {
		s.t.Errorf("stripe-mock refuses %s %s: %s", r.Method, r.URL, answer)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// forward sends a call to stripe-mock, which knows test keys only.
func (s *Stripe) forward(r *http.Request, body []byte) (int, []byte, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, s.mock.URL+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	out.Header = r.Header.Clone()
	if out.Header.Get("Authorization") == "Bearer "+s.Key {
		out.Header.Set("Authorization", "Bearer sk_test_123")
	}
	response, err := http.DefaultClient.Do(out)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// remember answers a call that is right.
func (s *Stripe) remember(r *http.Request, body, answer []byte) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	s.calls[what]++
	key, asked := r.Header.Get("Idempotency-Key"), what+"?"+string(body)
	if before, is := s.answers[key]; is && r.Method == http.MethodPost {
		if before.asked != asked {
			return refuse(http.StatusBadRequest, "idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters they were first used with.")
		}
		return http.StatusOK, before.answer
	}
	var said thing
	if err := json.Unmarshal(answer, &said); err != nil {
		s.t.Errorf("read the answer of stripe-mock: %v", err)
	}
	status, answer := s.act(r, body, said)
	if status == http.StatusOK && r.Method == http.MethodPost {
		if key == "" {
			s.t.Errorf("%s has no idempotency key", what)
		}
		s.answers[key] = kept{asked, answer}
	}
	return status, answer
}

// act does what a call asks for. said is stripe-mock's answer, which has every field that there is.
func (s *Stripe) act(r *http.Request, body []byte, said thing) (int, []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return refuse(http.StatusBadRequest, "invalid_request_error", "", err.Error())
	}
	query, last := r.URL.Query(), r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	customer := form.Get("customer") + query.Get("customer")
	if customer != "" {
		if found, is := s.things[customer]; !is || found["deleted"] == true {
			return refuse(http.StatusBadRequest, "invalid_request_error", "resource_missing", "No such customer: '"+customer+"'")
		}
	}
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/customers":
		return s.answer(s.keep("cus", said, thing{"email": orNil(form.Get("email")), "metadata": metadata(form, "metadata")}))
	case r.Method == http.MethodPost && r.URL.Path == "/v1/checkout/sessions":
		id := s.number("cs")
		s.baskets[id] = basket{form.Get("line_items[0][price]"), metadata(form, "subscription_data[metadata]")}
		return s.answer(s.put(id, said, thing{
			"url": s.URL + "/pay/" + id, "status": "open", "payment_status": "unpaid", "customer": customer, "client_reference_id": form.Get("client_reference_id"),
			"success_url": form.Get("success_url"), "cancel_url": form.Get("cancel_url"), "metadata": metadata(form, "metadata"), "subscription": nil,
		}))
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/expire"):
		found := s.things[strings.Split(r.URL.Path, "/")[4]]
		if found == nil || found["status"] != "open" {
			return refuse(http.StatusBadRequest, "invalid_request_error", "", "Only Checkout Sessions with a status in [\"open\"] can be expired.")
		}
		found["status"], found["url"] = "expired", nil
		return s.answer(found)
	case r.Method == http.MethodPost && r.URL.Path == "/v1/billing_portal/sessions":
		id := s.number("bps")
		return s.answer(s.put(id, said, thing{"url": s.URL + "/portal/" + id, "customer": customer, "return_url": form.Get("return_url")}))
	case r.Method == http.MethodGet && (r.URL.Path == "/v1/subscriptions" || r.URL.Path == "/v1/checkout/sessions"):
		object := map[bool]string{true: "subscription", false: "checkout.session"}[r.URL.Path == "/v1/subscriptions"]
		return s.list(said, object, customer, query.Get("status"))
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v1/customers/"):
		if found, is := s.things[last]; is {
			return s.answer(found)
		}
		return refuse(http.StatusNotFound, "invalid_request_error", "resource_missing", "No such customer: '"+last+"'")
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v1/prices/"):
		for name, value := range s.Price {
			said[name] = value
		}
		return s.answer(said)
	}
	s.t.Errorf("the payment server for tests does not know %s %s", r.Method, r.URL.Path)
	return refuse(http.StatusNotImplemented, "api_error", "", "This is not made.")
}

// list answers with a customer's things, the newest first.
func (s *Stripe) list(said thing, object, customer, status string) (int, []byte) {
	data := []any{}
	for _, id := range slices.Backward(s.order) {
		found := s.things[id]
		if found["object"] == object && found["customer"] == customer && (status == "all" || status == "" || found["status"] == status) {
			data = append(data, found)
		}
	}
	said["data"], said["has_more"] = data, false
	return s.answer(said)
}

// keep remembers a new thing, made of stripe-mock's answer.
func (s *Stripe) keep(kind string, said, over thing) thing { return s.put(s.number(kind), said, over) }

func (s *Stripe) put(id string, said, over thing) thing {
	said["id"], said["livemode"], said["created"] = id, s.Live, s.Now().Unix()
	for name, value := range over {
		said[name] = value
	}
	s.things[id] = said
	s.order = append(s.order, id)
	return said
}

func (s *Stripe) number(kind string) string {
	s.numbers++
	return fmt.Sprintf("%s_%d", kind, s.numbers)
}

// answer writes a thing.
func (s *Stripe) answer(of thing) (int, []byte) { return http.StatusOK, s.write(of) }

func (s *Stripe) write(of thing) []byte {
	raw, err := json.Marshal(of)
	if err != nil {
		s.t.Errorf("write an object: %v", err)
	}
	return raw
}

func refuse(status int, kind, code, message string) (int, []byte) {
	said := thing{"type": kind, "code": code, "message": message}
	if code == "resource_missing" {
		said["param"] = "customer" // nothing else is missed here
	}
	raw, _ := json.Marshal(thing{"error": said})
	return status, raw
}

// metadata reads the fields name[key]=value of a form.
func metadata(form url.Values, name string) thing {
	out := thing{}
	for field, values := range form {
		if key, is := strings.CutPrefix(field, name+"["); is {
			out[strings.TrimSuffix(key, "]")] = values[0]
		}
	}
	return out
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// example is a whole object as stripe-mock shows it.
func (s *Stripe) example(path string) thing {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.mock.URL+path, nil)
	if err != nil {
		s.t.Fatalf("ask for an example: %v", err)
	}
	r.Header.Set("Authorization", "Bearer sk_test_123")
	r.Header.Set("Stripe-Version", stripe.APIVersion)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatalf("ask for an example: %v", err)
	}
	defer response.Body.Close()
	var found thing
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("read the example %s: %d %v %v", path, response.StatusCode, err, found)
	}
	return found
}
