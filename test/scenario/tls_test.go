package scenario

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// certify writes a certificate for this machine and its key, and gives the pool that trusts it.
func certify(t *testing.T, w *program.World) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := time.Now()
	text := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "gas.example.org"}, DNSNames: []string{"gas.example.org"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, text, text, &private.PublicKey, private)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	pemOf := func(kind string, data []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}) }
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pemOf("CERTIFICATE", raw)))
	return w.Write("cert.pem", pemOf("CERTIFICATE", raw)), w.Write("key.pem", pemOf("PRIVATE KEY", der)), pool
}

func TestT7OverTLSTheServiceIsWholeAndItsCookiesAreBoundToIt(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	cert, key, pool := certify(t, w)
	s, lines := w.Start("--role=web", "--tls-cert", cert, "--tls-key", key)
	s.ReadLines(lines)
	require.True(t, strings.HasPrefix(s.URL, "https://"), s.URL)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Jar: jar}
	link, err := url.Parse(s.SignIn)
	require.NoError(t, err)
	require.Equal(t, "https", link.Scheme)

	var set []string
	watching := *client
	watching.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := watching.PostForm(s.URL+"/login/once", url.Values{"t": {link.Query().Get("t")}})
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, 2, response.ProtoMajor, "HTTP/2 is spoken")
	set = response.Header.Values("Set-Cookie")
	require.Len(t, set, 1)
	for _, part := range []string{"__Host-gas_session=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		require.Contains(t, set[0], part)
	}
	require.NotContains(t, set[0], "Domain")

	response, err = client.Get(s.URL + "/profile")
	require.NoError(t, err)
	page, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Contains(t, string(page), "owner")
	require.Contains(t, response.Header.Get("Strict-Transport-Security"), "max-age=63072000")

	require.Zero(t, w.Gas("healthcheck", "--tls-cert", cert, "--tls-key", key).Code, "the process is asked over TLS")
	old := &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	_, err = tls.Dial("tcp", strings.TrimPrefix(s.URL, "https://"), old)
	require.Error(t, err, "no TLS before 1.2")
	plain, err := http.Get("http://" + strings.TrimPrefix(s.URL, "https://") + "/")
	require.NoError(t, err)
	plain.Body.Close()
	require.Equal(t, http.StatusBadRequest, plain.StatusCode, "nothing is served without it")

	// The commands go over TLS too.
	token := w.Token("ada", "free_user")
	r := w.GasWith(append(s.As(token), "SSL_CERT_FILE="+cert), nil, "whoami", "-o", "tsv")
	require.Zero(t, r.Code, r.Err)
	r = w.GasWith(s.As(token), nil, "whoami")
	require.Equal(t, 8, r.Code, "a certificate that nobody vouches for is none")
}

func TestACertificateThatCannotBeReadEndsTheStart(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	cert, key, _ := certify(t, w)
	require.NoError(t, os.WriteFile(key, []byte("nonsense"), 0o600))
	r := w.Gas("serve", "--addr=127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	require.NotZero(t, r.Code)
	require.Contains(t, r.Err, "tls_key")
	require.Equal(t, 2, w.Gas("serve", "--addr=127.0.0.1:0", "--tls-cert", cert).Code, "one of the two alone")
}

// asked sends requests to a limited route, as from an address, until one is refused, and returns how many went through.
func asked(t *testing.T, s *program.Server, forwarded string) int {
	t.Helper()
	for n := range 50 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/device", bytes.NewReader([]byte("{}")))
		require.NoError(t, err)
		if forwarded != "" {
			request.Header.Set("X-Forwarded-For", forwarded)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		response.Body.Close()
		if response.StatusCode == http.StatusTooManyRequests {
			require.NotEmpty(t, response.Header.Get("Retry-After"))
			return n
		}
		require.Equal(t, http.StatusCreated, response.StatusCode)
	}
	return 50
}

func TestT20AnAddressIsBelievedOnlyFromATrustedProxy(t *testing.T) {
	t.Parallel()
	t.Run("none is trusted", func(t *testing.T) {
		t.Parallel()
		s := program.New(t, "GAS_LIMIT_LOGIN=5").Serve("--role=web")
		require.Equal(t, 5, asked(t, s, "198.51.100.1"))
		require.Zero(t, asked(t, s, "198.51.100.2"), "what the header says makes no new bucket")
	})
	t.Run("this machine is trusted", func(t *testing.T) {
		t.Parallel()
		s := program.New(t, "GAS_LIMIT_LOGIN=5", "GAS_TRUSTED_PROXIES=127.0.0.0/8,10.0.0.1").Serve("--role=web")
		require.Equal(t, 5, asked(t, s, "198.51.100.1"))
		require.Equal(t, 5, asked(t, s, "198.51.100.2"), "each address has its bucket")
		require.Zero(t, asked(t, s, "203.0.113.9, 198.51.100.1, 10.0.0.1"), "what a client writes before its own address counts for nothing")
		require.Equal(t, 5, asked(t, s, "2001:db8:1:2::1"))
		require.Zero(t, asked(t, s, "2001:db8:1:2:ffff::9"), "a network of IPv6 is one household")
		require.Equal(t, 5, asked(t, s, "2001:db8:1:3::1"))
	})
}
