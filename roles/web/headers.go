package web

import (
	"cmp"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/config"
	"gas/pkg/fault"
)

// outside wraps the router in what holds for every answer, also for those that no route gives: the request's number, the headers, protection
// against requests that other sites make a browser send, and one log line.
func (s *site) outside(router http.Handler) http.Handler {
	csp := contentPolicy(s.Config, s.bucketOrigin())
	protect := http.NewCrossOriginProtection()
	protect.SetDenyHandler(http.HandlerFunc(s.denyForeign))
	inner := protect.Handler(router)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := randomText(10)
		h := w.Header()
		h.Set(echo.HeaderXRequestID, id)
		s.secure(h, csp)
		seen := &recorder{ResponseWriter: w}
		defer s.logRequest(seen, r, id, began)
		defer s.survive(seen, r)
		inner.ServeHTTP(seen, r)
	})
}

// survive keeps a panic of one request from others, and answers it like any error of ours.
func (s *site) survive(w *recorder, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { // net/http's own way to break an answer off
		panic(cause)
	}
	s.Log.Error().Interface("panic", cause).Bytes("stack", debug.Stack()).Str("request", w.Header().Get(echo.HeaderXRequestID)).Msg("request panicked")
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	s.answerError(fault.New(fault.Internal, "Something went wrong on our side."), echo.New().NewContext(r, w))
}

// secure sets the headers of the design's T29. Handlers of static files loosen the cache, those of downloads tighten the policy.
func (s *site) secure(h http.Header, csp string) {
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	if s.cookies.secure {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// contentPolicy lets pages load our own files and nothing else. Forms may lead to the sign-in and payment pages that are configured, for browsers that get
// a redirect there: see leave. Bootstrap's style sheet has pictures in data: addresses.
// bucket is where the store of uploads takes them itself, empty where it does not.
func contentPolicy(c config.Config, bucket string) string {
	forms := []string{"'self'"}
	connect := []string{"'self'"}
	for _, p := range c.AllProviders() {
		if u, err := url.Parse(p.Issuer); err == nil && u.Host != "" {
			forms = append(forms, u.Scheme+"://"+u.Host)
		}
	}
	if c.StripeSecretKey != "" {
		forms = append(forms, "https://checkout.stripe.com", "https://billing.stripe.com")
		if c.StripeURL != "" {
			forms = append(forms, c.StripeURL)
		}
	}
	if bucket != "" {
		forms, connect = append(forms, bucket), append(connect, bucket)
	}
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
		"connect-src " + strings.Join(connect, " "), "form-action " + strings.Join(forms, " "),
		"base-uri 'none'", "frame-ancestors 'none'",
	}, "; ")
}

// recorder notes the status and the route for log and metrics.
type recorder struct {
	http.ResponseWriter
	status int
	route  string // the pattern, never the path: paths hold ids
}

// noteRoute tells the recorder which route answers.
func noteRoute(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if w, ok := c.Response().Writer.(*recorder); ok {
			w.route = c.Path()
		}
		return next(c)
	}
}

// WriteHeader notes the status and passes it on.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// logRequest writes one line without the query: links and sign-ins carry secrets there.
func (s *site) logRequest(w *recorder, r *http.Request, id string, began time.Time) {
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	took := time.Since(began)
	s.Metrics.Requested(cmp.Or(w.route, "none"), knownMethod(r.Method), status, took)
	s.Log.Info().Str("method", r.Method).Str("path", r.URL.Path).Int("status", status).
		Dur("took", took).Str("request", id).Msg("request answered")
}

// knownMethod keeps invented methods from becoming labels of metrics.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
