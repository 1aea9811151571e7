package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

// keepMessages is how long a message may lie in a queue: the most that SQS allows. What waits longer is posted again by the sweeper.
const keepMessages = 14 * 24 * time.Hour

// messenger makes topics and queues.
type messenger struct {
	sns     *sns.Client
	sqs     *sqs.Client
	account *Account
	names   Names
	made    []Made
}

// MakeMessaging makes, for each topic, the topic, its queue, the queue of its dead letters, the policies that let one write to the other, and
// the subscription. Repeatable: what is there gets the attributes and policies that it should have.
func MakeMessaging(ctx context.Context, s *Session, n Names) ([]Made, error) {
	m := &messenger{sns: sns.NewFromConfig(s.Config), sqs: sqs.NewFromConfig(s.Config), account: NewAccount(s), names: n}
	for _, topic := range job.Topics {
		if err := m.make(ctx, topic); err != nil {
			return m.made, fmt.Errorf("make topic and queue of %s: %w", topic, unreachable(err))
		}
	}
	return m.made, nil
}

func (m *messenger) note(kind, name string, isNew bool) {
	m.made = append(m.made, Made{kind, name, isNew})
}

func (m *messenger) make(ctx context.Context, topic job.Topic) error {
	topicARN, err := m.topic(ctx, topic)
	if err != nil {
		return err
	}
	queueARN, err := m.account.ARN(ctx, "sqs", m.names.Queues[topic])
	if err != nil {
		return err
	}
	deadARN, err := m.account.ARN(ctx, "sqs", m.names.Dead(topic))
	if err != nil {
		return err
	}
	if err := m.queue(ctx, m.names.Dead(topic), deadAttributes(deadARN, queueARN)); err != nil {
		return err
	}
	if err := m.queue(ctx, lastOf(m.names.Queues[topic]), queueAttributes(queueARN, deadARN, topicARN)); err != nil {
		return err
	}
	return m.subscribe(ctx, topicARN, queueARN)
}

// topic makes a topic and sets who may publish to it.
func (m *messenger) topic(ctx context.Context, topic job.Topic) (arn string, err error) {
	if arn, err = m.account.ARN(ctx, "sns", m.names.Topics[topic]); err != nil {
		return "", err
	}
	_, err = m.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
	isNew := coded(err, "NotFound", "NotFoundException", "ResourceNotFound")
	if err != nil && !isNew {
		return arn, fmt.Errorf("look at topic %s: %w", arn, err)
	}
	if isNew {
		name := lastOf(arn)
		if _, err := m.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: &name}); err != nil {
			return arn, fmt.Errorf("create topic %s: %w", name, err)
		}
	}
	m.note("topic", lastOf(arn), isNew)
	_, id, err := m.account.Whose(ctx)
	if err != nil {
		return arn, err
	}
	policy := topicPolicy(arn, id, topic, lastOf(m.names.BucketArchive))
	_, err = m.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &arn, AttributeName: sdk.String("Policy"), AttributeValue: &policy})
	if err != nil {
		return arn, fmt.Errorf("set the policy of topic %s: %w", arn, err)
	}
	return arn, nil
}

// queue makes a queue and sets its attributes.
func (m *messenger) queue(ctx context.Context, name string, attributes map[string]string) error {
	there, err := m.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err == nil {
		m.note("queue", name, false)
		_, err = m.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: there.QueueUrl, Attributes: attributes})
		return err
	}
	if !missingQueue(err) {
		return fmt.Errorf("look for queue %s: %w", name, err)
	}
	m.note("queue", name, true)
	if _, err := m.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes}); err != nil {
		return fmt.Errorf("create queue %s: %w", name, err)
	}
	return nil
}

// missingQueue tells whether there is no queue of a name.
func missingQueue(err error) bool {
	var missing *types.QueueDoesNotExist
	return errors.As(err, &missing) || coded(err, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
}

// subscribe lets a topic send to its queue, raw: the queue's message is the topic's. Subscribing again changes nothing.
func (m *messenger) subscribe(ctx context.Context, topicARN, queueARN string) error {
	var token *string
	for {
		page, err := m.sns.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &topicARN, NextToken: token})
		if err != nil {
			return fmt.Errorf("list subscriptions of %s: %w", topicARN, err)
		}
		for _, s := range page.Subscriptions {
			if sdk.ToString(s.Endpoint) == queueARN {
				m.note("subscription", lastOf(queueARN), false)
				return nil
			}
		}
		if token = page.NextToken; token == nil || *token == "" {
			break
		}
	}
	m.note("subscription", lastOf(queueARN), true)
	_, err := m.sns.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: &topicARN, Protocol: sdk.String("sqs"), Endpoint: &queueARN, Attributes: map[string]string{"RawMessageDelivery": "true"},
	})
	if err != nil {
		return fmt.Errorf("subscribe %s: %w", queueARN, err)
	}
	return nil
}

// queueAttributes are those of a topic's queue.
func queueAttributes(queueARN, deadARN, topicARN string) map[string]string {
	return map[string]string{
		"MessageRetentionPeriod":        seconds(keepMessages),
		"ReceiveMessageWaitTimeSeconds": "0",  // every receive says its own, but the SDK cannot say 0
		"VisibilityTimeout":             "30", // every receive says its own
		"SqsManagedSseEnabled":          "true",
		"RedrivePolicy":                 document(map[string]any{"deadLetterTargetArn": deadARN, "maxReceiveCount": strconv.Itoa(port.MaxReceives)}),
		"Policy": policyOf(onlyTLS("sqs:*", queueARN), statement{
			Sid: "FromItsTopic", Effect: "Allow", Principal: map[string]string{"Service": "sns.amazonaws.com"}, Action: "sqs:SendMessage", Resource: queueARN,
			Condition: map[string]any{"ArnEquals": map[string]string{"aws:SourceArn": topicARN}},
		}),
	}
}

// deadAttributes are those of a queue of dead letters.
func deadAttributes(deadARN, queueARN string) map[string]string {
	return map[string]string{
		"MessageRetentionPeriod": seconds(keepMessages),
		"SqsManagedSseEnabled":   "true",
		"RedriveAllowPolicy":     document(map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []string{queueARN}}),
		"Policy":                 policyOf(onlyTLS("sqs:*", deadARN)),
	}
}

// topicPolicy lets this account publish, and to the topic of warmed results the services that warm them.
func topicPolicy(arn, account string, topic job.Topic, archiveBucket string) string {
	own := statement{
		Sid: "ThisAccount", Effect: "Allow", Principal: map[string]string{"AWS": account}, Resource: arn,
		Action: []string{"sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:DeleteTopic"},
	}
	list := []statement{own, onlyTLS("sns:Publish", arn)}
	if topic == job.Restores {
		list = append(list, statement{
			Sid: "FromTheArchive", Effect: "Allow", Principal: map[string]string{"Service": "s3.amazonaws.com"}, Action: "sns:Publish", Resource: arn,
			Condition: map[string]any{"StringEquals": map[string]string{"aws:SourceAccount": account}, "ArnLike": map[string]string{"aws:SourceArn": "arn:*:s3:::" + archiveBucket}},
		}, statement{
			Sid: "FromTheVault", Effect: "Allow", Principal: map[string]string{"Service": "glacier.amazonaws.com"}, Action: "sns:Publish", Resource: arn,
			Condition: map[string]any{"StringEquals": map[string]string{"aws:SourceAccount": account}},
		})
	}
	return policyOf(list...)
}

// statement is one statement of a policy.
type statement struct {
	Sid       string
	Effect    string
	Principal any
	Action    any
	Resource  any            `json:",omitempty"` // none in a role's trust: IAM refuses it there
	Condition map[string]any `json:",omitempty"`
}

// onlyTLS denies what does not come through TLS.
func onlyTLS(action, arn string) statement {
	return statement{
		Sid: "OnlyTLS", Effect: "Deny", Principal: "*", Action: action, Resource: arn,
		Condition: map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}},
	}
}

func policyOf(list ...statement) string {
	return document(map[string]any{"Version": "2012-10-17", "Statement": list})
}

// document writes a policy.
func document(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // maps of texts always encode
	}
	return string(text)
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
