// Package openid is an OpenID provider for tests that can lie in every way: each answer passes through a mutation before it is signed and sent.
package openid

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // for RS512
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Client is what the provider knows of us.
const (
	ClientID     = "gas"
	ClientSecret = "a secret of the client"
	Subject      = "subject-1"
)

// Answer is all that a sign-in gets from the provider. A mutation changes it.
type Answer struct {
	Query    url.Values     // of the redirect back
	Header   map[string]any // of the ID token
	Claims   map[string]any // of the ID token
	Token    map[string]any // the token endpoint's answer; id_token is added unless it is there
	UserInfo map[string]any
	Sign     func(p *Provider, algorithm string, text []byte) []byte
}

// Provider is a running one.
type Provider struct {
	URL       string
	Mutate    func(*Answer)                 // nil = it tells the truth
	Discovery func(document map[string]any) // changes the discovery document
	Signs     string                        // RS256 where it is empty
	Key       *rsa.PrivateKey               // of its key set
	Other     *rsa.PrivateKey               // of nobody's
	Requests  func(r *http.Request)         // sees every request
	mu        sync.Mutex
	codes     map[string]grant
}

// grant is what a code stands for.
type grant struct {
	redirect, challenge, nonce string
}

// keys are those of every provider of the process: making them takes longer than most tests.
var keys = sync.OnceValues(func() ([2]*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	other, errOther := rsa.GenerateKey(rand.Reader, 2048)
	return [2]*rsa.PrivateKey{key, other}, errors.Join(err, errOther)
})

// Start runs a provider until the test ends.
func Start(t *testing.T) *Provider {
	t.Helper()
	pair, err := keys()
	require.NoError(t, err)
	p := &Provider{Key: pair[0], Other: pair[1], codes: map[string]grant{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.document)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Requests != nil {
			p.Requests(r)
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

func (p *Provider) algorithm() string {
	if p.Signs != "" {
		return p.Signs
	}
	return "RS256"
}

func (p *Provider) document(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"userinfo_endpoint": p.URL + "/userinfo", "end_session_endpoint": p.URL + "/end", "authorization_response_iss_parameter_supported": true,
		"id_token_signing_alg_values_supported": []string{p.algorithm(), "HS256", "none"}, "subject_types_supported": []string{"public"},
		"response_types_supported": []string{"code"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	}
	if p.Discovery != nil {
		p.Discovery(document)
	}
	write(w, http.StatusOK, document)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "kid": "k1", "alg": p.algorithm(),
		"n": encode(p.Key.N.Bytes()), "e": encode(big.NewInt(int64(p.Key.E)).Bytes()),
	}}})
}

// authorize signs everybody in at once.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" {
		http.Error(w, "not a request of ours", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = grant{redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), nonce: q.Get("nonce")}
	p.mu.Unlock()
	a := p.answer(q.Get("nonce"))
	a.Query = url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}
	if p.Mutate != nil {
		p.Mutate(a)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+a.Query.Encode(), http.StatusFound)
}

// answer is the truth.
func (p *Provider) answer(nonce string) *Answer {
	now := time.Now()
	return &Answer{
		Query:  url.Values{},
		Header: map[string]any{"alg": p.algorithm(), "kid": "k1", "typ": "JWT"},
		Claims: map[string]any{
			"iss": p.URL, "sub": Subject, "aud": ClientID, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nonce": nonce,
			"name": "Ada Lovelace", "email": "ada@example.org", "email_verified": true, "organization": "Analytical Engines",
		},
		Token:    map[string]any{"access_token": "an access token", "token_type": "Bearer", "expires_in": 3600},
		UserInfo: map[string]any{"sub": Subject},
		Sign:     (*Provider).Signature,
	}
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	code := r.FormValue("code")
	given, ok := p.codes[code]
	delete(p.codes, code)
	p.mu.Unlock()
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || given.redirect != r.FormValue("redirect_uri") || given.challenge != encode(challenge[:]) || !authentic(r) {
		write(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	a := p.answer(given.nonce)
	if p.Mutate != nil {
		p.Mutate(a)
	}
	if _, there := a.Token["id_token"]; !there {
		a.Token["id_token"] = p.sign(a)
	}
	write(w, http.StatusOK, a.Token)
}

func authentic(r *http.Request) bool {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	} else {
		secret, _ = url.QueryUnescape(secret)
	}
	return id == ClientID && secret == ClientSecret
}

func (p *Provider) userInfo(w http.ResponseWriter, _ *http.Request) {
	a := p.answer("")
	if p.Mutate != nil {
		p.Mutate(a)
	}
	write(w, http.StatusOK, a.UserInfo)
}

// sign makes a compact JWT of header and claims.
func (p *Provider) sign(a *Answer) string {
	header, _ := json.Marshal(a.Header)
	claims, _ := json.Marshal(a.Claims)
	text := encode(header) + "." + encode(claims)
	algorithm, _ := a.Header["alg"].(string)
	return text + "." + encode(a.Sign(p, algorithm, []byte(text)))
}

// Signature signs as the algorithm says: with the provider's key, for HS256 with its public key as the secret, for none with nothing.
func (p *Provider) Signature(algorithm string, text []byte) []byte {
	return p.SignedBy(p.Key, algorithm, text)
}

// SignedBy signs with a key.
func (p *Provider) SignedBy(key *rsa.PrivateKey, algorithm string, text []byte) []byte {
	hash := crypto.SHA256
	switch algorithm {
	case "HS256":
		der, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
		mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		mac.Write(text)
		return mac.Sum(nil)
	case "none":
		return nil
	case "RS512":
		hash = crypto.SHA512
	}
	sum := hash.New()
	sum.Write(text)
	signature, _ := rsa.SignPKCS1v15(rand.Reader, key, hash, sum.Sum(nil))
	return signature
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
