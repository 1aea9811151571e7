package web

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/pkg/user"
)

const (
	loginKind = "login"
	loginLife = 10 * time.Minute
)

type loginView struct {
	Why       string
	Providers []port.Provider
	Local     bool
	Next      string
	NextText  string
}

// loginPage answers GET /login.
func (s *site) loginPage(c echo.Context) error {
	if who(c).signedIn() {
		return c.Redirect(http.StatusSeeOther, localPath(c.QueryParam("next")))
	}
	view := loginView{Local: s.Config.LocalSigninOn(), Next: localPath(c.QueryParam("next"))}
	if s.Identity != nil {
		view.Providers = s.Identity.Providers()
	}
	if view.Next != "/" {
		view.NextText, _, _ = strings.Cut(view.Next, "?")
		view.Why = "This page is for people who have signed in."
	}
	return s.show(c, "login", head{Title: "Sign in"}, view)
}

// buttonView is a page with one button: what a GET may not do, its POST does.
type buttonView struct {
	Heading, Text  string
	Action, Button string
	Hidden         []fieldView
}

type fieldView struct{ Name, Value string }

// oncePage answers GET /login/once: mail scanners and previews open links, so the link alone signs nobody in.
func (s *site) oncePage(c echo.Context) error {
	return s.show(c, "once", head{Title: "Sign in"}, buttonView{
		Heading: "Sign in", Text: "This link signs you in once, in this browser.",
		Action: "/login/once", Button: "Sign in", Hidden: []fieldView{{"t", c.QueryParam("t")}},
	})
}

// once answers POST /login/once.
func (s *site) once(c echo.Context) error {
	if !s.Config.LocalSigninOn() {
		return fault.New(fault.Denied, "Sign-in by one-time links is switched off here.")
	}
	owner, err := port.TakeLink(c.Request().Context(), s.Records, c.FormValue("t"))
	if errors.Is(err, port.ErrNotFound) {
		return fault.New(fault.Denied, "This sign-in link was used already, or is older than ten minutes.").
			WithHint("Print another one, on the machine that runs GAS: gas user link owner").Because(err)
	}
	if err != nil {
		return err
	}
	return s.begin(c, owner, sessionValue{}, "/")
}

// beginLogin answers POST /login/:provider.
func (s *site) beginLogin(c echo.Context) error {
	name := c.Param("provider")
	if s.Identity == nil || !slices.ContainsFunc(s.Identity.Providers(), func(p port.Provider) bool { return p.Name == name }) {
		return fault.New(fault.NotFound, "There is no sign-in provider of this name.")
	}
	ctx := c.Request().Context()
	login, to, err := s.Identity.Begin(ctx, name, localPath(c.FormValue("next")))
	if err != nil {
		return fmt.Errorf("begin sign-in: %w", err)
	}
	raw, err := json.Marshal(login)
	if err != nil {
		return fmt.Errorf("write sign-in: %w", err)
	}
	secret, now := newSecret(), s.Now()
	if err := s.Records.Create(ctx, port.Record{Kind: loginKind, ID: digest(secret), Value: raw, Created: now, Expires: now.Add(loginLife)}); err != nil {
		return fmt.Errorf("keep sign-in: %w", err)
	}
	s.cookies.set(c.Response(), "login", secret, loginLife)
	return s.leave(c, to)
}

// callback answers GET /auth/callback: the sign-in that this browser began is used up, whatever comes of it.
func (s *site) callback(c echo.Context) error {
	login, err := s.takeLogin(c)
	if err != nil {
		return err
	}
	query := map[string]string{}
	for name, values := range c.QueryParams() {
		query[name] = values[0]
	}
	if subtle.ConstantTimeCompare([]byte(query["state"]), []byte(login.State)) != 1 {
		return fault.New(fault.Denied, "The sign-in that came back is not the one that this browser began.")
	}
	if err := refusal(query["error"]); err != nil {
		return err
	}
	claims, hint, err := s.Identity.Finish(c.Request().Context(), login, query)
	if errors.Is(err, port.ErrForged) {
		return fault.New(fault.Denied, "The provider's answer does not verify.").Because(err)
	}
	if err != nil {
		return fmt.Errorf("finish sign-in: %w", err)
	}
	id, err := s.welcome(c, claims)
	if err != nil {
		return err
	}
	return s.begin(c, id, sessionValue{Provider: login.Provider, Hint: hint}, login.Next)
}

// refusal is why a provider signs nobody in (OAuth 2.0, section 4.1.2.1, and OpenID Connect Core, section 3.1.2.6); nil where it does.
func refusal(code string) error {
	switch code {
	case "":
		return nil
	case "access_denied", "consent_required", "interaction_required", "login_required":
		return fault.New(fault.Denied, "You did not agree at the provider, so nobody was signed in here.").WithHint("Nothing was changed. Try again, or sign in another way.")
	case "temporarily_unavailable", "server_error":
		return fault.New(fault.Unavailable, "The provider cannot sign anybody in at the moment.").WithHint("Try again in a few minutes.").After(time.Minute)
	}
	return fault.New(fault.Denied, "The provider did not sign you in: %s.", visible(firstOf(code, 80))).WithHint("If it stays so, tell whoever runs this service.")
}

func (s *site) takeLogin(c echo.Context) (port.Login, error) {
	var login port.Login
	record, err := s.Records.Take(c.Request().Context(), loginKind, digest(s.cookies.get(c.Request(), "login")))
	s.cookies.clear(c.Response(), "login")
	if errors.Is(err, port.ErrNotFound) {
		return login, fault.New(fault.Denied, "This browser began no sign-in in the last ten minutes.").WithHint("Begin again from the page Sign in.").Because(err)
	}
	if err != nil {
		return login, fmt.Errorf("take sign-in: %w", err)
	}
	if err := json.Unmarshal(record.Value, &login); err != nil {
		return login, fmt.Errorf("read sign-in: %w", err)
	}
	return login, nil
}

// welcome makes the user at the first sign-in and afterwards notes what the provider says now. A name that its owner changed stays.
func (s *site) welcome(c echo.Context, claims port.Claims) (string, error) {
	ctx, id := c.Request().Context(), user.ID(claims.Issuer, claims.Subject)
	now := s.Now()
	fresh := user.User{
		ID: id, Issuer: claims.Issuer, Subject: claims.Subject, Name: claims.Name, Email: claims.Email, EmailVerified: claims.EmailVerified,
		Institution: claims.Institution, Plan: user.Free, FreeSince: now, Created: now, Updated: now,
	}
	err := s.Store.CreateUser(ctx, fresh)
	if err == nil {
		return id, nil
	}
	if !errors.Is(err, port.ErrExists) {
		return "", fmt.Errorf("make user: %w", err)
	}
	_, err = s.Store.UpdateUser(ctx, id, func(change *port.Change) error {
		u := change.User
		if u.Deleted {
			return fault.New(fault.Denied, "This account was deleted.")
		}
		if claims.Email != "" {
			u.EmailVerified = claims.EmailVerified || u.EmailVerified && u.Email == claims.Email // a mail of ours may have verified it
			u.Email = claims.Email
		}
		if u.Name == "" {
			u.Name = claims.Name
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("note sign-in: %w", err)
	}
	return id, nil
}

// begin starts a new session, ends the one that the browser had, and leads on.
func (s *site) begin(c echo.Context, owner string, value sessionValue, next string) error {
	ctx := c.Request().Context()
	if old := s.cookies.get(c.Request(), "session"); old != "" {
		if err := s.Records.Delete(ctx, sessionKind, digest(old)); err != nil {
			return fmt.Errorf("end old session: %w", err)
		}
	}
	value.Browser = visible(firstOf(c.Request().UserAgent(), 120))
	secret, err := newSession(ctx, s.Records, owner, value, s.Now())
	if err != nil {
		return err
	}
	s.noteOf(c, port.Audit{About: owner, By: owner, Did: didSignIn, Detail: "by " + orDefault(value.Provider, "a one-time link") + ", " + browserText(value.Browser)})
	s.cookies.set(c.Response(), "session", secret, sessionLife)
	return c.Redirect(http.StatusSeeOther, localPath(next))
}

// logout answers POST /logout: the session's row goes first, then the cookie, then the provider's own session where it offers that.
func (s *site) logout(c echo.Context) error {
	w := who(c)
	s.cookies.clear(c.Response(), "session")
	if w.session == nil {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	if err := s.Records.Delete(c.Request().Context(), sessionKind, w.session.ID); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	s.note(c, didSignOut, browserText(w.session.Browser))
	to := "/"
	if s.Identity != nil && w.session.Provider != "" {
		if out := s.Identity.SignOut(c.Request().Context(), w.session.Provider, w.session.Hint, s.baseURL(c)+"/"); out != "" {
			to = out
		}
	}
	return s.leave(c, to)
}

// setTheme answers POST /theme.
func (s *site) setTheme(c echo.Context) error {
	switch theme := c.FormValue("theme"); theme {
	case "light", "dark":
		s.cookies.set(c.Response(), "theme", theme, 365*24*time.Hour)
	default:
		s.cookies.clear(c.Response(), "theme")
	}
	return c.Redirect(http.StatusSeeOther, localPath(c.FormValue("back")))
}

// localPath is next where it is a path of ours, else the home page: a link from outside must not lead elsewhere after the sign-in.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

// baseURL is the address that people use: base_url, or where the request came to.
func (s *site) baseURL(c echo.Context) string {
	if s.Config.BaseURL != "" {
		return strings.TrimSuffix(s.Config.BaseURL, "/")
	}
	scheme := "http"
	if s.cookies.secure {
		scheme = "https"
	}
	return scheme + "://" + c.Request().Host
}

// firstOf cuts a text to at most n bytes.
func firstOf(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}
