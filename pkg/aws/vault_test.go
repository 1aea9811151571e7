package aws_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/job"
	"gas/pkg/local"
	"gas/pkg/port"
	"gas/pkg/port/porttest"
	"gas/test/peers"
	"gas/test/peers/awsfault"
)

// mailbox carries a vault's notices: a queue of our own, since here only what is in them counts.
func mailbox(t *testing.T) (q port.Queue, post func(body []byte)) {
	t.Helper()
	l, err := local.Open(t.Context(), local.Options{Data: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l.Queue, func(body []byte) {
		m := job.Message{ID: uuid.NewString(), Topic: job.Restores, Body: json.RawMessage(body)}
		require.NoError(t, l.Bus.Publish(t.Context(), m))
	}
}

// TestS3VaultTakesItsTime has the whole suite: bytes in versitygw, and our own stub before it that warms when it is told to.
func TestS3VaultTakesItsTime(t *testing.T) {
	t.Parallel()
	upstream := peers.Versity(t)
	porttest.Vault(t, func(t *testing.T) porttest.World {
		proxy := awsfault.New(t, upstream.URL)
		cold := proxy.AddCold()
		session := at(t, proxy.URL, peers.VersityAccess, peers.VersitySecret)
		name := newBucket(t, session)
		queue, post := mailbox(t)
		cold.Notify = post
		return porttest.World{
			Vault: session.S3Vault(name), Queue: queue, Refuse: cold.Refuse,
			Warm: func(ref string) { cold.Warm(name, ref) },
			Skip: map[string]string{
				"a thaw that fails says so in its notice and can be asked again": "S3 tells of no failed restore: the sweeper asks again",
				"a warmed item grows cold again":                                 "no clock of S3's can be moved; TestAWarmCopyThatIsGoneIsCold shows it",
			},
		}
	})
}

// s3Vault is a vault on an emulator that warms at once and can be told nothing.
func s3Vault(session *aws.Session, atOnce string) porttest.Harness {
	return func(t *testing.T) porttest.World {
		queue, _ := mailbox(t)
		return porttest.World{
			Vault: session.S3Vault(newBucket(t, session)), Queue: queue, Warm: func(string) {},
			Skip: map[string]string{
				"a thaw does not wait, and ends in a warm item with the same bytes": atOnce,
				"the end of a thaw is told by the vault's own notice":               "the events of an emulator go to its own queues; TestOnLocalStack shows it",
				"a warmed item grows cold again":                                    atOnce,
			},
		}
	}
}

func TestAWarmCopyThatIsGoneIsCold(t *testing.T) {
	t.Parallel()
	proxy := awsfault.New(t, peers.Versity(t).URL)
	cold := proxy.AddCold()
	session := at(t, proxy.URL, peers.VersityAccess, peers.VersitySecret)
	name := newBucket(t, session)
	v := session.S3Vault(name)
	ref := stored(t, v)
	_, err := v.Thaw(t.Context(), ref, port.Expedited)
	require.NoError(t, err)
	cold.Warm(name, ref)
	asked, err := v.Thaw(t.Context(), ref, port.Expedited)
	require.NoError(t, err)
	require.False(t, asked.ExpectedAt.After(time.Now()), "it is warm already")
	cold.Chill(name, ref)
	state, err := v.State(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, port.Cold, state)
	_, _, err = v.Open(t.Context(), ref)
	require.ErrorIs(t, err, port.ErrCold)
}

const line = "##fileformat=VCFv4.2\n"

// stored puts a line into a vault.
func stored(t *testing.T, v port.Vault) string {
	t.Helper()
	raw := sha256.Sum256([]byte(line))
	ref, err := v.Store(t.Context(), port.VaultItem{Key: "archive/1/j1/2", JobID: "j1", Gen: 2, SHA256: hex.EncodeToString(raw[:]), Size: int64(len(line))}, strings.NewReader(line))
	require.NoError(t, err)
	return ref
}
