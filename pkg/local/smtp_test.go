package local

import (
	"bytes"
	"net"
	netmail "net/mail"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/test/peers/postoffice"
)

func TestMailOverSMTP(t *testing.T) {
	office := postoffice.Start(t)
	mailer, err := NewSMTP(office.URL, "GAS <gas@example.org>")
	require.NoError(t, err)
	letter := port.Mail{ID: "m1", To: "ada@example.org", Subject: "Ready: naïve\r\nBcc: eve@example.org", Text: "Ünïcode.\n.\nEnd.\n", HTML: "<p>Ünïcode.</p>", At: time.Now()}

	t.Run("a mail arrives with its words and without a header that a name tried to add", func(t *testing.T) {
		require.NoError(t, mailer.Send(t.Context(), letter))
		require.Len(t, office.Mails(), 1)
		require.Equal(t, []string{"ada@example.org"}, office.To())
		got, err := netmail.ReadMessage(bytes.NewBufferString(office.Mails()[0]))
		require.NoError(t, err)
		require.Empty(t, got.Header.Get("Bcc"))
		require.Equal(t, "<m1@gas>", got.Header.Get("Message-Id"))
		require.Contains(t, got.Header.Get("From"), "gas@example.org")
		require.Contains(t, got.Header.Get("Content-Type"), "multipart/alternative")
	})
	t.Run("an address that the server does not know is refused for good", func(t *testing.T) {
		unknown := letter
		unknown.To = "nobody@example.org"
		require.ErrorIs(t, mailer.Send(t.Context(), unknown), port.ErrRefused)
	})
	t.Run("an address that is none is refused for good", func(t *testing.T) {
		none := letter
		none.To = "not an address"
		require.ErrorIs(t, mailer.Send(t.Context(), none), port.ErrRefused)
	})
	t.Run("a server that is busy may be asked again", func(t *testing.T) {
		busy := letter
		busy.To = "busy@example.org"
		err := mailer.Send(t.Context(), busy)
		require.Error(t, err)
		require.NotErrorIs(t, err, port.ErrRefused)
	})
	t.Run("a server that is not there is unavailable", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		away, err := NewSMTP("smtp://"+listener.Addr().String(), "")
		require.NoError(t, err)
		require.ErrorIs(t, away.Send(t.Context(), letter), port.ErrUnavailable)
	})
	t.Run("an address of a server that makes no sense is an error without its password", func(t *testing.T) {
		for _, bad := range []string{"", "mail.example.org", "http://u:hunter2@h", "smtp://", "smtp://u:hunter2@h:port"} {
			_, err := NewSMTP(bad, "")
			require.Error(t, err, bad)
			require.NotContains(t, err.Error(), "hunter2")
		}
	})
}
