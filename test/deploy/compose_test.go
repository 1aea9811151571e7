package deploy

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/roles"
	"gas/test/peers"
)

// composeFile is what these tests read of a compose file.
type composeFile struct {
	Services map[string]composeService
	Volumes  map[string]any
}

type composeService struct {
	Image       string
	Build       any
	Command     []string
	Environment map[string]string
	ReadOnly    bool                                  `json:"read_only"`
	CapDrop     []string                              `json:"cap_drop"`
	SecurityOpt []string                              `json:"security_opt"`
	DependsOn   map[string]struct{ Condition string } `json:"depends_on"`
	Ports       []struct {
		HostIP    string `json:"host_ip"`
		Published string
	}
	Volumes []struct {
		Type, Source, Target string
		ReadOnly             bool `json:"read_only"`
	}
	Healthcheck *struct {
		Test    []string
		Disable bool
	}
}

// readCompose reads a compose file as the specification's own program does: anchors, defaults and short forms written out, everything it does not
// know refused.
func readCompose(t testing.TB, name string) composeFile {
	t.Helper()
	command := exec.Command(peers.Installed(t, "bin", "compose-spec"), "-format", "json", name)
	command.Dir = "../.."
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	require.NoError(t, err, complaint.String())
	var file composeFile
	require.NoError(t, json.Unmarshal(out, &file))
	return file
}

var composeFiles = []string{"docker-compose.yml", "docker-compose.local.yml"}

func TestAComposeFileRunsEveryRoleOnceWithoutRights(t *testing.T) {
	for _, name := range composeFiles {
		t.Run(name, func(t *testing.T) {
			file := readCompose(t, name)
			for _, r := range roles.All() {
				service, ok := file.Services[r.Name]
				require.True(t, ok, "no service runs the role %s", r.Name)
				require.Equal(t, []string{"serve", "--role=" + r.Name}, service.Command)
			}
			for name, service := range file.Services {
				if service.Build == nil {
					continue // somebody else's image
				}
				require.Equal(t, "gas", service.Image, name)
				require.True(t, service.ReadOnly, name)
				require.Equal(t, []string{"ALL"}, service.CapDrop, name)
				require.Contains(t, service.SecurityOpt, "no-new-privileges:true", name)
				require.Len(t, service.Volumes, 1, name)
				require.Equal(t, "/data", service.Volumes[0].Target, "%s may write elsewhere", name)
				require.Equal(t, "volume", service.Volumes[0].Type, name)
			}
		})
	}
}

func TestComposePublishesOnThisMachineAlone(t *testing.T) {
	for _, name := range composeFiles {
		for service, s := range readCompose(t, name).Services {
			for _, port := range s.Ports {
				require.Equal(t, "127.0.0.1", port.HostIP, "%s: %s", name, service)
			}
		}
	}
}

func TestComposeStartsTheRolesOnEmulatorsThatAreWell(t *testing.T) {
	file := readCompose(t, "docker-compose.yml")
	require.Equal(t, "localstack/localstack:4.14.0", file.Services["localstack"].Image, "the last release that needs no account")
	for name, service := range file.Services {
		if service.Build == nil {
			require.NotNil(t, service.Healthcheck, "%s says not when it is well", name)
			require.NotContains(t, service.Image, "latest")
			require.Contains(t, service.Image, ":", "%s is not pinned", name)
			require.Equal(t, "service_healthy", file.Services["init"].DependsOn[name].Condition)
			continue
		}
		for key, value := range service.Environment {
			if strings.HasPrefix(key, "AWS_ENDPOINT_URL") {
				host, _, _ := strings.Cut(strings.TrimPrefix(value, "http://"), ":")
				require.Contains(t, []string{"aws.localhost", "ministack", "moto"}, host, "%s of %s leads out of this machine", key, name)
			}
		}
		if name != "init" {
			require.Equal(t, "service_completed_successfully", service.DependsOn["init"].Condition, name)
		}
	}
}

func TestContainersOnOneFolderAskThemselvesAloneWhetherTheyAreWell(t *testing.T) {
	for name, service := range readCompose(t, "docker-compose.local.yml").Services {
		require.NotNil(t, service.Healthcheck, name)
		require.Contains(t, service.Healthcheck.Test, "--url=http://127.0.0.1:8080", name)
	}
}
