package snspost

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// Options says whom to believe.
type Options struct {
	// Topics names, by its exact ARN, each topic whose posts are taken. All others are strangers.
	Topics map[string]job.Topic
	// Confirm calls ConfirmSubscription of SNS for a listed topic; nil = subscriptions are not confirmed. The address in the post is never fetched.
	Confirm func(ctx context.Context, topicARN, token string) error
	// Emulator is http://HOST:PORT of an emulator of SNS, as it names itself in SigningCertURL. Its certificates are believed for being there, so
	// it is for tests only. Empty = there is none.
	Emulator string
	// Transport makes the connections to the certificates' hosts; nil = one with the system's roots and, if the environment names one, its proxy.
	Transport http.RoundTripper
	// Roots vouch for signing certificates; nil = the system's.
	Roots *x509.CertPool
	// Now is the time; nil = time.Now.
	Now port.Clock
}

// Verifier verifies posts. Safe for concurrent use.
type Verifier struct {
	topics       map[string]listed
	emulator     *url.URL
	confirm      func(ctx context.Context, topicARN, token string) error
	certificates *certificates
}

// listed is a topic whose posts are taken.
type listed struct {
	topic job.Topic
	place place
}

// New makes a verifier. An ARN that is none, or an emulator that is no address, is an error.
func New(o Options) (*Verifier, error) {
	v := &Verifier{topics: map[string]listed{}, confirm: o.Confirm}
	for arn, topic := range o.Topics {
		at, err := placeOf(arn)
		if err != nil {
			return nil, fmt.Errorf("list topic: %w", err)
		}
		v.topics[arn] = listed{topic, at}
	}
	var err error
	if v.emulator, err = emulatorURL(o.Emulator); err != nil {
		return nil, fmt.Errorf("read emulator's address: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DisableKeepAlives = true // one request a year
		o.Transport = transport
	}
	v.certificates = newCertificates(o.Transport, o.Roots, o.Now)
	return v, nil
}

// Verify reads a post and tells its topic if SNS signed it and the topic is listed. Else ErrForged; ErrUnavailable when the certificate could not
// be fetched this time. Nothing leaves this machine for a post that is malformed, of a foreign topic, or that names a certificate elsewhere.
func (v *Verifier) Verify(ctx context.Context, body []byte) (Post, job.Topic, error) {
	p, err := read(body)
	if err != nil {
		return Post{}, "", fmt.Errorf("read post: %w: %w", port.ErrForged, err)
	}
	l, ok := v.topics[p.TopicARN]
	if !ok {
		return Post{}, "", fmt.Errorf("post of a topic that is not listed: %w", port.ErrForged)
	}
	address, emulated, err := certificateURL(p.certificateURL, l.place, v.emulator)
	if err != nil {
		return Post{}, "", fmt.Errorf("%w: %w", port.ErrForged, err)
	}
	names := l.place.names
	if emulated {
		names = nil
	}
	key, err := v.certificates.key(ctx, address, names)
	if errors.Is(err, port.ErrUnavailable) {
		return Post{}, "", err
	}
	if err != nil {
		return Post{}, "", fmt.Errorf("%w: %w", port.ErrForged, err)
	}
	sum := sha256.Sum256([]byte(p.signed))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], p.signature); err != nil {
		return Post{}, "", fmt.Errorf("%w: %w", port.ErrForged, err)
	}
	return p, l.topic, nil
}
