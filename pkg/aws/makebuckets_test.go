package aws_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/test/peers"
)

const origin = "https://gas.example"

// faults are what findings complain of, as "kind name: fault".
func faults(found []aws.Finding) (list []string) {
	for _, f := range found {
		if f.Fault != "" {
			list = append(list, f.Kind+" "+f.Name+": "+f.Fault)
		}
	}
	return list
}

func TestBucketsAreMadePrivateAndLookedAt(t *testing.T) {
	t.Parallel()
	for name, session := range map[string]*aws.Session{
		"MiniStack": sessionAt(t, peers.MiniStack(t).URL), "moto": at(t, peers.Moto(t).URL, "test", "test"), "LocalStack": at(t, peers.LocalStack(t).URL, "test", "test"),
	} {
		t.Run(name, func(t *testing.T) {
			n := names()
			require.Len(t, faults(aws.CheckBuckets(t.Context(), session, n, origin)), 3, "they are missing")
			_, err := aws.MakeMessaging(t.Context(), session, n)
			require.NoError(t, err)
			for round := range 2 {
				made, err := aws.MakeBuckets(t.Context(), session, n, origin)
				require.NoError(t, err)
				require.Len(t, made, 3)
				for _, m := range made {
					require.Equal(t, round == 0, m.New, "%v in round %d", m, round)
				}
				require.Empty(t, faults(aws.CheckBuckets(t.Context(), session, n, origin)))
			}
			for _, c := range bends() {
				t.Run(c.fault, func(t *testing.T) {
					require.NoError(t, c.bend(t.Context(), s3.NewFromConfig(session.Config, func(o *s3.Options) { o.UsePathStyle = true }), c.bucket))
					require.Equal(t, []string{"bucket " + c.bucket + ": " + c.fault}, faults(aws.CheckBuckets(t.Context(), session, n, origin)))
					_, err := aws.MakeBuckets(t.Context(), session, n, origin)
					require.NoError(t, err)
					require.Empty(t, faults(aws.CheckBuckets(t.Context(), session, n, origin)), "init makes it good")
				})
			}
			require.Len(t, faults(aws.CheckBuckets(t.Context(), session, n, "https://other.example")), 1, "pages at another address")
		})
	}
}

// bend is something that somebody did to a bucket by hand.
type bend struct {
	bucket, fault string
	bend          func(ctx context.Context, c *s3.Client, bucket string) error
}

func bends() []bend {
	n := names()
	return []bend{
		{n.BucketResults, "it can be opened to the world", func(ctx context.Context, c *s3.Client, bucket string) error {
			_, err := c.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: &bucket})
			return err
		}},
		{n.BucketInputs, "its policy is another than the one that refuses what does not come through TLS", func(ctx context.Context, c *s3.Client, bucket string) error {
			open := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + bucket + `/*"}]}`
			_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &open})
			return err
		}},
		{n.BucketArchive, "nobody is told when an object is warm", func(ctx context.Context, c *s3.Client, bucket string) error {
			_, err := c.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
				Bucket: &bucket, NotificationConfiguration: &types.NotificationConfiguration{},
			})
			return err
		}},
		{n.BucketArchive, "uploads that were never finished are kept, or objects are deleted that records name", func(ctx context.Context, c *s3.Client, bucket string) error {
			id, prefix, days := "expire", "", int32(30)
			_, err := c.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: &bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{
				Rules: []types.LifecycleRule{{
					ID: &id, Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: &prefix}, Expiration: &types.LifecycleExpiration{Days: &days},
				}},
			}})
			return err
		}},
	}
}
