package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/roles"
	"gas/test/peers"
)

const ec2 = "../../deploy/ec2"

// userData is the script of one role: the common one with the role and the unit filled in.
func userData(t *testing.T, role string) string {
	t.Helper()
	common, err := os.ReadFile(filepath.Join(ec2, "user-data.sh"))
	require.NoError(t, err)
	unit, err := os.ReadFile("../../deploy/systemd/gas@.service")
	require.NoError(t, err)
	return strings.NewReplacer("@ROLE@", role, "@UNIT@\n", string(unit)).Replace(string(common))
}

func TestEveryRoleHasUserDataOfItsOwn(t *testing.T) {
	for _, r := range roles.All() {
		path := filepath.Join(ec2, r.Name+".sh")
		fresh(t, path, []byte(userData(t, r.Name)))
		out, err := exec.Command("bash", "-n", path).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

// stub writes a program for a script to find instead of the real one. Each notes its arguments.
func stub(t *testing.T, dir, name, does string) {
	t.Helper()
	text := "#!/bin/bash\necho \"" + name + " $*\" >>" + filepath.Join(dir, "calls") + "\n" + does + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700)) //nolint:gosec // a program
}

func TestUserDataPutsTheProgramTheSettingsAndTheUnitInPlace(t *testing.T) {
	for _, role := range []string{"web", "annotator"} {
		t.Run(role, func(t *testing.T) {
			root, stubs := t.TempDir(), t.TempDir()
			for _, dir := range []string{"/usr/local/bin", "/etc/systemd/system"} {
				require.NoError(t, os.MkdirAll(root+dir, 0o700))
			}
			stub(t, stubs, "curl", `case "$*" in *api/token*) echo token;; *placement/region*) echo eu-west-1;; *) exit 22;; esac`)
			stub(t, stubs, "aws", `case "$*" in *"s3 cp"*) printf '#!/bin/sh\nexit 0\n' >"${@: -1}";; *secretsmanager*) echo 0123456789012345678901234567890123456789;; esac`)
			stub(t, stubs, "systemctl", "")
			script := strings.NewReplacer("@PROGRAM@", "s3://programs/gas", "@PREFIX@", "lab", "@BASE_URL@", "https://gas.example", "@SECRET@", "session",
				"/usr/local/bin", root+"/usr/local/bin", "/etc/", root+"/etc/").Replace(userData(t, role))
			require.NotContains(t, script, "@PRO")
			command := exec.Command("bash", "-c", script)
			command.Env = []string{"PATH=" + stubs + ":" + os.Getenv("PATH")}
			out, err := command.CombinedOutput()
			require.NoError(t, err, string(out))

			calls, err := os.ReadFile(filepath.Join(stubs, "calls"))
			require.NoError(t, err)
			require.Contains(t, string(calls), "systemctl enable --now gas@"+role)
			require.Equal(t, role == "web", strings.Contains(string(calls), "secretsmanager"), "only web reads the secret")
			settings := map[string]string{}
			for _, name := range []string{"gas.env", role + ".env"} {
				text, _ := os.ReadFile(filepath.Join(root, "etc", "gas", name))
				for line := range strings.Lines(string(text)) {
					key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
					settings[key] = value
				}
				if info, err := os.Stat(filepath.Join(root, "etc", "gas", name)); err == nil {
					require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
				}
			}
			environ := []string{"GAS_ROLE=" + role}
			for key, value := range settings {
				environ = append(environ, key+"="+value)
			}
			loaded, err := config.Load(config.Source{Environ: func() []string { return environ }})
			require.NoError(t, err, "the program takes every setting")
			errs, _ := loaded.Check()
			require.Empty(t, append(errs, loaded.CheckServing()...))
			require.Equal(t, "eu-west-1", loaded.AWS.Region)
			require.FileExists(t, filepath.Join(root, "etc", "systemd", "system", "gas@.service"))
		})
	}
}

func TestTheUnitIsValid(t *testing.T) {
	analyze := peers.Tool(t, "systemd-analyze")
	unit, err := os.ReadFile("../../deploy/systemd/gas@.service")
	require.NoError(t, err)
	verify := func(text string) string {
		path := filepath.Join(t.TempDir(), "gas@web.service")
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "/usr/local/bin/gas", "/bin/true")), 0o600))
		out, _ := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput()
		var ours []string
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "gas@web.service") {
				ours = append(ours, line)
			}
		}
		return strings.Join(ours, "")
	}
	require.Empty(t, verify(string(unit)))
	require.NotEmpty(t, verify(strings.Replace(string(unit), "Restart=always", "Restart=sometimes", 1)), "a fault would be found")
}
