package local

import (
	"fmt"
	netmail "net/mail"
	"time"

	"github.com/wneessen/go-mail"

	"gas/pkg/port"
)

// defaultSender is who mail is from where nothing is set.
const defaultSender = "gas@localhost"

// letter composes a mail: text and HTML as alternatives, headers encoded so that no name can add another header.
func letter(from string, m port.Mail) (*mail.Msg, error) {
	if from == "" {
		from = defaultSender
	}
	message := mail.NewMsg()
	if err := message.From(from); err != nil {
		return nil, fmt.Errorf("%w: sender: %w", port.ErrRefused, err)
	}
	if bare, err := netmail.ParseAddress(m.To); err != nil || bare.Address != m.To { // one address: no name, no group, no list
		return nil, fmt.Errorf("%w: %q is not an address", port.ErrRefused, m.To)
	}
	if err := message.To(m.To); err != nil {
		return nil, fmt.Errorf("%w: address: %w", port.ErrRefused, err)
	}
	at := m.At
	if at.IsZero() {
		at = time.Now()
	}
	message.Subject(m.Subject)
	message.SetDateWithValue(at)
	message.SetMessageIDWithValue(m.ID + "@gas")
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		message.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	return message, nil
}
