// Package postoffice is a mail server for tests: it keeps what it takes, and refuses some addresses.
package postoffice

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Office is a running one. It refuses nobody@ for good and busy@ for the moment.
type Office struct {
	URL string // smtp://127.0.0.1:PORT

	mu   sync.Mutex
	mail []string
	to   []string
}

// Start serves on loopback until the test ends.
func Start(t testing.TB) *Office {
	t.Helper()
	office := &Office{}
	server := smtp.NewServer(office)
	server.Domain = "localhost"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends with the listener
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	office.URL = "smtp://" + listener.Addr().String()
	return office
}

// Mails are the letters that were taken, headers and all, in their order.
func (o *Office) Mails() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.mail...)
}

// To are the addresses that letters were for, in their order.
func (o *Office) To() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.to...)
}

// NewSession opens a counter for a connection.
func (o *Office) NewSession(*smtp.Conn) (smtp.Session, error) { return &counter{office: o}, nil }

// counter is one connection.
type counter struct{ office *Office }

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
