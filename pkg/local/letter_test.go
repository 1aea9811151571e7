package local

import (
	"bytes"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
)

// T17: whatever an address, a subject, a sender or an id holds, a mail has one recipient and the headers that it should have.
func TestT17NothingAddsAHeaderOrARecipientToAMail(t *testing.T) {
	whole := port.Mail{ID: "m1", To: "ada@example.org", Subject: "Your annotation is ready", Text: "x", HTML: "<p>x</p>", At: time.Now()}
	headers := []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To", "User-Agent", "X-Mailer"}
	for _, hostile := range []string{
		"x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org", "x\rBcc: eve@example.org", "ada@example.org\r\nBcc: eve@example.org", "ada@example.org, eve@example.org", "ada@example.org; eve@example.org",
		"Ada <ada@example.org>, Eve <eve@example.org>", "\"Ada\r\nBcc: eve@example.org\" <ada@example.org>", "ada@example.org%0aBcc: eve@example.org", "ada@example.org\x00", "<ada@example.org>\r\n\r\nbody", "undisclosed: eve@example.org;",
		"=?utf-8?q?=0D=0ABcc:_eve@example.org?= <ada@example.org>", "ada@example.org\u2028Bcc: eve@example.org", "|/bin/sh", "ada@example.org -oX/tmp/x", "@evil.example:ada@example.org",
	} {
		for field, change := range map[string]func(*port.Mail, *string){
			"to": func(m *port.Mail, _ *string) { m.To = hostile }, "subject": func(m *port.Mail, _ *string) { m.Subject = hostile },
			"id": func(m *port.Mail, _ *string) { m.ID = hostile }, "from": func(_ *port.Mail, from *string) { *from = hostile },
		} {
			m, from := whole, "gas@example.org"
			change(&m, &from)
			message, err := letter(from, m)
			if err != nil {
				require.ErrorIs(t, err, port.ErrRefused)
				continue
			}
			to, err := message.GetRecipients()
			require.NoError(t, err)
			require.Len(t, to, 1, "%s %q", field, hostile)
			require.NotContains(t, to[0], "eve", "%s %q", field, hostile)
			var text bytes.Buffer
			_, err = message.WriteTo(&text)
			require.NoError(t, err)
			read, err := netmail.ReadMessage(&text)
			require.NoError(t, err, "%s %q", field, hostile)
			for name := range read.Header {
				require.True(t, slices.Contains(headers, name), "%s %q adds %s", field, hostile, name)
			}
			require.False(t, strings.ContainsAny(read.Header.Get("Message-Id"), "\r\n"))
		}
	}
}
