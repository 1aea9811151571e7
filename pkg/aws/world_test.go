package aws_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/backend"
	"gas/test/peers"
)

// accounts counts the accounts that tests have used at MiniStack: a 12-digit access key is an account of its own, so that they share one process.
var accounts atomic.Int64

// names are what things are called by the settings' defaults.
func names() aws.Names { return backend.AWSNames(config.Default().AWS) }

// sessionAt opens a session with an emulator, in an account of its own.
func sessionAt(t *testing.T, url string) *aws.Session {
	t.Helper()
	return sessionOf(t, url, fmt.Sprintf("%012d", 100_000_000_000+accounts.Add(1)))
}

// sessionOf opens a session under an access key.
func sessionOf(t *testing.T, url, key string) *aws.Session {
	t.Helper()
	s, err := aws.OpenSession(t.Context(), "us-east-1",
		awsconfig.WithBaseEndpoint(url),
		awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(key, "testsecret", "")),
		awsconfig.WithSharedConfigFiles([]string{filepath.Join(t.TempDir(), "none")}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestBootstrapMakesWhatIsMissingAndIsRepeatable(t *testing.T) {
	t.Parallel()
	mini := peers.MiniStack(t)
	for name, session := range map[string]*aws.Session{
		"MiniStack": sessionAt(t, mini.URL), "moto": sessionOf(t, peers.Moto(t).URL, "test"),
	} {
		t.Run(name, func(t *testing.T) {
			for round := range 2 {
				var all []aws.Made
				made, err := aws.MakeTables(t.Context(), session, names())
				require.NoError(t, err)
				all = append(all, made...)
				made, err = aws.MakeMessaging(t.Context(), session, names())
				require.NoError(t, err)
				all = append(all, made...)
				made, err = aws.MakeStateMachine(t.Context(), session, names(), "")
				require.NoError(t, err)
				all = append(all, made...)
				require.Len(t, all, 3+5*4+1)
				for _, m := range all {
					require.Equal(t, round == 0, m.New, "%v in round %d", m, round)
				}
			}
		})
	}
}
