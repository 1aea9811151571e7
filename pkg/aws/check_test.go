package aws_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/job"
	"gas/test/peers"
)

func TestWhatIsMadeIsWellAndWhatIsBentIsFound(t *testing.T) {
	t.Parallel()
	for name, session := range map[string]*aws.Session{"MiniStack": sessionAt(t, peers.MiniStack(t).URL), "moto": at(t, peers.Moto(t).URL, "test", "test")} {
		t.Run(name, func(t *testing.T) {
			b := aws.Bootstrap{Names: names(), Origin: origin}
			missing := faults(b.Check(t.Context(), session))
			require.Len(t, missing, 3+5*3+2+3, "%v", missing)
			for round := range 2 {
				made, err := b.Make(t.Context(), session)
				require.NoError(t, err)
				for _, m := range made {
					require.Equal(t, round == 0, m.New, "%v in round %d", m, round)
				}
				require.Empty(t, faults(b.Check(t.Context(), session)))
			}
			for _, c := range bentMessaging() {
				t.Run(c.fault, func(t *testing.T) {
					require.NoError(t, c.bend(t.Context(), session))
					require.Contains(t, faults(b.Check(t.Context(), session)), c.fault)
					_, err := b.Make(t.Context(), session)
					require.NoError(t, err)
					require.Empty(t, faults(b.Check(t.Context(), session)), "init makes it good")
				})
			}
		})
	}
}

func TestTheSenderAndTheVaultAreMadeOnce(t *testing.T) {
	t.Parallel()
	const sender, vault = "gas@example.com", "cold"
	for name, c := range map[string]struct {
		session *aws.Session
		after   []string
	}{
		"MiniStack": {sessionAt(t, peers.MiniStack(t).URL), nil},
		// moto sends for an identity as soon as it is there, and never calls it confirmed.
		"moto": {at(t, peers.Moto(t).URL, "test", "test"), []string{"sender gas@example.com: nobody has confirmed it: SES sends nothing from it"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []string{"sender gas@example.com: it is missing"}, faults(aws.CheckSender(t.Context(), c.session, sender)))
			for round := range 2 {
				made, err := aws.MakeSender(t.Context(), c.session, sender)
				require.NoError(t, err)
				require.Equal(t, []aws.Made{{Kind: "sender", Name: sender, New: round == 0}}, made)
			}
			require.Equal(t, c.after, faults(aws.CheckSender(t.Context(), c.session, sender)))
			if name != "moto" {
				return // only moto has vaults
			}
			require.Equal(t, []string{"vault cold: it is missing"}, faults(aws.CheckVault(t.Context(), c.session, vault)))
			for round := range 2 {
				made, err := aws.MakeVault(t.Context(), c.session, vault)
				require.NoError(t, err)
				require.Equal(t, []aws.Made{{Kind: "vault", Name: vault, New: round == 0}}, made)
			}
			require.Empty(t, faults(aws.CheckVault(t.Context(), c.session, vault)))
		})
	}
	s := sessionAt(t, "http://127.0.0.1:1")
	made, err := aws.Bootstrap{}.Make(t.Context(), s)
	require.Error(t, err)
	require.Empty(t, made)
}

type bentThing struct {
	fault string
	bend  func(ctx context.Context, s *aws.Session) error
}

func bentMessaging() []bentThing {
	n := names()
	open := `{"Version":"2012-10-17","Statement":[{"Sid":"Anybody","Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*"}]}`
	return []bentThing{
		{"topic " + n.Topics[job.Requests] + ": others may write to it or read it", func(ctx context.Context, s *aws.Session) error {
			arn, err := aws.NewAccount(s).ARN(ctx, "sns", n.Topics[job.Requests])
			if err != nil {
				return err
			}
			attribute := "Policy"
			_, err = sns.NewFromConfig(s.Config).SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &arn, AttributeName: &attribute, AttributeValue: &open})
			return err
		}},
		{"queue " + n.Queues[job.Thaws] + ": what nobody can handle is not kept apart", func(ctx context.Context, s *aws.Session) error {
			name := n.Queues[job.Thaws]
			client := sqs.NewFromConfig(s.Config)
			there, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
			if err != nil {
				return err
			}
			other, err := aws.NewAccount(s).ARN(ctx, "sqs", n.Dead(job.Archives))
			if err != nil {
				return err
			}
			_, err = client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: there.QueueUrl, Attributes: map[string]string{
				"RedrivePolicy": `{"deadLetterTargetArn":"` + other + `","maxReceiveCount":"8"}`,
			}})
			return err
		}},
		{"queue " + n.Dead(job.Results) + ": it is missing", func(ctx context.Context, s *aws.Session) error {
			name := n.Dead(job.Results)
			client := sqs.NewFromConfig(s.Config)
			there, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
			if err != nil {
				return err
			}
			_, err = client.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: there.QueueUrl})
			return err
		}},
		{"table " + n.TableUsers + ": it is missing", func(ctx context.Context, s *aws.Session) error {
			_, err := dynamodb.NewFromConfig(s.Config).DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &n.TableUsers})
			return err
		}},
	}
}
