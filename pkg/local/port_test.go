package local_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gas/pkg/local"
	"gas/pkg/port"
	"gas/pkg/port/porttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPorts(t *testing.T) {
	porttest.All(t, func(t *testing.T) porttest.World {
		clock := porttest.NewClock()
		refuse, fail := false, false
		l, err := local.Open(t.Context(), local.Options{
			Data: t.TempDir(), Clock: clock.Now, WarmFor: 24 * time.Hour,
			VaultRefuses: func(_, tier string) bool { return refuse && tier == port.Expedited },
			VaultFails:   func(string) bool { return fail },
		})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		return porttest.World{
			Store: l.Store, Records: l.Records, Blobs: l.Inputs, Parts: l.Parts, Bus: l.Bus, Queue: l.Queue,
			Vault: l.Vault, Mailer: l.Mailer, Payments: l.Payments,
			Advance: clock.Advance, Refuse: func() { refuse = true }, Fail: func() { fail = true }, Expire: 24 * time.Hour,
		}
	})
}
