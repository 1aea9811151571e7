package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

// deadName is the queue of a topic's dead letters, in the account of its queue.
func (q *Queue) deadName(topic job.Topic) string {
	queue := q.names.Queues[topic]
	return strings.TrimSuffix(queue, lastOf(queue)) + q.names.Dead(topic)
}

// lookLasts is how long dead letters are hidden from others while they are looked at.
const lookLasts = time.Minute

// Bury sends a copy to the dead letters and deletes the message. First it makes sure that the receipt is still good.
func (q *Queue) Bury(ctx context.Context, d port.Delivery, reason string) error {
	if err := q.hide(ctx, d, lookLasts); err != nil {
		return fmt.Errorf("bury message %s: %w", d.Message.ID, err)
	}
	h := headerOf(d.Message)
	h.Sent, h.Reason, h.Buried, h.Total = d.Sent, cmp.Or(reason, "no reason"), time.Now().UTC(), d.Receives
	if err := q.send(ctx, q.deadName(d.Topic), d.Message, h, 0); err != nil {
		return fmt.Errorf("bury message %s: %w", d.Message.ID, err)
	}
	return q.Ack(ctx, d)
}

// Dead lists dead letters. SQS shows messages only by receiving them: they are received and given back, and another look at the same time sees fewer.
func (q *Queue) Dead(ctx context.Context, topic job.Topic, limit int) (list []port.DeadLetter, err error) {
	letters, err := q.exhume(ctx, topic, limit)
	err = errors.Join(err, q.giveBack(context.WithoutCancel(ctx), topic, letters))
	for _, l := range letters {
		list = append(list, l.dead())
	}
	slices.SortStableFunc(list, func(a, b port.DeadLetter) int { return a.At.Compare(b.At) })
	return list, err
}

// exhume receives at most limit dead letters.
func (q *Queue) exhume(ctx context.Context, topic job.Topic, limit int) (letters []letter, err error) {
	counts, err := q.counts(ctx, q.deadName(topic))
	if err != nil || counts[0] == 0 {
		return nil, err
	}
	url, err := q.url(ctx, q.deadName(topic))
	if err != nil {
		return nil, err
	}
	for len(letters) < limit {
		// A long poll asks every server of SQS, a short one only some.
		found, err := q.poll(ctx, topic, url, limit-len(letters), time.Second, lookLasts)
		if err != nil {
			return letters, fmt.Errorf("look at dead letters of %s: %w", topic, unreachable(err))
		}
		letters = append(letters, found...)
		if len(found) == 0 || len(letters) >= counts[0] {
			break
		}
	}
	return letters, nil
}

// giveBack makes letters visible again.
func (q *Queue) giveBack(ctx context.Context, topic job.Topic, letters []letter) error {
	url, err := q.url(ctx, q.deadName(topic))
	if err != nil {
		return err
	}
	for part := range slices.Chunk(letters, mostAtOnce) {
		var entries []types.ChangeMessageVisibilityBatchRequestEntry
		for i, l := range part {
			entries = append(entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: sdk.String(strconv.Itoa(i)), ReceiptHandle: sdk.String(l.receipt), VisibilityTimeout: 0})
		}
		// One that fails comes back by itself within a minute.
		if _, err := q.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url, Entries: entries}); err != nil {
			return fmt.Errorf("give dead letters of %s back: %w", topic, unreachable(err))
		}
	}
	return nil
}

// everyLetter is more than a queue of dead letters is ever looked through at once.
const everyLetter = 100_000

// Redrive puts dead letters back on their queue, as new: their receives begin at nothing.
func (q *Queue) Redrive(ctx context.Context, topic job.Topic, ids []string) (n int, err error) {
	letters, err := q.exhume(ctx, topic, everyLetter)
	var chosen, rest []letter
	for _, l := range letters {
		if len(ids) == 0 || slices.Contains(ids, l.message.ID) {
			chosen = append(chosen, l)
		} else {
			rest = append(rest, l)
		}
	}
	for part := range slices.Chunk(chosen, mostAtOnce) {
		sent, failed, sending := q.sendAll(ctx, topic, part)
		rest = append(rest, failed...)
		n += len(sent)
		err = errors.Join(err, sending, q.deleteDead(ctx, topic, sent))
	}
	return n, errors.Join(err, q.giveBack(context.WithoutCancel(ctx), topic, rest))
}

// sendAll sends letters to their queue in one call, and tells which of them were sent: any may fail by itself.
func (q *Queue) sendAll(ctx context.Context, topic job.Topic, letters []letter) (sent, failed []letter, err error) {
	url, err := q.url(ctx, q.names.Queues[topic])
	if err != nil {
		return nil, letters, err
	}
	var entries []types.SendMessageBatchRequestEntry
	for i, l := range letters {
		entries = append(entries, types.SendMessageBatchRequestEntry{
			Id: sdk.String(strconv.Itoa(i)), MessageBody: sdk.String(string(l.message.Body)), MessageGroupId: group(l.message.UserID), MessageAttributes: attributes(headerOf(l.message)),
		})
	}
	answer, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: entries})
	if err != nil {
		return nil, letters, fmt.Errorf("redrive dead letters of %s: %w", topic, unreachable(err))
	}
	for i, l := range letters {
		at := slices.IndexFunc(answer.Failed, func(e types.BatchResultErrorEntry) bool { return sdk.ToString(e.Id) == strconv.Itoa(i) })
		if at < 0 {
			sent = append(sent, l)
			continue
		}
		failed = append(failed, l)
		err = errors.Join(err, fmt.Errorf("redrive message %s: %s", l.message.ID, sdk.ToString(answer.Failed[at].Message)))
	}
	return sent, failed, err
}

// deleteDead deletes dead letters that were sent again.
func (q *Queue) deleteDead(ctx context.Context, topic job.Topic, letters []letter) error {
	if len(letters) == 0 {
		return nil
	}
	url, err := q.url(ctx, q.deadName(topic))
	if err != nil {
		return err
	}
	var entries []types.DeleteMessageBatchRequestEntry
	for i, l := range letters {
		entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: sdk.String(strconv.Itoa(i)), ReceiptHandle: sdk.String(l.receipt)})
	}
	answer, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: entries})
	if err != nil {
		return fmt.Errorf("delete redriven letters of %s: %w", topic, unreachable(err))
	}
	for _, f := range answer.Failed {
		err = errors.Join(err, fmt.Errorf("delete a redriven letter of %s: %s", topic, sdk.ToString(f.Message)))
	}
	return err
}
