package signin

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// algorithms are the signatures that an ID token may have: RS256, which every provider must offer, and RS512, which Globus Auth uses. None of them is
// symmetric, so that the public key can't pass for a secret.
var algorithms = []string{oidc.RS256, oidc.RS512}

const (
	maxSubject = 255             // OpenID Connect Core, section 2: sub
	maxAhead   = 5 * time.Minute // how far the provider's clock may be ahead of ours
)

// verify checks an ID token after OpenID Connect Core, section 3.1.3.7. go-oidc checks signature, iss, aud and exp; the rest is here.
func (p *provider) verify(found *discovered, a *attempt) (*oidc.IDToken, error) {
	if a.raw == "" {
		return nil, errors.New("the answer has no ID token")
	}
	token, err := found.verifier.Verify(p.context(), a.raw)
	if err != nil {
		return nil, err
	}
	if token.Subject == "" || len(token.Subject) > maxSubject {
		return nil, errors.New("the subject is empty or too long")
	}
	if subtle.ConstantTimeCompare([]byte(a.Nonce), []byte(token.Nonce)) != 1 || a.Nonce == "" {
		return nil, errors.New("the nonce is another one")
	}
	if token.IssuedAt.After(p.now().Add(maxAhead)) {
		return nil, errors.New("it was issued in the future")
	}
	if err := p.checkParty(token); err != nil {
		return nil, err
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(a.token.AccessToken); err != nil {
			return nil, err
		}
	}
	return token, nil
}

// checkParty makes sure that the token was made for us: azp is ours where it is there, and it is there where the audience has others.
func (p *provider) checkParty(token *oidc.IDToken) error {
	var party struct {
		AZP *string `json:"azp"`
	}
	if err := token.Claims(&party); err != nil {
		return fmt.Errorf("read azp: %w", err)
	}
	if party.AZP == nil && len(token.Audience) == 1 {
		return nil
	}
	if party.AZP == nil || *party.AZP != p.ClientID {
		return errors.New("it was made for another client")
	}
	return nil
}
