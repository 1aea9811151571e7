package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

func TestALargeFileArrivesInPartsAndGoesOnAfterABreak(t *testing.T) {
	w := newWorld(t)
	d := describe(t)
	ada := w.person("ada", user.Premium)
	whole := strings.Repeat("0123456789abcdef", 600_000) // 9.6 MB: two parts
	a := ada.postJSON("/api/v1/uploads", fmt.Sprintf(`{"name": "big.vcf", "size": %d, "options": {"style": "ann"}}`, len(whole)))
	require.Equal(t, http.StatusCreated, a.status, a.body)
	d.holds(t, http.MethodPost, "/api/v1/uploads", a)
	var up uploadJSON
	a.json(t, &up)
	require.Equal(t, 2, up.Count)
	path := "/api/v1/uploads/" + up.ID
	part := func(n int, text string) answer {
		return ada.do(http.MethodPut, fmt.Sprintf("%s/parts/%d", path, n), strings.NewReader(text))
	}
	a = part(2, whole[up.PartSize:])
	require.Equal(t, http.StatusOK, a.status, a.body)
	d.holds(t, http.MethodPut, path+"/parts/2", a)
	require.Equal(t, http.StatusUnprocessableEntity, part(1, "short").status)
	require.Equal(t, http.StatusUnprocessableEntity, part(3, "x").status)
	require.Equal(t, http.StatusConflict, ada.postJSON(path+"/complete", "").status)
	a = ada.get(path)
	d.holds(t, http.MethodGet, path, a)
	a.json(t, &up)
	require.Len(t, up.Parts, 1)
	require.Equal(t, http.StatusNotFound, w.person("ben", user.Premium).get(path).status)

	require.Equal(t, http.StatusOK, part(1, whole[:up.PartSize]).status)
	var first, again jobJSON
	a = ada.postJSON(path+"/complete", "")
	require.Equal(t, http.StatusCreated, a.status, a.body)
	d.holds(t, http.MethodPost, path+"/complete", a)
	a.json(t, &first)
	require.Equal(t, job.Pending, first.Status)
	require.Equal(t, "ann", first.Options.Style)
	require.EqualValues(t, len(whole), first.Input.Size)
	ada.postJSON(path+"/complete", "").json(t, &again)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, whole, ada.get("/api/v1/jobs/"+first.ID+"/files/input").body)
}

func TestAnUploadInPartsKeepsToTheLimitAndCanBeGivenUp(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Plans.Free.Queued = 1 })
	ada := w.person("ada", user.Free)
	require.Equal(t, http.StatusRequestEntityTooLarge, ada.postJSON("/api/v1/uploads", `{"name": "a", "size": 153601}`).status)
	var up uploadJSON
	ada.postJSON("/api/v1/uploads", `{"name": "a", "size": 10}`).json(t, &up)
	require.Equal(t, http.StatusTooManyRequests, ada.postJSON("/api/v1/uploads", `{"name": "b", "size": 10}`).status)
	require.Equal(t, http.StatusNoContent, ada.do(http.MethodDelete, "/api/v1/uploads/"+up.ID, nil).status)
	require.Equal(t, http.StatusNotFound, ada.get("/api/v1/uploads/"+up.ID).status)
	require.Equal(t, http.StatusCreated, ada.postJSON("/api/v1/uploads", `{"name": "b", "size": 10}`).status)
}

func TestAFileArrivesByTheStoresOwnForm(t *testing.T) {
	w := newWorld(t)
	d := describe(t)
	ada := w.person("ada", user.Free)
	const text = "##fileformat=VCFv4.2\n"
	begin := func() (up uploadJSON) {
		a := ada.postJSON("/api/v1/uploads", fmt.Sprintf(`{"name": "small.vcf", "size": %d, "by": "form", "options": {"style": "ann"}}`, len(text)))
		require.Equal(t, http.StatusCreated, a.status, a.body)
		d.holds(t, http.MethodPost, "/api/v1/uploads", a)
		a.json(t, &up)
		require.NotNil(t, up.Form)
		return up
	}
	post := func(up uploadJSON, file string) answer {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, value := range up.Form.Fields {
			require.NoError(t, form.WriteField(name, value))
		}
		part, err := form.CreateFormFile("file", "small.vcf")
		require.NoError(t, err)
		_, _ = io.WriteString(part, file)
		require.NoError(t, form.Close())
		return ada.do(http.MethodPost, up.Form.URL, &body, "Content-Type", form.FormDataContentType())
	}
	up := begin()
	path := "/api/v1/uploads/" + up.ID
	require.Equal(t, http.StatusConflict, ada.postJSON(path+"/complete", "").status, "nothing has arrived")
	require.Equal(t, http.StatusConflict, ada.do(http.MethodPut, path+"/parts/1", strings.NewReader(text)).status)
	require.Equal(t, http.StatusRequestEntityTooLarge, post(up, text+"x").status, "one byte more than was announced")
	require.Equal(t, http.StatusNoContent, post(up, text).status)
	a := ada.get(path)
	d.holds(t, http.MethodGet, path, a)
	require.Equal(t, http.StatusNotFound, w.person("ben", user.Free).get(path).status)
	a = ada.postJSON(path+"/complete", "")
	require.Equal(t, http.StatusCreated, a.status, a.body)
	var made jobJSON
	a.json(t, &made)
	require.Equal(t, job.Pending, made.Status)
	require.Equal(t, "ann", made.Options.Style)
	require.Equal(t, text, ada.get("/api/v1/jobs/"+made.ID+"/files/input").body)

	given := begin()
	require.Equal(t, http.StatusNoContent, ada.do(http.MethodDelete, "/api/v1/uploads/"+given.ID, nil).status)
	require.Equal(t, http.StatusNotFound, ada.get("/api/v1/uploads/"+given.ID).status)
	require.Equal(t, http.StatusUnprocessableEntity, ada.postJSON("/api/v1/uploads", `{"name": "a", "size": 1, "by": "mail"}`).status)
}

// outside is a store that takes uploads itself.
type outside struct {
	port.Blobs
}

// UploadForm leads to another host.
func (outside) UploadForm(context.Context, port.FormRequest) (port.Form, error) {
	return port.Form{URL: "https://bucket.example.org/"}, nil
}

// signs is a store that takes parts itself.
type signs struct {
	port.Multipart
}

// PartURL is on another host.
func (signs) PartURL(_ context.Context, _, _ string, n int, _ time.Duration) (string, error) {
	return fmt.Sprintf("https://bucket.example.org/?partNumber=%d", n), nil
}

func TestTheNextPartsAreToldWhereTheyGo(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Parts = signs{d.Parts} })
	d := describe(t)
	ada := w.person("ada", user.Premium)
	a := ada.postJSON("/api/v1/uploads", fmt.Sprintf(`{"name": "big.vcf", "size": %d}`, 40*partSize))
	require.Equal(t, http.StatusCreated, a.status, a.body)
	d.holds(t, http.MethodPost, "/api/v1/uploads", a)
	var up uploadJSON
	a.json(t, &up)
	require.Len(t, up.PartURLs, 32)
	j, err := w.deps.Store.Job(t.Context(), up.ID)
	require.NoError(t, err)
	var kept partsValue
	record, err := w.deps.Records.Get(t.Context(), partsKind, up.ID)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(record.Value, &kept))
	for n := 1; n <= 20; n++ {
		_, err := w.deps.Parts.PutPart(t.Context(), j.Input.Key, kept.Upload, n, strings.NewReader("x"), 1)
		require.NoError(t, err)
	}
	a = ada.get("/api/v1/uploads/" + up.ID)
	d.holds(t, http.MethodGet, "/api/v1/uploads/"+up.ID, a)
	up = uploadJSON{}
	a.json(t, &up)
	require.Len(t, up.PartURLs, 20)
	require.Equal(t, "https://bucket.example.org/?partNumber=21", up.PartURLs[21])
}

func TestPagesMaySendToAStoreThatTakesUploadsItself(t *testing.T) {
	w := newWorld(t, func(d *role.Deps) { d.Inputs = outside{d.Inputs} })
	a := w.person("ada", user.Free).get("/annotate")
	require.Contains(t, a.body, `data-direct="true"`)
	require.Contains(t, a.header.Get("Content-Security-Policy"), "connect-src 'self' https://bucket.example.org;")
	require.NotContains(t, newWorld(t).person("ada", user.Free).get("/annotate").body, "data-direct")
}
