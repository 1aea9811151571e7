package aws_test

import (
	"context"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/port/porttest"
	"gas/test/peers"
)

// at opens a session with an emulator. It tries as often as every session does, but does not wait as long between.
func at(t *testing.T, endpoint, access, secret string) *aws.Session {
	t.Helper()
	quick := func() sdk.Retryer { return retry.AddWithMaxBackoffDelay(retry.NewStandard(), 20*time.Millisecond) }
	s, err := aws.OpenSession(context.Background(), "us-east-1",
		config.WithBaseEndpoint(endpoint), config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(access, secret, "")),
		config.WithRetryer(quick), config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// newBucket makes a bucket of its own.
func newBucket(t *testing.T, s *aws.Session) string {
	t.Helper()
	name := "b-" + strings.ToLower(uuid.NewString())
	client := s3.NewFromConfig(s.Config, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: sdk.String(name)})
	require.NoError(t, err)
	return name
}

// objects runs the suites of objects against an emulator.
func objects(t *testing.T, s *aws.Session, skip map[string]string) {
	fresh := func(t *testing.T) porttest.World {
		b := s.Blobs(newBucket(t, s))
		return porttest.World{Blobs: b, Parts: b, Skip: skip}
	}
	t.Run("blobs", func(t *testing.T) { porttest.Blobs(t, fresh) })
	t.Run("multipart", func(t *testing.T) { porttest.Multipart(t, fresh) })
}

func TestOnVersity(t *testing.T) {
	t.Parallel()
	objects(t, at(t, peers.Versity(t).URL, peers.VersityAccess, peers.VersitySecret), map[string]string{
		"of 16 writers of one key one wins, and the object is whole": "versitygw's If-None-Match is not atomic; LocalStack, MiniStack and moto show it",
	})
}

func TestOnMiniStack(t *testing.T) {
	t.Parallel()
	objects(t, at(t, peers.MiniStack(t).URL, "123456789012", "test"), map[string]string{
		"a part that breaks off is not there, and the upload goes on": "MiniStack takes a part whose connection broke for whole; versitygw, LocalStack and moto show it",
	})
}

// TestOnLocalStack has all that LocalStack covers in one run of it: it takes a while to start. Its restores end at once.
func TestOnLocalStack(t *testing.T) {
	t.Parallel()
	session := at(t, peers.LocalStack(t).URL, "test", "test")
	objects(t, session, nil)
	t.Run("vault", func(t *testing.T) {
		porttest.Vault(t, s3Vault(session, "LocalStack's restores end at once; TestS3VaultTakesItsTime shows it"))
	})
	t.Run("forms", func(t *testing.T) {
		forms(t, session)
	})
	t.Run("the event of a restore is read as it writes it", func(t *testing.T) { restoreEvent(t, session) })
	carries(t, session, time.Second, nil) // it cuts a wait to whole seconds
	t.Run("role", func(t *testing.T) { machineRole(t, session) })
}

// TestOnMoto has all that moto covers. Its restores end at once.
func TestOnMoto(t *testing.T) {
	t.Parallel()
	session := at(t, peers.Moto(t).URL, "test", "test")
	objects(t, session, map[string]string{
		"an upload belongs to its key": "moto finds an upload under any key; versitygw, LocalStack and MiniStack show it",
	})
	t.Run("vault", func(t *testing.T) {
		porttest.Vault(t, s3Vault(session, "moto's restores end at once; TestS3VaultTakesItsTime shows it"))
	})
	t.Run("glacier", func(t *testing.T) { glacierOnMoto(t, session) })
	carries(t, session, 0, map[string]string{
		// Seen with 16 plain clients in 2 of 59 rounds: one message, two receipts, both good. It looks whether a message is visible and hides it in two steps.
		"16 receivers never share a message": "moto's receive has no lock, and gives a message to two who ask at once; LocalStack and MiniStack show it",
	})
	t.Run("role", func(t *testing.T) { machineRole(t, session) })
}
