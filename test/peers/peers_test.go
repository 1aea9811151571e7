package peers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryPeerStarts(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *Peer{
		"MiniStack": MiniStack, "Moto": Moto, "Versity": Versity, "LocalStack": LocalStack, "StripeMock": StripeMock,
		"OIDCProvider": func(t testing.TB) *Peer {
			return OIDCProvider(t, OpenID{Issuer: "http://" + FreeAddr(t), Algorithm: "RS512", Callback: "http://127.0.0.1/cb", Back: "http://127.0.0.1/", Client: "x", Secret: "y"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, start(t).Addr)
		})
	}
}
