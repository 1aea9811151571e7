package aws_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/backend"
	"gas/pkg/port/porttest"
	"gas/test/peers"
)

// accounts counts the accounts that tests have used at MiniStack: a 12-digit access key is an account of its own, so that they share one process.
var accounts atomic.Int64

// installations counts those that tests have made under names of their own.
var installations atomic.Int64

// names are what things are called by the settings' defaults.
func names() aws.Names { return backend.AWSNames(config.Default().AWS) }

// ownNames are names that no other test uses: LocalStack and moto are asked by many tests in one account.
func ownNames() aws.Names {
	settings := config.Default().AWS
	settings.Prefix = fmt.Sprintf("gas%d", installations.Add(1))
	return backend.AWSNames(settings)
}

// sessionAt opens a session with an emulator, in an account of its own.
func sessionAt(t *testing.T, url string) *aws.Session {
	t.Helper()
	return at(t, url, fmt.Sprintf("%012d", 100_000_000_000+accounts.Add(1)), "test")
}

func TestBootstrapMakesWhatIsMissingAndIsRepeatable(t *testing.T) {
	t.Parallel()
	mini := peers.MiniStack(t)
	for name, session := range map[string]*aws.Session{
		"MiniStack": sessionAt(t, mini.URL), "moto": at(t, peers.Moto(t).URL, "test", "test"),
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
				require.Len(t, all, 3+5*4+2)
				for _, m := range all {
					require.Equal(t, round == 0, m.New, "%v in round %d", m, round)
				}
			}
		})
	}
}

// madeAt makes everything in an account of its own at an emulator.
func madeAt(t *testing.T, s *aws.Session) {
	t.Helper()
	_, err := aws.MakeTables(t.Context(), s, names())
	require.NoError(t, err)
	_, err = aws.MakeMessaging(t.Context(), s, names())
	require.NoError(t, err)
	_, err = aws.MakeStateMachine(t.Context(), s, names(), someRole)
	require.NoError(t, err)
}

// records makes worlds of the store and small values, whose clock is the test's. The messages of the outbox go to queues of the same emulator,
// whose clock cannot be moved.
func records(url string) porttest.Harness {
	return func(t *testing.T) porttest.World {
		s := sessionAt(t, url)
		madeAt(t, s)
		clock := porttest.NewClock()
		store, records := s.Database(names(), clock.Now)
		return porttest.World{
			Store: store, Records: records, Bus: s.Bus(names()), Queue: s.Queue(names()), Advance: clock.Advance,
			Skip: map[string]string{"a message that is not due yet is not received before": "the queue's clock cannot be moved; inRealTime waits for one"},
		}
	}
}

func TestPortsOnMiniStack(t *testing.T) {
	mini := peers.MiniStack(t).URL
	t.Run("store", func(t *testing.T) { porttest.Store(t, records(mini)) })
	t.Run("jobs", func(t *testing.T) { porttest.Jobs(t, records(mini)) })
	t.Run("records", func(t *testing.T) { porttest.Records(t, records(mini)) })
	carries(t, sessionAt(t, mini), 0, nil)
	t.Run("role", func(t *testing.T) { machineRole(t, sessionAt(t, mini)) })
}
