package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gas/pkg/job"
)

const (
	ownerOnly       = "BucketOwnerEnforced"
	unfinishedAfter = 2 // days after which parts that nobody joined are dropped
	corsSeconds     = 3600
)

// bucketMaker makes and looks at the buckets of an installation.
type bucketMaker struct {
	s3      *s3.Client
	account *Account
	names   Names
	origin  string // of the pages: http(s)://HOST
}

func newBucketMaker(s *Session, n Names, origin string) bucketMaker {
	return bucketMaker{s3: s.s3Client(), account: NewAccount(s), names: n, origin: strings.TrimSuffix(origin, "/")}
}

// MakeBuckets makes the three buckets and what they should be: private, encrypted, owned by the account alone, TLS only, unfinished uploads dropped;
// the inputs take posts from pages at origin; the archive tells the topic of restores, which must be there, what is warm. Repeatable.
func MakeBuckets(ctx context.Context, s *Session, n Names, origin string) (made []Made, err error) {
	m := newBucketMaker(s, n, origin)
	for _, name := range []string{n.BucketInputs, n.BucketResults, n.BucketArchive} {
		isNew, err := m.bucket(ctx, name, s.Config.Region)
		if err != nil {
			return made, fmt.Errorf("make bucket %s: %w", name, unreachable(err))
		}
		changed, err := makeAll(ctx, m.traits(name))
		if err != nil {
			return made, fmt.Errorf("make bucket %s: %w", name, unreachable(err))
		}
		made = append(made, Made{"bucket", name, isNew || changed})
	}
	return made, nil
}

// CheckBuckets looks at the buckets and changes nothing.
func CheckBuckets(ctx context.Context, s *Session, n Names, origin string) (found []Finding) {
	m := newBucketMaker(s, n, origin)
	for _, name := range []string{n.BucketInputs, n.BucketResults, n.BucketArchive} {
		if _, err := m.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name}); err != nil {
			found = append(found, Finding{Kind: "bucket", Name: name, Fault: bucketFault(err)})
			continue
		}
		found = append(found, lookAtAll(ctx, "bucket", name, m.traits(name))...)
	}
	return found
}

func bucketFault(err error) string {
	switch status(err) {
	case http.StatusNotFound:
		return "it is missing"
	case http.StatusForbidden, http.StatusMovedPermanently:
		return "it belongs to another account or region, or may not be looked at"
	}
	return shortError(err).Error()
}

// bucket makes a bucket that is missing.
func (m bucketMaker) bucket(ctx context.Context, name, region string) (isNew bool, err error) {
	_, err = m.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	if err == nil || status(err) != http.StatusNotFound {
		return false, err
	}
	in := &s3.CreateBucketInput{Bucket: &name, ObjectOwnership: ownerOnly}
	if region != "us-east-1" { // which is the default, and may not be said
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	_, err = m.s3.CreateBucket(ctx, in)
	var mine *types.BucketAlreadyOwnedByYou
	if errors.As(err, &mine) {
		err = nil
	}
	return true, err
}

// traits are what is to be true of a bucket.
func (m bucketMaker) traits(name string) []trait {
	list := []trait{m.private(name), m.owned(name), m.encrypted(name), m.overTLS(name), m.tidy(name)}
	if name == m.names.BucketInputs && m.origin != "" {
		list = append(list, m.takesForms(name))
	}
	if name == m.names.BucketArchive {
		list = append(list, m.tells(name))
	}
	return list
}

func (m bucketMaker) private(name string) trait {
	yes := sdk.Bool(true)
	want := &types.PublicAccessBlockConfiguration{BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes}
	return trait{
		fault: "it can be opened to the world", danger: true,
		holds: func(ctx context.Context) (bool, error) {
			now, err := m.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &name})
			if coded(err, "NoSuchPublicAccessBlockConfiguration") {
				return false, nil
			}
			return err == nil && reflect.DeepEqual(now.PublicAccessBlockConfiguration, want), err
		},
		make: func(ctx context.Context) error {
			_, err := m.s3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &name, PublicAccessBlockConfiguration: want})
			return err
		},
	}
}

func (m bucketMaker) owned(name string) trait {
	return trait{
		fault: "its objects may belong to others", danger: true,
		holds: func(ctx context.Context) (bool, error) {
			now, err := m.s3.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &name})
			if coded(err, "OwnershipControlsNotFoundError") {
				return false, nil
			}
			return err == nil && now.OwnershipControls != nil && len(now.OwnershipControls.Rules) == 1 && now.OwnershipControls.Rules[0].ObjectOwnership == ownerOnly, err
		},
		make: func(ctx context.Context) error {
			_, err := m.s3.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{
				Bucket: &name, OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: ownerOnly}}},
			})
			return err
		},
	}
}

func (m bucketMaker) encrypted(name string) trait {
	return trait{
		fault: "its objects are not encrypted", danger: true,
		holds: func(ctx context.Context) (bool, error) {
			now, err := m.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &name})
			if coded(err, "ServerSideEncryptionConfigurationNotFoundError") {
				return false, nil
			}
			if err != nil {
				return false, err
			}
			c := now.ServerSideEncryptionConfiguration
			return c != nil && len(c.Rules) > 0 && c.Rules[0].ApplyServerSideEncryptionByDefault != nil && c.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != "", nil
		},
		make: func(ctx context.Context) error {
			_, err := m.s3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &name, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
				Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}}},
			}})
			return err
		},
	}
}

func (m bucketMaker) overTLS(name string) trait {
	want := func(ctx context.Context) (string, error) {
		partition, _, err := m.account.Whose(ctx)
		arn := "arn:" + partition + ":s3:::" + name
		rule := onlyTLS("s3:*", arn)
		rule.Resource = []string{arn, arn + "/*"}
		return policyOf(rule), err
	}
	return trait{
		fault: "its policy is another than the one that refuses what does not come through TLS", danger: true,
		holds: func(ctx context.Context) (bool, error) {
			policy, err := want(ctx)
			if err != nil {
				return false, err
			}
			now, err := m.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name})
			if coded(err, "NoSuchBucketPolicy") {
				return false, nil
			}
			return err == nil && sameJSON(sdk.ToString(now.Policy), policy), err
		},
		make: func(ctx context.Context) error {
			policy, err := want(ctx)
			if err != nil {
				return err
			}
			_, err = m.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &name, Policy: &policy})
			return err
		},
	}
}

// tidy drops parts that nobody joined. Objects themselves are deleted by the collector, which knows the record.
func (m bucketMaker) tidy(name string) trait {
	return trait{
		fault: "uploads that were never finished are kept, or objects are deleted that records name", danger: true,
		holds: func(ctx context.Context) (bool, error) {
			now, err := m.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &name})
			if coded(err, "NoSuchLifecycleConfiguration") {
				return false, nil
			}
			if err != nil {
				return false, err
			}
			aborts := false
			for _, rule := range now.Rules {
				on := rule.Status == types.ExpirationStatusEnabled
				if on && (rule.Expiration != nil && (rule.Expiration.Days != nil || rule.Expiration.Date != nil) || len(rule.Transitions) > 0) {
					return false, nil
				}
				aborts = aborts || on && rule.AbortIncompleteMultipartUpload != nil
			}
			return aborts, nil
		},
		make: func(ctx context.Context) error {
			_, err := m.s3.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: &name, LifecycleConfiguration: &types.BucketLifecycleConfiguration{
				Rules: []types.LifecycleRule{{
					ID: sdk.String("unfinished-uploads"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: sdk.String("")},
					AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: sdk.Int32(unfinishedAfter)},
				}},
			}})
			return err
		},
	}
}

// takesForms lets a browser on our pages post the form and put parts straight to the bucket.
func (m bucketMaker) takesForms(name string) trait {
	want := types.CORSRule{
		AllowedOrigins: []string{m.origin}, AllowedMethods: []string{http.MethodPost, http.MethodPut}, AllowedHeaders: []string{"*"},
		ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: sdk.Int32(corsSeconds),
	}
	return trait{
		fault: "browsers on " + m.origin + " may not upload to it, or others may",
		holds: func(ctx context.Context) (bool, error) {
			now, err := m.s3.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &name})
			if coded(err, "NoSuchCORSConfiguration") {
				return false, nil
			}
			if err != nil || len(now.CORSRules) != 1 {
				return false, err
			}
			r := now.CORSRules[0]
			return slices.Equal(r.AllowedOrigins, want.AllowedOrigins) && sameSet(r.AllowedMethods, want.AllowedMethods) && slices.Equal(r.ExposeHeaders, want.ExposeHeaders), nil
		},
		make: func(ctx context.Context) error {
			_, err := m.s3.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: &name, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{want}}})
			return err
		},
	}
}

// tells lets the archive post to the topic of restores when an object is warm.
func (m bucketMaker) tells(name string) trait {
	return trait{
		fault: "nobody is told when an object is warm",
		holds: func(ctx context.Context) (bool, error) {
			arn, err := m.account.ARN(ctx, "sns", m.names.Topics[job.Restores])
			if err != nil {
				return false, err
			}
			now, err := m.s3.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &name})
			if err != nil {
				return false, err
			}
			return slices.ContainsFunc(now.TopicConfigurations, func(c types.TopicConfiguration) bool {
				return sdk.ToString(c.TopicArn) == arn && slices.Contains(c.Events, types.EventS3ObjectRestoreCompleted)
			}), nil
		},
		make: func(ctx context.Context) error {
			arn, err := m.account.ARN(ctx, "sns", m.names.Topics[job.Restores])
			if err != nil {
				return err
			}
			_, err = m.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: &name, NotificationConfiguration: &types.NotificationConfiguration{
				TopicConfigurations: []types.TopicConfiguration{{Id: sdk.String("warm"), TopicArn: &arn, Events: []types.Event{types.EventS3ObjectRestoreCompleted}}},
			}})
			return err
		},
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// sameJSON tells whether two documents say the same.
func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
