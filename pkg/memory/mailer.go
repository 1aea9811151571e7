package memory

import (
	"context"
	"slices"

	"gas/pkg/port"
)

// mailer is port.Mailer with an inbox.
type mailer struct{ *World }

func (m *mailer) Send(_ context.Context, letter port.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, letter)
	return nil
}

// Inbox lists a user's mails, newest first, a repeated one once.
func (m *mailer) Inbox(_ context.Context, userID string, limit int) (list []port.Mail, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, letter := range slices.Backward(m.mails) {
		again := slices.ContainsFunc(list, func(other port.Mail) bool { return other.ID == letter.ID })
		if letter.UserID == userID && !again && len(list) < limit {
			list = append(list, letter)
		}
	}
	return list, nil
}

// Forget deletes a user's mails.
func (m *mailer) Forget(_ context.Context, userID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = slices.DeleteFunc(m.mails, func(kept port.Mail) bool { return kept.UserID == userID })
	return nil
}
