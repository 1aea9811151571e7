package snspost

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/test/peers"
)

const (
	emulatedARN = "arn:aws:sns:us-east-1:000000000000:gas_job_requests"
	credential  = "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0"
)

// call asks an emulator's SNS, in the old protocol of forms. The emulators do not check who asks.
func call(t *testing.T, p *peers.Peer, action string, parameters ...string) string {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-03-31"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", credential)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", action, raw)
	return string(raw)
}

// subscribe makes a topic whose posts come to the channel.
func subscribe(t *testing.T, p *peers.Peer, arn string) <-chan []byte {
	t.Helper()
	posts := make(chan []byte, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if raw, err := io.ReadAll(r.Body); err == nil {
			posts <- raw
		}
	}))
	t.Cleanup(receiver.Close)
	call(t, p, "CreateTopic", "Name", "gas_job_requests", "Attributes.entry.1.key", "SignatureVersion", "Attributes.entry.1.value", "2")
	call(t, p, "Subscribe", "TopicArn", arn, "Protocol", "http", "Endpoint", receiver.URL+"/process-job-request")
	return posts
}

func next(t *testing.T, posts <-chan []byte) []byte {
	t.Helper()
	select {
	case raw := <-posts:
		return raw
	case <-time.After(30 * time.Second): // another process: no clock of ours moves it
		require.Fail(t, "no post came")
		return nil
	}
}

func TestWhatLocalStackSignsIsTaken(t *testing.T) {
	p := peers.LocalStack(t)
	posts := subscribe(t, p, emulatedARN)
	var token string
	v, err := New(Options{
		Topics: map[string]job.Topic{emulatedARN: job.Requests}, Emulator: p.URL,
		Confirm: func(_ context.Context, arn, given string) error {
			token = given
			call(t, p, "ConfirmSubscription", "TopicArn", arn, "Token", given)
			return nil
		},
	})
	require.NoError(t, err)
	status, woken := post(t, v, next(t, posts))
	require.Equal(t, http.StatusOK, status)
	require.Zero(t, woken)
	require.NotEmpty(t, token)

	for _, parameters := range [][]string{{}, {"Subject", "a subject"}} {
		call(t, p, "Publish", append(parameters, "TopicArn", emulatedARN, "Message", "{\"v\":1}\nè 🧬")...)
		raw := next(t, posts)
		status, woken = post(t, v, raw)
		require.Equal(t, http.StatusOK, status, "%s", raw)
		require.Equal(t, 1, woken)
		status, woken = post(t, v, []byte(strings.Replace(string(raw), `"Message": "{`, `"Message": "[`, 1)))
		require.Equal(t, http.StatusForbidden, status)
		require.Zero(t, woken)
	}
	call(t, p, "Publish", "TopicArn", emulatedARN, "Message", "x")
	status, _ = post(t, newSNS(t).verifier(func(o *Options) { o.Topics = map[string]job.Topic{emulatedARN: job.Requests} }), next(t, posts))
	require.Equal(t, http.StatusForbidden, status, "an emulator that is not configured")
}

// moto names AWS's own host as the place of its certificates: here that host is a server of the test, which hands on to moto.
func TestWhatMotoSignsIsTaken(t *testing.T) {
	p := peers.Moto(t)
	const arn = "arn:aws:sns:us-east-1:123456789012:gas_job_requests"
	posts := subscribe(t, p, arn)
	call(t, p, "Publish", "TopicArn", arn, "Message", "{\"v\":1}\nè 🧬")
	raw := next(t, posts)
	var said struct{ SigningCertURL string }
	require.NoError(t, json.Unmarshal(raw, &said))
	require.True(t, strings.HasPrefix(said.SigningCertURL, "https://"+host+"/SimpleNotificationService-"))

	s := newSNS(t)
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, p.URL+r.URL.Path, nil)
		if err != nil {
			return
		}
		request.Header.Set("Authorization", credential) // by which moto knows whose path it is
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return
		}
		defer response.Body.Close()
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	})
	v := s.verifier(func(o *Options) { o.Topics = map[string]job.Topic{arn: job.Requests} })
	status, woken := post(t, v, raw)
	require.Equal(t, http.StatusOK, status, "%s", raw)
	require.Equal(t, 1, woken)
	status, _ = post(t, v, []byte(strings.Replace(string(raw), `{\"v\"`, `{\"w\"`, 1)))
	require.Equal(t, http.StatusForbidden, status)
}
