package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"gas/pkg/user"
)

// description is the API's own description, against which answers are checked.
type description struct{ routers.Router }

func describe(t *testing.T) description {
	t.Helper()
	raw, err := describeAPI("test")
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	for _, kind := range []string{"text/event-stream", "application/gzip"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	return description{router}
}

// holds fails when an answer is not one that the description promises.
func (d description) holds(t *testing.T, method, path string, a answer) {
	t.Helper()
	r, err := http.NewRequest(method, path, nil)
	require.NoError(t, err)
	route, params, err := d.FindRoute(r)
	require.NoError(t, err, "%s %s is not described", method, path)
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	require.NoError(t, err, "%s %s: %d %.300s", method, path, a.status, a.body)
}

func TestEveryAnswerOfTheAPIIsAsItsDescriptionSays(t *testing.T) {
	w := newWorld(t)
	d := describe(t)
	ada := w.person("ada", user.Free)
	done, waiting := w.complete(ada.submit("a.vcf").ID).ID, ada.submit("b.vcf").ID
	check := func(method, path, body string, want int) answer {
		t.Helper()
		a := ada.do(method, "/api/v1"+path, strings.NewReader(body), "Content-Type", "application/json")
		require.Equal(t, want, a.status, "%s %s: %.300s", method, path, a.body)
		d.holds(t, method, "/api/v1"+path, a)
		return a
	}
	for _, path := range []string{
		"/me", "/usage", "/tokens", "/references", "/databases", "/service-info", "/status", "/openapi.json", "/jobs", "/jobs?q=a&status=completed,pending&sort=-name&limit=1",
		"/jobs/" + done, "/jobs/" + waiting, "/jobs/" + done + "/summary", "/jobs/" + done + "/log", "/jobs/" + done + "/files/result", "/jobs/" + done + "/events",
		"/jobs/" + done + "/variants", "/jobs/" + done + "/variants?limit=2&sort=-pos&filter=" + url.QueryEscape("impact >= MODERATE"), "/jobs/" + done + "/genes",
	} {
		check(http.MethodGet, path, "", http.StatusOK)
	}
	for _, path := range []string{"/jobs/" + done + "/summary", "/jobs/" + done + "/files/result", "/jobs/" + done + "/log"} {
		whole := check(http.MethodGet, path, "", http.StatusOK)
		require.NotEmpty(t, whole.header.Get("ETag"), path)
		require.NotEmpty(t, whole.header.Get("Repr-Digest"), path)
		for status, header := range map[int][2]string{
			http.StatusNotModified: {"If-None-Match", whole.header.Get("ETag")}, http.StatusPartialContent: {"Range", "bytes=1-2"},
			http.StatusRequestedRangeNotSatisfiable: {"Range", "bytes=999999-"}, http.StatusPreconditionFailed: {"If-Match", `"another"`},
		} {
			if header[0] == "Range" && strings.HasSuffix(path, "/summary") {
				status = http.StatusOK
			}
			a := ada.do(http.MethodGet, "/api/v1"+path, nil, header[0], header[1])
			require.Equal(t, status, a.status, path)
			d.holds(t, http.MethodGet, "/api/v1"+path, a)
			if status >= 400 {
				require.Equal(t, "application/problem+json", a.header.Get("Content-Type"), path)
				require.Equal(t, "no-store", a.header.Get("Cache-Control"), path)
				require.Contains(t, a.body, `"request_id"`)
			}
		}
	}
	check(http.MethodGet, "/jobs?limit=0", "", http.StatusUnprocessableEntity)
	check(http.MethodGet, "/jobs?sort=shape", "", http.StatusUnprocessableEntity)
	check(http.MethodGet, "/jobs?status=lost", "", http.StatusUnprocessableEntity)
	check(http.MethodGet, "/jobs?cursor=%00bad", "", http.StatusBadRequest)
	check(http.MethodGet, "/jobs/"+done+"/variants?filter=colour+%3D+red", "", http.StatusUnprocessableEntity)
	check(http.MethodGet, "/jobs/"+waiting+"/variants", "", http.StatusConflict)
	check(http.MethodGet, "/jobs/nothing", "", http.StatusNotFound)
	check(http.MethodGet, "/jobs/"+waiting+"/files/result", "", http.StatusConflict)
	check(http.MethodGet, "/jobs/"+done+"/files/secret", "", http.StatusNotFound)
	check(http.MethodPost, "/jobs/"+waiting+"/cancel", "", http.StatusOK)
	check(http.MethodPost, "/jobs/"+done+"/cancel", "", http.StatusConflict)
	check(http.MethodPost, "/jobs/"+done+"/rerun", `{"pick": true, "distance": 100, "databases": []}`, http.StatusCreated)
	check(http.MethodPost, "/jobs/"+done+"/rerun", `{"databases": ["x"]}`, http.StatusUnprocessableEntity)
	check(http.MethodPost, "/jobs/"+done+"/rerun", `{"pikc": true}`, http.StatusUnprocessableEntity)
	unknown := check(http.MethodPost, "/jobs/"+done+"/rerun", `{"reference": "GRCh99"}`, http.StatusUnprocessableEntity)
	require.Contains(t, unknown.body, `"code":"unknown_reference"`)
	require.Contains(t, unknown.body, "Installed: rCRS, SARS-CoV-2.")
	check(http.MethodPost, "/jobs/rerun", `{"ids": ["`+done+`", "no"]}`, http.StatusOK)
	check(http.MethodPost, "/jobs/delete", `{"ids": []}`, http.StatusUnprocessableEntity)
	check(http.MethodPost, "/jobs/delete", `{"ids": ["`+waiting+`"]}`, http.StatusOK)
	check(http.MethodDelete, "/jobs/"+done, "", http.StatusNoContent)
	check(http.MethodDelete, "/jobs/"+done, "", http.StatusNotFound)
	a := check(http.MethodPost, "/tokens", `{"name": "ci", "scopes": ["read"], "days": 3}`, http.StatusCreated)
	var token tokenJSON
	a.json(t, &token)
	require.NotNil(t, token.Secret)
	check(http.MethodPost, "/tokens", `{"name": "ci", "scopes": ["everything"]}`, http.StatusUnprocessableEntity)
	check(http.MethodPost, "/tokens", `{"name": ""`, http.StatusUnprocessableEntity)
	for i, want := range []int{http.StatusCreated, http.StatusConflict, http.StatusUnprocessableEntity} {
		a := ada.postJSON("/api/v1/tokens", `{"name": "keyed`+map[bool]string{true: "!"}[i == 2]+`"}`, "Idempotency-Key", "t1")
		require.Equal(t, want, a.status, a.body)
	}
	check(http.MethodDelete, "/tokens/"+token.ID, "", http.StatusNoContent)
	check(http.MethodDelete, "/tokens/"+token.ID, "", http.StatusNotFound)
}

func TestAListIsPagedByCursorsWithAnExactTotal(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	for range 7 {
		ada.submit("a.vcf")
	}
	seen, cursor := map[string]bool{}, ""
	for range 10 {
		var list listJSON[jobJSON]
		ada.get("/api/v1/jobs?limit=3&cursor="+url.QueryEscape(cursor)).json(t, &list)
		require.Equal(t, 7, list.Total)
		for _, j := range list.Items {
			seen[j.ID] = true
		}
		if list.Next == nil {
			break
		}
		cursor = *list.Next
	}
	require.Len(t, seen, 7)
	a := ada.get("/annotations?page=99")
	require.Equal(t, http.StatusOK, a.status)
	require.True(t, strings.HasSuffix(a.url, "page=1"), a.url)
}

func TestEventsTellOfEveryChangeUntilTheEnd(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	id := ada.submit("a.vcf").ID
	go func() {
		time.Sleep(50 * time.Millisecond) // the stream should have begun; where it has not, it tells of the end at once
		w.complete(id)
	}()
	a := ada.get("/api/v1/jobs/"+id+"/events", "Accept", "text/event-stream")
	require.Equal(t, "text/event-stream", a.header.Get("Content-Type"))
	require.Contains(t, a.body, `"status":"COMPLETED"`)
	require.True(t, strings.HasSuffix(a.body, "\n\n"))
	require.Contains(t, a.body, "event: job\ndata: {")
}

func TestADownloadThatABrowserOpensTooLateIsAPage(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	id := w.complete(ada.submit("a.vcf").ID).ID
	w.clock.ahead += time.Hour
	a := ada.get("/api/v1/jobs/"+id+"/files/result", "Accept", "text/html,*/*")
	require.Equal(t, http.StatusForbidden, a.status)
	require.Contains(t, a.header.Get("Content-Type"), "text/html")
	shows(t, a, "Compare the plans")
}

func TestAnUploadThatBreaksOffLeavesNoJob(t *testing.T) {
	w := newWorld(t)
	ada := w.program(w.person("ada", user.Free).user)
	body, kind := form(t, field{"file", "a.vcf", strings.Repeat("x", 100_000)})
	raw, err := io.ReadAll(body)
	require.NoError(t, err)
	r, err := http.NewRequest(http.MethodPost, w.server.URL+"/api/v1/jobs", io.MultiReader(bytes.NewReader(raw[:50_000])))
	require.NoError(t, err)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Bearer "+ada.token)
	response, err := ada.client.Do(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.NoError(t, response.Body.Close())
	u, err := w.deps.Store.User(t.Context(), ada.user)
	require.NoError(t, err)
	require.Zero(t, u.Load.Queued())
}

func TestAFormThatIsBadlyPackedIsAFaultOfTheRequest(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Free)
	part := func(head, body string) string { return "--b\r\n" + head + "\r\n\r\n" + body + "\r\n--b--\r\n" }
	const named = `Content-Disposition: form-data; name="file"; filename="a.vcf"`
	for name, body := range map[string]string{
		"a control character in a name":     part("Content-Disposition: form-data; name=\"a\x06b\"", "x"),
		"a head without a colon":            part("Content-Disposition", "x"),
		"an encoding of a field":            part("Content-Disposition: form-data; name=\"reference\"\r\nContent-Transfer-Encoding: quoted-printable", "=zz\x01"),
		"an encoding of the file":           part(named+"\r\nContent-Transfer-Encoding: quoted-printable", "##fileformat=zz\x01"),
		"a form that ends in a part":        "--b\r\n" + named + "\r\n\r\nx",
		"a form that ends in a part's head": "--b\r\nContent-Disp",
	} {
		t.Run(name, func(t *testing.T) {
			a := ada.do(http.MethodPost, "/api/v1/jobs", strings.NewReader(body), "Content-Type", "multipart/form-data; boundary=b")
			require.Equal(t, http.StatusBadRequest, a.status, a.body)
			require.Contains(t, a.body, `"code":"usage"`)
		})
	}
	u, err := w.deps.Store.User(t.Context(), ada.user)
	require.NoError(t, err)
	require.Zero(t, u.Load.Queued(), "no place stays reserved")
}

func TestAnIdempotencyKeyIsOfOneRequestOnly(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	submit := func(key string, fields ...field) answer {
		return ada.upload("/api/v1/jobs", []string{"Idempotency-Key", key}, fields...)
	}
	file, reference := field{"file", "a.vcf", smallVCF}, field{"reference", "", "rCRS"}
	var first, again jobJSON
	submit("k", reference, file).json(t, &first)
	for name, fields := range map[string][]field{"the same": {reference, file}, "the same in another order": {file, reference}} {
		t.Run(name, func(t *testing.T) {
			a := submit("k", fields...)
			require.Equal(t, http.StatusCreated, a.status, a.body)
			a.json(t, &again)
			require.Equal(t, first.ID, again.ID)
		})
	}
	for name, fields := range map[string][]field{
		"another file": {reference, {"file", "a.vcf", smallVCF + "MT\t9000\t.\tA\tG\t.\t.\t.\n"}}, "another name": {reference, {"file", "b.vcf", smallVCF}},
		"another reference": {{"reference", "", "SARS-CoV-2"}, file}, "an option more": {reference, {"pick", "", "true"}, file}, "an option less": {file},
		"another reference behind the file": {file, {"reference", "", "SARS-CoV-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := submit("k", fields...)
			require.Equal(t, http.StatusUnprocessableEntity, a.status, a.body)
			require.Contains(t, a.body, "Idempotency-Key was used before")
		})
	}
	for range 2 {
		a := ada.do(http.MethodPost, "/api/v1/jobs/"+first.ID+"/rerun", strings.NewReader(`{"pick": true}`), "Content-Type", "application/json", "Idempotency-Key", "r")
		require.Equal(t, http.StatusCreated, a.status, a.body)
		a.json(t, &again)
		require.Equal(t, "/api/v1/jobs/"+again.ID, a.header.Get("Location"))
	}
	a := ada.upload("/api/v1/jobs", nil, field{"reference", "", "GRCh99"}, file)
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.Contains(t, a.body, `"code":"unknown_reference"`)
	var list listJSON[jobJSON]
	ada.get("/api/v1/jobs").json(t, &list)
	require.Equal(t, 2, list.Total)
}
