package roles

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gas/roles/web"
)

func TestTheStatusPageKnowsEveryRole(t *testing.T) {
	var names []string
	for _, r := range All() {
		names = append(names, r.Name)
	}
	require.ElementsMatch(t, names, web.KnownRoles())
}
