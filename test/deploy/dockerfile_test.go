package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/peers"
)

// lint runs the linter of Dockerfiles, which exits 1 where it finds a fault or has a warning.
func lint(t *testing.T, path string) (string, error) {
	t.Helper()
	program := peers.Installed(t, "dockerfile", "node_modules", ".bin", "dockerfile-utils")
	out, err := exec.Command(program, "lint", path).CombinedOutput()
	return string(out), err
}

func TestTheDockerfileHasNoFault(t *testing.T) {
	out, err := lint(t, "../../Dockerfile")
	require.NoError(t, err, out)
	require.Empty(t, strings.TrimSpace(out))
}

func TestTheLinterFindsFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "Dockerfile")
	for _, faulty := range []string{"FROM scratch\nRUNN true\n", "FROM scratch\nUSER\n", "FROM scratch\nHEALTHCHECK --every=5s CMD [\"/gas\"]\n", "COPY a b\n"} {
		require.NoError(t, os.WriteFile(path, []byte(faulty), 0o600))
		out, err := lint(t, path)
		require.Error(t, err, "%s\n%s", faulty, out)
	}
}

// instructions are the lines of the last stage, which is the image.
func instructions(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../Dockerfile")
	require.NoError(t, err)
	last := map[string][]string{}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "FROM" {
			clear(last)
		}
		last[word] = append(last[word], rest)
	}
	return last
}

func TestTheImageIsTheProgramAloneAndNotRoot(t *testing.T) {
	image := instructions(t)
	require.Equal(t, []string{"scratch"}, image["FROM"])
	require.Equal(t, []string{"65532:65532"}, image["USER"])
	require.Equal(t, []string{`["/gas"]`}, image["ENTRYPOINT"])
	require.Equal(t, []string{"/data"}, image["VOLUME"], "nothing else can be written to")
	require.Len(t, image["HEALTHCHECK"], 1)
	require.Contains(t, image["HEALTHCHECK"][0], `CMD ["/gas", "healthcheck"]`)
	require.Empty(t, image["RUN"], "there is nothing in the image that could run")
}
