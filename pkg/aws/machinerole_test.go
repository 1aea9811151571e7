package aws_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/test/peers"
	"gas/test/peers/awsfault"
)

// trustIn is a role's trust in somebody, given as JSON.
func trustIn(principal, condition string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":["sts:AssumeRole"],"Condition":%s}]}`, principal, condition)
}

// roleBench bends the role of one state machine.
type roleBench struct {
	s    *aws.Session
	iam  *iam.Client
	n    aws.Names
	name string
}

// topics are the pattern of the topics of this machine, as another author writes it.
func (r roleBench) topics(t *testing.T) string {
	t.Helper()
	arn, err := aws.NewAccount(r.s).ARN(t.Context(), "sns", r.n.Topics[job.Requests])
	require.NoError(t, err)
	return arn
}

func (r roleBench) trust(t *testing.T, trust string) {
	t.Helper()
	_, err := r.iam.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &r.name, PolicyDocument: &trust})
	require.NoError(t, err)
}

func (r roleBench) drop(t *testing.T) {
	t.Helper()
	_, err := r.iam.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: &r.name, PolicyName: sdk.String("publish")})
	var gone *types.NoSuchEntityException
	if !errors.As(err, &gone) { // the SDK asks again where an answer got lost
		require.NoError(t, err)
	}
}

// machineRole has what is asked of the role of the state machine, at an emulator with IAM.
func machineRole(t *testing.T, s *aws.Session) {
	n := ownNames()
	r := roleBench{s, iam.NewFromConfig(s.Config), n, n.StateMachine}
	require.Equal(t, []string{"state machine " + r.name + ": it is missing", "role " + r.name + ": it is missing"}, faults(aws.CheckStateMachine(t.Context(), s, n)))
	for round := range 2 {
		made, err := aws.MakeStateMachine(t.Context(), s, n, "")
		require.NoError(t, err)
		require.Equal(t, []aws.Made{{Kind: "role", Name: r.name, New: round == 0}, {Kind: "state machine", Name: r.name, New: round == 0}}, made)
		require.Empty(t, faults(aws.CheckStateMachine(t.Context(), s, n)))
	}
	for _, c := range []struct {
		name, fault string
		bend        func(t *testing.T)
	}{
		{"that everybody may take on", "others may take it on", func(t *testing.T) {
			r.trust(t, trustIn(`{"AWS":"*","Service":["states.amazonaws.com"]}`, `{"Bool":{"aws:SecureTransport":"true"}}`))
		}},
		{"that only another service may take on", "Step Functions may not take it on", func(t *testing.T) {
			r.trust(t, trustIn(`{"Service":"ec2.amazonaws.com"}`, `{"StringEquals":{"aws:SourceAccount":"1"}}`))
		}},
		{"without a policy", "it may not publish to every topic", r.drop},
		{"that may publish to one topic", "it may not publish to every topic", func(t *testing.T) {
			one := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sns:Publish","Resource":%q}}`, r.topics(t))
			_, err := r.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &r.name, PolicyName: sdk.String("publish"), PolicyDocument: &one})
			require.NoError(t, err)
		}},
		{"that was deleted", "it is missing", func(t *testing.T) {
			r.drop(t)
			_, err := r.iam.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: &r.name})
			require.NoError(t, err)
		}},
	} {
		t.Run("a role "+c.name+" is found and made good", func(t *testing.T) {
			c.bend(t)
			require.Equal(t, []string{"role " + r.name + ": " + c.fault}, faults(aws.CheckStateMachine(t.Context(), s, n)))
			_, err := aws.MakeStateMachine(t.Context(), s, n, "")
			require.NoError(t, err)
			require.Empty(t, faults(aws.CheckStateMachine(t.Context(), s, n)))
		})
	}
	t.Run("a role of others is looked at and left as it is", func(t *testing.T) { roleOfOthers(t, s, ownNames()) })
}

// roleOfOthers has a role under a path, with a policy attached to it.
func roleOfOthers(t *testing.T, s *aws.Session, n aws.Names) {
	client := iam.NewFromConfig(s.Config)
	name := "of-others-" + n.StateMachine
	role, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: &name, Path: sdk.String("/lab/"), AssumeRolePolicyDocument: sdk.String(trustIn(`{"Service":"states.amazonaws.com"}`, `{"StringEquals":{"aws:SourceAccount":"1"}}`)),
	})
	require.NoError(t, err)
	made, err := aws.MakeStateMachine(t.Context(), s, n, *role.Role.Arn)
	require.NoError(t, err)
	require.Len(t, made, 1, "the role is not ours to make")
	found := []string{"role " + name + ": it may not publish to every topic"}
	require.Equal(t, found, faults(aws.CheckStateMachine(t.Context(), s, n)))

	prefix, _, _ := strings.Cut(roleBench{s: s, n: n}.topics(t), "_")
	policy, err := client.CreatePolicy(t.Context(), &iam.CreatePolicyInput{
		PolicyName: &name, PolicyDocument: sdk.String(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["SNS:Pub*"],"Resource":[%q]}]}`, prefix+"_*")),
	})
	require.NoError(t, err)
	_, err = client.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: policy.Policy.Arn})
	require.NoError(t, err)
	require.Empty(t, faults(aws.CheckStateMachine(t.Context(), s, n)))
	own, err := client.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: &name})
	require.NoError(t, err)
	require.Empty(t, own.PolicyNames)
}

// toIAM matches the calls to IAM.
func toIAM(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Authorization"), "/iam/aws4_request")
}

func TestARoleThatIsNewIsWaitedForAndOneThatMayNotBeMadeIsNamed(t *testing.T) {
	t.Parallel()
	proxy := awsfault.New(t, peers.MiniStack(t).URL)
	s := sessionAt(t, proxy.URL)
	unknown := proxy.Add(awsfault.Rule{Match: operation("CreateStateMachine"), Times: 1, Answer: func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusBadRequest, map[string]any{"__type": "AccessDeniedException", "message": "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role."})
	}})
	made, err := aws.MakeStateMachine(t.Context(), s, names(), "")
	require.NoError(t, err)
	require.Len(t, made, 2)
	require.Equal(t, 1, proxy.Caught(unknown))
	begun := time.Now()
	proxy.Add(awsfault.Rule{Match: operation("UpdateStateMachine"), Times: 1, Answer: awsfault.JSON(http.StatusBadRequest, "AccessDeniedException")})
	_, err = aws.MakeStateMachine(t.Context(), s, names(), "")
	require.ErrorContains(t, err, "AccessDenied")
	require.Less(t, time.Since(begun), 10*time.Second, "nothing has changed that would be waited for")

	proxy.Add(awsfault.Rule{Match: toIAM, Answer: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: iam:GetRole</Message></Error></ErrorResponse>`)
	}})
	_, err = aws.MakeStateMachine(t.Context(), s, names(), "")
	var told *fault.Fault
	require.ErrorAs(t, err, &told)
	require.Equal(t, fault.Denied, told.Kind)
	require.Contains(t, told.Hint, "--machine-role")
	require.Equal(t, []string{"role gas_archive: api error AccessDenied: not authorized to perform: iam:GetRole"}, faults(aws.CheckStateMachine(t.Context(), s, names())))
	_, err = aws.MakeStateMachine(t.Context(), s, names(), someRole)
	require.NoError(t, err, "with a role that is named IAM is not asked")
}
