package aws

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"gas/pkg/fault"
	"gas/pkg/job"
)

const (
	publishing = "publish"              // the policy in the role, called as in the template
	stepsName  = "states.amazonaws.com" // Step Functions as others name it
)

// machineRole is the role by which the state machine publishes.
type machineRole struct {
	client *iam.Client
	name   string
	at     Place
}

// machineRoleOf looks nothing up but whose account this is. arn is the role's; empty = the one that is called as the machine.
func machineRoleOf(ctx context.Context, s *Session, n Names, arn string) (*machineRole, error) {
	partition, id, err := NewAccount(s).Whose(ctx)
	if err != nil {
		return nil, err
	}
	r := &machineRole{client: iam.NewFromConfig(s.Config), name: lastOf(n.StateMachine), at: Place{Partition: partition, Region: s.Config.Region, Account: id, Names: n}}
	if arn != "" {
		r.name = arn[strings.LastIndexByte(arn, '/')+1:] // behind its path
	}
	return r, nil
}

// trust lets Step Functions take the role on, for machines of this account.
func (r *machineRole) trust() string {
	return policyOf(statement{
		Sid: "StepFunctions", Effect: "Allow", Principal: map[string]string{"Service": stepsName}, Action: "sts:AssumeRole",
		Condition: map[string]any{"StringEquals": map[string]string{"aws:SourceAccount": r.at.Account}},
	})
}

// make makes the role, or makes good what is not as it should be in the one that is there. changed tells whether anything was: it takes a while then until
// all of AWS knows.
func (r *machineRole) make(ctx context.Context) (isNew, changed bool, err error) {
	there, err := r.client.GetRole(ctx, &iam.GetRoleInput{RoleName: &r.name})
	switch {
	case coded(err, "NoSuchEntity"):
		isNew, changed = true, true
		_, err = r.client.CreateRole(ctx, &iam.CreateRoleInput{
			RoleName: &r.name, AssumeRolePolicyDocument: sdk.String(r.trust()), Description: sdk.String("GAS: the state machine publishes what waited"),
		})
		if err == nil || coded(err, "EntityAlreadyExists") { // somebody else makes it at this moment
			err = r.letPublish(ctx)
		}
	case err == nil:
		changed, err = makeAll(ctx, r.traits(plain(there.Role.AssumeRolePolicyDocument)))
	}
	if coded(err, "AccessDenied", "AccessDeniedException") {
		return isNew, changed, fault.New(fault.Denied, "These credentials may not make the role %s: %v.", r.name, shortError(err)).WithHint("Name a role that is there by --machine-role.")
	}
	if err != nil {
		return isNew, changed, fmt.Errorf("make role %s: %w", r.name, unreachable(err))
	}
	return isNew, changed, nil
}

// traits are what is to be true of the role, whose trust is this.
func (r *machineRole) traits(trust string) []trait {
	setTrust := func(ctx context.Context) error {
		_, err := r.client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &r.name, PolicyDocument: sdk.String(r.trust())})
		return err
	}
	return []trait{
		{fault: "Step Functions may not take it on", make: setTrust, holds: func(context.Context) (bool, error) { return trusts(trust, stepsName) }},
		{fault: "others may take it on", danger: true, make: setTrust, holds: func(context.Context) (bool, error) {
			open, err := Outsiders(trust, r.at.Account)
			return len(open) == 0, err
		}},
		{fault: "it may not publish to every topic", make: r.letPublish, holds: r.publishes},
	}
}

func (r *machineRole) letPublish(ctx context.Context) error {
	_, err := r.client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &r.name, PolicyName: sdk.String(publishing), PolicyDocument: sdk.String(document(MachinePolicy(r.at)))})
	return err
}

// publishes tells whether the policies of the role together allow to publish to every topic. What they deny is not looked at.
func (r *machineRole) publishes(ctx context.Context) (bool, error) {
	policies, err := r.policies(ctx)
	if err != nil {
		return false, err
	}
	for _, topic := range job.Topics {
		arn := r.at.arn(topicOf(topic))
		if !slices.ContainsFunc(policies, func(p string) bool { return permits(p, publish[0], arn) }) {
			return false, nil
		}
	}
	return true, nil
}

// policies are the documents of all policies of the role: those in it, and those attached to it.
func (r *machineRole) policies(ctx context.Context) (list []string, err error) {
	for pages := iam.NewListRolePoliciesPaginator(r.client, &iam.ListRolePoliciesInput{RoleName: &r.name}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, name := range page.PolicyNames {
			p, err := r.client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &r.name, PolicyName: &name})
			if err != nil {
				return nil, err
			}
			list = append(list, plain(p.PolicyDocument))
		}
	}
	for pages := iam.NewListAttachedRolePoliciesPaginator(r.client, &iam.ListAttachedRolePoliciesInput{RoleName: &r.name}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, attached := range page.AttachedPolicies {
			p, err := r.client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: attached.PolicyArn})
			if err != nil {
				return nil, err
			}
			version, err := r.client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: attached.PolicyArn, VersionId: p.Policy.DefaultVersionId})
			if err != nil {
				return nil, err
			}
			list = append(list, plain(version.PolicyVersion.Document))
		}
	}
	return list, nil
}

// plain is a policy document as it was put: IAM gives it escaped for URLs.
func plain(document *string) string {
	text, err := url.PathUnescape(sdk.ToString(document))
	if err != nil {
		return sdk.ToString(document)
	}
	return text
}

// checkMachineRole looks at a role and changes nothing.
func checkMachineRole(ctx context.Context, s *Session, n Names, arn string) []Finding {
	const kind = "role"
	r, err := machineRoleOf(ctx, s, n, arn)
	if err != nil {
		return []Finding{{Kind: kind, Name: lastOf(n.StateMachine), Fault: shortError(err).Error()}}
	}
	there, err := r.client.GetRole(ctx, &iam.GetRoleInput{RoleName: &r.name})
	if err != nil {
		return []Finding{{Kind: kind, Name: r.name, Fault: missingOr(err, "NoSuchEntity")}}
	}
	return lookAtAll(ctx, kind, r.name, r.traits(plain(there.Role.AssumeRolePolicyDocument)))
}
