package signin

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"gas/pkg/port"
)

// maxClaim bounds a name, an address or an institution, in bytes.
const maxClaim = 200

// profile is what of a person's claims is kept. Globus Auth gives the institution as organization.
type profile struct {
	Name         string   `json:"name"`
	GivenName    string   `json:"given_name"`
	FamilyName   string   `json:"family_name"`
	Email        string   `json:"email"`
	Verified     *boolish `json:"email_verified"`
	Organization string   `json:"organization"`
}

// boolish is a truth value that some providers write as a text.
type boolish bool

// UnmarshalJSON takes true and "true"; everything else is false.
func (b *boolish) UnmarshalJSON(raw []byte) error {
	*b = string(raw) == "true" || string(raw) == `"true"`
	return nil
}

// person reads the claims of a verified ID token, and where name or address are not in it those of the userinfo endpoint.
func (p *provider) person(a *attempt) (goth.User, error) {
	var claims map[string]any
	if err := a.id.Claims(&claims); err != nil {
		return goth.User{}, fmt.Errorf("read claims: %w", err)
	}
	if claims["name"] == nil || claims["email"] == nil {
		if err := p.addUserInfo(a, claims); err != nil {
			return goth.User{}, err
		}
	}
	name, _ := claims["name"].(string)
	email, _ := claims["email"].(string)
	return goth.User{RawData: claims, Provider: p.Provider.Name, UserID: a.id.Subject, Name: name, Email: email, IDToken: a.raw, ExpiresAt: a.id.Expiry}, nil
}

// addUserInfo fills claims that the ID token lacks. An answer about another subject is forged (OpenID Connect Core, section 5.3.2).
func (p *provider) addUserInfo(a *attempt, claims map[string]any) error {
	found, err := p.discover()
	if err != nil || found.document.UserInfoEndpoint() == "" {
		return err
	}
	info, err := found.document.UserInfo(p.context(), oauth2.StaticTokenSource(a.token))
	if err != nil {
		return fmt.Errorf("read userinfo: %w: %w", port.ErrUnavailable, err)
	}
	if info.Subject != a.id.Subject {
		return fmt.Errorf("read userinfo: %w: it is about somebody else", port.ErrForged)
	}
	var more map[string]any
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("read userinfo: %w: %w", port.ErrForged, err)
	}
	for name, value := range more {
		if _, there := claims[name]; !there {
			claims[name] = value
		}
	}
	return nil
}

// claimsOf makes our claims of a person. Claims of a wrong type count as missing.
func claimsOf(p *provider, person goth.User) port.Claims {
	var is profile
	for name, value := range person.RawData {
		if raw, err := json.Marshal(map[string]any{name: value}); err == nil {
			_ = json.Unmarshal(raw, &is)
		}
	}
	name := is.Name
	if name == "" {
		name = is.GivenName + " " + is.FamilyName
	}
	verified := p.TrustEmail
	if is.Verified != nil {
		verified = bool(*is.Verified)
	}
	email := cleaned(is.Email)
	return port.Claims{
		Issuer: p.Issuer, Subject: person.UserID, Name: cleaned(name), Email: email,
		EmailVerified: verified && addressed(email), Institution: cleaned(is.Organization),
	}
}

// cleaned is one line of text without control characters and characters that turn its direction, at most maxClaim bytes.
func cleaned(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if len(text) > maxClaim {
		text = strings.ToValidUTF8(text[:maxClaim], "")
	}
	return strings.TrimSpace(text)
}

// addressed tells whether a text looks like one address, and nothing but one.
func addressed(email string) bool {
	user, host, ok := strings.Cut(email, "@")
	return ok && user != "" && host != "" && !strings.ContainsAny(email, " ,;<>\"()") && !strings.Contains(host, "@")
}
