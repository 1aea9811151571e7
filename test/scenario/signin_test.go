package scenario

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/http/cookiejar"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/user"
	"gas/test/peers"
	"gas/test/peers/openid"
	"gas/test/peers/postoffice"

	"gas/test/program"
)

// wordsOf is a letter's headers and, with the transfer encodings undone, its words.
func wordsOf(t *testing.T, letter string) (mail.Header, string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(letter))
	require.NoError(t, err)
	raw, err := io.ReadAll(m.Body)
	require.NoError(t, err)
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(raw)))
	require.NoError(t, err)
	for _, line := range strings.Fields(string(raw)) { // base64, where the words are not plain
		if plain, err := base64.StdEncoding.DecodeString(line); err == nil && len(plain) > 40 {
			text = append(text, plain...)
		}
	}
	return m.Header, string(text)
}

// The whole way of a person whom a provider vouches for but whose address it does not: sign in, confirm the address by a mail, get mail about a job.
func TestAPersonOfAProviderConfirmsAnAddressAndGetsMail(t *testing.T) {
	t.Parallel()
	office, provider := postoffice.Start(t), openid.Start(t)
	provider.Signs = "RS512"
	provider.Mutate = func(a *openid.Answer) { a.Claims["email_verified"] = false }
	addr := peers.FreeAddr(t)
	id := user.ID(provider.URL, openid.Subject)
	w := program.New(t, "GAS_OIDC_ISSUER="+provider.URL, "GAS_OIDC_CLIENT_ID="+openid.ClientID, "GAS_OIDC_CLIENT_SECRET="+openid.ClientSecret,
		"GAS_SMTP_URL="+office.URL, "GAS_BASE_URL=http://"+addr, "GAS_ADMINS="+id)
	s := w.Serve("--addr=" + addr)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	read := func(response *http.Response, err error) (string, string) {
		t.Helper()
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode, string(text))
		return response.Request.URL.String(), string(text)
	}
	at, _ := read(browser.Get(s.URL + "/usage"))
	require.Equal(t, s.URL+"/login?next=%2Fusage", at)
	at, _ = read(browser.PostForm(s.URL+"/login/oidc", url.Values{"next": {"/usage"}}))
	require.Equal(t, s.URL+"/usage", at, "back where it was asked for")
	_, page := read(browser.Get(s.URL + "/profile"))
	require.Contains(t, page, "Ada Lovelace")
	require.Contains(t, page, "Analytical Engines")
	require.Contains(t, page, "Nobody has confirmed ada@example.org yet")
	_, page = read(browser.Get(s.URL + "/admin"))
	require.Contains(t, page, "Audit log", "an administrator is whom the settings name")

	read(browser.PostForm(s.URL+"/profile/confirm", nil))
	require.Equal(t, []string{"ada@example.org"}, office.To())
	header, words := wordsOf(t, office.Mails()[0])
	require.Equal(t, "Confirm your address", header.Get("Subject"))
	link := regexp.MustCompile(`http://` + regexp.QuoteMeta(addr) + `/confirm\?t=([a-z2-7]+)`).FindStringSubmatch(words)
	require.NotNil(t, link, words)
	_, page = read(browser.Get(link[0]))
	require.Contains(t, page, "Confirm your address")
	read(browser.PostForm(s.URL+"/confirm", url.Values{"t": {link[1]}}))

	token := strings.TrimSpace(w.Must("token", "create", "--user", id))
	_, r := s.Submit(token, w.Write("x.vcf", program.Mitochondrial(t, 20)))
	require.Zero(t, r.Code, r.Err)
	require.Eventually(t, func() bool { return len(office.Mails()) == 2 }, program.Patience, 20e6)
	header, words = wordsOf(t, office.Mails()[1])
	require.Equal(t, "Your annotation is ready", header.Get("Subject"))
	require.Contains(t, words, s.URL+"/annotations/")
	require.Equal(t, []string{"ada@example.org", "ada@example.org"}, office.To())
}
