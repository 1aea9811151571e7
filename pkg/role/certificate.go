package role

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certLook is how often the files of a certificate are looked at: a renewed one is served without a new start.
const certLook = time.Minute

// certificate is the one of the settings, read again when its file has changed.
type certificate struct {
	cert, key string // files in PEM

	mu      sync.Mutex
	now     func() time.Time
	read    *tls.Certificate
	changed time.Time // of the file, when it was read
	looked  time.Time
}

// newCertificate reads the files, so that a mistake in them is one at the start.
func newCertificate(cert, key string) (*certificate, error) {
	c := &certificate{cert: cert, key: key, now: time.Now}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *certificate) load() error {
	info, err := os.Stat(c.cert)
	if err != nil {
		return fmt.Errorf("look at tls_cert: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("read tls_cert and tls_key: %w", err)
	}
	c.read, c.changed = &pair, info.ModTime()
	return nil
}

// get gives the certificate for a connection. While a new one is half written the old one stays.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= certLook {
		c.looked = now
		if info, err := os.Stat(c.cert); err == nil && !info.ModTime().Equal(c.changed) {
			_ = c.load()
		}
	}
	return c.read, nil
}
