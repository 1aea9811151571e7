package cli

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"gas/roles"
)

func TestTheComposeFileRunsEveryRoleOnce(t *testing.T) {
	raw, err := os.ReadFile("../../docker-compose.yml")
	require.NoError(t, err)
	var file struct {
		Services map[string]struct {
			Command  []string
			ReadOnly bool     `yaml:"read_only"`
			CapDrop  []string `yaml:"cap_drop"`
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &file))
	names := []string{}
	for _, r := range roles.All() {
		names = append(names, r.Name)
		service, ok := file.Services[r.Name]
		require.True(t, ok, "no service runs the role %s", r.Name)
		require.Contains(t, service.Command, "--role="+r.Name)
		require.True(t, service.ReadOnly)
		require.Equal(t, []string{"ALL"}, service.CapDrop)
	}
	delete(file.Services, "web") // the list has it once the role is there
	for name := range file.Services {
		require.Contains(t, names, name, "a service without a role")
	}
}
