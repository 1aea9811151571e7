package peers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryPeerStarts(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *Peer{
		"MiniStack": MiniStack, "Moto": Moto, "Versity": Versity, "LocalStack": LocalStack, "StripeMock": StripeMock,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, start(t).Addr)
		})
	}
}
