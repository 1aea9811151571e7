package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
	"gas/test/peers/openid"
)

// letters is a mailer whose mail leaves the machine.
type letters struct {
	sent []port.Mail
	err  error
}

func (l *letters) Send(_ context.Context, m port.Mail) error {
	if l.err == nil {
		l.sent = append(l.sent, m)
	}
	return l.err
}

var confirmLink = regexp.MustCompile(`https://gas\.example\.org(/confirm\?t=([a-z2-7]{52}))\n`)

// withMail gives a world a mailer and an address of its own.
func withMail(mails *letters) func(*role.Deps) {
	return func(d *role.Deps) {
		d.Mailer, d.Config.BaseURL, d.Config.LocalSignin = mails, "https://gas.example.org", "on"
	}
}

// addressed is a person with an address that nobody has verified.
func addressed(w *world, name string) *browser {
	b := w.person(name, user.Free)
	_, err := w.deps.Store.UpdateUser(w.t.Context(), b.user, func(c *port.Change) error {
		c.User.Email = name + "@example.org"
		return nil
	})
	require.NoError(w.t, err)
	return b
}

func verified(w *world, id string) bool {
	u, err := w.deps.Store.User(w.t.Context(), id)
	require.NoError(w.t, err)
	return u.EmailVerified
}

func TestT17AnAddressIsConfirmedByAMailAndAButton(t *testing.T) {
	mails := &letters{}
	w := newWorld(t, withMail(mails))
	ada, ben := addressed(w, "ada"), addressed(w, "ben")
	shows(t, ada.get("/profile"), "Nobody has confirmed ada@example.org yet")
	shows(t, ada.post("/profile/confirm", nil), "A mail is on its way to ada@example.org")
	require.Len(t, mails.sent, 1)
	require.Equal(t, "ada@example.org", mails.sent[0].To)
	require.NotContains(t, mails.sent[0].Text+mails.sent[0].Subject, "ada", "nothing that a person wrote is in it")
	link := confirmLink.FindStringSubmatch(mails.sent[0].Text)
	require.NotNil(t, link, mails.sent[0].Text)

	shows(t, ada.get(link[1]), "Mails about your jobs go to ada@example.org then.")
	require.False(t, verified(w, ada.user), "opening the link confirms nothing")
	require.Equal(t, http.StatusNotFound, ben.post("/confirm", url.Values{"t": {link[2]}}).status, "it is for one account")
	require.Equal(t, http.StatusNotFound, ada.post("/confirm", url.Values{"t": {"x"}}).status)
	require.False(t, verified(w, ada.user))
	shows(t, ada.post("/confirm", url.Values{"t": {link[2]}}), "Saved.")
	require.True(t, verified(w, ada.user))
	require.False(t, verified(w, ben.user))
	require.Contains(t, said(w, ada.user), didConfirm)
	require.Equal(t, http.StatusNotFound, ada.post("/confirm", url.Values{"t": {link[2]}}).status, "it is good once")
	require.Equal(t, http.StatusConflict, ada.post("/profile/confirm", nil).status)
}

func TestT17ALinkDoesNotConfirmAnotherAddressAndEndsWithItsDay(t *testing.T) {
	mails := &letters{}
	w := newWorld(t, withMail(mails))
	ada := addressed(w, "ada")
	ada.post("/profile/confirm", nil)
	secret := confirmLink.FindStringSubmatch(mails.sent[0].Text)[2]
	_, err := w.deps.Store.UpdateUser(t.Context(), ada.user, func(c *port.Change) error { c.User.Email = "other@example.org"; return nil })
	require.NoError(t, err)
	require.Equal(t, http.StatusConflict, ada.post("/confirm", url.Values{"t": {secret}}).status)
	require.False(t, verified(w, ada.user))

	_, err = w.deps.Store.UpdateUser(t.Context(), ada.user, func(c *port.Change) error { c.User.Email = "ada@example.org"; return nil })
	require.NoError(t, err)
	w.clock.ahead += confirmLife + time.Second
	ada.signIn(ada.user)
	require.Equal(t, http.StatusNotFound, ada.post("/confirm", url.Values{"t": {secret}}).status)
}

func TestT17NobodyIsFloodedWithMailsThatAskToConfirm(t *testing.T) {
	mails := &letters{}
	w := newWorld(t, withMail(mails))
	ada := addressed(w, "ada")
	for range confirmMost {
		require.Equal(t, http.StatusOK, ada.post("/profile/confirm", nil).status)
	}
	a := ada.post("/profile/confirm", nil)
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Len(t, mails.sent, confirmMost)

	refused := &letters{err: errors.Join(port.ErrRefused, errors.New("no such user"))}
	w = newWorld(t, withMail(refused))
	require.Equal(t, http.StatusUnprocessableEntity, addressed(w, "ada").post("/profile/confirm", nil).status)
}

func TestWhereMailStaysOnTheMachineNothingIsConfirmed(t *testing.T) {
	w := newWorld(t)
	ada := addressed(w, "ada")
	require.NotContains(t, ada.get("/profile").body, "/profile/confirm")
	require.Equal(t, http.StatusConflict, ada.post("/profile/confirm", nil).status)
}

func TestAnAddressThatWasConfirmedStaysSoAtTheNextSignIn(t *testing.T) {
	p := openid.Start(t)
	address := "ada@example.org"
	p.Mutate = func(a *openid.Answer) { a.Claims["email"], a.Claims["email_verified"] = address, false }
	w := openWorld(t, p)
	ada := w.visitor()
	id := user.ID(p.URL, openid.Subject)
	enter := func() { ada.withoutRedirects(http.MethodGet, ada.toProvider("p0", "/"), nil) }
	enter()
	require.False(t, verified(w, id))
	_, err := w.deps.Store.UpdateUser(t.Context(), id, func(c *port.Change) error { c.User.EmailVerified = true; return nil })
	require.NoError(t, err)
	enter()
	require.True(t, verified(w, id))
	address = "new@example.org"
	enter()
	require.False(t, verified(w, id), "another address has to be confirmed anew")
}
