package peers

import (
	"fmt"
	"html/template"
	"net/http"
)

var stripePages = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><title>{{.title}}</title><meta name="viewport" content="width=device-width">
<h1>{{.title}}</h1><p id="status">{{.status}}</p>
<form method="post">{{range .buttons}}<button name="do" value="{{index . 0}}">{{index . 1}}</button> {{end}}</form>
<p><a id="back" href="{{.back}}">Go back</a></p></html>`))

// payPage is a payment page that can be clicked.
func (s *Stripe) payPage(w http.ResponseWriter, r *http.Request) {
	c, open := s.find(r.PathValue("id"))
	if !open {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		s.show(w, "Checkout", c["status"], c["cancel_url"], [2]string{"pay", "Subscribe"})
		return
	}
	err := s.Pay(r.PathValue("id"))
	s.leave(w, r, err, c["success_url"])
}

// portalPage is a page on which a subscription can be cancelled.
func (s *Stripe) portalPage(w http.ResponseWriter, r *http.Request) {
	p, open := s.find(r.PathValue("id"))
	if !open {
		http.NotFound(w, r)
		return
	}
	customer, _ := p["customer"].(string)
	switch r.FormValue("do") {
	case "cancel":
		s.Change(customer, thing{"status": "canceled"})
	case "end":
		s.Change(customer, thing{"cancel_at_period_end": true})
	case "fail":
		s.Fail(customer)
	case "renew":
		s.Change(customer, thing{"status": "active", "cancel_at_period_end": false})
	default:
		s.mu.Lock()
		sub := s.newest(customer)
		s.mu.Unlock()
		s.show(w, "Billing portal", fmt.Sprint(sub["status"]), p["return_url"], [2]string{"cancel", "Cancel now"}, [2]string{"end", "Cancel at the end of the period"},
			[2]string{"fail", "Let the payment fail"}, [2]string{"renew", "Renew"})
		return
	}
	s.leave(w, r, nil, p["return_url"])
}

func (s *Stripe) find(id string) (copied thing, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied = thing{}
	for name, value := range s.things[id] {
		copied[name] = value
	}
	return copied, len(copied) > 0
}

func (s *Stripe) show(w http.ResponseWriter, title string, status, back any, buttons ...[2]string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := stripePages.Execute(w, thing{"title": title, "status": status, "back": back, "buttons": buttons}); err != nil {
		s.t.Errorf("write a page: %v", err)
	}
}

// leave tells the webhook what happened and sends the browser back.
func (s *Stripe) leave(w http.ResponseWriter, r *http.Request, err error, to any) {
	if err == nil {
		err = s.deliver()
	}
	if err != nil {
		s.t.Errorf("payment page: %v", err)
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, to.(string), http.StatusSeeOther)
}
