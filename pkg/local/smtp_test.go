package local

import (
	"bytes"
	"io"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"gas/pkg/port"
)

// postOffice is a mail server that keeps what it takes and refuses some addresses.
type postOffice struct {
	mu   sync.Mutex
	mail []string
	to   []string
}

func (p *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &counter{office: p}, nil }

// counter is one connection.
type counter struct{ office *postOffice }

func (c *counter) Reset()        {}
func (c *counter) Logout() error { return nil }

func (c *counter) Mail(string, *smtp.MailOptions) error { return nil }

func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case strings.HasPrefix(to, "nobody@"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	case strings.HasPrefix(to, "busy@"):
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try later"}
	}
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.to = append(c.office.to, to)
	return nil
}

func (c *counter) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.mail = append(c.office.mail, string(data))
	return err
}

// startOffice serves a post office on loopback and returns its smtp_url.
func startOffice(t *testing.T) (*postOffice, string) {
	t.Helper()
	office := &postOffice{}
	server := smtp.NewServer(office)
	server.Domain = "localhost"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends with the listener
	}()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		<-ended
	})
	return office, "smtp://" + listener.Addr().String()
}

func TestMailOverSMTP(t *testing.T) {
	office, address := startOffice(t)
	mailer, err := NewSMTP(address, "GAS <gas@example.org>")
	require.NoError(t, err)
	letter := port.Mail{ID: "m1", To: "ada@example.org", Subject: "Ready: naïve\r\nBcc: eve@example.org", Text: "Ünïcode.\n.\nEnd.\n", HTML: "<p>Ünïcode.</p>", At: time.Now()}

	t.Run("a mail arrives with its words and without a header that a name tried to add", func(t *testing.T) {
		require.NoError(t, mailer.Send(t.Context(), letter))
		require.Len(t, office.mail, 1)
		require.Equal(t, []string{"ada@example.org"}, office.to)
		got, err := netmail.ReadMessage(bytes.NewBufferString(office.mail[0]))
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
