package backend

import (
	"gas/config"
	"gas/pkg/port"
	"gas/pkg/signin"
)

// identityOf gives the providers of the settings. Where there are none, who vouches for people is the backend's own.
func identityOf(c config.Config, own port.Identity) (port.Identity, error) {
	var providers []signin.Provider
	for _, p := range c.AllProviders() {
		providers = append(providers, signin.Provider{Name: p.Name, Kind: signin.Kind(p.Kind), Issuer: p.Issuer, ClientID: p.ClientID, Secret: p.ClientSecret.Reveal(), TrustEmail: p.TrustEmail})
	}
	if len(providers) == 0 {
		return own, nil
	}
	return signin.New(signin.Options{BaseURL: c.URL(c.Addr), Providers: providers, Now: clock(c)})
}
