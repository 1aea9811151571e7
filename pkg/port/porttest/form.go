package porttest

import (
	"bytes"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
)

// Form checks upload forms and download links where the adapter serves them itself.
func Form(t *testing.T, fresh Harness) {
	served := func(w World) bool {
		_, is := w.Blobs.(port.FormHandler)
		return is
	}
	each(t, fresh, served, []check{
		{"a form puts exactly its key and goes on to its address", formPuts},
		{"a file of the largest size is taken, one byte more is not", formLimit},
		{"a field that was changed is refused", formForged},
		{"a form that has expired is refused", formExpired},
		{"a second file never changes what the first put", formTwice},
		{"a body that is no form is refused", formShape},
		{"a link downloads as an attachment, ranges too", linkServes},
		{"a link that was changed is refused", linkForged},
		{"a link that has expired is refused", linkExpired},
	})
}

// serve gives the adapter's handler a request.
func serve(w World, r *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	w.Blobs.(port.FormHandler).FormHandler().ServeHTTP(recorder, r)
	return recorder
}

// post posts a form with a file, its fields edited before.
func post(t *testing.T, w World, form port.Form, content string, edit ...func(map[string]string)) *httptest.ResponseRecorder {
	t.Helper()
	fields := maps.Clone(form.Fields)
	for _, do := range edit {
		do(fields)
	}
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for name, value := range fields {
		require.NoError(t, writer.WriteField(name, value))
	}
	file, err := writer.CreateFormFile("file", "../../evil\".vcf")
	require.NoError(t, err)
	_, err = io.WriteString(file, content)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	request := httptest.NewRequest(http.MethodPost, form.URL, &body)
	request.Header.Set("Content-Type", writer.FormDataContentType())
	return serve(w, request)
}

// form asks for a form.
func form(t *testing.T, w World) port.Form {
	t.Helper()
	f, err := w.Blobs.UploadForm(t.Context(), port.FormRequest{Key: "u_a/j1", MaxSize: 64, Expires: time.Minute, Redirect: "/annotate/done?id=j1"})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(f.URL, w.Blobs.(port.FormHandler).FormPath()))
	return f
}

func formPuts(t *testing.T, w World) {
	answer := post(t, w, form(t, w), text)
	require.Equal(t, http.StatusSeeOther, answer.Code)
	require.Equal(t, "/annotate/done?id=j1", answer.Header().Get("Location"))
	require.Equal(t, text, read(t, w, "u_a/j1", "", port.Whole))
	items, _, err := w.Blobs.List(t.Context(), "", "", 10)
	require.NoError(t, err)
	require.Len(t, items, 1)
}

func formLimit(t *testing.T, w World) {
	require.Equal(t, http.StatusRequestEntityTooLarge, post(t, w, form(t, w), strings.Repeat("x", 65)).Code)
	blobGone(t, w, "u_a/j1")
	require.Equal(t, http.StatusSeeOther, post(t, w, form(t, w), strings.Repeat("x", 64)).Code)
}

func formForged(t *testing.T, w World) {
	for name, value := range map[string]string{"key": "u_b/j1", "max_size": "999999", "redirect": "https://evil.example/", "expires": "9999999999999999999", "signature": ""} {
		answer := post(t, w, form(t, w), text, func(fields map[string]string) { fields[name] = value })
		require.Equal(t, http.StatusForbidden, answer.Code, name)
		answer = post(t, w, form(t, w), text, func(fields map[string]string) { delete(fields, name) })
		require.Equal(t, http.StatusForbidden, answer.Code, name)
	}
	blobGone(t, w, "u_a/j1")
}

func formExpired(t *testing.T, w World) {
	movable(t, w)
	f := form(t, w)
	w.Advance(time.Minute)
	require.Equal(t, http.StatusForbidden, post(t, w, f, text).Code)
	blobGone(t, w, "u_a/j1")
}

func formTwice(t *testing.T, w World) {
	f := form(t, w)
	require.Equal(t, http.StatusSeeOther, post(t, w, f, text).Code)
	info, err := w.Blobs.Stat(t.Context(), "u_a/j1")
	require.NoError(t, err)
	post(t, w, f, "other")
	reader, _, err := w.Blobs.Open(t.Context(), "u_a/j1", info.Version, port.Whole)
	if err != nil {
		require.ErrorIs(t, err, port.ErrConflict, "a store that lets it be replaced has another version now")
		return
	}
	reader.Close()
	require.Equal(t, text, read(t, w, "u_a/j1", info.Version, port.Whole))
}

func formShape(t *testing.T, w World) {
	f := form(t, w)
	for _, body := range []string{"", "key=u_a", "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n" + strings.Repeat("k", 1<<20) + "\r\n--x--\r\n"} {
		request := httptest.NewRequest(http.MethodPost, f.URL, strings.NewReader(body))
		request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		require.Equal(t, http.StatusBadRequest, serve(w, request).Code)
	}
	require.Equal(t, http.StatusMethodNotAllowed, serve(w, httptest.NewRequest(http.MethodPut, f.URL, nil)).Code)
}

// link asks for a link of an object that it puts.
func link(t *testing.T, w World) string {
	t.Helper()
	put(t, w, "r/j1", text)
	address, err := w.Blobs.DownloadURL(t.Context(), "r/j1", "naïve \"file\".annot.vcf.gz", time.Minute)
	require.NoError(t, err)
	return address
}

func linkServes(t *testing.T, w World) {
	address := link(t, w)
	answer := serve(w, httptest.NewRequest(http.MethodGet, address, nil))
	require.Equal(t, http.StatusOK, answer.Code)
	require.Equal(t, text, answer.Body.String())
	require.True(t, strings.HasPrefix(answer.Header().Get("Content-Disposition"), "attachment"))
	require.Equal(t, "nosniff", answer.Header().Get("X-Content-Type-Options"))
	require.Contains(t, answer.Header().Get("ETag"), sum(text))
	request := httptest.NewRequest(http.MethodGet, address, nil)
	request.Header.Set("Range", "bytes=2-5")
	answer = serve(w, request)
	require.Equal(t, http.StatusPartialContent, answer.Code)
	require.Equal(t, text[2:6], answer.Body.String())
}

func linkForged(t *testing.T, w World) {
	put(t, w, "r/j2", "other")
	address := strings.Replace(link(t, w), "j1", "j2", 1)
	require.Equal(t, http.StatusForbidden, serve(w, httptest.NewRequest(http.MethodGet, address, nil)).Code)
}

func linkExpired(t *testing.T, w World) {
	movable(t, w)
	address := link(t, w)
	w.Advance(time.Minute - time.Millisecond)
	require.Equal(t, http.StatusOK, serve(w, httptest.NewRequest(http.MethodGet, address, nil)).Code)
	w.Advance(time.Millisecond)
	require.Equal(t, http.StatusForbidden, serve(w, httptest.NewRequest(http.MethodGet, address, nil)).Code)
}
