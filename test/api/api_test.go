// Package api lets schemathesis, which nobody here wrote, read the description of the API and look for answers that it does not allow.
package api

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/test/peers"
	"gas/test/program"
)

func TestSchemathesisFindsNoServerErrorAndNoUndocumentedAnswer(t *testing.T) {
	schemathesis := peers.Installed(t, "schemathesis", "bin", "schemathesis")
	w := program.New(t, "GAS_LIMIT_API=0", "GAS_LIMIT_UPLOAD=0", "GAS_LIMIT_LOGIN=0", "GAS_JOB_LIMIT_QUEUED=100000")
	s := w.Serve()
	token := w.Token("ada", "premium_user")
	j, r := s.Submit(token, w.Write("x.vcf", program.Mitochondrial(t, 50)))
	require.Zero(t, r.Code, r.Err)

	for _, row := range []struct {
		name, config string
		args         []string
	}{
		{"on a job that is there", "[parameters]\n\"path.id\" = \"" + j.ID + "\"\n", []string{"-n", "10", "--phases", "examples,fuzzing", "--exclude-method", "DELETE", "--include-path-regex", "/jobs"}},
		{"with every id", "", []string{"-n", "10"}}, // it deletes what it finds
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "schemathesis.toml"), []byte(row.config), 0o600))
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			command := exec.CommandContext(ctx, schemathesis, append([]string{"run", s.URL + "/api/v1/openapi.json", "-H", "Authorization: Bearer " + token,
				"-c", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance",
				"--seed", "1", "--generation-database", "none", "--warnings", "off", "--continue-on-failure", "--request-timeout", "20", "--no-color",
				"--exclude-path-regex", "events|tokens/"}, row.args...)...) // a stream has no end, and without its token nothing would be answered
			command.Dir = dir
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "No issues found")
			summary := string(out)
			if _, after, ok := strings.Cut(summary, "SUMMARY"); ok {
				summary = after
			}
			t.Log(summary)
		})
	}
}
