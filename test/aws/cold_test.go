package aws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/peers"
	"gas/test/peers/awsfault"
)

// postForm uploads the example as a browser does, by the form that S3 itself takes, and returns the id of its job.
func (h *house) postForm(token string) string {
	t := h.t
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "roles", "web", "example.vcf"))
	require.NoError(t, err)
	var upload struct {
		ID   string `json:"upload_id"`
		Form struct {
			URL    string
			Fields map[string]string
		}
	}
	h.call(http.MethodPost, "/api/v1/uploads", token, fmt.Sprintf(`{"name": "example.vcf", "size": %d, "by": "form", "options": {"reference": "rCRS"}}`, len(text)), &upload)
	require.NotContains(t, upload.Form.URL, h.env["GAS_BASE_URL"], "the form leads to the bucket")

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range upload.Form.Fields {
		require.NoError(t, form.WriteField(name, value))
	}
	part, err := form.CreateFormFile("file", "example.vcf")
	require.NoError(t, err)
	_, err = part.Write(text)
	require.NoError(t, err)
	require.NoError(t, form.Close())
	answer, err := http.Post(upload.Form.URL, form.FormDataContentType(), &body)
	require.NoError(t, err)
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	require.Equal(t, http.StatusNoContent, answer.StatusCode, "%s", said)
	h.call(http.MethodPost, "/api/v1/uploads/"+upload.ID+"/complete", token, "", nil)
	return upload.ID
}

// call asks the API with a body and reads the answer, which must be success.
func (h *house) call(method, path, token, body string, into any) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.env["GAS_BASE_URL"]+path, strings.NewReader(body))
	require.NoError(h.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(h.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(h.t, err)
	require.Less(h.t, response.StatusCode, 300, "%s %s: %s", method, path, text)
	if into != nil {
		require.NoError(h.t, json.Unmarshal(text, into))
	}
}

// archived submits the example by S3's form, waits for its result, and for its window to end.
func (h *house) archived() (token, id, sum string) {
	h.t.Helper()
	h.serveAll()
	h.must("user", "add", "ada", "--email=ada@example.org", "--email-verified")
	token = h.must("token", "create", "--user=ada")
	id = h.postForm(token)
	h.await("the result is there", func() bool { return h.job(token, id).Status == "COMPLETED" })
	sum = h.job(token, id).Result.SHA256
	h.awaitTier(token, id, "ARCHIVED")
	return token, id, sum
}

// count counts requests that hold a piece of text.
func count(seen []string, piece string) (n int) {
	for _, request := range seen {
		if strings.Contains(request, piece) {
			n++
		}
	}
	return n
}

// S3 refuses Expedited, takes Standard, and takes its time; the restorer comes by S3's own event.
func TestARestoreFromTheBucketWaitsAndHasNoExpeditedCapacity(t *testing.T) {
	t.Parallel()
	local := peers.LocalStack(t).URL
	proxy := awsfault.New(t, local)
	cold := proxy.AddCold()
	cold.Refuse()
	h := newHouse(t, services{"": local, "S3": proxy.URL, "DYNAMODB": peers.MiniStack(t).URL, "SESV2": peers.Moto(t).URL}, "s3", map[string]string{"GAS_FREE_WINDOW": window})
	token, id, sum := h.archived()
	h.must("user", "set-plan", "ada", "premium_user")
	h.await("S3 warms", func() bool { return len(cold.Warming()) == 1 })
	h.awaitTier(token, id, "THAWING")
	require.Equal(t, http.StatusConflict, h.status("/api/v1/jobs/"+id+"/files/result", token), "it is not warm yet")
	require.Equal(t, 2, count(proxy.Seen(), "restore"), "Expedited, and then at once Standard")
	bucket, key, _ := strings.Cut(cold.Warming()[0], "/")
	cold.Warm(bucket, key)
	h.awaitTier(token, id, "HOT")
	require.Equal(t, sum, h.job(token, id).Result.SHA256)
	h.calm()
}
