package aws

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

// Queue is port.Queue on SQS. What SQS does not promise is not promised here: messages come in about the order in which they were sent, and one may
// come twice.
type Queue struct {
	client *sqs.Client
	names  Names
	held   *held

	mu   sync.Mutex
	urls map[string]string
}

// Queue receives from queues of these names.
func (s *Session) Queue(n Names) *Queue {
	return &Queue{client: sqs.NewFromConfig(s.Config), names: n, held: newHeld(), urls: map[string]string{}}
}

const (
	longestPoll  = 20 * time.Second // of one receive
	mostAtOnce   = 10               // messages in one call
	longestDelay = 15 * time.Minute // of a message that is sent
	longestHide  = 12 * time.Hour   // of a message that was received, from its receive on
)

// url is where a queue is, asked for once.
func (q *Queue) url(ctx context.Context, name string) (*string, error) {
	q.mu.Lock()
	found, known := q.urls[name]
	q.mu.Unlock()
	if known {
		return &found, nil
	}
	in := &sqs.GetQueueUrlInput{QueueName: sdk.String(lastOf(name))}
	if parts := strings.Split(name, ":"); len(parts) > 5 {
		in.QueueOwnerAWSAccountId = &parts[4]
	}
	answer, err := q.client.GetQueueUrl(ctx, in)
	if missingQueue(err) {
		return nil, fmt.Errorf("find queue %s: %w", name, port.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("find queue %s: %w", name, unreachable(err))
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.urls[name] = *answer.QueueUrl
	return answer.QueueUrl, nil
}

// Receive polls for messages. A message whose copies were received too often goes to the dead letters: SQS counts each copy by itself.
func (q *Queue) Receive(ctx context.Context, topic job.Topic, max int, wait, visibility time.Duration) ([]port.Delivery, error) {
	url, err := q.url(ctx, q.names.Queues[topic])
	if err != nil {
		return nil, err
	}
	end := time.Now().Add(wait)
	for {
		poll := min(longestPoll, time.Until(end)).Truncate(time.Second)
		letters, err := q.poll(ctx, topic, url, max, poll, visibility)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("receive from %s: %w", topic, unreachable(err))
		}
		hidden := time.Now().Add(visibility) // since the answer: a long poll does not tell when within its wait the message came
		var got []port.Delivery
		for _, l := range letters {
			q.held.keep(l.receipt, hidden)
			if l.receives <= port.MaxReceives {
				got = append(got, l.delivery())
				continue
			}
			l.receives--
			if err := q.Bury(ctx, l.delivery(), fmt.Sprintf("received %d times and never acked", l.receives)); err != nil {
				return got, err
			}
		}
		if len(got) > 0 || time.Until(end) < time.Second {
			return got, nil
		}
	}
}

// poll is one call.
func (q *Queue) poll(ctx context.Context, topic job.Topic, url *string, max int, wait, visibility time.Duration) (letters []letter, err error) {
	answer, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: url, MaxNumberOfMessages: int32(min(max, mostAtOnce)), WaitTimeSeconds: whole(wait), VisibilityTimeout: whole(visibility),
		MessageAttributeNames:       []string{headerName},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount, types.MessageSystemAttributeNameSentTimestamp},
	})
	if err != nil {
		return nil, err
	}
	for _, m := range answer.Messages {
		letters = append(letters, readLetter(topic, q.names.Topics[topic], m))
	}
	return letters, nil
}

// whole is a duration in seconds, rounded up.
func whole(d time.Duration) int32 {
	return int32((max(d, 0) + time.Second - 1) / time.Second)
}

// hide hides a delivery from now on. ErrStale when somebody else may have it, or nobody.
func (q *Queue) hide(ctx context.Context, d port.Delivery, length time.Duration) error {
	if q.held.lost(d.Receipt) {
		return port.ErrStale
	}
	url, err := q.url(ctx, q.names.Queues[d.Topic])
	if err != nil {
		return err
	}
	until := time.Now().Add(length)
	_, err = q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: &d.Receipt, VisibilityTimeout: whole(min(length, longestHide))})
	if err != nil && !tooLong(err) {
		return staleOr(err)
	}
	q.held.keep(d.Receipt, until)
	return nil
}

// tooLong tells whether a message was refused to be hidden because it was for twelve hours. It comes back by itself then, and whoever gets it finds
// the job's own lease held: this is no error.
func tooLong(err error) bool {
	return strings.Contains(err.Error(), "Total VisibilityTimeout")
}

// staleOr tells whether a receipt was refused.
func staleOr(err error) error {
	if coded(err, "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue") {
		return fmt.Errorf("%w: %w", port.ErrStale, err)
	}
	return unreachable(err)
}

// Extend hides a delivery for longer, up to twelve hours after its receive.
func (q *Queue) Extend(ctx context.Context, d port.Delivery, visibility time.Duration) error {
	if err := q.hide(ctx, d, visibility); err != nil {
		return fmt.Errorf("extend message %s: %w", d.Message.ID, err)
	}
	return nil
}

// Ack deletes the message.
func (q *Queue) Ack(ctx context.Context, d port.Delivery) error {
	if q.held.lost(d.Receipt) {
		return fmt.Errorf("ack message %s: %w", d.Message.ID, port.ErrStale)
	}
	url, err := q.url(ctx, q.names.Queues[d.Topic])
	if err != nil {
		return err
	}
	if _, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: &d.Receipt}); err != nil {
		return fmt.Errorf("ack message %s: %w", d.Message.ID, staleOr(err))
	}
	q.held.forget(d.Receipt)
	return nil
}

// Release makes a message visible after a delay. SQS cannot take back a receive: an uncounted release sends a copy, delayed by 15 minutes at
// most, that knows how often it was received, and then deletes the message. A crash in between leaves both: messages are hints.
func (q *Queue) Release(ctx context.Context, d port.Delivery, delay time.Duration, uncounted bool) error {
	if !uncounted {
		if err := q.hide(ctx, d, delay); err != nil {
			return fmt.Errorf("release message %s: %w", d.Message.ID, err)
		}
		q.held.keep(d.Receipt, time.Now()) // it is not ours any more
		return nil
	}
	if q.held.lost(d.Receipt) {
		return fmt.Errorf("release message %s: %w", d.Message.ID, port.ErrStale)
	}
	h := headerOf(d.Message)
	h.Receives, h.Sent = d.Receives-1, d.Sent
	if err := q.send(ctx, q.names.Queues[d.Topic], d.Message, h, min(delay, longestDelay)); err != nil {
		return fmt.Errorf("release message %s: %w", d.Message.ID, err)
	}
	return q.Ack(ctx, d)
}

// send puts a copy of a message on a queue.
func (q *Queue) send(ctx context.Context, queue string, m job.Message, h header, delay time.Duration) error {
	url, err := q.url(ctx, queue)
	if err != nil {
		return err
	}
	_, err = q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: sdk.String(string(m.Body)), DelaySeconds: whole(delay), MessageGroupId: group(m.UserID), MessageAttributes: attributes(h),
	})
	return unreachable(err)
}

// attributes is a header as SQS takes it.
func attributes(h header) map[string]types.MessageAttributeValue {
	return map[string]types.MessageAttributeValue{headerName: {DataType: sdk.String("String"), StringValue: sdk.String(h.text())}}
}

// Stats counts. SQS counts roughly, and does not tell the age of the oldest: CloudWatch does (ApproximateAgeOfOldestMessage).
func (q *Queue) Stats(ctx context.Context, topic job.Topic) (port.QueueStats, error) {
	stats := port.QueueStats{Topic: topic}
	counts, err := q.counts(ctx, q.names.Queues[topic])
	if err != nil {
		return stats, err
	}
	stats.Waiting, stats.Delayed, stats.Running = counts[0], counts[1], counts[2]
	if counts, err = q.counts(ctx, q.deadName(topic)); err != nil {
		return stats, err
	}
	stats.Dead = counts[0] + counts[2] // one that an operator looks at is there all the same
	return stats, nil
}

// counts asks how many messages of a queue wait, are delayed, and are out.
func (q *Queue) counts(ctx context.Context, name string) (counts [3]int, err error) {
	asked := []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesDelayed, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	}
	url, err := q.url(ctx, name)
	if err != nil {
		return counts, err
	}
	answer, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: asked})
	if err != nil {
		return counts, fmt.Errorf("count messages of %s: %w", name, unreachable(err))
	}
	for i, attribute := range asked {
		counts[i], _ = strconv.Atoi(answer.Attributes[string(attribute)])
	}
	return counts, nil
}
