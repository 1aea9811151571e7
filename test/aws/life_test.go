package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/backend"
	"gas/test/peers"
	"gas/test/peers/awsfault"
)

// window is the free window of these scenarios.
const window = "15s"

// The whole life of a result, one process for each role: submitted, annotated, told of by mail, archived when the window is over, brought back
// after an upgrade, and archived again after the subscription has ended.
func TestTheLifeOfAResultInTheArchiveBucket(t *testing.T) {
	t.Parallel()
	h := newHouse(t, services{"": peers.LocalStack(t).URL, "DYNAMODB": peers.MiniStack(t).URL, "SESV2": peers.Moto(t).URL},
		"s3", map[string]string{"GAS_FREE_WINDOW": window})
	h.live()
}

// The same in a vault of the older service, which has no capacity for quick retrievals and tells by a notice when an archive is warm. Both are in no
// emulator but in ours: moto's vault keeps no tags either, by which a vault is known to be ours.
func TestTheLifeOfAResultInAGlacierVault(t *testing.T) {
	t.Parallel()
	mini, vault := peers.MiniStack(t).URL, awsfault.NewGlacier(t, time.Now)
	h := newHouse(t, services{"": mini, "GLACIER": vault.URL, "SESV2": peers.Moto(t).URL}, "glacier:cold", map[string]string{"GAS_FREE_WINDOW": window})
	vault.Refuse()
	vault.Notify, h.warm = h.publishRestored, vault.Warm
	h.live()
	require.Equal(t, 1, vault.Archives(), "the first archive was deleted when its result was back")
}

// publishRestored publishes a provider's own notice to the topic of warmed results.
func (h *house) publishRestored(notice []byte) {
	session, err := aws.OpenSession(context.Background(), "us-east-1", awsconfig.WithBaseEndpoint(h.env["AWS_ENDPOINT_URL"]),
		awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")))
	require.NoError(h.t, err)
	topic, err := session.Bus(backend.AWSNames(config.Default().AWS)).RestoreTopic(context.Background())
	require.NoError(h.t, err)
	_, err = sns.NewFromConfig(session.Config).Publish(context.Background(), &sns.PublishInput{TopicArn: &topic, Message: sdk.String(string(notice))})
	require.NoError(h.t, errors.Join(err, session.Close()))
}

func example(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "roles", "web", "example.vcf"))
	require.NoError(t, err)
	return path
}

func (h *house) live() {
	t := h.t
	h.serveAll()
	h.must("user", "add", "ada", "--email=ada@example.org", "--email-verified")
	token := h.must("token", "create", "--user=ada")

	done, r := h.procs["web"].Submit(token, example(t))
	require.Zero(t, r.Code, r.Err)
	require.Equal(t, "COMPLETED", done.Status)
	result := "/api/v1/jobs/" + done.ID + "/files/result"
	require.Equal(t, http.StatusOK, h.status(result, token))
	h.await("a mail", func() bool { return strings.Contains(h.mails(), "ada@example.org") })

	h.awaitTier(token, done.ID, "ARCHIVED")
	require.Equal(t, http.StatusForbidden, h.status(result, token), "the window is over")
	require.Equal(t, http.StatusOK, h.status("/api/v1/jobs/"+done.ID+"/files/log", token))

	h.must("user", "set-plan", "ada", "premium_user")
	h.awaitTier(token, done.ID, "HOT")
	require.Equal(t, done.Result.SHA256, h.job(token, done.ID).Result.SHA256)
	require.Equal(t, http.StatusOK, h.status(result, token))

	h.must("user", "set-plan", "ada", "free_user")
	h.awaitTier(token, done.ID, "ARCHIVED")
	h.calm()
	h.allowed()
}

// jobsOfStorm is how many jobs are done while workers are killed: GAS_AWS_JOBS, or 30.
func jobsOfStorm() int {
	if n, err := strconv.Atoi(os.Getenv("GAS_AWS_JOBS")); err == nil {
		return n
	}
	return 30
}

// Workers are killed while jobs are done: none is lost, and none is done twice.
func TestNoJobIsLostWhenWorkersAreKilled(t *testing.T) {
	t.Parallel()
	jobs := jobsOfStorm()
	h := newHouse(t, services{"": peers.MiniStack(t).URL, "SESV2": peers.Moto(t).URL}, "s3", nil)
	h.serveAll()
	h.must("user", "add", "ada", "--plan=premium_user", "--email=ada@example.org", "--email-verified")
	token := h.must("token", "create", "--user=ada")
	var ids []string
	for i := range jobs {
		r := h.GasWith(h.procs["web"].As(token), nil, "submit", example(t))
		require.Zero(t, r.Code, r.Err)
		ids = append(ids, strings.TrimSpace(r.Out))
		if i%max(10, jobs/25) == 5 {
			for _, role := range []string{"annotator", "notify"} {
				h.procs[role].Kill()
				h.serve(role)
			}
		}
	}
	for _, id := range ids {
		h.await("job "+id, func() bool { return h.job(token, id).Status == "COMPLETED" })
	}
	var list struct{ Total int }
	require.NoError(t, json.Unmarshal([]byte(h.procs["web"].Get(token, "/api/v1/jobs")), &list))
	require.Equal(t, jobs, list.Total, "one submission is one job")
	h.must("fsck", "--read-data", "--repair") // what a killed worker left is cleared away; else the collector does it in its time
	h.calm()
	for _, id := range ids {
		require.Contains(t, h.mails(), id, "its owner was told")
	}
}

// A process whose clock is not the store's takes no work: free windows are a matter of time.
func TestAProcessWithAWrongClockIsNotReady(t *testing.T) {
	t.Parallel()
	h := newHouse(t, services{"": peers.MiniStack(t).URL, "SESV2": peers.Moto(t).URL}, "s3", nil)
	wrong, _ := h.With("GAS_CLOCK_OFFSET=5s").Start("--role=web", "--addr="+h.addr)
	h.await("it runs", func() bool { return h.status("/healthz", "") == http.StatusOK })
	for range 5 {
		require.Equal(t, http.StatusServiceUnavailable, h.status("/readyz", ""), fmt.Sprint(wrong.Log))
		time.Sleep(200 * time.Millisecond) // another process: no clock of ours moves it
	}
	wrong.Stop()
	require.NotNil(t, h.Serve("--role=web", "--addr="+h.addr), "with the right clock it is")
}
