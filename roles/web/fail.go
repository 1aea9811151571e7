package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/pkg/user"
)

// problem is an error as the API answers it: RFC 9457 with the contract's code and the request's number.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Code      string `json:"code"`
	Hint      string `json:"hint,omitempty"`
	Line      int64  `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	Limit     int64  `json:"limit,omitempty"`   // bytes that the plan allows, with too_large
	Upgrade   string `json:"upgrade,omitempty"` // where a larger plan is, with too_large, quota, expired and plan_required
	RequestID string `json:"request_id"`
}

// answerError answers whatever error a handler or the router returned: as a problem to programs, as a page to people.
func (s *site) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		s.Log.Warn().Err(err).Str("request", requestID(c)).Msg("answer broke off")
		return
	}
	status, f := faultOf(err)
	if status >= 500 {
		s.Log.Error().Err(err).Str("request", requestID(c)).Msg("request failed")
	}
	p := s.problemOf(status, f, c)
	if f.RetryAfter > 0 || status == http.StatusTooManyRequests || status == http.StatusConflict {
		c.Response().Header().Set(echo.HeaderRetryAfter, retrySeconds(f.RetryAfter))
	}
	if status == http.StatusUnauthorized && isAPI(c.Request()) {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="gas"`)
	}
	if wantsPage(c.Request()) {
		s.recognise(c, err)
		err = s.errorPage(c, p)
	} else {
		err = sendProblem(c, p)
	}
	if err != nil {
		s.Log.Warn().Err(err).Str("request", requestID(c)).Msg("error page broke off")
	}
}

// recognise finds out who asks where the router knew no route: whoever is signed in sees that he still is.
func (s *site) recognise(c echo.Context, err error) {
	var unrouted *echo.HTTPError
	if c.Get(whoKey) != nil || !errors.As(err, &unrouted) {
		return
	}
	if w, err := s.identify(c); err == nil {
		c.Set(whoKey, w)
	}
}

// faultOf finds the fault in an error, and its status. Errors of the router and of ports become faults here.
func faultOf(err error) (int, *fault.Fault) {
	var http404 *echo.HTTPError
	var tooLarge *http.MaxBytesError
	var found *fault.Fault
	switch {
	case errors.As(err, &found):
	case errors.As(err, &http404):
		return http404.Code, routerFault(http404)
	case errors.As(err, &tooLarge):
		found = fault.New(fault.TooLarge, "The request is larger than %s.", sizeText(tooLarge.Limit)).Because(err)
	case errors.Is(err, port.ErrNotFound):
		found = fault.New(fault.NotFound, "There is nothing at this address.").Because(err)
	case errors.Is(err, port.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		found = fault.New(fault.Unavailable, "Something that is needed cannot be reached. Try again in a moment.").Because(err).After(5 * time.Second)
	case errors.Is(err, port.ErrConflict):
		found = fault.New(fault.Conflict, "Somebody else changed this at the same moment. Try again.").Because(err).After(time.Second)
	default:
		found = fault.Of(err)
	}
	return fault.AnswerTo(found.Kind).Status, found
}

func routerFault(e *echo.HTTPError) *fault.Fault {
	switch e.Code {
	case http.StatusNotFound:
		return fault.New(fault.NotFound, "There is nothing at this address.")
	case http.StatusMethodNotAllowed:
		return fault.New(fault.Usage, "This address does not take such a request.")
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "The request is too large.")
	}
	if e.Code < 500 {
		return fault.New(fault.Usage, "The request is not understood.")
	}
	return fault.New(fault.Internal, "Something went wrong on our side.").Because(e)
}

func (s *site) problemOf(status int, f *fault.Fault, c echo.Context) problem {
	p := problem{
		Type: "/docs/errors#" + string(f.Kind), Title: fault.AnswerTo(f.Kind).Title, Status: status, Detail: f.Message,
		Code: string(f.Kind), Hint: f.Hint, Line: f.Line, Column: f.Column, RequestID: requestID(c),
	}
	if status == http.StatusMethodNotAllowed {
		p.Title = "This address does not take such a request."
	}
	w := who(c)
	if f.Kind == fault.TooLarge && w.signedIn() {
		p.Limit = s.Plans.Of(w.user.Plan).Upload
	}
	if w.signedIn() && w.user.Plan != user.Premium {
		switch f.Kind {
		case fault.TooLarge, fault.Quota, fault.Expired, fault.PlanRequired:
			p.Upgrade = "/subscribe"
		}
	}
	return p
}

func sendProblem(c echo.Context, p problem) error {
	raw, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write problem: %w", err)
	}
	return c.Blob(p.Status, "application/problem+json", append(raw, '\n'))
}

// wantsPage tells whether a person reads the answer: any page, and an address of the API that a browser opens.
func wantsPage(r *http.Request) bool {
	return !isAPI(r) && !strings.HasPrefix(r.URL.Path, "/webhooks/") || strings.Contains(r.Header.Get("Accept"), "text/html")
}

// denyForeign answers a request that another site made the browser send.
func (s *site) denyForeign(w http.ResponseWriter, r *http.Request) {
	c := echo.New().NewContext(r, w)
	s.answerError(fault.New(fault.Denied, "Another site sent this request; it had no effect.").WithHint("Open the page here and try again."), c)
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// retrySeconds is the value of Retry-After: whole seconds, at least one.
func retrySeconds(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}

// errorView is the page of an error.
type errorView struct {
	Status    int
	Title     string
	Message   string
	Hint      string
	Limits    []planView
	Actions   []linkView
	RequestID string
}

type linkView struct {
	URL, Text string
	Main      bool
}

func (s *site) errorPage(c echo.Context, p problem) error {
	view := errorView{Status: p.Status, Title: p.Title, Message: p.Detail, Hint: p.Hint, RequestID: p.RequestID}
	view.Message = strings.TrimSpace(strings.TrimPrefix(view.Message, view.Title)) // nothing is said twice
	if p.Upgrade != "" {
		view.Limits = s.planViews()
		view.Actions = append(view.Actions, linkView{URL: p.Upgrade, Text: "Compare the plans", Main: true})
	}
	switch {
	case p.Code == string(fault.SignedOut), p.Code == string(fault.Denied) && !who(c).signedIn():
		view.Actions = append(view.Actions, linkView{URL: "/login", Text: "Sign in", Main: true})
	case strings.HasPrefix(c.Request().URL.Path, "/login") && !who(c).signedIn():
		view.Actions = append(view.Actions, linkView{URL: "/login", Text: "Back to the sign-in", Main: true})
	case c.Request().URL.Path == "/annotate" && who(c).signedIn() && p.Code != string(fault.TooLarge):
		view.Actions = append(view.Actions, linkView{URL: "/annotate", Text: "Back to the form", Main: true})
	case p.Code == string(fault.TooLarge) && who(c).signedIn():
		view.Actions = append(view.Actions, linkView{URL: "/annotate", Text: "Choose another file"})
	case who(c).signedIn():
		view.Actions = append(view.Actions, linkView{URL: "/annotations", Text: "Your jobs"})
	}
	view.Actions = append(view.Actions, linkView{URL: "/", Text: "Home"})
	return s.render(c, p.Status, "error", head{Title: p.Title}, view)
}
