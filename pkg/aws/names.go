package aws

import (
	"context"
	"fmt"
	"strings"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"gas/pkg/job"
)

// Names is what everything on AWS is called. A topic, a queue and a state machine may also be given by ARN; then the account is not asked for.
type Names struct {
	BucketInputs  string
	BucketResults string
	BucketArchive string
	TableJobs     string // the course's table of annotations
	TableUsers    string
	TableRecords  string // what belongs to jobs and users, and small values
	Topics        map[job.Topic]string
	Queues        map[job.Topic]string
	StateMachine  string // the wait for the end of a free window
}

// Dead is the name of the queue of a topic's dead letters.
func (n Names) Dead(topic job.Topic) string { return lastOf(n.Queues[topic]) + "_dead" }

// lastOf is the name in an ARN, and a name as it is.
func lastOf(name string) string {
	return name[strings.LastIndexByte(name, ':')+1:]
}

// Account is where names become ARNs: partition, region and account, asked for once.
type Account struct {
	client *sts.Client
	region string

	mu        sync.Mutex
	partition string
	id        string
}

// NewAccount makes one. Nothing is asked before a name has to become an ARN.
func NewAccount(s *Session) *Account {
	return &Account{client: sts.NewFromConfig(s.Config), region: s.Config.Region}
}

// Whose asks for partition and account id of the credentials.
func (a *Account) Whose(ctx context.Context) (partition, id string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.id != "" {
		return a.partition, a.id, nil
	}
	answer, err := a.client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", "", fmt.Errorf("ask whose account this is: %w", unreachable(err))
	}
	a.partition, a.id = "aws", sdk.ToString(answer.Account)
	if parts := strings.Split(sdk.ToString(answer.Arn), ":"); len(parts) > 1 && parts[1] != "" {
		a.partition = parts[1]
	}
	return a.partition, a.id, nil
}

// ARN is the full name of a thing of a service: arn:aws:sns:us-east-1:123456789012:gas_job_requests. What is one already stays as it is.
func (a *Account) ARN(ctx context.Context, service, name string) (string, error) {
	if strings.HasPrefix(name, "arn:") {
		return name, nil
	}
	partition, id, err := a.Whose(ctx)
	if err != nil {
		return "", err
	}
	region := a.region
	if service == "iam" { // has none
		region = ""
	}
	return strings.Join([]string{"arn", partition, service, region, id, name}, ":"), nil
}
