package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"gas/pkg/port"
)

// smtpTimeout bounds one try; the notice is tried again.
const smtpTimeout = 20 * time.Second

// smtpMailer is port.Mailer over a mail server.
type smtpMailer struct {
	host    string
	options []mail.Option
	from    string
}

// NewSMTP reads smtp://[USER:PASSWORD@]HOST[:PORT] (STARTTLS where the server offers it, and always before a password, but on this machine)
// or smtps://… (TLS from the first byte).
func NewSMTP(address, from string) (port.Mailer, error) {
	at, err := url.Parse(address)
	if err != nil || at.Hostname() == "" || at.Scheme != "smtp" && at.Scheme != "smtps" {
		return nil, errors.New("smtp_url is not smtp://HOST:PORT or smtps://HOST:PORT") // the text may hold a password, so it is not shown
	}
	s := &smtpMailer{host: at.Hostname(), from: from, options: []mail.Option{mail.WithTimeout(smtpTimeout)}}
	password, signed := at.User.Password()
	switch {
	case at.Scheme == "smtps":
		s.options = append(s.options, mail.WithSSLPort(false))
	case signed && !loopback(at.Hostname()):
		s.options = append(s.options, mail.WithTLSPortPolicy(mail.TLSMandatory))
	default:
		s.options = append(s.options, mail.WithTLSPortPolicy(mail.TLSOpportunistic))
	}
	if signed {
		s.options = append(s.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(at.User.Username()), mail.WithPassword(password))
	}
	if at.Port() != "" {
		number, err := strconv.Atoi(at.Port())
		if err != nil {
			return nil, errors.New("smtp_url has a port that is no number")
		}
		s.options = append(s.options, mail.WithPort(number))
	}
	return s, nil
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func (s *smtpMailer) Send(ctx context.Context, m port.Mail) error {
	message, err := letter(s.from, m)
	if err != nil {
		return err
	}
	client, err := mail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("prepare mail: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		return fmt.Errorf("send mail: %w", sorted(err))
	}
	return nil
}

// sorted tells a refusal for good (a reply from 500 to 599) from what may pass.
func sorted(err error) error {
	var refused *mail.SendError
	switch {
	case !errors.As(err, &refused):
		return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
	case refused.ErrorCode() >= 500 && !refused.IsTemp():
		return fmt.Errorf("%w: %w", port.ErrRefused, err)
	}
	return err
}
