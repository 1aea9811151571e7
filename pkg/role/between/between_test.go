package between

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/local"
	"gas/pkg/port"
	"gas/pkg/role"
)

// open lets every call through.
type open struct{}

func (open) Call(_ context.Context, _ string, do func() error) error { return do() }
func (open) Stream(_ string, r io.ReadCloser) io.ReadCloser          { return r }

func TestWhatAnAdapterBringsBesideItsPortIsStillThere(t *testing.T) {
	ports, err := local.Open(t.Context(), local.Options{Data: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ports.Close()) })
	d := Wrap(role.Deps{
		Store: ports.Store, Records: ports.Records, Inputs: ports.Inputs, Results: ports.Results, Bus: ports.Bus, Queue: ports.Queue,
		Vault: ports.Vault, Mailer: ports.Mailer, Payments: ports.Payments,
	}, open{})
	require.Implements(t, (*port.DirectSender)(nil), d.Store)
	require.Implements(t, (*port.FormHandler)(nil), d.Inputs)
	require.Implements(t, (*port.Inbox)(nil), d.Mailer)
	require.Implements(t, (*port.LocalCheckout)(nil), d.Payments)
	for _, place := range []any{d.Store, d.Inputs, d.Results, d.Vault} {
		installed, ok := place.(port.Installed)
		require.True(t, ok, "%T", place)
		have, err := installed.Installation(t.Context())
		require.NoError(t, err)
		require.Equal(t, ports.Install, have)
	}
	require.Nil(t, Wrap(role.Deps{}, open{}).Payments, "what is not offered stays away")
}
