package aws_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/port"
	"gas/test/peers"
	"gas/test/peers/awsfault"
)

// letter is a mail that tries to add a header.
func letter(to string) port.Mail {
	return port.Mail{ID: "m1", To: to, Subject: "Ready: naïve\r\nBcc: eve@example.org", Text: "Ünïcode.\n\nSecond line.\n", HTML: "<p>Ünïcode.</p>", UserID: "u_a", At: time.Now()}
}

// verify makes an address a sender.
func verify(t *testing.T, session *aws.Session, address string) {
	t.Helper()
	_, err := sesv2.NewFromConfig(session.Config).CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: sdk.String(address)})
	require.NoError(t, err)
}

// getJSON reads what an emulator tells about itself.
func getJSON(t *testing.T, url string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.NoError(t, json.NewDecoder(response.Body).Decode(into))
}

// TestMotoRefusesASenderThatIsNotVerified has a moto of its own: with objects in it, moto cannot show what it keeps.
func TestMotoRefusesASenderThatIsNotVerified(t *testing.T) {
	t.Parallel()
	peer := peers.Moto(t)
	session := at(t, peer.URL, "test", "test")
	m, err := session.Mailer("gas@example.org")
	require.NoError(t, err)
	err = m.Send(t.Context(), letter("ada@example.org"))
	require.ErrorIs(t, err, port.ErrUnavailable, "a sender of ours that is not verified loses no mail")
	require.NotErrorIs(t, err, port.ErrRefused)
	verify(t, session, "gas@example.org")
	require.NoError(t, m.Send(t.Context(), letter("Ada <ada@example.org>")))
	var data struct {
		SES map[string][]map[string]any `json:"ses"`
	}
	getJSON(t, peer.URL+"/moto-api/data.json", &data)
	sent, err := json.Marshal(data.SES)
	require.NoError(t, err)
	require.Contains(t, string(sent), "ada@example.org")
	require.NotContains(t, string(sent), `\r\nBcc`)
}

func TestMiniStackGetsTheMailAsItWasMeant(t *testing.T) {
	t.Parallel()
	peer := peers.MiniStack(t)
	session := at(t, peer.URL, "123456789012", "test")
	verify(t, session, "gas@example.org")
	m, err := session.Mailer("GAS <gas@example.org>")
	require.NoError(t, err)
	require.NoError(t, m.Send(t.Context(), letter("ada@example.org")))
	var box map[string]any
	getJSON(t, peer.URL+"/_ministack/ses/messages", &box)
	text, err := json.Marshal(box)
	require.NoError(t, err)
	for _, part := range []string{"ada@example.org", "gas@example.org", "Ready: naïve Bcc: eve@example.org", `Ünïcode.\n\nSecond line.\n`, `\u003cp\u003eÜnïcode.\u003c/p\u003e`} {
		require.Contains(t, string(text), part)
	}
}

func TestWhatSESAnswersToAMail(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]error{
		"MessageRejected":                    port.ErrRefused,
		"BadRequestException":                port.ErrRefused,
		"TooManyRequestsException":           port.ErrUnavailable,
		"LimitExceededException":             port.ErrUnavailable,
		"SendingPausedException":             port.ErrUnavailable,
		"AccountSuspendedException":          port.ErrUnavailable,
		"MailFromDomainNotVerifiedException": port.ErrUnavailable,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			proxy := awsfault.New(t, "http://127.0.0.1:1")
			proxy.Add(awsfault.Rule{Match: func(*http.Request) bool { return true }, Answer: awsfault.JSON(http.StatusBadRequest, code)})
			m, err := at(t, proxy.URL, "test", "test").Mailer("gas@example.org")
			require.NoError(t, err)
			require.ErrorIs(t, m.Send(t.Context(), letter("ada@example.org")), want)
		})
	}
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		m, err := at(t, "http://127.0.0.1:1", "test", "test").Mailer("gas@example.org")
		require.NoError(t, err)
		require.ErrorIs(t, m.Send(t.Context(), letter("ada@example.org")), port.ErrUnavailable)
	})
}

func TestAnAddressThatIsNoneIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	session := at(t, "http://127.0.0.1:1", "test", "test")
	m, err := session.Mailer("gas@example.org")
	require.NoError(t, err)
	for _, to := range []string{"", "ada", "ada@example.org\r\nBcc: eve@example.org", "ada@example.org, eve@example.org"} {
		require.ErrorIs(t, m.Send(t.Context(), letter(to)), port.ErrRefused, to)
	}
	_, err = session.Mailer("not an address")
	require.Error(t, err)
}
