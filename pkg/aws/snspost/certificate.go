package snspost

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"gas/pkg/port"
)

const (
	fetchTimeout   = 5 * time.Second
	maxCertificate = 64 << 10
	minKey         = 2048 / 8 // bytes of the modulus
	maxKept        = 16       // certificates; AWS uses one for each region, and a new one each year
)

// fetches bounds how often a certificate is fetched, whoever asks: a stranger who knows a topic's name may not make this a stream of requests.
const (
	fetchesAtOnce = 5
	fetchesEvery  = 10 * time.Second
)

// certificates fetches signing certificates and keeps them.
type certificates struct {
	client http.Client
	roots  *x509.CertPool // nil = the system's
	now    port.Clock

	fetching sync.Mutex // one at a time
	bucket   *rate.Limiter
	mu       sync.Mutex
	kept     map[string]*x509.Certificate
}

func newCertificates(transport http.RoundTripper, roots *x509.CertPool, now port.Clock) *certificates {
	return &certificates{
		client: http.Client{
			Transport: transport, Timeout: fetchTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		roots: roots, now: now, bucket: rate.NewLimiter(rate.Every(fetchesEvery), fetchesAtOnce), kept: map[string]*x509.Certificate{},
	}
}

// key returns the key of the certificate at an address that was checked. Names is empty for an emulator, whose certificate is its own.
// ErrUnavailable when it could not be fetched this time.
func (k *certificates) key(ctx context.Context, address string, names []string) (*rsa.PublicKey, error) {
	leaf, err := k.get(ctx, address, names)
	if err != nil {
		return nil, err
	}
	if now := k.now(); names != nil && (now.Before(leaf.NotBefore) || now.After(leaf.NotAfter)) {
		return nil, errors.New("the certificate is not valid now")
	}
	key, ok := leaf.PublicKey.(*rsa.PublicKey)
	if !ok || key.Size() < minKey {
		return nil, errors.New("the certificate's key is not RSA of 2,048 bits or more")
	}
	return key, nil
}

func (k *certificates) get(ctx context.Context, address string, names []string) (*x509.Certificate, error) {
	if leaf := k.find(address); leaf != nil {
		return leaf, nil
	}
	k.fetching.Lock()
	defer k.fetching.Unlock()
	if leaf := k.find(address); leaf != nil {
		return leaf, nil
	}
	if !k.bucket.Allow() {
		return nil, fmt.Errorf("too many certificates were asked for: %w", port.ErrUnavailable)
	}
	leaf, err := k.fetch(ctx, address, names)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.kept) >= maxKept {
		clear(k.kept)
	}
	k.kept[address] = leaf
	return leaf, nil
}

func (k *certificates) find(address string) *x509.Certificate {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept[address]
}

// fetch gets a certificate. Over https the transport has verified by then that the answer is the host's own.
func (k *certificates) fetch(ctx context.Context, address string, names []string) (*x509.Certificate, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := k.client.Do(request)
	if other := (*tls.CertificateVerificationError)(nil); errors.As(err, &other) {
		return nil, fmt.Errorf("fetch certificate: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("fetch certificate: %w: %w", port.ErrUnavailable, err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 500 {
		return nil, fmt.Errorf("fetch certificate: %w: status %d", port.ErrUnavailable, response.StatusCode)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch certificate: status %d", response.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxCertificate+1))
	if err != nil {
		return nil, fmt.Errorf("fetch certificate: %w: %w", port.ErrUnavailable, err)
	}
	if len(text) > maxCertificate {
		return nil, errors.New("the certificate is too long")
	}
	leaf, issuers, err := parse(text)
	if err != nil || names == nil {
		return leaf, err
	}
	return leaf, k.judge(leaf, issuers, names)
}

// parse reads a PEM file: the certificate first, then, if it brings any, those who vouch for it.
func parse(text []byte) (leaf *x509.Certificate, issuers []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, fmt.Errorf("read certificate: %w", err)
		}
		if leaf == nil {
			leaf = c
		} else {
			issuers = append(issuers, c)
		}
	}
	if leaf == nil {
		return nil, nil, errors.New("there is no certificate in the file")
	}
	return leaf, issuers, nil
}

// judge decides whether a certificate is SNS's: made out to one of its names, no authority itself, and vouched for. AWS serves the certificate
// alone, without its issuer. Then it is the connection's chain that vouches for it: it came from exactly SNS's host.
func (k *certificates) judge(leaf *x509.Certificate, issuers []*x509.Certificate, names []string) error {
	if leaf.IsCA || !madeOutTo(leaf, names) {
		return errors.New("the certificate is not made out to SNS")
	}
	pool := x509.NewCertPool()
	for _, c := range issuers {
		pool.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: k.roots, Intermediates: pool, CurrentTime: k.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) && len(issuers) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("verify certificate: %w", err)
	}
	return nil
}

// madeOutTo tells whether a certificate holds one of the names: among its alternative names or, where it has none, as its common name.
func madeOutTo(leaf *x509.Certificate, names []string) bool {
	holds := leaf.DNSNames
	if len(holds) == 0 {
		holds = []string{leaf.Subject.CommonName}
	}
	return slices.ContainsFunc(holds, func(name string) bool { return slices.Contains(names, name) })
}
