package deploy

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/backend"
)

var update = flag.Bool("update", false, "write the generated parts of deploy/ anew")

// The generated part of the template stands between these lines.
const (
	policiesBegin = "  # policies: begin\n"
	policiesEnd   = "  # policies: end\n"
)

// inTemplate is an installation whose names are the template's.
func inTemplate() aws.Place {
	bucket := func(suffix string) string { return "${Prefix}-" + suffix + "-${AWS::AccountId}-${AWS::Region}" }
	names := backend.AWSNames(config.AWS{Prefix: "${Prefix}", BucketInputs: bucket("inputs"), BucketResults: bucket("results"), BucketArchive: bucket("archive")})
	return aws.Place{
		Partition: "${AWS::Partition}", Region: "${AWS::Region}", Account: "${AWS::AccountId}", Names: names, Vault: "${GlacierVault}", Sender: "${MailIdentity}",
	}
}

// anywhere is an installation under the default names, in whatever region and account the policy is used.
func anywhere() aws.Place {
	return aws.Place{
		Partition: "aws", Region: "*", Account: "*", Names: backend.AWSNames(config.Default().AWS), Vault: "gas", Sender: "*",
	}
}

func TestThePoliciesInDeployAreThoseOfTheTable(t *testing.T) {
	for _, role := range aws.PolicyRoles {
		policy, err := aws.PolicyOf(role, anywhere())
		require.NoError(t, err)
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		require.NoError(t, encoder.Encode(policy))
		fresh(t, filepath.Join("..", "..", "deploy", "policies", role+".json"), text.Bytes())
	}
}

func TestThePoliciesInTheTemplateAreThoseOfTheTable(t *testing.T) {
	old, err := os.ReadFile(templateFile)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(old), policiesBegin)
	require.True(t, found)
	_, after, found := strings.Cut(rest, policiesEnd)
	require.True(t, found)
	var middle strings.Builder
	for _, role := range aws.PolicyRoles {
		policy, err := aws.PolicyOf(role, inTemplate())
		require.NoError(t, err)
		writeRole(&middle, role, policy)
	}
	fresh(t, templateFile, []byte(before+policiesBegin+middle.String()+policiesEnd+after))
}

// fresh compares a file with what it should be, or writes it.
func fresh(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, want, 0o600))
		return
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "stale: go test ./test/deploy -update")
}

// writeRole writes the role of one task. restore may be a function too.
func writeRole(w *strings.Builder, role string, policy aws.Policy) {
	services, managed := "ecs-tasks.amazonaws.com", ""
	if role == "restore" {
		services = "[ecs-tasks.amazonaws.com, lambda.amazonaws.com]"
		managed = "      ManagedPolicyArns: [!If [RestoreByLambda, !Sub \"arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole\", !Ref AWS::NoValue]]\n"
	}
	fmt.Fprintf(w, `  Role%s:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: %s}, Action: sts:AssumeRole}
%s      Policies:
        - PolicyName: %s
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
`, logical(role), services, managed, role)
	for _, s := range policy.Statement {
		first, last := "              - ", ""
		if s.ForVault {
			first, last = "              - Fn::If:\n                - HasVault\n                - ", "                - !Ref AWS::NoValue\n"
		}
		pad := strings.Repeat(" ", 16)
		if s.ForVault {
			pad += "  "
		}
		fmt.Fprintf(w, "%sSid: %s\n%sEffect: Allow\n%sAction: [%s]\n%sResource:\n", first, s.Sid, pad, pad, strings.Join(s.Action, ", "), pad)
		for _, resource := range s.Resource {
			fmt.Fprintf(w, "%s  - !Sub %q\n", pad, resource)
		}
		w.WriteString(last)
	}
}

// logical is the part of a logical name that a role has.
func logical(role string) string { return strings.ToUpper(role[:1]) + role[1:] }
