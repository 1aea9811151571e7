package signin

import (
	"fmt"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Kind is what is known of a provider beforehand.
type Kind string

// The kinds. Any other issuer is OIDC.
const (
	OIDC   Kind = "oidc"
	Globus Kind = "globus"
	Google Kind = "google"
	ORCID  Kind = "orcid"
)

// label is what stands on the button.
func (k Kind) label(name string) string {
	switch {
	case k == Globus:
		name = "Globus"
	case k == Google:
		name = "Google"
	case k == ORCID:
		name = "ORCID"
	case name == string(OIDC):
		name = "your institution"
	}
	return "Sign in with " + name
}

// scopes is what a sign-in asks for. ORCID knows no other scope than openid, and refuses what it does not know.
func (k Kind) scopes() []string {
	if k == ORCID {
		return []string{oidc.ScopeOpenID}
	}
	return []string{oidc.ScopeOpenID, "profile", "email"}
}

// check returns an error for a kind that is not one of the four.
func (k Kind) check() error {
	switch k {
	case OIDC, Globus, Google, ORCID:
		return nil
	}
	return fmt.Errorf("kind %q is none of oidc, globus, google and orcid", k)
}
