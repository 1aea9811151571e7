package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"gas/pkg/job"
)

// Bus is port.Bus: SNS carries messages to the queues, and a timer is one execution of the state machine, called as the timer's key.
type Bus struct {
	sns     *sns.Client
	sfn     *sfn.Client
	account *Account
	names   Names
}

// Bus publishes to topics of these names.
func (s *Session) Bus(n Names) *Bus {
	return &Bus{sns: sns.NewFromConfig(s.Config), sfn: sfn.NewFromConfig(s.Config), account: NewAccount(s), names: n}
}

// Publish sends a message to its topic.
func (b *Bus) Publish(ctx context.Context, m job.Message) error {
	topic, err := b.account.ARN(ctx, "sns", b.names.Topics[m.Topic])
	if err != nil {
		return err
	}
	_, err = b.sns.Publish(ctx, &sns.PublishInput{
		TopicArn: &topic, Message: sdk.String(string(m.Body)), MessageGroupId: group(m.UserID),
		MessageAttributes: map[string]types.MessageAttributeValue{headerName: {DataType: sdk.String("String"), StringValue: sdk.String(headerOf(m).text())}},
	})
	if err != nil {
		return fmt.Errorf("publish to %s: %w", m.Topic, unreachable(err))
	}
	return nil
}

// timer is the input of an execution.
type timer struct {
	At      string `json:"at"` // RFC 3339, whole seconds, one or two after the time: the clock of whoever gets the message may be behind
	Topic   string `json:"topic"`
	Message string `json:"message"`
	Header  string `json:"header"`
}

// PublishAt starts an execution that waits until the time and publishes then. Step Functions remembers a name for 90 days: the same key is the
// same timer, also after it was cancelled or has fired.
func (b *Bus) PublishAt(ctx context.Context, m job.Message, at time.Time, key string) error {
	topic, err := b.account.ARN(ctx, "sns", b.names.Topics[m.Topic])
	if err != nil {
		return err
	}
	machine, err := b.account.ARN(ctx, "states", machineOf(b.names.StateMachine))
	if err != nil {
		return err
	}
	whole := at.Add(2*time.Second - 1).Truncate(time.Second).UTC().Format(time.RFC3339)
	input, err := json.Marshal(timer{At: whole, Topic: topic, Message: string(m.Body), Header: headerOf(m).text()})
	if err != nil {
		return fmt.Errorf("encode timer: %w", err)
	}
	_, err = b.sfn.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &machine, Name: sdk.String(executionName(key)), Input: sdk.String(string(input))})
	if err != nil && !coded(err, "ExecutionAlreadyExists") {
		return fmt.Errorf("set timer %s: %w", key, unreachable(err))
	}
	return nil
}

const longestName = 80 // characters of an execution's name

// executionName is a timer's key where Step Functions allows it as a name, else its hash.
func executionName(key string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
	}
	if key != "" && len(key) <= longestName && strings.IndexFunc(key, func(r rune) bool { return !plain(r) }) < 0 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// stopWithin is how long a stop may take to show.
const stopWithin = 10 * time.Second

// Cancel stops a timer's execution and waits until it is stopped.
func (b *Bus) Cancel(ctx context.Context, key string) error {
	execution, err := b.account.ARN(ctx, "states", strings.Replace(machineOf(b.names.StateMachine), "stateMachine:", "execution:", 1)+":"+executionName(key))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	_, err = b.sfn.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: &execution, Cause: sdk.String("cancelled")})
	if coded(err, "ValidationException") { // it has ended by itself, which the look below shows
		err = nil
	}
	for n := 0; err == nil; n++ {
		var now *sfn.DescribeExecutionOutput
		if now, err = b.sfn.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &execution}); err == nil {
			if now.Status != sfntypes.ExecutionStatusRunning {
				return nil
			}
			err = pause(ctx, min(time.Second, 50*time.Millisecond<<min(n, 5)))
		}
	}
	if coded(err, "ExecutionDoesNotExist") {
		return nil
	}
	return fmt.Errorf("cancel timer %s: %w", key, unreachable(err))
}

// TopicARNs are the full names of all topics.
func (b *Bus) TopicARNs(ctx context.Context) (map[string]job.Topic, error) {
	arns := map[string]job.Topic{}
	for topic, name := range b.names.Topics {
		arn, err := b.account.ARN(ctx, "sns", name)
		if err != nil {
			return nil, err
		}
		arns[arn] = topic
	}
	return arns, nil
}

// RestoreTopic is the full name of the topic that a vault's notices go to.
func (b *Bus) RestoreTopic(ctx context.Context) (string, error) {
	return b.account.ARN(ctx, "sns", b.names.Topics[job.Restores])
}

// Confirm confirms a subscription by the token that SNS has posted.
func (b *Bus) Confirm(ctx context.Context, topicARN, token string) error {
	if _, err := b.sns.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: &topicARN, Token: &token}); err != nil {
		return fmt.Errorf("confirm a subscription to %s: %w", topicARN, unreachable(err))
	}
	return nil
}
