// Package client speaks the REST API of a GAS server.
package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gas/pkg/fault"
)

// Client calls one server with one token. It is safe for concurrent use.
type Client struct {
	Server string // http(s)://HOST, without a path
	Token  string // gas_<id>_<secret>; empty for what anybody may ask
	Agent  string // the User-Agent
	HTTP   *http.Client
	Wait   func(ctx context.Context, d time.Duration) error // between tries; nil = real time
	Stall  time.Duration                                    // how long an answer's body may bring nothing; 0 = stallTime
}

// New returns a client of a server.
func New(server, token, version string) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fault.New(fault.Usage, "The server %q is not http(s)://HOST.", server)
	}
	// No limit for the whole call: a download may take hours. Each wait for an answer's head has one.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 2 * time.Minute
	return &Client{
		Server: strings.TrimRight(u.Scheme+"://"+u.Host, "/"), Token: token, Agent: "gas/" + version, HTTP: &http.Client{Transport: transport},
	}, nil
}

// call is one request of the API. Body gives the same bytes each time it is called, so that the request may be tried again.
type call struct {
	method  string
	path    string // below /api/v1, with its query
	body    func() (io.Reader, error)
	headers map[string]string
	repeats bool // may be sent again when its answer is lost
	also    int  // a status that is a success beside those below 300; 0 = none
}

// tries is how often a call that may be repeated is sent.
const tries = 4

// do sends a call and returns its answer with a status below 300. Everything else is a Fault.
func (c *Client) do(ctx context.Context, k call) (*http.Response, error) {
	for try := 1; ; try++ {
		response, err := c.send(ctx, k)
		if err == nil && (response.StatusCode < 300 || response.StatusCode == k.also) {
			return response, nil
		}
		if err == nil {
			err = problemOf(response)
		} else if ctx.Err() == nil {
			err = fault.New(fault.Unavailable, "The server %s cannot be reached.", c.Server).Because(withoutURL(err))
		}
		if !k.repeats || try == tries || !passing(err) || ctx.Err() != nil {
			return nil, err
		}
		if err := c.wait(ctx, waitFor(err, try)); err != nil {
			return nil, err
		}
	}
}

// maxWait is the longest Retry-After that a call waits for by itself.
const maxWait = 30 * time.Second

// passing tells whether trying again may help.
func passing(err error) bool {
	f := fault.Of(err)
	return (f.Kind == fault.Unavailable || f.Kind == fault.RateLimited) && f.RetryAfter <= maxWait
}

func waitFor(err error, try int) time.Duration {
	if after := fault.Of(err).RetryAfter; after > 0 {
		return after
	}
	return 200 * time.Millisecond << (try - 1)
}

func (c *Client) wait(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) send(ctx context.Context, k call) (*http.Response, error) {
	var body io.Reader
	if k.body != nil {
		var err error
		if body, err = k.body(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	request, err := c.request(ctx, k, body)
	if err != nil {
		cancel()
		return nil, err
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		cancel()
		return nil, err
	}
	response.Body = watch(response.Body, cmp.Or(c.Stall, stallTime), cancel)
	return response, nil
}

// request makes the request of a call, with the token.
func (c *Client) request(ctx context.Context, k call, body io.Reader) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, k.method, c.Server+"/api/v1"+k.path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("User-Agent", c.Agent)
	request.Header.Set("Accept", "application/json")
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for name, value := range k.headers {
		request.Header.Set(name, value)
	}
	return request, nil
}

// get reads a JSON answer into value.
func (c *Client) get(ctx context.Context, path string, value any) error {
	return c.json(ctx, call{method: http.MethodGet, path: path, repeats: true}, value)
}

// json sends a call and reads its JSON answer into value, unless value is nil.
func (c *Client) json(ctx context.Context, k call, value any) error {
	response, err := c.do(ctx, k)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if value == nil || response.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(value); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", k.method, pathOnly(k.path), err)
	}
	return nil
}

// jsonBody is a body that can be sent again.
func jsonBody(value any) func() (io.Reader, error) {
	return func() (io.Reader, error) {
		raw, err := json.Marshal(value)
		return bytes.NewReader(raw), err
	}
}

// problem is an error as the API answers it (RFC 9457).
type problem struct {
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	Hint      string `json:"hint"`
	RequestID string `json:"request_id"`
	Line      int64  `json:"line"`
	Column    int    `json:"column"`
}

// maxProblem bounds what is read of an error's body.
const maxProblem = 64 << 10

// problemOf turns an answer that is not a success into a Fault, and closes its body.
func problemOf(response *http.Response) error {
	defer response.Body.Close()
	raw, _ := io.ReadAll(io.LimitReader(response.Body, maxProblem))
	var p problem
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if kind != "application/problem+json" || json.Unmarshal(raw, &p) != nil || p.Code == "" {
		f := fault.New(kindOfStatus(response.StatusCode), "The server answered %s.", response.Status)
		return f.After(retryAfter(response))
	}
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	f := fault.New(fault.Kind(p.Code), "%s", text).After(retryAfter(response)).WithHint("%s", p.Hint)
	f.Line, f.Column = p.Line, p.Column
	if f.Kind == fault.Internal && p.RequestID != "" {
		f = f.WithHint("the server's log tells more about request %s", p.RequestID)
	}
	return f
}

// kindOfStatus is the kind for an answer that is not ours, as of a proxy between.
func kindOfStatus(status int) fault.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return fault.SignedOut
	case status == http.StatusForbidden:
		return fault.Denied
	case status == http.StatusNotFound:
		return fault.NotFound
	case status == http.StatusRequestEntityTooLarge:
		return fault.TooLarge
	case status == http.StatusTooManyRequests:
		return fault.RateLimited
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return fault.Unavailable
	}
	return fault.Internal
}

func retryAfter(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// withoutURL takes the URL out of an error of net/http: it may hold a signature.
func withoutURL(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

func pathOnly(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}
