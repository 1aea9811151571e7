package aws_test

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/test/peers"
	"gas/test/peers/awsfault"
)

// letterOf is a message of a user.
func letterOf(id string) job.Message {
	return job.Message{ID: id, Topic: job.Requests, UserID: "u_a", JobID: "j-" + id, Kind: "k", Body: json.RawMessage(`{"job_id":"j-` + id + `"}`)}
}

// second is the least that SQS hides a message for.
const second = time.Second

// receive waits for at most max messages and hides them for a visibility.
func receive(t *testing.T, q *aws.Queue, max int, wait, visibility time.Duration) []port.Delivery {
	t.Helper()
	got, err := q.Receive(t.Context(), job.Requests, max, wait, visibility)
	require.NoError(t, err)
	return got
}

// one waits for one message. Now and then an answer is lost on its way, and the SDK asks again: what was in it comes back when it is no longer hidden.
func one(t *testing.T, q *aws.Queue, visibility time.Duration) port.Delivery {
	t.Helper()
	var got []port.Delivery
	for end := time.Now().Add(visibility + 10*second); len(got) == 0 && time.Now().Before(end); {
		got = receive(t, q, 1, 10*second, visibility)
	}
	require.Len(t, got, 1)
	return got[0]
}

// messaging makes topics, queues and the state machine in an account of its own.
func messaging(t *testing.T, s *aws.Session) (*aws.Bus, *aws.Queue) {
	t.Helper()
	return messagingOf(t, s, names())
}

// someRole stands for the role of a state machine where a test does not look at it: an emulator's machine does what it likes.
const someRole = "arn:aws:iam::000000000000:role/some"

// messagingOf makes topics, queues and the state machine of some names.
func messagingOf(t *testing.T, s *aws.Session, n aws.Names) (*aws.Bus, *aws.Queue) {
	t.Helper()
	_, err := aws.MakeMessaging(t.Context(), s, n)
	require.NoError(t, err)
	_, err = aws.MakeStateMachine(t.Context(), s, n, someRole)
	require.NoError(t, err)
	return s.Bus(n), s.Queue(n)
}

func TestAMessageInAnEnvelopeIsReadAsARawOne(t *testing.T) {
	t.Parallel()
	for name, session := range map[string]func(t *testing.T) *aws.Session{
		"MiniStack": func(t *testing.T) *aws.Session { return sessionAt(t, peers.MiniStack(t).URL) },
		"moto":      func(t *testing.T) *aws.Session { return at(t, peers.Moto(t).URL, "test", "test") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := session(t)
			b, q := messaging(t, s)
			client := sns.NewFromConfig(s.Config)
			topics, err := b.TopicARNs(t.Context())
			require.NoError(t, err)
			for topic := range topics {
				list, err := client.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
				require.NoError(t, err)
				_, err = client.SetSubscriptionAttributes(t.Context(), &sns.SetSubscriptionAttributesInput{
					SubscriptionArn: list.Subscriptions[0].SubscriptionArn, AttributeName: sdk.String("RawMessageDelivery"), AttributeValue: sdk.String("false"),
				})
				require.NoError(t, err)
			}
			want := letterOf("m1")
			require.NoError(t, b.Publish(t.Context(), want))
			got := one(t, q, time.Minute).Message
			require.Equal(t, want, got)
		})
	}
}

func TestMessagesOfOthersAreHandedOnAsTheyAre(t *testing.T) {
	t.Parallel()
	s := sessionAt(t, peers.MiniStack(t).URL)
	_, q := messaging(t, s)
	client := sqs.NewFromConfig(s.Config)
	url, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: sdk.String("gas_job_requests")})
	require.NoError(t, err)
	send := func(body string) {
		_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url.QueueUrl, MessageBody: &body})
		require.NoError(t, err)
	}
	for name, c := range map[string]struct{ sent, body, jobID string }{
		"of the course's system":           {`{"job_id":"j1","user_id":"u"}`, `{"job_id":"j1","user_id":"u"}`, "j1"},
		"of a provider":                    {`{"Records":[]}`, `{"Records":[]}`, ""},
		"that are no JSON":                 {"plain <text>", `"plain \u003ctext\u003e"`, ""},
		"in the envelope of another topic": {`{"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:1:x","Message":"{\"job_id\":\"j1\"}"}`, "", ""},
		"in an envelope with more in it":   {`{"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:1:gas_job_requests","Message":"{\"job_id\":\"j1\"}","More":1}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			send(c.sent)
			d := one(t, q, time.Minute)
			if c.body == "" {
				c.body = c.sent
			}
			require.Equal(t, c.body, string(d.Message.Body))
			require.Equal(t, c.jobID, d.Message.JobID)
			require.NotEmpty(t, d.Message.ID)
			require.NoError(t, q.Ack(t.Context(), d))
		})
	}
}

func TestTheTrialOfS3IsNobodysNotice(t *testing.T) {
	t.Parallel()
	s := at(t, "http://127.0.0.1:1", "test", "test")
	trial := []byte(`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-01-02T03:04:05.000Z","Bucket":"gas-archive","RequestId":"1","HostId":"2"}`)
	for name, vault := range map[string]port.Vault{"of the bucket": s.S3Vault("gas-archive"), "of Glacier": s.GlacierVault("cold", "arn")} {
		_, err := vault.ReadNotice(trial)
		require.ErrorIs(t, err, port.ErrNotFound, name)
	}
}

// partly answers a batch with a failure of one entry, and lets the emulator do nothing.
func partly(failed string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Entries []struct{ Id, MessageBody string }
		}
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &request)
		var done, not []map[string]any
		for _, e := range request.Entries {
			if e.Id == failed {
				not = append(not, map[string]any{"Id": e.Id, "Code": "InternalError", "SenderFault": false, "Message": "from the fault stub"})
			} else {
				done = append(done, map[string]any{"Id": e.Id, "MessageId": "x" + e.Id, "MD5OfMessageBody": fmt.Sprintf("%x", md5.Sum([]byte(e.MessageBody)))})
			}
		}
		answer(w, http.StatusOK, map[string]any{"Successful": done, "Failed": not})
	}
}

func TestABatchOfWhichSomeFailsKeepsThoseThatFailed(t *testing.T) {
	t.Parallel()
	proxy := awsfault.New(t, peers.MiniStack(t).URL)
	b, q := messaging(t, sessionAt(t, proxy.URL))
	for _, id := range []string{"m1", "m2", "m3"} {
		require.NoError(t, b.Publish(t.Context(), letterOf(id)))
		require.NoError(t, q.Bury(t.Context(), one(t, q, time.Minute), "why"))
	}
	proxy.Add(awsfault.Rule{Match: operation("SendMessageBatch"), Times: 1, Answer: partly("1")})
	n, err := q.Redrive(t.Context(), job.Requests, nil)
	require.ErrorContains(t, err, "from the fault stub")
	require.Equal(t, 2, n)
	dead, err := q.Dead(t.Context(), job.Requests, 10)
	require.NoError(t, err)
	require.Len(t, dead, 1, "the one that failed is still there, and can be looked at at once")
}

func TestAQueueThatIsDownOrMissingIsSaidToBe(t *testing.T) {
	t.Parallel()
	proxy := awsfault.New(t, peers.MiniStack(t).URL)
	s := sessionAt(t, proxy.URL)
	_, err := s.Queue(names()).Receive(t.Context(), job.Requests, 1, 0, second)
	require.ErrorIs(t, err, port.ErrNotFound)
	b, q := messaging(t, s)
	require.NoError(t, b.Publish(t.Context(), letterOf("m1")))
	d := one(t, q, time.Minute)
	proxy.Add(awsfault.Rule{Match: operation("ChangeMessageVisibility"), Times: 1, Answer: func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.sqs#InvalidParameterValue", "message": "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]."})
	}})
	require.NoError(t, q.Extend(t.Context(), d, time.Hour), "after twelve hours the message comes back by itself")
	proxy.Add(awsfault.Rule{Match: func(*http.Request) bool { return true }, Answer: awsfault.JSON(http.StatusServiceUnavailable, "ServiceUnavailable")})
	require.ErrorIs(t, q.Ack(t.Context(), d), port.ErrUnavailable)
	require.ErrorIs(t, b.Publish(t.Context(), letterOf("m2")), port.ErrUnavailable)
	require.ErrorIs(t, b.PublishAt(t.Context(), letterOf("m2"), time.Now().Add(time.Hour), "k"), port.ErrUnavailable)
}
