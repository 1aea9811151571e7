package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/pkg/user"
)

const whoKey = "who"

// subject is who asks: nobody, a user by a session, or a user by a token.
type subject struct {
	user    user.User
	session *session
	token   *Token
	admin   bool
}

func (w subject) signedIn() bool { return w.user.ID != "" }

// who is the subject of a request.
func who(c echo.Context) subject {
	w, _ := c.Get(whoKey).(subject)
	return w
}

// identify finds out who asks. A request with an Authorization header is judged by it alone: a wrong token never falls back to the cookie.
func (s *site) identify(c echo.Context) (subject, error) {
	if header := c.Request().Header.Get(echo.HeaderAuthorization); header != "" {
		return s.byToken(c, header)
	}
	secret := s.cookies.get(c.Request(), "session")
	if secret == "" {
		return subject{}, nil
	}
	found, err := findSession(c.Request().Context(), s.Records, secret, s.Now())
	if errors.Is(err, port.ErrNotFound) {
		s.cookies.clear(c.Response(), "session")
		return subject{}, nil
	}
	if err != nil {
		return subject{}, fmt.Errorf("look up session: %w", err)
	}
	w, err := s.subjectOf(c, found.Owner)
	w.session = &found
	return w, err
}

func (s *site) byToken(c echo.Context, header string) (subject, error) {
	wrong := fault.New(fault.SignedOut, "The token is not valid, has expired or was revoked.")
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return subject{}, wrong
	}
	ctx := c.Request().Context()
	token, err := checkToken(ctx, s.Records, strings.TrimSpace(text))
	if errors.Is(err, port.ErrNotFound) {
		return subject{}, wrong
	}
	if err != nil {
		return subject{}, fmt.Errorf("look up token: %w", err)
	}
	w, err := s.subjectOf(c, token.Owner)
	if err != nil {
		return subject{}, err
	}
	if !w.signedIn() {
		return subject{}, wrong
	}
	if err := touchToken(ctx, s.Records, token, s.Now()); err != nil && !errors.Is(err, port.ErrNotFound) {
		return subject{}, fmt.Errorf("note use of token: %w", err)
	}
	w.token = &token
	return w, nil
}

// subjectOf reads a user. One who was deleted is nobody.
func (s *site) subjectOf(c echo.Context, userID string) (subject, error) {
	u, err := s.Store.User(c.Request().Context(), userID)
	if errors.Is(err, port.ErrNotFound) || err == nil && u.Deleted {
		return subject{}, nil
	}
	if err != nil {
		return subject{}, fmt.Errorf("look up user: %w", err)
	}
	return subject{user: u, admin: slices.Contains(s.Config.Admins, u.ID)}, nil
}

// admit decides whether a subject may use a route. Whose job it is, is decided where the job is read.
func (s *site) admit(r Route, w subject) error {
	if w.token != nil && r.Who != Anyone {
		if r.Scope == "" {
			return fault.New(fault.Denied, "This needs a browser that is signed in; a token does not open it.")
		}
		if !slices.Contains(w.token.Scopes, r.Scope) {
			return fault.New(fault.Denied, "The token lacks the scope %q.", r.Scope)
		}
	}
	switch r.Who {
	case Anyone, Signed:
		return nil
	case Admin:
		if w.signedIn() && !w.admin {
			return fault.New(fault.Denied, "This is for administrators.")
		}
	}
	if !w.signedIn() {
		return fault.New(fault.SignedOut, "Sign in to see this.")
	}
	return nil
}

// turnAway answers a refusal. A visitor who opens a page is led to the sign-in and back.
func (s *site) turnAway(c echo.Context, r Route, err error) error {
	request := c.Request()
	page := request.Method == http.MethodGet || request.Method == http.MethodHead
	if fault.Is(err, fault.SignedOut) && page && !isAPI(request) {
		return c.Redirect(http.StatusSeeOther, "/login?next="+url.QueryEscape(request.URL.RequestURI()))
	}
	return err
}

// isAPI tells whether a path belongs to the API.
func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }
