package snspost

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hostileURLs are addresses that look like SNS's, to one reader or another.
var hostileURLs = []string{
	"", "https://", "/", path, "//" + host + path, "http://" + host + path, "ftp://" + host + path, "file:///etc/passwd", "file://" + host + path, "gopher://" + host + path,
	"HTTPS://" + host + path, "https://" + strings.ToUpper(host) + path, "https://" + host + "." + path, "https://" + host + ":80" + path, "https://" + host + ":8443" + path,
	"https://" + host + ":0443" + path, "https://" + host + ":" + path, "https://user@" + host + path, "https://user:pw@" + host + path, "https://" + host + "@evil.example" + path,
	"https://evil.example/@" + host + path, "https://evil.example#" + host + path, "https://evil.example?" + host + path, "https://evil.example\\@" + host + path,
	"https://" + host + ".evil.example" + path, "https://evil-" + host + path, "https://x." + host + path, "https://sns.us-east-1.amazonaws.com.cn" + path,
	"https://sns.eu-west-1.amazonaws.com" + path, "https://sns.amazonaws.com" + path, "https://sns-us-east-1.amazonaws.com" + path, "https://s3.us-east-1.amazonaws.com" + path,
	"https://sns.us-east-1.s3.amazonaws.com" + path, "https://sns.us-east-1.amazonaws.co" + path, "https://snsXus-east-1.amazonaws.com" + path, "https://127.0.0.1" + path,
	"https://localhost" + path, "https://[::1]" + path, "https://169.254.169.254" + path, "http://169.254.169.254/latest/meta-data/iam/security-credentials/", "https://0x7f.1" + path,
	"https://2130706433" + path, "https://" + host + path + "?x=1", "https://" + host + path + "?", "https://" + host + path + "#", "https://" + host + path + "#x",
	"https://" + host + "/" + path, "https://" + host + "/x/.." + path, "https://" + host + "/%2e%2e" + path, "https://" + host + "/bucket" + path,
	"https://" + host + "/SimpleNotificationService-.pem", "https://" + host + "/SimpleNotificationService-xyz.pem", "https://" + host + "/SimpleNotificationService-0123ABCD.pem",
	"https://" + host + "/SimpleNotificationService-0123.pem.evil", "https://" + host + "/SimpleNotificationService-0123Xpem", "https://" + host + path + "/", "https://" + host + path + "%00",
	"https://" + host + path + "\n", "https://" + host + "/SimpleNotificationService-01%323.pem", "https://" + host + "\t" + path, " https://" + host + path, "https:" + host + path,
	"https:///" + host + path, "https:\\\\" + host + path, "https://ѕns.us-east-1.amazonaws.com" + path, "https://sns.us-east-1.amazonaws。com" + path,
	"https://" + host + "/SimpleNotificationService-" + strings.Repeat("a", 1000) + ".pem", "http://127.0.0.1:4566/_aws/sns/SimpleNotificationService-0123.pem",
}

// hostilePosts are bodies that are refused before anybody is asked for a certificate.
func hostilePosts(t testing.TB, s *sns) map[string][]byte {
	all := map[string][]byte{}
	for i, address := range hostileURLs {
		f := fields(Notification)
		f["SigningCertURL"] = address
		all[fmt.Sprintf("certificate %d at %.60q", i, address)] = body(t, s.sign(f))
	}
	change := func(name, kind string, fn func(map[string]any)) {
		f := fields(kind)
		fn(f)
		all[name] = body(t, s.sign(f))
	}
	for _, arn := range []string{
		"arn:aws:sns:us-east-1:123456789012:gas_job_request", "arn:aws:sns:us-east-1:123456789012:gas_job_requests2", "arn:aws:sns:us-east-1:210987654321:gas_job_requests",
		"arn:aws:sns:eu-west-1:123456789012:gas_job_requests", "ARN:aws:sns:us-east-1:123456789012:gas_job_requests", ours + " ", " " + ours, ours + "\n", "arn:aws:sns:us-east-1:123456789012:*", "*", "",
	} {
		change(fmt.Sprintf("topic %q", arn), Notification, func(f map[string]any) { f["TopicArn"] = arn })
	}
	for _, address := range []string{"http://127.0.0.1/", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "https://evil.example/redirect"} {
		change("subscription of a foreign topic at "+address, SubscriptionConfirmation, func(f map[string]any) {
			f["SubscribeURL"], f["TopicArn"] = address, "arn:aws:sns:us-east-1:210987654321:theirs"
		})
	}
	for _, version := range []any{"1", "3", "02", "2 ", "", nil, 2, "SHA256"} {
		change(fmt.Sprintf("signature version %v", version), Notification, func(f map[string]any) { f["SignatureVersion"] = version })
	}
	for _, kind := range []string{"", "notification", "Notification ", "Other", "SubscriptionConfirmation\n"} {
		change(fmt.Sprintf("type %q", kind), Notification, func(f map[string]any) { f["Type"] = kind })
	}
	for _, name := range []string{"Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "SigningCertURL"} {
		change("without "+name, Notification, func(f map[string]any) { delete(f, name) })
		change(name+" is a number", Notification, func(f map[string]any) { f[name] = 7 })
		change(name+" is a list", Notification, func(f map[string]any) { f[name] = []string{"x"} })
	}
	change("without a token", SubscriptionConfirmation, func(f map[string]any) { delete(f, "Token") })
	change("a field that holds another", Notification, func(f map[string]any) { f["MessageId"] = "1\nSubject\nx" })
	change("longer than 256 KiB", Notification, func(f map[string]any) { f["Message"] = strings.Repeat("x", MaxBody) })
	signed := string(body(t, s.sign(fields(Notification))))
	for name, text := range map[string]string{
		"empty": "", "no JSON": "hello", "null": "null", "a list": "[" + signed + "]", "a text": `"x"`, "cut short": signed[:len(signed)/2], "two objects": signed + signed, "deep": strings.Repeat(`{"a":`, 20000),
		"a topic twice":            strings.Replace(signed, `{"`, `{"TopicArn":"arn:aws:sns:us-east-1:210987654321:theirs","`, 1),
		"a topic in other letters": strings.Replace(signed, `"TopicArn"`, `"topicarn"`, 1),
		"not UTF-8":                strings.Replace(signed, "a subject", "a \xff subject", 1),
		"raw delivery":             `{"v":1,"job_id":"01890000-0000-7000-8000-000000000000"}`,
		"a signature that is long": strings.Replace(signed, `"Signature":"`, `"Signature":"`+strings.Repeat("AAAA", 200), 1),
		"no base64":                strings.Replace(signed, `"Signature":"`, `"Signature":"!`, 1),
	} {
		all[name] = []byte(text)
	}
	return all
}

func TestNoHostilePostReachesOut(t *testing.T) {
	s := newSNS(t)
	v := s.verifier(func(o *Options) {
		o.Confirm = func(context.Context, string, string) error { t.Error("confirmed"); return nil }
	})
	posts := hostilePosts(t, s)
	require.GreaterOrEqual(t, len(hostileURLs), 60)
	for name, text := range posts {
		t.Run(name, func(t *testing.T) {
			status, woken := post(t, v, text)
			require.Equal(t, http.StatusForbidden, status)
			require.Zero(t, woken)
		})
	}
	require.Zero(t, s.connections.Load(), "of %d posts", len(posts))
	status, _ := post(t, v, body(t, s.sign(fields(Notification))))
	require.Equal(t, http.StatusOK, status, "the same verifier takes a good one")
}

func TestTheAddressOfASubscriptionIsNeverFetched(t *testing.T) {
	s := newSNS(t)
	var tokens []string
	v := s.verifier(func(o *Options) {
		o.Confirm = func(_ context.Context, _, token string) error { tokens = append(tokens, token); return nil }
	})
	for _, address := range []string{"http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "https://evil.example/redirect", "https://" + host + "/?Action=ConfirmSubscription"} {
		for _, kind := range []string{SubscriptionConfirmation, UnsubscribeConfirmation} {
			f := fields(kind)
			f["SubscribeURL"] = address
			status, _ := post(t, v, body(t, s.sign(f)))
			require.Equal(t, http.StatusOK, status, address)
		}
	}
	require.Len(t, tokens, 5)
	require.EqualValues(t, 1, s.connections.Load(), "for the certificate")
	require.Equal(t, host+":443", *s.asked.Load())
}

func TestAnEmulatorIsBelievedOnlyWhereItIsConfigured(t *testing.T) {
	s := newSNS(t)
	f := fields(Notification)
	f["SigningCertURL"] = "https://" + host + "/_aws/sns/SimpleNotificationService-0123.pem"
	s.serve(serves(asPEM(newAuthority(t).issue(s.signer, nil, "localhost"))))
	text := body(t, s.sign(f))
	status, _ := post(t, s.verifier(), text)
	require.Equal(t, http.StatusForbidden, status)
	require.Zero(t, s.connections.Load())
	status, _ = post(t, s.verifier(func(o *Options) { o.Emulator = "https://" + host }), text)
	require.Equal(t, http.StatusOK, status)
	status, _ = post(t, s.verifier(func(o *Options) { o.Emulator = "http://" + host }), text)
	require.Equal(t, http.StatusForbidden, status)
}

func FuzzAPost(f *testing.F) {
	s := newSNS(f)
	v := s.verifier()
	for _, kind := range []string{Notification, SubscriptionConfirmation, UnsubscribeConfirmation} {
		raw := fields(kind)
		raw["Signature"] = base64.StdEncoding.EncodeToString(make([]byte, 256))
		f.Add(body(f, raw))
	}
	files, err := filepath.Glob("testdata/posts/*")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, _, err := v.Verify(t.Context(), raw); err == nil {
			t.Fatal("nobody signed this")
		}
		p, err := read(raw)
		if err != nil {
			return
		}
		require.Contains(t, signedFields, p.Type)
		require.True(t, strings.HasSuffix(p.signed, "\nTopicArn\n"+p.TopicARN+"\nType\n"+p.Type+"\n"), "the topic is where the signature has it")
		if asked := s.asked.Load(); asked != nil {
			require.Equal(t, host+":443", *asked)
		}
	})
}
