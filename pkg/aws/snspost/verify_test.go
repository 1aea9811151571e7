package snspost

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
)

var quiet = log.New(io.Discard, "", 0)

// post sends a body to the webhook of job requests and returns the status and how often it woke.
func post(t testing.TB, v *Verifier, body []byte) (status, woken int) {
	t.Helper()
	answer := httptest.NewRecorder()
	v.Webhook(job.Requests, func() { woken++ }).ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/process-job-request", bytes.NewReader(body)))
	require.Empty(t, answer.Body.String(), "no answer says why")
	return answer.Code, woken
}

func TestASignedPostIsTakenAndItsCertificateFetchedOnce(t *testing.T) {
	s := newSNS(t)
	confirmed := []string{}
	v := s.verifier(func(o *Options) {
		o.Confirm = func(_ context.Context, arn, token string) error {
			confirmed = append(confirmed, arn+" "+token)
			return nil
		}
	})
	for range 3 {
		for kind, wakes := range map[string]int{Notification: 1, SubscriptionConfirmation: 0, UnsubscribeConfirmation: 0} {
			status, woken := post(t, v, body(t, s.sign(fields(kind))))
			require.Equal(t, http.StatusOK, status, kind)
			require.Equal(t, wakes, woken, kind)
		}
	}
	require.EqualValues(t, 1, s.connections.Load())
	require.Equal(t, host+":443", *s.asked.Load())
	require.Len(t, confirmed, 3)
	require.Equal(t, ours+" "+fields(SubscriptionConfirmation)["Token"].(string), confirmed[0])

	withoutSubject := fields(Notification)
	delete(withoutSubject, "Subject")
	status, _ := post(t, v, body(t, s.sign(withoutSubject)))
	require.Equal(t, http.StatusOK, status)
	withoutSubject = s.sign(withoutSubject)
	withoutSubject["Subject"] = nil
	status, _ = post(t, v, body(t, withoutSubject))
	require.Equal(t, http.StatusOK, status, "a subject that is null is none")
}

func TestASubscriptionIsConfirmedOnlyWhereItIsSwitchedOn(t *testing.T) {
	s := newSNS(t)
	status, _ := post(t, s.verifier(), body(t, s.sign(fields(SubscriptionConfirmation))))
	require.Equal(t, http.StatusForbidden, status)
	v := s.verifier(func(o *Options) {
		o.Confirm = func(context.Context, string, string) error { return errors.New("throttled") }
	})
	status, _ = post(t, v, body(t, s.sign(fields(SubscriptionConfirmation))))
	require.Equal(t, http.StatusServiceUnavailable, status, "SNS asks again")
}

func TestEachSignedFieldChangedByOneByteIsRefused(t *testing.T) {
	s := newSNS(t)
	v := s.verifier(func(o *Options) {
		o.Confirm = func(context.Context, string, string) error { t.Error("confirmed a forged post"); return nil }
	})
	for _, kind := range []string{Notification, SubscriptionConfirmation, UnsubscribeConfirmation} {
		signed := s.sign(fields(kind))
		for _, name := range append([]string{"Signature"}, signedFields[kind]...) {
			for _, at := range []int{0, 7, -1} {
				t.Run(kind+" "+name, func(t *testing.T) {
					f := maps.Clone(signed)
					f[name] = flip(f[name].(string), at)
					status, woken := post(t, v, body(t, f))
					require.Equal(t, http.StatusForbidden, status)
					require.Zero(t, woken)
				})
			}
		}
	}
	f := s.sign(fields(Notification))
	f["Subject"] = "added"
	delete(f, "Subject")
	status, _ := post(t, v, body(t, f))
	require.Equal(t, http.StatusForbidden, status, "a subject that was taken away")
}

// flip changes the lowest bit of one byte.
func flip(text string, at int) string {
	raw := []byte(text)
	if at < 0 || at >= len(raw) {
		at = len(raw) - 1
	}
	raw[at] ^= 1
	return string(raw)
}

func TestAPostOfAnotherTopicWakesNobody(t *testing.T) {
	s := newSNS(t)
	v := s.verifier()
	f := fields(Notification)
	f["TopicArn"] = archive
	status, woken := post(t, v, body(t, s.sign(f)))
	require.Equal(t, http.StatusForbidden, status, "listed, but not this webhook's")
	require.Zero(t, woken)
}

func TestACertificateIsBelievedOnlyIfItIsSNSs(t *testing.T) {
	s := newSNS(t)
	other := newAuthority(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	good := s.issue(s.signer, nil, "sns.amazonaws.com")
	tests := []struct {
		name   string
		want   int
		answer http.HandlerFunc
	}{
		{"of the service", 200, serves(asPEM(good))},
		{"of the region", 200, serves(asPEM(s.issue(s.signer, nil, "sns-signing.us-east-1.amazonaws.com", host)))},
		{"with its issuer", 200, serves(asPEM(good, s.cert))},
		{"without its issuer, which is not known", 200, serves(asPEM(other.issue(s.signer, nil, "sns.amazonaws.com")))},
		{"by its common name alone", 200, serves(asPEM(s.issue(s.signer, func(c *x509.Certificate) { c.DNSNames = nil }, "sns.amazonaws.com")))},
		{"with an issuer that nobody vouches for", 403, serves(asPEM(other.issue(s.signer, nil, "sns.amazonaws.com"), other.cert))},
		{"of another service", 403, serves(asPEM(s.issue(s.signer, nil, "s3.amazonaws.com")))},
		{"of another region", 403, serves(asPEM(s.issue(s.signer, nil, "sns.eu-west-1.amazonaws.com")))},
		{"with a wildcard", 403, serves(asPEM(s.issue(s.signer, nil, "*.amazonaws.com")))},
		{"common name beside other names", 403, serves(asPEM(s.issue(s.signer, func(c *x509.Certificate) { c.DNSNames = []string{"evil.example"} }, "sns.amazonaws.com")))},
		{"an authority", 403, serves(asPEM(s.issue(s.signer, func(c *x509.Certificate) { c.IsCA = true }, "sns.amazonaws.com")))},
		{"expired", 403, serves(asPEM(s.issue(s.signer, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "sns.amazonaws.com")))},
		{"not yet valid", 403, serves(asPEM(s.issue(s.signer, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, "sns.amazonaws.com")))},
		{"a short key", 403, serves(asPEM(s.issue(small, nil, "sns.amazonaws.com")))},
		{"another key", 403, serves(asPEM(s.issue(other.key, nil, "sns.amazonaws.com")))},
		{"no certificate", 403, serves([]byte("<html>hello</html>"))},
		{"a broken certificate", 403, serves([]byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))},
		{"longer than 64 KiB", 403, serves(append(bytes.Repeat([]byte("# long\n"), maxCertificate/7+1), asPEM(good)...))},
		{"a redirect", 403, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://169.254.169.254/latest/meta-data", http.StatusFound)
		}},
		{"not there", 403, http.NotFound},
		{"a bad day", 503, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.serve(test.answer)
			before := s.connections.Load()
			status, woken := post(t, s.verifier(), body(t, s.sign(fields(Notification))))
			require.Equal(t, test.want, status)
			require.Equal(t, test.want == 200, woken == 1)
			require.EqualValues(t, 1, s.connections.Load()-before)
		})
	}
}

func serves(text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }
}

func TestAHostThatIsNotSNSIsNotAsked(t *testing.T) {
	s := newSNS(t)
	s.startAs("sns.eu-west-1.amazonaws.com")
	asked := atomic.Int64{}
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = w.Write(asPEM(s.issue(s.signer, nil, "sns.amazonaws.com")))
	})
	status, _ := post(t, s.verifier(), body(t, s.sign(fields(Notification))))
	require.Equal(t, http.StatusForbidden, status)
	require.Zero(t, asked.Load(), "the connection ends with its certificate")
}

func TestACertificateThatExpiresIsNoLongerBelieved(t *testing.T) {
	s := newSNS(t)
	now := time.Now()
	v := s.verifier(func(o *Options) { o.Now = func() time.Time { return now } })
	status, _ := post(t, v, body(t, s.sign(fields(Notification))))
	require.Equal(t, http.StatusOK, status)
	now = now.Add(2 * time.Hour)
	status, _ = post(t, v, body(t, s.sign(fields(Notification))))
	require.Equal(t, http.StatusForbidden, status)
}

func TestNobodyMakesUsFetchCertificateAfterCertificate(t *testing.T) {
	s := newSNS(t)
	s.serve(http.NotFound)
	v := s.verifier()
	statuses := map[int]int{}
	for i := range 100 {
		f := fields(Notification)
		f["SigningCertURL"] = "https://" + host + "/SimpleNotificationService-" + strings.Repeat("a", i+1) + ".pem"
		status, _ := post(t, v, body(t, s.sign(f)))
		statuses[status]++
	}
	require.LessOrEqual(t, s.connections.Load(), int64(fetchesAtOnce+1))
	require.Equal(t, 100, statuses[http.StatusForbidden]+statuses[http.StatusServiceUnavailable])
}

func TestAHostThatHangsIsGivenUpAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newCertificates(hangs{}, nil, time.Now)
		start := time.Now()
		_, err := k.key(t.Context(), "https://"+host+path, nil)
		require.ErrorIs(t, err, port.ErrUnavailable)
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

// hangs is a connection on which nothing ever comes.
type hangs struct{}

func (hangs) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestOptionsThatMakeNoSenseAreErrors(t *testing.T) {
	for _, arn := range []string{"", "gas_job_requests", "arn:aws:sqs:us-east-1:123456789012:x", "arn:aws:sns:us-east-1.evil.example/:123456789012:x", "arn:aws:sns:us-east-1:123456789012:x:6d0a", "arn:aws:sns:*:123456789012:x"} {
		_, err := New(Options{Topics: map[string]job.Topic{arn: job.Requests}})
		require.Error(t, err, arn)
	}
	for _, emulator := range []string{"localhost:4566", "file:///x", "http://", "http://u:p@localhost:4566", "http://localhost:4566/path", "http://localhost:4566?x"} {
		_, err := New(Options{Emulator: emulator})
		require.Error(t, err, emulator)
	}
}

func TestTheHostIsComputedFromTheTopicsRegion(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:sns:eu-central-2:123456789012:x":         "sns.eu-central-2.amazonaws.com",
		"arn:aws-cn:sns:cn-northwest-1:123456789012:x":    "sns.cn-northwest-1.amazonaws.com.cn",
		"arn:aws-us-gov:sns:us-gov-east-1:123456789012:x": "sns.us-gov-east-1.amazonaws.com",
	} {
		at, err := placeOf(arn)
		require.NoError(t, err)
		require.Equal(t, want, at.host)
	}
}
