package aws_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/port"
	"gas/test/peers/awsfault"
)

// restoreEvent reads the event that an emulator itself writes, of a key that has to be encoded.
func restoreEvent(t *testing.T, session *aws.Session) {
	name := newBucket(t, session)
	queues := sqs.NewFromConfig(session.Config)
	made, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: sdk.String("restored")})
	require.NoError(t, err)
	about, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
	require.NoError(t, err)
	client := s3.NewFromConfig(session.Config, func(o *s3.Options) { o.UsePathStyle = true })
	_, err = client.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &name, NotificationConfiguration: &types.NotificationConfiguration{QueueConfigurations: []types.QueueConfiguration{
			{QueueArn: sdk.String(about.Attributes["QueueArn"]), Events: []types.Event{"s3:ObjectRestore:Completed"}},
		}},
	})
	require.NoError(t, err)

	v := session.S3Vault(name)
	raw := sha256.Sum256([]byte(line))
	item := port.VaultItem{Key: "archive/1/ä job+1/2", JobID: "ä job+1", Gen: 2, SHA256: hex.EncodeToString(raw[:]), Size: int64(len(line))}
	ref, err := v.Store(t.Context(), item, strings.NewReader(line))
	require.NoError(t, err)
	_, err = v.Thaw(t.Context(), ref, port.Standard)
	require.NoError(t, err)
	var notices []port.VaultNotice
	for range 10 {
		got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: made.QueueUrl, WaitTimeSeconds: 2})
		require.NoError(t, err)
		for _, m := range got.Messages {
			if strings.Contains(*m.Body, "s3:TestEvent") {
				_, err := v.ReadNotice([]byte(*m.Body))
				require.Error(t, err, "the event by which S3 tries a new setting is none")
			} else {
				n, err := v.ReadNotice([]byte(*m.Body))
				require.NoError(t, err)
				notices = append(notices, n)
			}
			_, err := queues.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: made.QueueUrl, ReceiptHandle: m.ReceiptHandle})
			require.NoError(t, err)
		}
		if len(notices) > 0 {
			break
		}
	}
	require.Equal(t, []port.VaultNotice{{Ref: ref, JobID: "ä job+1"}}, notices)
}

func TestANoticeOfS3IsReadInAndOutOfItsEnvelope(t *testing.T) {
	v := at(t, "http://127.0.0.1:1", "test", "test").S3Vault("gas-archive")
	sum := strings.Repeat("0a", 32)
	event := string(awsfault.RestoreEvent("gas-archive", "archive/1/a b/3/"+sum))
	envelope := `{"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:1:x","Message":` + quote(t, event) + `}`
	for name, body := range map[string]string{"raw": event, "in the envelope of SNS": envelope} {
		t.Run(name, func(t *testing.T) {
			n, err := v.ReadNotice([]byte(body))
			require.NoError(t, err)
			require.Equal(t, port.VaultNotice{Ref: "archive/1/a b/3/" + sum, JobID: "a b"}, n)
		})
	}
	for name, body := range map[string]string{
		"another bucket's":     string(awsfault.RestoreEvent("other", "archive/1/j/3/"+sum)),
		"a restore that began": strings.Replace(event, "ObjectRestore:Completed", "ObjectRestore:Post", 1),
		"another service's":    strings.Replace(event, "aws:s3", "aws:sqs", 1),
		"two at once":          strings.Replace(event, `"Records":[`, `"Records":[{},`, 1),
		"without a key":        string(awsfault.RestoreEvent("gas-archive", "")),
		"a key badly encoded":  strings.Replace(event, "a+b", "a%zzb", 1),
		"a test of S3's":       `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"gas-archive"}`,
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, err := v.ReadNotice([]byte(body))
			require.Error(t, err)
		})
	}
}
