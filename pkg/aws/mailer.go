package aws

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"gas/pkg/port"
)

// mailer is port.Mailer on SES v2.
type mailer struct {
	client *sesv2.Client
	from   string
}

// Mailer sends mail from an address that SES knows as ours.
func (s *Session) Mailer(from string) (port.Mailer, error) {
	if _, err := mail.ParseAddress(from); err != nil {
		return nil, fmt.Errorf("read mail_from: %w", err)
	}
	return &mailer{client: sesv2.NewFromConfig(s.Config), from: from}, nil
}

// Send hands a mail to SES. port.ErrRefused when SES will never take it; what is wrong with our own side (a sender that is not verified, an account
// that is paused or has no quota left) is port.ErrUnavailable: mails wait until somebody has mended it, and none is given up.
func (m *mailer) Send(ctx context.Context, letter port.Mail) error {
	to, err := mail.ParseAddress(letter.To)
	if err != nil {
		return fmt.Errorf("send mail: %w: address: %w", port.ErrRefused, err)
	}
	body := &types.Body{Text: content(letter.Text)}
	if letter.HTML != "" {
		body.Html = content(letter.HTML)
	}
	_, err = m.client.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: &m.from,
		Destination:      &types.Destination{ToAddresses: []string{to.Address}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: content(oneLine(letter.Subject)), Body: body,
			Headers: []types.MessageHeader{
				{Name: sdk.String("Auto-Submitted"), Value: sdk.String("auto-generated")},
				{Name: sdk.String("X-GAS-Mail"), Value: sdk.String(oneLine(letter.ID))}, // the same for a repeated try
			},
		}},
	})
	if err != nil {
		return fmt.Errorf("send mail: %w", m.sorted(err))
	}
	return nil
}

func content(text string) *types.Content {
	return &types.Content{Data: &text, Charset: sdk.String("UTF-8")}
}

// oneLine keeps a text from adding a header.
func oneLine(text string) string {
	return strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ").Replace(text)
}

// sorted tells a refusal for good from what may pass.
func (m *mailer) sorted(err error) error {
	sender, parseErr := mail.ParseAddress(m.from)
	ours := parseErr == nil && strings.Contains(err.Error(), sender.Address) // SES names the identities that are not verified
	switch {
	case coded(err, "MessageRejected") && ours,
		coded(err, "MailFromDomainNotVerifiedException", "AccountSuspendedException", "SendingPausedException", "LimitExceededException", "TooManyRequestsException"):
		return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
	case coded(err, "MessageRejected", "BadRequestException"):
		return fmt.Errorf("%w: %w", port.ErrRefused, err)
	}
	return unreachable(err)
}
