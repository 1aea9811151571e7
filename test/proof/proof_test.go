package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// The short form of make proof: ten ends of processes each, as one process and as six.
func TestTenEndsOfProcessesLoseNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	bin, err := program.Binary()
	require.NoError(t, err)
	for name, six := range map[string]bool{"one process": false, "six processes": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := prove(t.Context(), options{bin: bin, dir: t.TempDir(), cycles: 10, jobs: 40, largest: 100_000, six: six, seed: 1})
			var told strings.Builder
			if p != nil {
				p.print(&told)
			}
			require.NoError(t, err, "%s", told.String())
			t.Log(told.String())
			require.Zero(t, p.report.Lost+p.report.Different+p.report.Stuck+p.report.Orphans)
			require.Positive(t, sum(p.hits))
		})
	}
}
