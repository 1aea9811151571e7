package signin_test

import (
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/test/peers/openid"
)

// claim sets one claim of the ID token.
func claim(name string, value any) func(*openid.Answer) {
	return func(a *openid.Answer) { a.Claims[name] = value }
}

// without drops one claim.
func without(name string) func(*openid.Answer) {
	return func(a *openid.Answer) { delete(a.Claims, name) }
}

// query sets one parameter of the redirect back.
func query(name, value string) func(*openid.Answer) {
	return func(a *openid.Answer) { a.Query.Set(name, value) }
}

// algorithm signs by another one.
func algorithm(name string) func(*openid.Answer) {
	return func(a *openid.Answer) { a.Header["alg"] = name }
}

// by signs with a key that is not the provider's.
func by(key func(*openid.Provider) *rsa.PrivateKey) func(*openid.Answer) {
	return func(a *openid.Answer) {
		a.Sign = func(p *openid.Provider, algorithm string, text []byte) []byte {
			return p.SignedBy(key(p), algorithm, text)
		}
	}
}

func TestALyingProviderSignsNobodyIn(t *testing.T) {
	other := func(p *openid.Provider) *rsa.PrivateKey { return p.Other }
	mutants := map[string]func(*openid.Answer){
		"another issuer":                          claim("iss", "https://evil.example"),
		"the issuer with a slash":                 func(a *openid.Answer) { a.Claims["iss"] = a.Claims["iss"].(string) + "/" },
		"no issuer":                               without("iss"),
		"another audience":                        claim("aud", "somebody else"),
		"no audience":                             without("aud"),
		"an empty list of audiences":              claim("aud", []string{}),
		"two audiences without azp":               claim("aud", []string{openid.ClientID, "somebody else"}),
		"another azp":                             claim("azp", "somebody else"),
		"an empty azp":                            claim("azp", ""),
		"another nonce":                           claim("nonce", "another"),
		"no nonce":                                without("nonce"),
		"expired":                                 claim("exp", time.Now().Add(-time.Minute).Unix()),
		"no exp":                                  without("exp"),
		"an exp that is no number":                claim("exp", "tomorrow"),
		"issued tomorrow":                         claim("iat", time.Now().Add(24*time.Hour).Unix()),
		"valid from tomorrow":                     claim("nbf", time.Now().Add(24*time.Hour).Unix()),
		"an empty subject":                        claim("sub", ""),
		"no subject":                              without("sub"),
		"a subject of 256 characters":             claim("sub", strings.Repeat("s", 256)),
		"a subject that is a number":              claim("sub", 7),
		"a hash of another access token":          claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"alg none":                                algorithm("none"),
		"alg None":                                algorithm("None"),
		"HS256 with the public key":               algorithm("HS256"),
		"an algorithm nobody agreed on":           algorithm("RS384"),
		"no algorithm":                            func(a *openid.Answer) { delete(a.Header, "alg") },
		"signed by another key":                   by(other),
		"signed by another key under another kid": func(a *openid.Answer) { a.Header["kid"] = "k2"; by(other)(a) },
		"signed by another key that the header brings": func(a *openid.Answer) { a.Header["jku"] = "https://evil.example/keys"; by(other)(a) },
		"no signature": func(a *openid.Answer) { a.Sign = func(*openid.Provider, string, []byte) []byte { return nil } },
		"signature of other claims": func(a *openid.Answer) {
			a.Sign = func(p *openid.Provider, g string, _ []byte) []byte { return p.Signature(g, []byte("x")) }
		},
		"no ID token":                  func(a *openid.Answer) { a.Token["id_token"] = "" },
		"an ID token that is no token": func(a *openid.Answer) { a.Token["id_token"] = "a.b" },
		"an ID token that is a number": func(a *openid.Answer) { a.Token["id_token"] = 7 },
		"another state":                query("state", "another"),
		"no state":                     query("state", ""),
		"no code":                      query("code", ""),
		"a made-up code":               query("code", "made up"),
		"an error beside the code":     query("error", "access_denied"),
		"the answer of another issuer": query("iss", "https://evil.example"),
		"no issuer in the answer, which was promised": func(a *openid.Answer) { a.Query.Del("iss") },
		"userinfo about somebody else":                func(a *openid.Answer) { delete(a.Claims, "name"); a.UserInfo["sub"] = "somebody else" },
	}
	require.GreaterOrEqual(t, len(mutants), 20)
	for name, mutate := range mutants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := openid.Start(t)
			p.Mutate = mutate
			claims, hint, err := signIn(t, newIdentity(t, p), "p0")
			require.ErrorIs(t, err, port.ErrForged)
			require.Zero(t, claims)
			require.Empty(t, hint)
		})
	}
}

func TestAnAnswerIsGoodOnceAndForItsSignInAlone(t *testing.T) {
	p, q := openid.Start(t), openid.Start(t)
	identity := newIdentity(t, p, q)
	begin := func(name string) (port.Login, map[string]string) {
		login, to, err := identity.Begin(t.Context(), name, "/")
		require.NoError(t, err)
		_, answer := visit(t, to)
		return login, answer
	}
	refused := func(login port.Login, answer map[string]string) {
		t.Helper()
		_, _, err := identity.Finish(t.Context(), login, answer)
		require.ErrorIs(t, err, port.ErrForged)
	}
	t.Run("a code that was used", func(t *testing.T) {
		login, answer := begin("p0")
		_, _, err := identity.Finish(t.Context(), login, answer)
		require.NoError(t, err)
		refused(login, answer)
	})
	t.Run("the code of another sign-in under the state of this", func(t *testing.T) {
		_, stolen := begin("p0")
		login, answer := begin("p0")
		answer["code"] = stolen["code"]
		refused(login, answer)
	})
	t.Run("the whole answer of another sign-in", func(t *testing.T) {
		_, stolen := begin("p0")
		login, _ := begin("p0")
		refused(login, stolen)
	})
	t.Run("a verifier and a redirect in the query count for nothing", func(t *testing.T) {
		login, answer := begin("p0")
		_, other := begin("p0")
		answer["code"], answer["code_verifier"], answer["redirect_uri"] = other["code"], login.Verifier, "https://evil.example/"
		refused(login, answer)
	})
	t.Run("mix-up: the code of one issuer sent to another", func(t *testing.T) {
		_, honest := begin("p0")
		login, answer := begin("p1")
		answer["code"] = honest["code"]
		refused(login, answer)
	})
	t.Run("mix-up: the answer of one issuer at the sign-in of another", func(t *testing.T) {
		_, honest := begin("p0")
		login, _ := begin("p1")
		honest["state"] = login.State
		refused(login, honest)
	})
	t.Run("a sign-in whose provider was swapped", func(t *testing.T) {
		login, answer := begin("p0")
		login.Provider = "p1"
		refused(login, answer)
	})
	t.Run("a verifier that was lost", func(t *testing.T) {
		login, answer := begin("p0")
		login.Verifier = ""
		refused(login, answer)
	})
	t.Run("a login without a state", func(t *testing.T) {
		login, answer := begin("p0")
		login.State, answer["state"] = "", ""
		refused(login, answer)
	})
}

func TestADiscoveryDocumentMayNotLie(t *testing.T) {
	for name, lie := range map[string]func(map[string]any){
		"about its issuer":                     func(d map[string]any) { d["issuer"] = "https://evil.example" },
		"with a token endpoint in our network": func(d map[string]any) { d["token_endpoint"] = "http://169.254.169.254/latest" },
		"with keys on this machine":            func(d map[string]any) { d["jwks_uri"] = "http://127.0.0.1:9/keys" },
		"with keys in a file":                  func(d map[string]any) { d["jwks_uri"] = "file:///etc/passwd" },
	} {
		t.Run(name, func(t *testing.T) {
			p := openid.Start(t)
			p.Discovery = lie
			identity := newIdentity(t, p)
			login, to, err := identity.Begin(t.Context(), "p0", "/")
			if err != nil {
				return
			}
			_, query := visit(t, to)
			_, _, err = identity.Finish(t.Context(), login, query)
			require.Error(t, err)
		})
	}
}
