package aws_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/user"
	"gas/test/peers"
	"gas/test/peers/awsfault"
)

// operation matches the calls of one operation of the services that speak JSON.
func operation(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+name) }
}

// faulty opens the store behind a proxy of faults, in an account of its own.
func faulty(t *testing.T, mini string) (*awsfault.Proxy, *aws.Store, *aws.Records) {
	t.Helper()
	proxy := awsfault.New(t, mini)
	s := sessionAt(t, proxy.URL)
	_, err := aws.MakeTables(t.Context(), s, names())
	require.NoError(t, err)
	store, records := s.Database(names(), nil)
	require.NoError(t, store.CreateUser(t.Context(), user.User{ID: "u_a", Plan: user.Free}))
	_, err = store.CreateJob(t.Context(), "u_a", func(c *port.Change) error {
		c.Job.ID, c.Job.Status, c.Job.Created = "j1", job.Pending, c.Now
		c.Notices = []job.Notice{{JobID: "j1", UserID: "u_a", Kind: "ready", Attempt: 1, State: job.NoticePending, Due: c.Now}}
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, records.Create(t.Context(), port.Record{Kind: "token", ID: "there", Value: []byte{1}}))
	return proxy, store, records
}

// cancelled answers a transaction as one that was cancelled for these reasons, one for each of its writes; the last stands for all that follow.
func cancelled(reasons ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request struct{ TransactItems []json.RawMessage }
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &request)
		list := make([]map[string]string, len(request.TransactItems))
		for i := range list {
			list[i] = map[string]string{"Code": reasons[min(i, len(reasons)-1)]}
		}
		answer(w, http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "message": "from the fault stub", "CancellationReasons": list})
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// conditionFailed is what a repeated write meets that was done the first time.
var conditionFailed = awsfault.JSON(http.StatusBadRequest, "ConditionalCheckFailedException")

func TestAWriterWhoseAnswerGotLostFindsItsOwnWrite(t *testing.T) {
	t.Parallel()
	mini := peers.MiniStack(t).URL
	for name, c := range map[string]struct {
		lost  string // the operation
		again http.HandlerFunc
		do    func(t *testing.T, s *aws.Store, r *aws.Records) error
	}{
		"a job that was made": {"TransactWriteItems", cancelled("ConditionalCheckFailed", "None"), func(t *testing.T, s *aws.Store, _ *aws.Records) error {
			_, err := s.CreateJob(t.Context(), "u_a", func(c *port.Change) error { c.Job.ID, c.Job.UploadID = "j2", "up"; return nil })
			return err
		}},
		"a job that was changed": {"TransactWriteItems", cancelled("ConditionalCheckFailed"), func(t *testing.T, s *aws.Store, _ *aws.Records) error {
			j, err := s.UpdateJob(t.Context(), "j1", func(c *port.Change) error {
				c.Job.Attempt++
				c.Events = append(c.Events, job.Event{Name: "claim"})
				return nil
			})
			require.Equal(t, 1, j.Attempt)
			require.EqualValues(t, 2, j.Version)
			return err
		}},
		"a plan that was changed for an event": {"TransactWriteItems", cancelled("ConditionalCheckFailed"), func(t *testing.T, s *aws.Store, _ *aws.Records) error {
			u, err := s.UpdateUser(t.Context(), "u_a", func(c *port.Change) error { c.Seen, c.User.Plan = "evt", user.Premium; return nil })
			require.EqualValues(t, 2, u.Version)
			return err
		}},
		"an event that changed nothing": {"TransactWriteItems", cancelled("ConditionalCheckFailed", "None"), func(t *testing.T, s *aws.Store, _ *aws.Records) error {
			_, err := s.UpdateUser(t.Context(), "u_a", func(c *port.Change) error { c.Seen = "evt"; return nil })
			return err
		}},
		"a user": {"PutItem", conditionFailed, func(t *testing.T, s *aws.Store, _ *aws.Records) error {
			return s.CreateUser(t.Context(), user.User{ID: "u_b"})
		}},
		"a notice": {"PutItem", conditionFailed, func(t *testing.T, s *aws.Store, _ *aws.Records) error {
			n, err := s.UpdateNotice(t.Context(), "j1", "ready", 1, func(n *job.Notice) error { n.Tries++; return nil })
			require.Equal(t, 1, n.Tries)
			return err
		}},
		"a small value that was made": {"PutItem", conditionFailed, func(t *testing.T, _ *aws.Store, r *aws.Records) error {
			return r.Create(t.Context(), port.Record{Kind: "token", ID: "new"})
		}},
		"a small value that was changed": {"PutItem", conditionFailed, func(t *testing.T, _ *aws.Store, r *aws.Records) error {
			v, err := r.Update(t.Context(), "token", "there", func(r *port.Record) error { r.Value[0]++; return nil })
			require.Equal(t, []byte{2}, v.Value)
			return err
		}},
		"a small value that was taken": {"UpdateItem", conditionFailed, func(t *testing.T, _ *aws.Store, r *aws.Records) error {
			_, err := r.Take(t.Context(), "token", "there")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			proxy, store, records := faulty(t, mini)
			lost := proxy.Add(awsfault.Rule{Match: operation(c.lost), Times: 1, Lose: true})
			again := proxy.Add(awsfault.Rule{Match: operation(c.lost), Times: 1, Answer: c.again})
			require.NoError(t, c.do(t, store, records))
			require.Equal(t, 1, proxy.Caught(lost))
			require.Equal(t, 1, proxy.Caught(again))
			events, err := store.Events(t.Context(), "j1")
			require.NoError(t, err)
			require.LessOrEqual(t, len(events), 1, "nothing is done twice")
		})
	}
}

func TestAWriteThatWasSomebodyElsesIsNotTakenForOnesOwn(t *testing.T) {
	t.Parallel()
	proxy, store, records := faulty(t, peers.MiniStack(t).URL)
	proxy.Add(awsfault.Rule{Match: operation("PutItem"), Answer: conditionFailed})
	require.ErrorIs(t, store.CreateUser(t.Context(), user.User{ID: "u_a"}), port.ErrExists)
	require.ErrorIs(t, records.Create(t.Context(), port.Record{Kind: "token", ID: "there"}), port.ErrExists)
	proxy.Add(awsfault.Rule{Match: operation("TransactWriteItems"), Answer: cancelled("ConditionalCheckFailed", "None")})
	_, err := store.CreateJob(t.Context(), "u_a", func(c *port.Change) error { c.Job.ID = "j1"; return nil })
	require.Error(t, err)
}

func TestThrottlingAndConflictsAreWaitedFor(t *testing.T) {
	t.Parallel()
	mini := peers.MiniStack(t).URL
	update := func(t *testing.T, s *aws.Store) error {
		_, err := s.UpdateJob(t.Context(), "j1", func(c *port.Change) error { c.Job.Attempt++; return nil })
		return err
	}
	for name, c := range map[string]struct {
		times  int
		answer http.HandlerFunc
		fails  bool
	}{
		"a throttled call is tried again by the SDK":           {2, awsfault.JSON(http.StatusBadRequest, "ThrottlingException"), false},
		"a table that is throttled for ever cannot be reached": {0, awsfault.JSON(http.StatusBadRequest, "ProvisionedThroughputExceededException"), true},
		"a service that fails for ever cannot be reached":      {0, awsfault.JSON(http.StatusInternalServerError, "InternalServerError"), true},
		"a transaction that met another begins again":          {3, cancelled("None", "TransactionConflict"), false},
		"a transaction of which a write was throttled as well": {2, cancelled("ThrottlingError"), false},
		"a transaction that is still being done is waited for": {1, awsfault.JSON(http.StatusBadRequest, "TransactionInProgressException"), false},
	} {
		t.Run(name, func(t *testing.T) {
			proxy, store, _ := faulty(t, mini)
			rule := proxy.Add(awsfault.Rule{Match: operation("TransactWriteItems"), Times: c.times, Answer: c.answer})
			err := update(t, store)
			require.NotZero(t, proxy.Caught(rule))
			if c.fails {
				require.ErrorIs(t, err, port.ErrUnavailable)
				return
			}
			require.NoError(t, err)
			j, err := store.Job(t.Context(), "j1")
			require.NoError(t, err)
			require.Equal(t, 1, j.Attempt)
		})
	}
}

// undone answers a batch with nothing done of it.
func undone(left string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request struct{ RequestItems json.RawMessage }
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &request)
		answer(w, http.StatusOK, map[string]any{left: request.RequestItems})
	}
}

func TestWhatABatchLeavesUndoneIsDoneInTheEnd(t *testing.T) {
	t.Parallel()
	proxy, store, _ := faulty(t, peers.MiniStack(t).URL)
	reads := proxy.Add(awsfault.Rule{Match: operation("BatchGetItem"), Times: 2, Answer: undone("UnprocessedKeys")})
	writes := proxy.Add(awsfault.Rule{Match: operation("BatchWriteItem"), Times: 2, Answer: undone("UnprocessedItems")})
	page, err := store.JobsOf(t.Context(), "u_a", port.JobQuery{})
	require.NoError(t, err)
	require.Len(t, page.Jobs, 1)
	_, err = store.UpdateUser(t.Context(), "u_a", func(c *port.Change) error {
		c.Send = []job.Message{{ID: "m1", Topic: job.Thaws, Role: "web", Body: json.RawMessage(`{}`)}}
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, store.MarkSent(t.Context(), []string{"m1"}), "a message that this process has not listed is looked for")
	list, err := store.Unsent(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, list)
	require.Equal(t, 2, proxy.Caught(reads))
	require.Equal(t, 2, proxy.Caught(writes))
}

func TestAChangeThatDynamoDBCannotTakeIsRefused(t *testing.T) {
	t.Parallel()
	_, store, _ := faulty(t, peers.MiniStack(t).URL)
	_, err := store.UpdateJob(t.Context(), "j1", func(c *port.Change) error { c.Job.Name = strings.Repeat("x", 400<<10); return nil })
	require.ErrorIs(t, err, port.ErrTooLarge)
	_, err = store.UpdateJob(t.Context(), "j1", func(c *port.Change) error {
		for i := range 100 {
			c.Send = append(c.Send, job.Message{ID: fmt.Sprint(i), Topic: job.Thaws, Body: json.RawMessage(`{}`)})
		}
		return nil
	})
	require.ErrorContains(t, err, "100")
	j, err := store.Job(t.Context(), "j1")
	require.NoError(t, err)
	require.EqualValues(t, 1, j.Version, "nothing was written")
}

func TestTheStoresClockIsThatOfItsAnswers(t *testing.T) {
	t.Parallel()
	_, store, _ := faulty(t, peers.MiniStack(t).URL)
	now, err := store.Now(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), now, 2*time.Second)
	require.Equal(t, time.UTC, now.Location())
}
