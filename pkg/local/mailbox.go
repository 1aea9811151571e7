package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"

	"gas/pkg/port"
)

// mailbox is a mailer that keeps its mail: mail/<user>/<id>.eml. A repeated try overwrites the same file.
type mailbox struct {
	folder string
	from   string
}

func (b *mailbox) Send(_ context.Context, m port.Mail) error {
	message, err := letter(b.from, m)
	if err != nil {
		return err
	}
	folder := filepath.Join(b.folder, fileName(m.UserID))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("keep mail: %w", unreachable(err))
	}
	var text bytes.Buffer
	if _, err := message.WriteTo(&text); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	if err := writeFile(filepath.Join(folder, fileName(m.ID)+".eml"), text.Bytes()); err != nil {
		return fmt.Errorf("keep mail: %w", unreachable(err))
	}
	return nil
}

// fileName makes an id a name of one folder's entry.
func fileName(id string) string {
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_') {
			return r
		}
		return '_'
	}, id)
	return "m" + name[:min(len(name), 120)]
}

func (b *mailbox) Inbox(_ context.Context, userID string, limit int) ([]port.Mail, error) {
	folder := filepath.Join(b.folder, fileName(userID))
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read inbox: %w", err)
	}
	var list []port.Mail
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".eml") {
			continue
		}
		m, err := readLetter(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read inbox: %w", err)
		}
		m.UserID = userID
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(x, y port.Mail) int { return y.At.Compare(x.At) })
	return list[:min(len(list), max(limit, 0))], nil
}

func (b *mailbox) Forget(_ context.Context, userID string) error {
	if err := os.RemoveAll(filepath.Join(b.folder, fileName(userID))); err != nil {
		return fmt.Errorf("delete mails: %w", unreachable(err))
	}
	return nil
}

// readLetter reads one kept mail.
func readLetter(path string) (m port.Mail, err error) {
	message, err := mail.EMLToMsgFromFile(path)
	if err != nil {
		return m, err
	}
	m.ID = strings.TrimSuffix(strings.Trim(message.GetMessageID(), "<>"), "@gas")
	if to := message.GetTo(); len(to) > 0 {
		m.To = to[0].Address
	}
	if subject := message.GetGenHeader(mail.HeaderSubject); len(subject) > 0 {
		if m.Subject, err = new(mime.WordDecoder).DecodeHeader(subject[0]); err != nil {
			return m, err
		}
	}
	if dates := message.GetGenHeader(mail.HeaderDate); len(dates) > 0 {
		m.At, _ = netmail.ParseDate(dates[0]) // a mail without a readable date goes last
	}
	for _, part := range message.GetParts() {
		content, err := part.GetContent()
		if err != nil {
			return m, err
		}
		if part.GetContentType() == mail.TypeTextHTML {
			m.HTML = string(content)
		} else {
			m.Text = string(content)
		}
	}
	return m, nil
}
