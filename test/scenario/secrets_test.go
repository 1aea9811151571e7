package scenario

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/local"
	"gas/pkg/port"
	"gas/pkg/user"
	"gas/test/peers"

	"gas/test/program"
)

// canaries are secrets that are found again wherever they turn up, by the name of what they are.
type canaries map[string]string

func (c canaries) of(name string) string {
	c[name] = fmt.Sprintf("canary%02dq7f3k9w2z8x4v6b1n5m0c%s", len(c), strings.NewReplacer("_", "", " ", "", "'", "").Replace(name))
	return c[name]
}

// sings fails when a text holds a canary.
func (c canaries) sings(t *testing.T, where, text string) {
	t.Helper()
	for name, value := range c {
		if at := strings.Index(text, value); at >= 0 {
			t.Errorf("%s holds %s: …%s…", where, name, text[max(0, at-200):min(len(text), at+len(value)+50)])
		}
	}
}

// secretKeys are the settings that are secrets, read from the type: a new one is in this test at once.
func secretKeys() (keys []string) {
	secret := reflect.TypeFor[config.Secret]()
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		if field.Type == secret {
			keys = append(keys, field.Tag.Get("koanf"))
		}
	}
	return keys
}

// gossip is an OpenID provider, and a payment provider, that says back whatever it is told.
func gossip(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	provider := httptest.NewServer(mux)
	t.Cleanup(provider.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": provider.URL, "authorization_endpoint": provider.URL + "/authorize", "token_endpoint": provider.URL + "/token", "jwks_uri": provider.URL + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": fmt.Sprintf("%s %s %s", name, password, body)})
	})
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) { // a payment provider likewise
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"type": "invalid_request_error", "message": "Invalid API Key provided: " + r.Header.Get("Authorization")}})
	})
	return provider
}

// rudeMailServer takes connections and ends them.
func rudeMailServer(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "554 go away\r\n")
			c.Close()
		}
	}()
	return listener.Addr().String()
}

// T22: a secret is in no log, page, error, backup or print of the settings, whatever is asked and whatever fails.
func TestT22NoSecretTurnsUpAnywhere(t *testing.T) {
	t.Parallel()
	sung := canaries{}
	provider := gossip(t)
	env := []string{
		"GAS_LOG_LEVEL=debug", "GAS_OIDC_ISSUER=" + provider.URL, "GAS_OIDC_CLIENT_ID=gas", "GAS_STRIPE_PRICE_ID=price_1", "GAS_LIMIT_LOGIN=0",
		"GAS_TEST=1", "GAS_STRIPE_URL=" + provider.URL,
		"GAS_ADMINS=" + user.ID(user.Local, "ada"),
	}
	for _, key := range secretKeys() {
		value := sung.of(key)
		switch key {
		case "smtp_url":
			value = "smtp://robot:" + value + "@" + rudeMailServer(t)
		case "stripe_secret_key":
			value = "sk_test_" + value
		case "stripe_webhook_secret":
			value = "whsec_" + value
		}
		env = append(env, "GAS_"+strings.ToUpper(key)+"="+value)
	}
	require.Greater(t, len(sung), 4)
	w := program.New(t, env...)
	file := w.Write("gas.yaml", []byte("providers:\n  - {name: other, kind: oidc, issuer: "+provider.URL+"/other, client_id: gas, client_secret: "+sung.of("client_secret")+"}\n"))
	w = w.With("GAS_CONFIG=" + file)

	for _, command := range []string{
		"config view", "config view --origin", "config view -o json", "config view -o yaml", "config view -o tsv", "config view -o jsonl", "config example", "doctor", "doctor -o json", "routes", "version", "flow",
	} {
		r := w.Gas(strings.Fields(command)...)
		sung.sings(t, "gas "+command, r.Out+r.Err)
	}
	for _, broken := range []string{"GAS_STRIPE_PRICE_ID=", "GAS_OIDC_CLIENT_ID=", "GAS_ADDR=nonsense", "GAS_SESSION_SECRET=" + sung.of("short")[:8]} {
		r := w.With(broken).Gas("serve", "--addr=127.0.0.1:0", "--role=none")
		require.NotZero(t, r.Code)
		sung.sings(t, "an error at the start", r.Out+r.Err)
	}

	w.Must("user", "add", "ada", "--plan=premium_user", "--email=ada@example.org")
	verifyMail(t, w, "ada")
	addr := peers.FreeAddr(t) // a provider has to know where people come back to
	s := w.Serve("--addr="+addr, "--base-url=http://"+addr)
	token := w.Token("ada", "premium_user")
	sung["token"] = strings.Split(token, "_")[2]
	ada := s.Browser("ada")
	for _, cookie := range cookiesOf(t, s, ada) {
		sung["cookie"] = cookie.Value
	}
	j, r := s.Submit(token, w.Write("x.vcf", program.Mitochondrial(t, 20)))
	require.Zero(t, r.Code, r.Err)
	sung.tellAround(t, w, s, ada, j.ID)
	sung.signInAtGossip(t, s)
	require.Eventually(t, func() bool { return strings.Contains(s.Log.String(), "go away") }, program.Patience, 50*time.Millisecond, "the mail server's refusal is logged")

	s.Stop()
	sung.sings(t, "the log", s.Log.String())
	backup := filepath.Join(w.Home, "backup")
	w.Must("backup", backup)
	sung.sings(t, "gas fsck", w.Gas("fsck", "--json").Out)
	require.Greater(t, searched(t, sung, w.Data), 10)
	require.Greater(t, searched(t, sung, backup), 3)
}

// verifyMail does what a provider does that vouches for an address.
func verifyMail(t *testing.T, w *program.World, name string) {
	ports, err := local.Open(t.Context(), local.Options{Data: w.Data})
	require.NoError(t, err)
	_, err = ports.Store.UpdateUser(t.Context(), user.ID(user.Local, name), func(c *port.Change) error {
		c.User.EmailVerified = true
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, ports.Close())
}

func cookiesOf(t *testing.T, s *program.Server, g *program.Guest) []*http.Cookie {
	base, err := url.Parse(s.URL)
	require.NoError(t, err)
	all := g.Client.Jar.Cookies(base)
	require.NotEmpty(t, all)
	return all
}

// tellAround asks for every page and provokes errors.
func (c canaries) tellAround(t *testing.T, w *program.World, s *program.Server, ada *program.Guest, id string) {
	var routes []listedRoute
	require.NoError(t, json.Unmarshal([]byte(w.Must("routes", "--json")), &routes))
	for _, r := range routes {
		path := strings.NewReplacer(":id", id, ":job", id, ":user", user.ID(user.Local, "ada"), ":provider", "oidc", ":page", "api", ":file", "gas.css", ":kind", "result", ":token", "x", ":session", "x", ":key", "1", ":n", "1").Replace(r.Path)
		for _, g := range []*program.Guest{ada, s.Visitor()} {
			if r.Method == http.MethodGet {
				c.sings(t, r.String(), g.Get(path).Body)
			}
		}
	}
	for _, a := range []program.Answer{
		ada.Get("/nowhere"), ada.Get("/api/v1/jobs/nothing"), ada.Post("/profile/delete", url.Values{"confirm": {"no"}}), s.Program("gas_aaaaaaaa_" + c.of("wrong_token")).Get("/api/v1/me"),
		s.Visitor().Get("/login/once?t=" + c.of("link")), s.Visitor().Post("/login/once", url.Values{"t": {c["link"]}}), s.Visitor().Get("/annotations?token=" + c.of("query")),
		s.Visitor().Do(http.MethodPost, "/webhooks/stripe", strings.NewReader(`{"id":"evt_1"}`), "Stripe-Signature", "t=1,v1="+c.of("signature")),
	} {
		if a.Status != http.StatusSeeOther && a.Status != http.StatusOK { // the page of a link and the way back after the sign-in hold what was asked
			c.sings(t, "an error page", a.Body)
		}
	}
}

// signInAtGossip signs in at a provider that says the client's secret and the code back in its error.
func (c canaries) signInAtGossip(t *testing.T, s *program.Server) {
	g := s.Visitor()
	a := g.Post("/login/oidc", url.Values{"next": {"/"}})
	require.Equal(t, http.StatusSeeOther, a.Status, a.Body)
	to, err := url.Parse(a.Header.Get("Location"))
	require.NoError(t, err)
	a = g.Get("/auth/callback?code=" + c.of("code") + "&state=" + to.Query().Get("state"))
	require.NotEqual(t, http.StatusSeeOther, a.Status)
	c.sings(t, "the error of a sign-in", a.Body)
}

// searched looks into every file of a folder and returns how many there are.
func searched(t *testing.T, c canaries, dir string) (files int) {
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files++
		c.sings(t, path, string(text))
		return err
	}))
	return files
}
