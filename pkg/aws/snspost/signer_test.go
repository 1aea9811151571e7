package snspost

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
)

const (
	ours    = "arn:aws:sns:us-east-1:123456789012:gas_job_requests"
	archive = "arn:aws:sns:us-east-1:123456789012:gas_results_archive"
	host    = "sns.us-east-1.amazonaws.com"
	path    = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)

// authority is a certificate authority of the test's own.
type authority struct {
	t    testing.TB
	key  *rsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{t, key, cert, pool}
}

// issue makes a certificate; change may spoil it first.
func (a *authority) issue(key *rsa.PrivateKey, change func(*x509.Certificate), names ...string) *x509.Certificate {
	a.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert
}

func asPEM(certs ...*x509.Certificate) []byte {
	var text []byte
	for _, c := range certs {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}

// sns is AWS's side: a signer, its certificate, and the host that serves it. It counts the connections that reach for it, or for anything.
type sns struct {
	*authority
	signer      *rsa.PrivateKey
	served      atomic.Pointer[http.HandlerFunc]
	server      *httptest.Server
	connections atomic.Int64
	asked       atomic.Pointer[string] // the last address that was dialled
}

// The keys of every sns of the process, of messages and of https: making them takes longer than most tests. Authorities have one each, for they are told apart by it.
var (
	signerKey = sync.OnceValues(newKey)
	serverKey = sync.OnceValues(newKey)
)

func newKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

func newSNS(t testing.TB) *sns {
	t.Helper()
	s := &sns{authority: newAuthority(t)}
	var err error
	s.signer, err = signerKey()
	require.NoError(t, err)
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(asPEM(s.issue(s.signer, nil, "sns.amazonaws.com")))
	})
	s.startAs(host)
	return s
}

// startAs serves https with a certificate for a name.
func (s *sns) startAs(name string) {
	s.t.Helper()
	if s.server != nil {
		s.server.Close()
	}
	key, err := serverKey()
	require.NoError(s.t, err)
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*s.served.Load())(w, r) }))
	s.server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{s.issue(key, nil, name).Raw}, PrivateKey: key}}}
	s.server.Config.ErrorLog = quiet
	s.server.StartTLS()
	s.t.Cleanup(s.server.Close)
}

func (s *sns) serve(h http.HandlerFunc) { s.served.Store(&h) }

// transport leads every connection to the test's own server and counts it.
func (s *sns) transport() http.RoundTripper {
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.pool}, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			s.connections.Add(1)
			s.asked.Store(&addr)
			return (&net.Dialer{}).DialContext(ctx, network, s.server.Listener.Addr().String())
		},
	}
}

func (s *sns) verifier(change ...func(*Options)) *Verifier {
	s.t.Helper()
	o := Options{Topics: map[string]job.Topic{ours: job.Requests, archive: job.Archives}, Transport: s.transport(), Roots: s.pool}
	for _, c := range change {
		c(&o)
	}
	v, err := New(o)
	require.NoError(s.t, err)
	return v
}

// fields are what a post of a type says, without its signature.
func fields(kind string) map[string]any {
	f := map[string]any{
		"Type": kind, "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b", "TopicArn": ours, "Message": "{\"v\":1}\nand a line", "Timestamp": "2026-03-01T12:00:00.000Z",
		"SignatureVersion": "2", "SigningCertURL": "https://" + host + path,
	}
	if kind == Notification {
		f["Subject"] = "a subject"
		f["UnsubscribeURL"] = "https://" + host + "/?Action=Unsubscribe"
		f["MessageAttributes"] = map[string]any{"x": map[string]string{"Type": "String", "Value": "y"}}
	} else {
		f["Token"] = "2336412f37fb687f5d51e6e2425c464de12884c64a4bd39c8bbdd2"
		f["SubscribeURL"] = "https://" + host + "/?Action=ConfirmSubscription"
	}
	return f
}

// sign signs as AWS does, by the words of its guide; it shares no code with what it tests.
func (s *sns) sign(f map[string]any) map[string]any {
	s.t.Helper()
	f = maps.Clone(f)
	text := ""
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} {
		notice := f["Type"] == Notification
		if value, ok := f[name].(string); ok && (notice || name != "Subject") && (!notice || name != "SubscribeURL" && name != "Token") {
			text += name + "\n" + value + "\n"
		}
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.signer, crypto.SHA256, sum[:])
	require.NoError(s.t, err)
	f["Signature"] = base64.StdEncoding.EncodeToString(signature)
	return f
}

func body(t testing.TB, f map[string]any) []byte {
	t.Helper()
	raw, err := json.Marshal(f)
	require.NoError(t, err)
	return raw
}
