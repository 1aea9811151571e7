package porttest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
)

// Mailer checks mail, by the inbox of an adapter that has one.
func Mailer(t *testing.T, fresh Harness) {
	kept := func(w World) bool {
		_, is := w.Mailer.(port.Inbox)
		return is
	}
	each(t, fresh, kept, []check{
		{"a mail is in the inbox of its user alone, whole, newest first", mailKept},
		{"a mail that is sent again is there once", mailAgain},
		{"mails of a user who is forgotten are gone, and nobody else's", mailForgotten},
	})
}

// mail makes a mail with text beyond ASCII and a subject that tries to add a header.
func mail(id string, at time.Time) port.Mail {
	return port.Mail{ID: id, To: "ada@example.org", Subject: "Your result is ready: naïve\r\nBcc: eve@example.org", Text: "Ünïcode.\n\nSecond line.\n", HTML: "<p>Ünïcode.</p>", UserID: "u_a", At: at}
}

// inbox reads a user's mail.
func inbox(t *testing.T, w World, userID string) []port.Mail {
	t.Helper()
	list, err := w.Mailer.(port.Inbox).Inbox(t.Context(), userID, 10)
	require.NoError(t, err)
	return list
}

func mailKept(t *testing.T, w World) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, w.Mailer.Send(t.Context(), mail("m1", at)))
	require.NoError(t, w.Mailer.Send(t.Context(), mail("m2", at.Add(time.Minute))))
	list := inbox(t, w, "u_a")
	require.Len(t, list, 2)
	require.Equal(t, "m2", list[0].ID)
	got := list[1]
	require.Equal(t, "ada@example.org", got.To)
	require.Contains(t, got.Subject, "Your result is ready: naïve")
	require.Contains(t, got.Text, "Ünïcode.")
	require.Contains(t, got.Text, "Second line.")
	require.Contains(t, got.HTML, "<p>Ünïcode.</p>")
	require.True(t, got.At.Equal(at))
	require.Empty(t, inbox(t, w, "u_b"))
}

func mailAgain(t *testing.T, w World) {
	for range 2 {
		require.NoError(t, w.Mailer.Send(t.Context(), mail("m1", time.Now())))
	}
	require.Len(t, inbox(t, w, "u_a"), 1)
}

func mailForgotten(t *testing.T, w World) {
	require.NoError(t, w.Mailer.Send(t.Context(), mail("m1", time.Now())))
	for range 2 {
		require.NoError(t, w.Mailer.(port.Inbox).Forget(t.Context(), "u_b"))
	}
	require.Len(t, inbox(t, w, "u_a"), 1)
	for range 2 {
		require.NoError(t, w.Mailer.(port.Inbox).Forget(t.Context(), "u_a"))
	}
	require.Empty(t, inbox(t, w, "u_a"))
}
