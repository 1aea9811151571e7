package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/test/peers"
)

// gasOnAWS runs a command of the program in this process, against an emulator.
type gasOnAWS struct{ t *testing.T }

func newGasOnAWS(t *testing.T, url string) gasOnAWS {
	t.Helper()
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": url,
		"AWS_CONFIG_FILE": filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "none"),
		"GAS_BACKEND": "aws", "GAS_DATA": filepath.Join(home, "data"), "GAS_MAIL_FROM": "GAS <gas@example.com>", "GAS_BASE_URL": "https://gas.example",
	} {
		t.Setenv(name, value)
	}
	return gasOnAWS{t}
}

func (g gasOnAWS) run(args ...string) (out, said string, code int) {
	g.t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &stdout, err: &stderr, release: func() {}}
	code = a.run(g.t.Context(), args)
	return stdout.String(), stderr.String(), code
}

func TestInitMakesWhatDoctorMisses(t *testing.T) {
	g := newGasOnAWS(t, peers.MiniStack(t).URL)
	out, said, code := g.run("doctor")
	require.Equal(t, 1, code, said)
	require.Contains(t, out, "table gas_annotations")
	require.Contains(t, out, "it is missing")
	require.Contains(t, out, "backend")

	out, said, code = g.run("aws", "init", "-o", "json")
	require.Zero(t, code, said)
	var made []aws.Made
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	for _, m := range made {
		require.True(t, m.New, "%v", m)
	}
	out, said, code = g.run("aws", "init", "-o", "json")
	require.Zero(t, code, said)
	require.NotContains(t, out, `"new": true`, "again: nothing is new")

	out, said, code = g.run("doctor")
	require.Zero(t, code, "%s%s", out, said)
	require.NotContains(t, out, "FAILS")
	for _, looked := range []string{"table gas_users", "topic gas_results_restore", "queue gas_job_requests_dead", "state machine gas_archive", "role gas_archive", "bucket gas-inputs", "sender gas@example.com", "installation", "store", "results", "queues", "vault"} {
		require.Contains(t, out, looked)
	}
}

func TestAPolicyIsPrintedForTheNamesOfTheSettings(t *testing.T) {
	g := newGasOnAWS(t, "http://127.0.0.1:1")
	out, said, code := g.run("aws", "policy", "annotator", "--aws-prefix", "lab", "--aws-region", "eu-west-1", "--account", "123456789012")
	require.Zero(t, code, said)
	require.Contains(t, out, `"arn:aws:sqs:eu-west-1:123456789012:lab_job_requests"`)
	require.NotContains(t, out, "gas")
	out, said, code = g.run("aws", "policy", "state-machine")
	require.Zero(t, code, said)
	require.Contains(t, out, "sns:Publish")
	_, said, code = g.run("aws", "policy", "nobody")
	require.Equal(t, 2, code)
	require.Contains(t, said, "annotator")
	require.NoError(t, os.Unsetenv("GAS_BACKEND"))
	_, _, code = g.run("aws", "init")
	require.Equal(t, 2, code, "the local backend needs no init")
}
