package aws

import (
	"context"
	"fmt"
	"strings"
	"time"

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

// MakeStateMachine makes the state machine, or gives the one that is there this definition and role. roleARN is the role by which it publishes, which is
// left as it is; empty = the one in this account that is called as the machine, which is made too. Repeatable.
func MakeStateMachine(ctx context.Context, s *Session, n Names, roleARN string) (made []Made, err error) {
	settles := false // whether the role has just changed
	if roleARN == "" {
		role, err := machineRoleOf(ctx, s, n, "")
		if err != nil {
			return nil, err
		}
		isNew, changed, err := role.make(ctx)
		if err != nil {
			return nil, err
		}
		made, settles = append(made, Made{"role", role.name, isNew}), changed
		roleARN = strings.Join([]string{"arn", role.at.Partition, "iam", "", role.at.Account, "role/" + role.name}, ":")
	}
	isNew, err := makeMachine(ctx, s, n, roleARN)
	for end := time.Now().Add(settlesWithin); settles && untrusted(err) && time.Now().Before(end); isNew, err = makeMachine(ctx, s, n, roleARN) {
		if err := pause(ctx, time.Second); err != nil {
			return made, err
		}
	}
	if err != nil {
		return made, fmt.Errorf("make state machine %s: %w", lastOf(n.StateMachine), unreachable(err))
	}
	return append(made, Made{"state machine", lastOf(n.StateMachine), isNew}), nil
}

// settlesWithin is how long a role that was just made may be unknown to Step Functions.
const settlesWithin = 30 * time.Second

// untrusted tells whether Step Functions says that it may not take a role on.
func untrusted(err error) bool {
	return coded(err, "AccessDeniedException") && strings.Contains(err.Error(), "assume the provided role")
}

// makeMachine makes or changes the state machine, once.
func makeMachine(ctx context.Context, s *Session, n Names, roleARN string) (isNew bool, err error) {
	client := sfn.NewFromConfig(s.Config)
	arn, err := NewAccount(s).ARN(ctx, "states", machineOf(n.StateMachine))
	if err != nil {
		return false, err
	}
	name, definition := lastOf(n.StateMachine), machineDefinition
	_, err = client.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
	isNew = coded(err, "StateMachineDoesNotExist")
	switch {
	case isNew:
		_, err = client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: &roleARN, Type: types.StateMachineTypeStandard})
		if coded(err, "StateMachineAlreadyExists") { // somebody else makes it at this moment
			err = nil
		}
	case err == nil:
		_, err = client.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: &arn, Definition: &definition, RoleArn: &roleARN})
	}
	return isNew, err
}

// machineOf is the resource of a state machine in its ARN; an ARN stays.
func machineOf(name string) string {
	if name != lastOf(name) {
		return name
	}
	return "stateMachine:" + name
}
