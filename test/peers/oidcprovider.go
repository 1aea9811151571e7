package peers

import (
	"crypto/rand"
	"crypto/rsa"
	_ "embed"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

//go:embed oidcprovider.mjs
var oidcProviderScript string

// OpenID is what an OpenID provider is told.
type OpenID struct {
	Issuer    string                    `json:"issuer"`    // http://127.0.0.1:PORT
	Algorithm string                    `json:"algorithm"` // RS256 or RS512: what ID tokens are signed with
	InToken   bool                      `json:"inToken"`   // the ID token has all claims; else userinfo has those of a person
	Callback  string                    `json:"callback"`  // where it sends the browser after a sign-in
	Back      string                    `json:"back"`      // and after a sign-out
	Client    string                    `json:"client"`
	Secret    string                    `json:"secret"`
	Accounts  map[string]map[string]any `json:"accounts"` // claims by subject; the account page has a button with the subject as its id
}

// OIDCProvider starts npm's oidc-provider, a certified OpenID provider, with pages of our own: a button for each account, then the buttons agree and
// deny, and at the sign-out the button yes.
func OIDCProvider(t testing.TB, settings OpenID) *Peer {
	t.Helper()
	module := Installed(t, "oidc-provider", "node_modules", "oidc-provider", "lib", "index.js")
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("find node: %v", err)
	}
	at, err := url.Parse(settings.Issuer)
	if err != nil {
		t.Fatalf("read issuer: %v", err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048) // not by node, which now and then stands still for ever when it exports one
	if err != nil {
		t.Fatalf("make a key: %v", err)
	}
	text, err := json.Marshal(struct {
		OpenID
		Module string          `json:"module"`
		Key    jose.JSONWebKey `json:"key"`
	}{settings, (&url.URL{Scheme: "file", Path: module}).String(), jose.JSONWebKey{Key: key, KeyID: "test", Use: "sig", Algorithm: settings.Algorithm}})
	if err != nil {
		t.Fatalf("write settings: %v", err)
	}
	command := exec.Command(node, "--input-type=module", "-e", oidcProviderScript)
	command.Env = append(os.Environ(), "OP="+string(text))
	return start(t, "oidc-provider", at.Host, command, "/.well-known/openid-configuration", 200)
}
