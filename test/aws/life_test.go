package aws

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
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
	h := newHouse(t, services{"": peers.LocalStack(t).URL, "DYNAMODB": peers.MiniStack(t).URL, "SESV2": peers.Moto(t).URL}, "s3", map[string]string{"GAS_FREE_WINDOW": window})
	h.live()
}

// The same in a vault of the older service, which has no capacity for quick retrievals and tells by a notice when an archive is warm. Both are in no
// emulator but in ours: moto's vault keeps no tags either, by which a vault is known to be ours.
func TestTheLifeOfAResultInAGlacierVault(t *testing.T) {
	mini, vault := peers.MiniStack(t).URL, awsfault.NewGlacier(t, time.Now)
	h := newHouse(t, services{"": mini, "GLACIER": vault.URL, "SESV2": peers.Moto(t).URL}, "glacier:cold", map[string]string{"GAS_FREE_WINDOW": window})
	vault.Refuse()
	vault.Notify, h.warm = h.publishRestored, vault.Warm
	h.live()
	require.Equal(t, 1, vault.Archives(), "the first archive was deleted when its result was back")
}

// publishRestored publishes a provider's own notice to the topic of warmed results.
func (h *house) publishRestored(notice []byte) {
	session, err := aws.OpenSession(h.t.Context(), "us-east-1")
	require.NoError(h.t, err)
	topic, err := session.Bus(backend.AWSNames(config.Default().AWS)).RestoreTopic(h.t.Context())
	require.NoError(h.t, err)
	_, err = sns.NewFromConfig(session.Config).Publish(h.t.Context(), &sns.PublishInput{TopicArn: &topic, Message: sdk.String(string(notice))})
	require.NoError(h.t, errors.Join(err, session.Close()))
}

func (h *house) live() {
	t := h.t
	h.serveAll()
	h.must("user", "add", "ada", "--email=ada@example.org", "--email-verified")
	token := h.must("token", "create", "--user=ada")
	client := []string{"GAS_SERVER=" + h.env["GAS_BASE_URL"], "GAS_TOKEN=" + token}
	example, err := filepath.Abs(filepath.Join("..", "..", "roles", "web", "example.vcf"))
	require.NoError(t, err)

	out, errs, code := h.gas(client, "submit", example, "--wait", "-o", "json", "--timeout", "120s")
	require.Zero(t, code, errs)
	var made struct {
		ID string `json:"job_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &made), out)
	done := h.job(token, made.ID)
	require.Equal(t, "COMPLETED", done.Status)
	require.Equal(t, http.StatusOK, h.status("/api/v1/jobs/"+made.ID+"/files/result", token))
	h.await("a mail", func() bool { return strings.Contains(h.mails(), "ada@example.org") })

	h.awaitTier(token, made.ID, "ARCHIVED")
	require.Equal(t, http.StatusForbidden, h.status("/api/v1/jobs/"+made.ID+"/files/result", token), "the window is over")
	require.Equal(t, http.StatusOK, h.status("/api/v1/jobs/"+made.ID+"/files/log", token))

	h.must("user", "set-plan", "ada", "premium_user")
	h.awaitTier(token, made.ID, "HOT")
	require.Equal(t, done.Result.SHA256, h.job(token, made.ID).Result.SHA256)
	require.Equal(t, http.StatusOK, h.status("/api/v1/jobs/"+made.ID+"/files/result", token))

	h.must("user", "set-plan", "ada", "free_user")
	h.awaitTier(token, made.ID, "ARCHIVED")
	h.calm()
	h.allowed()
}

// calm waits until the queues are empty, and lets fsck look at everything.
func (h *house) calm() {
	h.t.Helper()
	h.await("the queues are empty", func() bool {
		var stats []struct{ Waiting, Delayed, Running, Dead int }
		text := h.must("queue", "stats", "-o", "json")
		require.NoError(h.t, json.Unmarshal([]byte(text), &stats), text)
		for _, s := range stats {
			if s.Waiting+s.Delayed+s.Running+s.Dead > 0 {
				return false
			}
		}
		return true
	})
	out, errs, code := h.gas(nil, "fsck", "--read-data")
	require.Zero(h.t, code, "%s\n%s", out, errs)
}

// mails is what the emulator of SES has kept.
func (h *house) mails() string {
	response, err := http.Get(h.mail + "/moto-api/data.json")
	require.NoError(h.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(h.t, err)
	var data struct {
		SES json.RawMessage `json:"ses"`
	}
	require.NoError(h.t, json.Unmarshal(text, &data))
	return string(data.SES)
}
