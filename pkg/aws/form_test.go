package aws_test

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/port"
	"gas/test/peers"
)

// browser does what a browser does: it sends what a form says, and does not follow to other places by itself here.
func browser() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends a form with its file last, as multipart/form-data.
func post(t *testing.T, f port.Form, file string) *http.Response {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range f.Fields {
		require.NoError(t, w.WriteField(name, value))
	}
	part, err := w.CreateFormFile("file", `ev"il/../name.html`)
	require.NoError(t, err)
	_, err = io.WriteString(part, file)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return do(t, http.MethodPost, f.URL, w.FormDataContentType(), &body)
}

func do(t *testing.T, method, address, contentType string, body io.Reader) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, body)
	require.NoError(t, err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := browser().Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// form asks for a form of one small object.
func form(t *testing.T, b *aws.Blobs, edit ...func(*port.FormRequest)) port.Form {
	t.Helper()
	r := port.FormRequest{Key: "inputs/1/u_a/j1", MaxSize: 21, Expires: time.Minute}
	for _, do := range edit {
		do(&r)
	}
	f, err := b.UploadForm(t.Context(), r)
	require.NoError(t, err)
	return f
}

// gone fails when anything lies in the bucket.
func gone(t *testing.T, b *aws.Blobs) {
	t.Helper()
	items, _, err := b.List(t.Context(), "", "", 10)
	require.NoError(t, err)
	require.Empty(t, items)
}

// forms are the checks of what S3 itself takes from a browser.
func forms(t *testing.T, session *aws.Session) {
	fresh := func(t *testing.T) *aws.Blobs { return session.Blobs(newBucket(t, session)) }
	t.Run("a form puts exactly its key, at its largest size", func(t *testing.T) {
		t.Parallel()
		b := fresh(t)
		require.Equal(t, http.StatusNoContent, post(t, form(t, b), line).StatusCode)
		info, err := b.Stat(t.Context(), "inputs/1/u_a/j1")
		require.NoError(t, err)
		require.EqualValues(t, 21, info.Size)
		same(t, b, info.Key, []byte(line))
	})
	t.Run("a form goes on to its address", func(t *testing.T) {
		t.Parallel()
		b := fresh(t)
		answer := post(t, form(t, b, func(r *port.FormRequest) { r.Redirect = "https://gas.example.org/annotations/j1" }), line)
		require.Equal(t, http.StatusSeeOther, answer.StatusCode)
		require.True(t, strings.HasPrefix(answer.Header.Get("Location"), "https://gas.example.org/annotations/j1"))
	})
	t.Run("one byte more is refused", func(t *testing.T) {
		t.Parallel()
		b := fresh(t)
		require.Equal(t, http.StatusBadRequest, post(t, form(t, b), line+"x").StatusCode)
		gone(t, b)
	})
	t.Run("an expired form is refused", func(t *testing.T) {
		t.Parallel()
		b := fresh(t)
		require.Equal(t, http.StatusForbidden, post(t, form(t, b, func(r *port.FormRequest) { r.Expires = -time.Minute }), line).StatusCode)
		gone(t, b)
	})
	t.Run("a second post changes the version", func(t *testing.T) {
		t.Parallel()
		b := fresh(t)
		f := form(t, b)
		post(t, f, line)
		first, err := b.Stat(t.Context(), "inputs/1/u_a/j1")
		require.NoError(t, err)
		post(t, f, "other")
		_, _, err = b.Open(t.Context(), first.Key, first.Version, port.Whole)
		require.ErrorIs(t, err, port.ErrConflict)
	})
	t.Run("a link downloads as an attachment, ranges too", func(t *testing.T) {
		t.Parallel()
		b := fresh(t)
		_, err := b.Put(t.Context(), "r/j1", strings.NewReader(line), port.Put{Size: -1, ContentType: "text/html"})
		require.NoError(t, err)
		address, err := b.DownloadURL(t.Context(), "r/j1", "naïve \"file\"\r\nX: y/../a.annot.vcf.gz", time.Minute)
		require.NoError(t, err)
		answer := do(t, http.MethodGet, address, "", nil)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Equal(t, "application/octet-stream", answer.Header.Get("Content-Type"))
		kind, params, err := mime.ParseMediaType(answer.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		require.Equal(t, "attachment", kind)
		require.Equal(t, "naïve _file___X: y_.._a.annot.vcf.gz", params["filename"])
		got, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, line, string(got))

		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		request.Header.Set("Range", "bytes=2-5")
		part, err := browser().Do(request)
		require.NoError(t, err)
		defer part.Body.Close()
		require.Equal(t, http.StatusPartialContent, part.StatusCode)

		changed, err := url.Parse(address)
		require.NoError(t, err)
		query := changed.Query()
		query.Set("response-content-type", "text/html")
		changed.RawQuery = query.Encode()
		require.Equal(t, http.StatusForbidden, do(t, http.MethodGet, changed.String(), "", nil).StatusCode)
	})
	t.Run("a link that has expired is refused", func(t *testing.T) {
		t.Parallel()
		b := fresh(t)
		_, err := b.Put(t.Context(), "r/j1", strings.NewReader(line), port.Put{Size: -1})
		require.NoError(t, err)
		address, err := b.DownloadURL(t.Context(), "r/j1", "a", time.Second)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return do(t, http.MethodGet, address, "", nil).StatusCode == http.StatusForbidden }, 10*time.Second, 200*time.Millisecond)
	})
	t.Run("a client puts parts itself, replaces one, and the upload goes on after a break", func(t *testing.T) {
		t.Parallel()
		b, key, big := fresh(t), "inputs/1/u_a/j1", strings.Repeat("a", 5<<20)
		id, err := b.Begin(t.Context(), key)
		require.NoError(t, err)
		send := func(n int, content string) int {
			address, err := b.PartURL(t.Context(), key, id, n, time.Minute)
			require.NoError(t, err)
			return do(t, http.MethodPut, address, "", strings.NewReader(content)).StatusCode
		}
		require.Equal(t, http.StatusOK, send(1, strings.ToUpper(big)))
		require.Equal(t, http.StatusOK, send(1, big))
		parts, err := b.Parts(t.Context(), key, id)
		require.NoError(t, err)
		require.Len(t, parts, 1)
		require.Equal(t, http.StatusOK, send(2, "end"))
		parts, err = b.Parts(t.Context(), key, id)
		require.NoError(t, err)
		info, err := b.Complete(t.Context(), key, id, parts)
		require.NoError(t, err)
		require.EqualValues(t, len(big)+3, info.Size)
		same(t, b, key, []byte(big+"end"))
		other, err := b.PartURL(t.Context(), key, id, 3, time.Minute)
		require.NoError(t, err)
		require.Equal(t, http.StatusForbidden, do(t, http.MethodPut, strings.Replace(other, "partNumber=3", "partNumber=4", 1), "", strings.NewReader("x")).StatusCode)
	})
}

// changedForms holds that no field of a form can be changed, added or left out. Only versitygw looks: LocalStack checks neither the signature of a
// form nor the fields that its policy does not name.
func changedForms(t *testing.T, session *aws.Session) {
	b := session.Blobs(newBucket(t, session))
	good := form(t, b, func(r *port.FormRequest) { r.Redirect = "https://gas.example.org/a" })
	changes := map[string]string{"x-amz-meta-sha256": "0", "x-amz-storage-class": "GLACIER", "acl": "public-read"}
	for name := range good.Fields {
		if name != "Policy" && name != "policy" {
			changes[name] = good.Fields[name] + "x"
		}
	}
	changes["key"] = "inputs/1/u_b/j2"
	for name, value := range changes {
		f := port.Form{URL: good.URL, Fields: maps.Clone(good.Fields)}
		f.Fields[name] = value
		status := post(t, f, line).StatusCode
		require.True(t, status == http.StatusForbidden || status == http.StatusBadRequest, "%s changed: %d", name, status)
	}
	for name := range good.Fields {
		f := port.Form{URL: good.URL, Fields: maps.Clone(good.Fields)}
		delete(f.Fields, name)
		status := post(t, f, line).StatusCode
		require.True(t, status >= 400 && status < 500, "%s left out: %d", name, status)
	}
	gone(t, b)
}

func TestFormsOnVersity(t *testing.T) {
	t.Parallel()
	session := at(t, peers.Versity(t).URL, peers.VersityAccess, peers.VersitySecret)
	forms(t, session)
	t.Run("a field that was changed, added or left out is refused", func(t *testing.T) { changedForms(t, session) })
}
