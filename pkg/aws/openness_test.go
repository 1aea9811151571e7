package aws

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
)

func TestAPolicyIsOpenWhereSomebodyElseMayDoSomething(t *testing.T) {
	const account = "123456789012"
	for _, c := range []struct {
		name, statement string
		open            bool
	}{
		{"everybody", `{"Effect":"Allow","Principal":"*","Action":"sns:Publish"}`, true},
		{"everybody, in the long form", `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sns:Publish"}`, true},
		{"everybody but one", `{"Effect":"Allow","NotPrincipal":{"AWS":"999999999999"},"Action":"sns:Publish"}`, true},
		{"everybody of this account", `{"Effect":"Allow","Principal":"*","Condition":{"StringEquals":{"AWS:SourceOwner":"123456789012"}}}`, false},
		{"everybody over TLS", `{"Effect":"Allow","Principal":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`, true},
		{"everybody, if the account is named", `{"Effect":"Allow","Principal":"*","Condition":{"StringEqualsIfExists":{"aws:SourceAccount":"123456789012"}}}`, true},
		{"everybody but this account", `{"Effect":"Allow","Principal":"*","Condition":{"StringNotEquals":{"aws:SourceAccount":"123456789012"}}}`, true},
		{"this account", `{"Effect":"Allow","Principal":{"AWS":"123456789012"}}`, false},
		{"a role of this account", `{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:role/x"]}}`, false},
		{"another account", `{"Effect":"Allow","Principal":{"AWS":["123456789012","arn:aws:iam::999999999999:root"]}}`, true},
		{"a service for anybody", `{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"}}`, true},
		{"a service for this account", `{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}`, false},
		{"nobody", `{"Effect":"Deny","Principal":"*"}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, policy := range []string{`{"Statement":[` + c.statement + `]}`, `{"Statement":` + c.statement + `}`} {
				open, err := Outsiders(policy, account)
				require.NoError(t, err)
				require.Equal(t, c.open, len(open) > 0)
			}
		})
	}
	_, err := Outsiders("{", account)
	require.Error(t, err)
}

func TestOurOwnPoliciesLetNoOutsiderIn(t *testing.T) {
	for _, topic := range job.Topics {
		arn := "arn:aws:sns:us-east-1:123456789012:gas_" + string(topic)
		open, err := Outsiders(topicPolicy(arn, "123456789012", topic, "gas-archive"), "123456789012")
		require.NoError(t, err)
		require.Empty(t, open)
		attributes := queueAttributes("arn:aws:sqs:us-east-1:123456789012:q", "arn:aws:sqs:us-east-1:123456789012:d", arn)
		open, err = Outsiders(attributes["Policy"], "123456789012")
		require.NoError(t, err)
		require.Empty(t, open)
	}
}

func TestAPolicyPermitsWhatItsStatementsName(t *testing.T) {
	const arn = "arn:aws:sns:us-east-1:123456789012:gas_job_requests"
	for _, c := range []struct {
		name, policy string
		permits      bool
	}{
		{"the action on the thing", `{"Statement":{"Effect":"Allow","Action":"sns:Publish","Resource":"` + arn + `"}}`, true},
		{"one of several of both", `{"Statement":[{"Effect":"Allow","Action":["sns:Subscribe","sns:Publish"],"Resource":["arn:aws:sns:us-east-1:123456789012:other","` + arn + `"]}]}`, true},
		{"patterns", `{"Statement":[{"Effect":"Allow","Action":"SNS:*","Resource":"*"}]}`, true},
		{"another thing", `{"Statement":[{"Effect":"Allow","Action":"sns:Publish","Resource":"` + arn + `_dead"}]}`, false},
		{"another action", `{"Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`, false},
		{"all but some actions, which is not looked at", `{"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}`, false},
		{"a denial", `{"Statement":[{"Effect":"Deny","Action":"sns:Publish","Resource":"*"}]}`, false},
		{"nothing that can be read", `{`, false},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.permits, permits(c.policy, "sns:Publish", arn)) })
	}
}
