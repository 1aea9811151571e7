package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/job"
	"gas/pkg/memory"
	"gas/pkg/port"
	"gas/pkg/role"
)

const lambdaVisibility = 30 * time.Second

// lambdaBench is a role behind a function, on queues in memory.
type lambdaBench struct {
	*memory.World
	function
	handled []string
}

func newLambdaBench(t *testing.T, do func(ctx context.Context, jobID string) error) *lambdaBench {
	t.Helper()
	b := &lambdaBench{World: memory.New(memory.Options{})}
	d := role.Deps{
		Config: config.Config{QueueVisibility: lambdaVisibility}, Log: zerolog.Nop(), Now: time.Now, Instance: "p1",
		Store: b.Store, Records: b.Records, Inputs: b.Inputs, Results: b.Results, Bus: b.Bus, Queue: b.Queue, Vault: b.Vault,
	}
	handles := role.Handler{Topic: job.Restores, Workers: 1, Do: func(ctx context.Context, _ role.Deps, m role.Message) error {
		body, err := job.Decode(m.Message.Body)
		if err != nil {
			return role.Hopeless{Why: err}
		}
		b.handled = append(b.handled, body.JobID)
		return do(ctx, body.JobID)
	}}
	invoked, err := role.Invoke(d, role.Role{Name: "restore", Handles: []role.Handler{handles}})
	require.NoError(t, err)
	b.function = function{invoked}
	return b
}

func (b *lambdaBench) publish(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, b.Bus.Publish(t.Context(), job.Hint("m-"+id, job.Restores, job.Job{ID: id, UserID: "u-" + id})))
	}
}

// received is the event that Lambda makes of what it has received from the queue.
func (b *lambdaBench) received(t *testing.T) json.RawMessage {
	t.Helper()
	var e events.SQSEvent
	deliveries, err := b.Queue.Receive(t.Context(), job.Restores, 10, 0, lambdaVisibility)
	require.NoError(t, err)
	for _, dv := range deliveries {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: dv.Message.ID, ReceiptHandle: dv.Receipt, Body: string(dv.Message.Body), EventSource: "aws:sqs",
			Attributes: map[string]string{"ApproximateReceiveCount": fmt.Sprint(dv.Receives), "SentTimestamp": fmt.Sprint(dv.Sent.UnixMilli())},
		})
	}
	event, err := json.Marshal(e)
	require.NoError(t, err)
	return event
}

func (b *lambdaBench) stats(t *testing.T) port.QueueStats {
	t.Helper()
	s, err := b.Queue.Stats(t.Context(), job.Restores)
	require.NoError(t, err)
	return s
}

const knockOfSNS = `{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","Sns":{"Type":"Notification","Message":"anything"}}]}`

func TestAnEventOfSQSNamesTheMessagesThatAreToComeAgain(t *testing.T) {
	b := newLambdaBench(t, func(_ context.Context, id string) error {
		if id == "bad" {
			return errors.New("disk")
		}
		return nil
	})
	b.publish(t, "good", "bad", "fine")
	answer, err := b.answer(t.Context(), b.received(t))
	require.NoError(t, err)
	require.Equal(t, []events.SQSBatchItemFailure{{ItemIdentifier: "m-bad"}}, answer.BatchItemFailures)
	require.Equal(t, []string{"good", "bad", "fine"}, b.handled)
	require.Equal(t, 1, b.stats(t).Waiting+b.stats(t).Delayed+b.stats(t).Running, "two are acked")

	text, err := json.Marshal(events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}})
	require.NoError(t, err)
	require.JSONEq(t, `{"batchItemFailures":[]}`, string(text), "an empty list: null or a missing one would fail all of them")
}

func TestAMessageThatNobodyCanHandleIsBuriedOnce(t *testing.T) {
	b := newLambdaBench(t, func(context.Context, string) error { return nil })
	require.NoError(t, b.Bus.Publish(t.Context(), job.Message{ID: "m", Topic: job.Restores, UserID: "u", Body: json.RawMessage(`{"v":9}`)}))
	answer, err := b.answer(t.Context(), b.received(t))
	require.NoError(t, err)
	require.Empty(t, answer.BatchItemFailures, "it lies with the dead letters: Lambda must not let it come again")
	require.Equal(t, 1, b.stats(t).Dead)
}

func TestAnEventOfSNSOnlyWakes(t *testing.T) {
	b := newLambdaBench(t, func(context.Context, string) error { return nil })
	b.publish(t, "a", "b", "c")
	answer, err := b.answer(t.Context(), json.RawMessage(knockOfSNS))
	require.NoError(t, err)
	require.Empty(t, answer.BatchItemFailures)
	require.Equal(t, []string{"a", "b", "c"}, b.handled, "what it does stands in the queue")
	require.Zero(t, b.stats(t).Waiting)
}

func TestAnEventOfSomethingElseIsRefused(t *testing.T) {
	b := newLambdaBench(t, func(context.Context, string) error { return nil })
	for _, event := range []string{
		`{}`, `[]`, `{"Records":[]}`, `{"Records":[{"eventSource":"aws:s3"}]}`, `{"Records":[{"eventSource":"aws:sqs"},{"EventSource":"aws:sns"}]}`, `"x"`,
	} {
		_, err := b.answer(t.Context(), json.RawMessage(event))
		require.ErrorIs(t, err, errWrongEvent, event)
	}
	require.Empty(t, b.handled)
}

func TestWhatIsNotDoneAtThirteenOfFifteenMinutesIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newLambdaBench(t, func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		})
		b.publish(t, "long")
		event := b.received(t)
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		begin := time.Now()
		answer, err := b.answer(ctx, event)
		require.NoError(t, err)
		require.Equal(t, 13*time.Minute, time.Since(begin))
		require.Equal(t, []events.SQSBatchItemFailure{{ItemIdentifier: "m-long"}}, answer.BatchItemFailures)
		again, err := b.Queue.Receive(t.Context(), job.Restores, 1, 0, lambdaVisibility)
		require.NoError(t, err)
		require.Len(t, again, 1, "somebody else can have it at once")
		require.Equal(t, 1, again[0].Receives, "and it counts as no failure")
	})
}

func TestARoleThatIsCalledCountsAsUpForAMonth(t *testing.T) {
	b := newLambdaBench(t, func(context.Context, string) error { return nil })
	b.publish(t, "one")
	_, err := b.answer(t.Context(), b.received(t))
	require.NoError(t, err)
	beat, err := b.Records.Get(t.Context(), role.HeartbeatKind, "called/restore")
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(30*24*time.Hour), beat.Expires, time.Hour)
}
