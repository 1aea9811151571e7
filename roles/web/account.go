package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
)

type profileView struct {
	Name, Email, Institution, Plan, ID, Provider string
	EmailNote                                    string
	Confirmable, Sent                            bool // the address, by a mail of ours
	Mail                                         bool
	Tokens                                       []tokenView
	Scopes                                       []choiceView
	Secret                                       string // of a token that was just made: shown once
	Sessions                                     []sessionView
	Saved                                        bool
	Activity                                     auditView
	Confirm                                      string // what is typed to delete the account
}

type tokenView struct {
	ID, Name, Scopes string
	Expires, Used    when
	ExpiresText      string
}

type sessionView struct {
	ID, Browser string
	Began, Seen when
	Here        bool
}

// profilePage answers GET /profile.
func (s *site) profilePage(c echo.Context) error { return s.showProfile(c, "") }

func (s *site) showProfile(c echo.Context, secret string) error {
	ctx, w := c.Request().Context(), who(c)
	u := w.user
	view := profileView{
		Name: u.Name, Email: visible(u.Email), Institution: u.Institution, Plan: u.Plan.Word(), ID: u.ID, Provider: visible(orDefault(u.Issuer, user.Local)),
		Mail: !u.MailOff, Secret: secret, Confirm: confirmText(u), Saved: c.QueryParam("saved") != "",
		Confirmable: s.confirmable(u), Sent: c.QueryParam("sent") != "",
	}
	switch {
	case u.Email == "":
		view.EmailNote = "The sign-in gave no address, so no mail is sent."
		if _, stays := s.Mailer.(port.Inbox); stays {
			view.EmailNote = "The sign-in gave no address; mails stand in the inbox."
		}
	case !u.EmailVerified:
		view.EmailNote = "Not verified by the provider, so no mail is sent there."
	}
	tokens, err := Tokens(ctx, s.Records, u.ID)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		row := tokenView{ID: t.ID, Name: visible(t.Name), Scopes: scopeList(t.Scopes), Expires: at(t.Expires), Used: at(t.Used)}
		if t.Expires.IsZero() {
			row.ExpiresText = "never"
		}
		view.Tokens = append(view.Tokens, row)
	}
	for _, scope := range Scopes {
		if scope != ScopeAdmin || w.admin {
			view.Scopes = append(view.Scopes, choiceView{Value: string(scope), Text: scopeText(scope), Chosen: slices.Contains(DefaultScopes, scope)})
		}
	}
	sessions, err := sessionsOf(ctx, s.Records, u.ID)
	if err != nil {
		return err
	}
	for _, open := range sessions {
		here := w.session != nil && w.session.ID == open.ID
		view.Sessions = append(view.Sessions, sessionView{ID: open.ID, Browser: browserText(open.Browser), Began: at(open.Created), Seen: at(open.Seen), Here: here})
	}
	if view.Activity, err = s.auditView(c, u.ID, ownAuditRows); err != nil {
		return err
	}
	return s.show(c, "profile", head{Title: "Profile"}, view)
}

func scopeText(scope Scope) string {
	switch scope {
	case ScopeRead:
		return "read: see jobs, results and the account"
	case ScopeWrite:
		return "write: submit, cancel, rerun and delete jobs"
	}
	return "admin: what an administrator may do"
}

// saveProfile answers POST /profile.
func (s *site) saveProfile(c echo.Context) error {
	name, institution := cleanLine(c.FormValue("name")), cleanLine(c.FormValue("institution"))
	mail := c.FormValue("mail") != ""
	_, err := s.Store.UpdateUser(c.Request().Context(), who(c).user.ID, func(change *port.Change) error {
		u := change.User
		u.Name, u.Institution, u.MailOff, u.Updated = name, institution, !mail, change.Now
		return nil
	})
	if err != nil {
		return fmt.Errorf("save profile: %w", err)
	}
	return c.Redirect(http.StatusSeeOther, "/profile?saved=1")
}

// cleanLine makes one line of a field: no control characters, at most 200 bytes.
func cleanLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if hidden(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.TrimSpace(firstOf(text, 200))
}

// makeToken answers POST /profile/tokens with the profile that shows the secret once.
func (s *site) makeToken(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return fault.New(fault.Usage, "The form is not understood.").Because(err)
	}
	days, err := strconv.Atoi(orDefault(form.Get("days"), "90"))
	if err != nil {
		return fault.New(fault.BadInput, "The number of days is not a number.")
	}
	var scopes []Scope
	for _, scope := range form["scope"] {
		scopes = append(scopes, Scope(scope))
	}
	if len(scopes) == 0 {
		return fault.New(fault.BadInput, "A token without a scope opens nothing. Tick at least one.")
	}
	_, secret, err := s.newToken(c, tokenWish{Name: form.Get("name"), Scopes: scopes, Days: days})
	if err != nil {
		return err
	}
	return s.showProfile(c, secret)
}

// revokeToken answers POST /profile/tokens/:token/revoke.
func (s *site) revokeToken(c echo.Context) error {
	if err := RevokeToken(c.Request().Context(), s.Records, who(c).user.ID, c.Param("token")); err != nil {
		return err
	}
	s.note(c, port.AuditRevoke, c.Param("token"))
	return c.Redirect(http.StatusSeeOther, "/profile#tokens")
}

// otherSessions stands in the place of a session's id for all but the one that asks.
const otherSessions = "others"

// endSession answers POST /profile/sessions/:session/end.
func (s *site) endSession(c echo.Context) error {
	ctx, w, id := c.Request().Context(), who(c), c.Param("session")
	sessions, err := sessionsOf(ctx, s.Records, w.user.ID)
	if err != nil {
		return err
	}
	ended := 0
	for _, open := range sessions {
		other := w.session != nil && open.ID != w.session.ID
		if open.ID != id && !(id == otherSessions && other) {
			continue
		}
		if err := s.Records.Delete(ctx, sessionKind, open.ID); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		s.note(c, didEndSession, browserText(open.Browser))
		ended++
	}
	if ended == 0 && id != otherSessions {
		return fault.New(fault.NotFound, "There is no such session.")
	}
	return c.Redirect(http.StatusSeeOther, "/profile#sessions")
}

// jobsRead is how many jobs eachJob reads at once, the most that a store gives: on AWS each page reads the user's whole list.
const jobsRead = 1000

// eachJob goes through all jobs of who asks.
func (s *site) eachJob(c echo.Context, do func(job.Job) error) error {
	cursor := ""
	for {
		page, err := s.Store.JobsOf(c.Request().Context(), who(c).user.ID, port.JobQuery{Cursor: cursor, Limit: jobsRead})
		if err != nil {
			return fmt.Errorf("list jobs: %w", err)
		}
		for _, j := range page.Jobs {
			if err := do(j); err != nil {
				return err
			}
		}
		if cursor = page.Next; cursor == "" {
			return nil
		}
	}
}

type inboxView struct{ Mails []mailView }

type mailView struct {
	Subject, To string
	Lines       []linkView // those without an address are only text
	At          when
}

// inboxPage answers GET /inbox: where a mailer keeps its mail itself, its owner reads it here.
func (s *site) inboxPage(c echo.Context) error {
	inbox, ok := s.Mailer.(port.Inbox)
	if !ok {
		return fault.New(fault.NotFound, "This installation sends its mail; it keeps no inbox.")
	}
	mails, err := inbox.Inbox(c.Request().Context(), who(c).user.ID, 50)
	if err != nil {
		return fmt.Errorf("read inbox: %w", err)
	}
	var view inboxView
	for _, m := range mails {
		view.Mails = append(view.Mails, mailView{Subject: visible(m.Subject), To: visible(m.To), Lines: s.mailLines(m.Text), At: at(m.At)})
	}
	return s.show(c, "inbox", head{Title: "Inbox"}, view)
}

// mailLines are the lines of a mail. One that is nothing but an address of this installation leads there.
func (s *site) mailLines(text string) []linkView {
	var out []linkView
	for line := range strings.SplitSeq(visible(strings.TrimRight(text, "\r\n")), "\n") {
		path := strings.TrimPrefix(line, strings.TrimRight(s.Config.BaseURL, "/"))
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, " \\") {
			path = ""
		}
		out = append(out, linkView{URL: path, Text: line})
	}
	return out
}
