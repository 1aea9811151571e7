package aws

import (
	"context"
	"net/http"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gas/pkg/job"
)

const missing = "it is missing"

// CheckTables looks at tables and indexes and changes nothing.
func CheckTables(ctx context.Context, s *Session, n Names) (found []Finding) {
	client := dynamodb.NewFromConfig(s.Config)
	for _, t := range n.tables() {
		there, err := t.describe(ctx, client)
		if err != nil {
			found = append(found, Finding{Kind: "table", Name: t.name, Fault: missingOr(err, "ResourceNotFoundException")})
			continue
		}
		found = append(found, lookAtAll(ctx, "table", t.name, t.traits(client, there))...)
	}
	return found
}

// traits are what is to be true of a table that is there.
func (t table) traits(client *dynamodb.Client, there *dynamotypes.TableDescription) []trait {
	list := []trait{told("its keys are others", sameKeys(there.KeySchema, keys(t.hash, t.sort)))}
	for _, i := range t.indexes {
		at := slices.IndexFunc(there.GlobalSecondaryIndexes, func(d dynamotypes.GlobalSecondaryIndexDescription) bool { return sdk.ToString(d.IndexName) == i.name })
		list = append(list, told("it lacks the index "+i.name, at >= 0))
		if at >= 0 {
			list = append(list, told("the keys of its index "+i.name+" are others", sameKeys(there.GlobalSecondaryIndexes[at].KeySchema, keys(i.hash, i.sort))))
		}
	}
	list = append(list, trait{fault: "it cannot be restored to an earlier time", danger: true, holds: func(ctx context.Context) (bool, error) {
		now, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &t.name})
		if err != nil || now.ContinuousBackupsDescription.PointInTimeRecoveryDescription == nil {
			return false, err
		}
		return now.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus == dynamotypes.PointInTimeRecoveryStatusEnabled, nil
	}})
	if t.expires != "" {
		list = append(list, trait{fault: "rows whose time is over stay", holds: func(ctx context.Context) (bool, error) {
			now, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &t.name})
			if err != nil || now.TimeToLiveDescription == nil {
				return false, err
			}
			status := now.TimeToLiveDescription.TimeToLiveStatus
			on := status == dynamotypes.TimeToLiveStatusEnabled || status == dynamotypes.TimeToLiveStatusEnabling
			return on && sdk.ToString(now.TimeToLiveDescription.AttributeName) == t.expires, nil
		}})
	}
	return list
}

// told is a trait that is known already.
func told(fault string, holds bool) trait {
	return trait{fault: fault, holds: func(context.Context) (bool, error) { return holds, nil }}
}

func sameKeys(a, b []dynamotypes.KeySchemaElement) bool {
	return slices.EqualFunc(a, b, func(x, y dynamotypes.KeySchemaElement) bool {
		return sdk.ToString(x.AttributeName) == sdk.ToString(y.AttributeName) && x.KeyType == y.KeyType
	})
}

// missingOr names an error: the thing is not there, or what the service says.
func missingOr(err error, codes ...string) string {
	if coded(err, codes...) || status(err) == http.StatusNotFound {
		return missing
	}
	return shortError(err).Error()
}

// CheckMessaging looks at topics, queues, dead letters, policies and subscriptions and changes nothing.
func CheckMessaging(ctx context.Context, s *Session, n Names) (found []Finding) {
	c := &messagingCheck{messenger: messenger{sns: sns.NewFromConfig(s.Config), sqs: sqs.NewFromConfig(s.Config), account: NewAccount(s), names: n}}
	_, id, err := c.account.Whose(ctx)
	if err != nil {
		return []Finding{{Kind: "account", Fault: shortError(err).Error()}}
	}
	c.id = id
	for _, topic := range job.Topics {
		found = append(found, c.topicIs(ctx, topic)...)
		found = append(found, c.queueIs(ctx, topic, lastOf(n.Queues[topic]))...)
		found = append(found, c.queueIs(ctx, topic, n.Dead(topic))...)
	}
	return found
}

type messagingCheck struct {
	messenger
	id string // of the account
}

func (c *messagingCheck) topicIs(ctx context.Context, topic job.Topic) []Finding {
	name := lastOf(c.names.Topics[topic])
	arn, err := c.account.ARN(ctx, "sns", c.names.Topics[topic])
	if err != nil {
		return []Finding{{Kind: "topic", Name: name, Fault: shortError(err).Error()}}
	}
	there, err := c.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
	if err != nil {
		return []Finding{{Kind: "topic", Name: name, Fault: missingOr(err, "NotFound", "NotFoundException", "ResourceNotFound")}}
	}
	traits := []trait{c.closed(there.Attributes["Policy"]), {fault: "its queue gets nothing of it", holds: func(ctx context.Context) (bool, error) { return c.subscribed(ctx, topic, arn) }}}
	if topic == job.Restores {
		traits = append(traits, told("the archive may not tell it what is warm", hasStatement(there.Attributes["Policy"], "FromTheArchive")))
	}
	return lookAtAll(ctx, "topic", name, traits)
}

// closed is the trait that no outsider may do anything.
func (c *messagingCheck) closed(policy string) trait {
	return trait{fault: "others may write to it or read it", danger: true, holds: func(context.Context) (bool, error) {
		if policy == "" {
			return true, nil
		}
		open, err := Outsiders(policy, c.id)
		return len(open) == 0, err
	}}
}

// subscribed tells whether a topic sends to its queue, raw.
func (c *messagingCheck) subscribed(ctx context.Context, topic job.Topic, topicARN string) (bool, error) {
	queueARN, err := c.account.ARN(ctx, "sqs", c.names.Queues[topic])
	if err != nil {
		return false, err
	}
	var token *string
	for {
		page, err := c.sns.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &topicARN, NextToken: token})
		if err != nil {
			return false, err
		}
		for _, s := range page.Subscriptions {
			if sdk.ToString(s.Endpoint) == queueARN {
				now, err := c.sns.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: s.SubscriptionArn})
				return err == nil && now.Attributes["RawMessageDelivery"] == "true", err
			}
		}
		if token = page.NextToken; token == nil || *token == "" {
			return false, nil
		}
	}
}

func (c *messagingCheck) queueIs(ctx context.Context, topic job.Topic, name string) []Finding {
	there, err := c.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		fault := shortError(err).Error()
		if missingQueue(err) {
			fault = missing
		}
		return []Finding{{Kind: "queue", Name: name, Fault: fault}}
	}
	now, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: there.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return []Finding{{Kind: "queue", Name: name, Fault: shortError(err).Error()}}
	}
	a := now.Attributes
	traits := []trait{
		c.closed(a["Policy"]),
		{fault: "its messages are not encrypted", danger: true, holds: func(context.Context) (bool, error) {
			return a["SqsManagedSseEnabled"] == "true" || a["KmsMasterKeyId"] != "", nil
		}},
	}
	if name == lastOf(c.names.Queues[topic]) {
		dead := strings.Contains(a["RedrivePolicy"], ":"+c.names.Dead(topic)+`"`)
		traits = append(traits, told("what nobody can handle is not kept apart", dead), told("its topic may not write to it", hasStatement(a["Policy"], "FromItsTopic")))
	}
	return lookAtAll(ctx, "queue", name, traits)
}

// CheckStateMachine looks at the state machine and at the role by which it publishes, and changes nothing.
func CheckStateMachine(ctx context.Context, s *Session, n Names) []Finding {
	name := lastOf(n.StateMachine)
	arn, err := NewAccount(s).ARN(ctx, "states", machineOf(n.StateMachine))
	if err != nil {
		return []Finding{{Kind: "state machine", Name: name, Fault: shortError(err).Error()}}
	}
	there, err := sfn.NewFromConfig(s.Config).DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
	if err != nil {
		found := Finding{Kind: "state machine", Name: name, Fault: missingOr(err, "StateMachineDoesNotExist")}
		return append([]Finding{found}, checkMachineRole(ctx, s, n, "")...)
	}
	found := lookAtAll(ctx, "state machine", name, []trait{
		told("it does something else than wait and publish", sameJSON(sdk.ToString(there.Definition), machineDefinition)),
		told("it is not a standard one: it may not wait for long", there.Type == "STANDARD" || there.Type == ""),
	})
	return append(found, checkMachineRole(ctx, s, n, sdk.ToString(there.RoleArn))...)
}
