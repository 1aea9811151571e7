// Package aws is the ports on Amazon's services, through aws-sdk-go-v2: objects and cold storage on S3 and Glacier, mail on SES, records on
// DynamoDB, messages on SNS and SQS, waits on Step Functions. The files are called as in package local.
package aws

import (
	"context"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"gas/pkg/fault"
)

// silence is how long a connection may say nothing before a call on it is given up. Long polls (20 s) and the slowest answers (a copy of 5 GiB) stay below.
const silence = 5 * time.Minute

// Session is how this process talks to AWS. Every client is made of its Config.
type Session struct {
	Config sdk.Config
	close  func()
}

// OpenSession finds region, credentials and endpoints as every program of AWS does: the environment (AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>
// too), the shared files, the role of the container or machine. A region that is not empty comes before those. Calls are retried as the SDK
// does by default, and nowhere else. options come last.
//
// The HTTP client handed to the SDK is its own kind, because only to that can it add the certificates of AWS_CA_BUNDLE; it is frozen afterwards.
func OpenSession(ctx context.Context, region string, options ...func(*config.LoadOptions) error) (*Session, error) {
	before := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient().WithReadTimeout(silence)),
		config.WithLogger(logging.Nop{}), // it would write about connections that it mends by itself, between the lines of the log
	}
	if region != "" {
		before = append(before, config.WithRegion(region))
	}
	loaded, err := config.LoadDefaultConfig(ctx, append(before, options...)...)
	if err != nil {
		return nil, fmt.Errorf("read the settings of AWS: %w", err)
	}
	if loaded.Region == "" {
		return nil, fault.New(fault.Usage, "No AWS region is set.").WithHint("Set aws_region or AWS_REGION.")
	}
	s := &Session{close: func() {}}
	if client, ok := loaded.HTTPClient.(*awshttp.BuildableClient); ok {
		loaded.HTTPClient = client.Freeze()
	}
	if client, ok := loaded.HTTPClient.(interface{ CloseIdleConnections() }); ok {
		s.close = client.CloseIdleConnections
	}
	s.Config = loaded
	return s, nil
}

// Close lets go of the connections that wait for another call.
func (s *Session) Close() error {
	s.close()
	return nil
}

// s3Client is S3. An endpoint of one's own (an emulator, a gateway) gets the bucket in the path: its name has no subdomain for each bucket.
func (s *Session) s3Client() *s3.Client {
	return s3.NewFromConfig(s.Config, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
}
