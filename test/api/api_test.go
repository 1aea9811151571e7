// Package api lets schemathesis, which nobody here wrote, read the description of the API and look for answers that it does not allow.
package api

import (
	"context"
	"os/exec"
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
	_, r := s.Submit(token, w.Write("x.vcf", program.Mitochondrial(t, 50)))
	require.Zero(t, r.Code, r.Err)

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, schemathesis, "run", s.URL+"/api/v1/openapi.json", "-H", "Authorization: Bearer "+token,
		"-c", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
		"-n", "10", "--seed", "1", "--generation-database", "none", "--warnings", "off", "--continue-on-failure", "--request-timeout", "20", "--no-color",
		"--exclude-path-regex", "events") // a stream has no end
	command.Dir = t.TempDir()
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "No issues found")
	summary := string(out)
	if _, after, ok := strings.Cut(summary, "SUMMARY"); ok {
		summary = after
	}
	t.Log(summary)
}
