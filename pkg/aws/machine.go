package aws

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// machineDefinition is the whole state machine: it waits and publishes. It decides nothing; whoever gets the message reads the record and does.
const machineDefinition = `{
  "Comment": "GAS: waits until a time and then publishes a message to its topic",
  "StartAt": "Wait",
  "States": {
    "Wait": {"Type": "Wait", "TimestampPath": "$.at", "Next": "Publish"},
    "Publish": {
      "Type": "Task",
      "Resource": "arn:aws:states:::sns:publish",
      "Parameters": {
        "TopicArn.$": "$.topic",
        "Message.$": "$.message",
        "MessageAttributes": {"gas": {"DataType": "String", "StringValue.$": "$.header"}}
      },
      "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 10, "BackoffRate": 2}],
      "End": true
    }
  }
}`

// MakeStateMachine makes the state machine, or gives the one that is there this definition and role. roleARN is the role by which it publishes;
// empty = the role in this account that is called as the machine. Repeatable.
func MakeStateMachine(ctx context.Context, s *Session, n Names, roleARN string) ([]Made, error) {
	client, account := sfn.NewFromConfig(s.Config), NewAccount(s)
	arn, err := account.ARN(ctx, "states", machineOf(n.StateMachine))
	if err != nil {
		return nil, err
	}
	name := lastOf(n.StateMachine)
	if roleARN == "" {
		if roleARN, err = account.ARN(ctx, "iam", "role/"+name); err != nil {
			return nil, err
		}
	}
	definition := machineDefinition
	_, err = client.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
	isNew := coded(err, "StateMachineDoesNotExist")
	switch {
	case isNew:
		_, err = client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: &roleARN, Type: types.StateMachineTypeStandard})
		if coded(err, "StateMachineAlreadyExists") { // somebody else makes it at this moment
			err = nil
		}
	case err == nil:
		_, err = client.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: &arn, Definition: &definition, RoleArn: &roleARN})
	}
	if err != nil {
		return nil, fmt.Errorf("make state machine %s: %w", name, unreachable(err))
	}
	return []Made{{"state machine", name, isNew}}, nil
}

// machineOf is the resource of a state machine in its ARN; an ARN stays.
func machineOf(name string) string {
	if name != lastOf(name) {
		return name
	}
	return "stateMachine:" + name
}
