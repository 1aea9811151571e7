package backend

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gas/config"
)

func TestTheSettingsNameWhoVouchesForPeople(t *testing.T) {
	none, err := identityOf(config.Config{}, nil)
	require.NoError(t, err)
	require.Nil(t, none, "without providers the backend's own stays")

	both, err := identityOf(config.Config{
		BaseURL: "https://gas.example.org", OIDCIssuer: "https://op.example.org", OIDCClientID: "gas",
		Providers: []config.Provider{{Name: "globus", Kind: "globus", ClientID: "gas"}},
	}, nil)
	require.NoError(t, err)
	var names []string
	for _, p := range both.Providers() {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{"oidc", "globus"}, names)
}
