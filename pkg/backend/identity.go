package backend

import (
	"gas/config"
	"gas/pkg/port"
	"gas/pkg/signin"
)

// identityOf gives the providers of the settings. Where there are none, who vouches for people is the backend's own.
func identityOf(c config.Config, own port.Identity) (port.Identity, error) {
	var providers []signin.Provider
	if c.OIDCIssuer != "" {
		providers = append(providers, signin.Provider{Name: "oidc", Kind: signin.OIDC, Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, Secret: c.OIDCClientSecret.Reveal()})
	}
	for _, p := range c.Providers {
		if p.Name == "oidc" && c.OIDCIssuer != "" {
			continue // the three settings are this very one
		}
		providers = append(providers, signin.Provider{Name: p.Name, Kind: signin.Kind(p.Kind), Issuer: p.Issuer, ClientID: p.ClientID, Secret: p.ClientSecret.Reveal(), TrustEmail: p.TrustEmail})
	}
	if len(providers) == 0 {
		return own, nil
	}
	base := c.BaseURL
	if base == "" {
		base = "http://" + c.Addr
	}
	return signin.New(signin.Options{BaseURL: base, Providers: providers, Now: clock(c)})
}
