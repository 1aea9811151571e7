// Package awsfault is what no emulator of AWS does: answers that get lost, services that are throttled or have no capacity, cold storage that takes
// its time and refuses. It speaks HTTP, so that its errors come through the SDK's own decoding. Proxy stands before an emulator; Glacier
// is a vault of its own.
package awsfault

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// Proxy passes requests on to an emulator, signatures and all, but for those that a rule catches.
type Proxy struct {
	URL string

	mu      sync.Mutex
	handler http.Handler // what is behind the rules
	rules   []*Rule
	seen    []string
}

// Rule catches requests.
type Rule struct {
	Match func(*http.Request) bool
	Times int // how many; 0 = all

	Answer http.HandlerFunc // instead of the emulator's; nil = the emulator's
	Lose   bool             // the emulator does it, and then the connection is cut without an answer

	caught int
}

// New starts a proxy before an emulator until the test ends.
func New(t testing.TB, upstream string) *Proxy {
	t.Helper()
	to, err := url.Parse(upstream)
	if err != nil {
		t.Fatalf("read the emulator's address: %v", err)
	}
	transport := &http.Transport{}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is signed
		},
		Transport:    transport,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { cut(w) },
	}
	p := &Proxy{handler: forward}
	server := httptest.NewServer(http.HandlerFunc(p.serve))
	p.URL = server.URL
	t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// Add adds a rule. The first that fits counts.
func (p *Proxy) Add(r Rule) *Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &r)
	return &r
}

// Caught is how many requests a rule has caught.
func (p *Proxy) Caught(r *Rule) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return r.caught
}

// Seen lists the requests so far: method, path and query.
func (p *Proxy) Seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.seen...)
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	rule := p.rule(r)
	switch {
	case rule == nil:
		p.handler.ServeHTTP(w, r)
	case rule.Answer != nil:
		rule.Answer(w, r)
	default:
		p.handler.ServeHTTP(httptest.NewRecorder(), r)
		cut(w)
	}
}

// rule finds the rule that catches a request.
func (p *Proxy) rule(r *http.Request) *Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, r.Method+" "+r.URL.RequestURI())
	for _, rule := range p.rules {
		if (rule.Times == 0 || rule.caught < rule.Times) && rule.Match(r) {
			rule.caught++
			return rule
		}
	}
	return nil
}

// cut ends a connection without an answer.
func cut(w http.ResponseWriter) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	connection.Close()
}

// XML answers with an error as S3 writes it.
func XML(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>from the fault stub</Message><RequestId>1</RequestId></Error>`, code)
		}
	}
}

// JSON answers with an error as services write it that speak JSON.
func JSON(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"code":%q,"message":"from the fault stub","type":"Client"}`, code, code)
	}
}
