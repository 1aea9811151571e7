package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/telemetry"
	"gas/roles"
)

// reserve is the part of an invocation's time that is kept for giving back what is not done: two of Lambda's fifteen minutes.
const reserve = 2.0 / 15

func (a *app) lambdaCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "lambda --role ROLE",
		Short: "serve one role as a function of AWS Lambda",
		Long: "Serves the queue of one role as a function of AWS Lambda, whose runtime starts this command. An event of SQS holds the messages; those that are to\n" +
			"come again are named in the answer (ReportBatchItemFailures). An event of SNS only wakes: the queue is emptied. What is not done when two\n" +
			"fifteenths of the time are left is given back.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onBackend(command, func(ctx context.Context, c config.Config, p *backend.Ports) error {
				invoked, err := a.invoked(c, p)
				if err != nil {
					return err
				}
				lambda.StartWithOptions(function{invoked}.answer, lambda.WithContext(ctx))
				return nil
			})
		},
	}
	config.Flags(command.Flags())
	command.Flags().VisitAll(hideAWS)
	return command
}

// invoked opens the one role that the settings name.
func (a *app) invoked(c config.Config, p *backend.Ports) (*role.Invoked, error) {
	if len(c.Role) != 1 {
		return nil, usageError("a function serves one role: --role restore")
	}
	picked, err := role.Pick(roles.All(), c.Role)
	if err != nil {
		return nil, usageError("%s; the roles are %s", err, strings.Join(roleNames(), ", "))
	}
	log, err := telemetry.Logger(a.err, c.LogLevel)
	if err != nil {
		return nil, err
	}
	d, err := withFailpoints(deps(c, p, log))
	if err != nil {
		return nil, err
	}
	invoked, err := role.Invoke(d, picked[0])
	if err != nil {
		return nil, usageError("%s", err)
	}
	return invoked, nil
}

// function answers events.
type function struct {
	role *role.Invoked
}

// errWrongEvent says that an event is neither of SQS nor of SNS.
var errWrongEvent = errors.New("the event is neither of SQS nor of SNS")

// answer handles one event. Its answer names the messages of SQS that are to come again.
func (f function) answer(ctx context.Context, event json.RawMessage) (events.SQSEventResponse, error) {
	ctx, stop := untilReserve(ctx, time.Now())
	defer stop()
	switch sourceOf(event) {
	case "aws:sqs":
		return f.deliver(ctx, event)
	case "aws:sns":
		_, err := f.role.Drain(ctx)
		return events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}, err
	}
	return events.SQSEventResponse{}, errWrongEvent
}

// untilReserve ends the work while there is time to give it back. It is cancelled, as by a signal: a deadline would count as a failure.
func untilReserve(ctx context.Context, now time.Time) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	if !ok {
		return ctx, cancel
	}
	timer := time.AfterFunc(time.Duration(float64(deadline.Sub(now))*(1-reserve)), cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

// sourceOf tells the service that an event is of, when all of its records are of one.
func sourceOf(event json.RawMessage) string {
	var e struct {
		Records []struct {
			EventSource string // SQS spells it eventSource, SNS EventSource; the decoder takes both
		}
	}
	if json.Unmarshal(event, &e) != nil || len(e.Records) == 0 {
		return ""
	}
	source := e.Records[0].EventSource
	for _, r := range e.Records {
		if r.EventSource != source {
			return ""
		}
	}
	return source
}

func (f function) deliver(ctx context.Context, event json.RawMessage) (events.SQSEventResponse, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(event, &e); err != nil {
		return events.SQSEventResponse{}, fmt.Errorf("read event of SQS: %w", err)
	}
	var deliveries []port.Delivery
	for _, r := range e.Records {
		deliveries = append(deliveries, f.role.Handed(handed(r)))
	}
	again := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for n, err := range f.role.Deliver(ctx, deliveries) {
		if err != nil {
			again.BatchItemFailures = append(again.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: e.Records[n].MessageId})
		}
	}
	return again, nil
}

// handed is a message of SQS that Lambda has received.
func handed(r events.SQSMessage) port.HandedMessage {
	m := port.HandedMessage{ID: r.MessageId, Body: r.Body, Receipt: r.ReceiptHandle, System: r.Attributes, Attributes: map[string]string{}}
	for name, value := range r.MessageAttributes {
		if value.StringValue != nil {
			m.Attributes[name] = *value.StringValue
		}
	}
	return m
}
