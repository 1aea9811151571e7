package memory_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"gas/pkg/memory"
	"gas/pkg/port"
	"gas/pkg/port/porttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPorts(t *testing.T) {
	porttest.All(t, func(t *testing.T) porttest.World {
		clock := porttest.NewClock()
		refuse, fail := false, false
		w := memory.New(memory.Options{
			Clock: clock.Now, WarmFor: 24 * time.Hour,
			VaultRefuses: func(_, tier string) bool { return refuse && tier == port.Expedited },
			VaultFails:   func(string) bool { return fail },
		})
		return porttest.World{
			Store: w.Store, Records: w.Records, Blobs: w.Inputs, Parts: w.Parts, Bus: w.Bus, Queue: w.Queue,
			Vault: w.Vault, Mailer: w.Mailer, Payments: w.Payments,
			Advance: clock.Advance, Refuse: func() { refuse = true }, Fail: func() { fail = true }, Expire: 24 * time.Hour,
		}
	})
}
