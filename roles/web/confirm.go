package web

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
	"gas/pkg/user"
)

// Mail goes only to an address that somebody has verified: the provider, or, where it did not, its owner by a mail of ours with a link.

const (
	confirmKind = "confirm"
	confirmLife = 24 * time.Hour
	confirmMost = 3 // mails to one account in that time: nobody else's address is to be flooded
)

// confirmable tells whether a user has an address that a mail of ours can confirm: one that is not verified, where mail leaves this machine and
// base_url says where a link leads. The host of a request would be whatever its sender likes.
func (s *site) confirmable(u user.User) bool {
	_, stays := s.Mailer.(port.Inbox)
	return s.Mailer != nil && !stays && s.Config.BaseURL != "" && u.Email != "" && !u.EmailVerified
}

// sendConfirmation answers POST /profile/confirm: a mail with a link.
func (s *site) sendConfirmation(c echo.Context) error {
	ctx, u, now := c.Request().Context(), who(c).user, s.Now()
	if !s.confirmable(u) {
		return fault.New(fault.Conflict, "There is no address to confirm.")
	}
	sent, err := s.Records.Of(ctx, confirmKind, u.ID, confirmMost)
	if err != nil {
		return fmt.Errorf("count mails: %w", err)
	}
	if len(sent) == confirmMost {
		return fault.New(fault.RateLimited, "%d mails were sent to %s within a day.", confirmMost, visible(u.Email)).
			WithHint("Look among what your mail program took for unwanted.").After(sent[len(sent)-1].Expires.Sub(now))
	}
	secret := newSecret()
	record := port.Record{Kind: confirmKind, ID: digest(secret), Owner: u.ID, Value: []byte(u.Email), Created: now, Expires: now.Add(confirmLife)}
	if err := s.Records.Create(ctx, record); err != nil {
		return fmt.Errorf("keep confirmation: %w", err)
	}
	err = s.Mailer.Send(ctx, confirmation(u, record.ID, s.baseURL(c)+"/confirm?t="+secret, now))
	if errors.Is(err, port.ErrRefused) {
		return fault.New(fault.BadInput, "No mail can be sent to %s.", visible(u.Email)).Because(err)
	}
	if err != nil {
		return fmt.Errorf("send confirmation: %w", err)
	}
	return c.Redirect(http.StatusSeeOther, "/profile?sent=1")
}

// confirmation is the mail. It holds nothing that a person wrote: whoever gets it may be a stranger.
func confirmation(u user.User, id, link string, now time.Time) port.Mail {
	text := "Somebody signed in to GAS, the Genomics Annotation Service, with this address. If it was you, open the link while you are signed in,\n" +
		"and press the button: mails about your jobs come here then.\n\n" + link + "\n\n" +
		"If it was not you, do nothing. The link ends within a day.\n"
	shown := html.EscapeString(link)
	return port.Mail{
		ID: "confirm-" + id[:16], To: u.Email, Subject: "Confirm your address", Text: text, UserID: u.ID, At: now,
		HTML: "<!doctype html><meta charset=\"utf-8\">\n<p>Somebody signed in to GAS, the Genomics Annotation Service, with this address. If it was you, open the link while you are signed in, " +
			"and press the button: mails about your jobs come here then.</p>\n<p><a href=\"" + shown + "\">" + shown + "</a></p>\n<p>If it was not you, do nothing. The link ends within a day.</p>\n",
	}
}

// confirmPage answers GET /confirm: programs that look at mails open links, so the link alone confirms nothing.
func (s *site) confirmPage(c echo.Context) error {
	return s.show(c, "once", head{Title: "Confirm your address"}, buttonView{
		Heading: "Confirm your address", Text: "Mails about your jobs go to " + visible(who(c).user.Email) + " then.",
		Action: "/confirm", Button: "Confirm", Hidden: []fieldView{{"t", c.QueryParam("t")}},
	})
}

// confirm answers POST /confirm. The address counts as verified if it is still the account's, and if it is this account that the mail was for.
func (s *site) confirm(c echo.Context) error {
	ctx, id := c.Request().Context(), who(c).user.ID
	record, err := s.Records.Get(ctx, confirmKind, digest(c.FormValue("t")))
	if errors.Is(err, port.ErrNotFound) || err == nil && record.Owner != id {
		return fault.New(fault.NotFound, "This link was used, is older than a day, or is for another account.").WithHint("Send another mail from your profile.")
	}
	if err != nil {
		return fmt.Errorf("read confirmation: %w", err)
	}
	_, err = s.Store.UpdateUser(ctx, id, func(change *port.Change) error {
		u := change.User
		if u.Email != string(record.Value) {
			return fault.New(fault.Conflict, "Your account has another address now.")
		}
		u.EmailVerified, u.Updated = true, change.Now
		change.Records = append(change.Records, port.Audit{About: id, By: id, Did: didConfirm}.Record(change.Now))
		return nil
	})
	if err != nil {
		return fmt.Errorf("confirm address: %w", err)
	}
	if err := s.Records.Delete(ctx, confirmKind, record.ID); err != nil {
		return fmt.Errorf("use up confirmation: %w", err)
	}
	return c.Redirect(http.StatusSeeOther, "/profile?saved=1")
}
