package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
)

// A large file arrives in parts: POST /uploads opens it, PUT …/parts/:n sends a part, GET tells what has arrived, POST …/complete makes a job of it.
// After a break the client asks what is there and goes on. With by = form the answer of POST is the store's own form, which takes the file in one
// piece: on AWS its bytes never come through here. The upload's id is the id of its job.

const (
	partsKind = "upload"
	partsLife = 24 * time.Hour
	partSize  = 8 << 20 // bytes of each part but the last
	maxParts  = 10_000  // that a store takes
	partURL   = 15 * time.Minute
	partURLs  = 32 // addresses of missing parts that one answer signs
)

// The ways in which a file may come.
const (
	byParts = "parts"
	byForm  = "form"
)

// partsValue is what is kept of an upload beside its job.
type partsValue struct {
	Upload string `json:"upload"` // the store's own id; empty = the file comes by a form
	Size   int64  `json:"size"`   // of the whole file
	Part   int64  `json:"part"`   // bytes of each part but the last
}

// count is the number of parts.
func (v partsValue) count() int { return int((v.Size + v.Part - 1) / v.Part) }

// sizeOf is how long part n is, from 1.
func (v partsValue) sizeOf(n int) int64 { return min(v.Part, v.Size-int64(n-1)*v.Part) }

// uploadJSON is an upload as the API tells it.
type uploadJSON struct {
	ID       string      `json:"upload_id"`
	Size     int64       `json:"size"`
	PartSize int64       `json:"part_size"`
	Count    int         `json:"part_count"`
	Parts    []port.Part `json:"parts"` // that have arrived
	// PartURLs are where the next missing parts are put by the client itself, where the store takes them: a browser has sent a whole part before it
	// heeds a redirect.
	PartURLs map[int]string `json:"part_urls,omitempty"`
	Form     *formJSON      `json:"form,omitempty"`
	Expires  time.Time      `json:"expires"`
}

// formJSON is what is posted as multipart/form-data: the fields, and behind them the file in a field called file.
type formJSON struct {
	URL    string            `json:"url"`
	Fields map[string]string `json:"fields"`
}

func uploadShape(id string, v partsValue, parts []port.Part, expires time.Time) uploadJSON {
	if parts == nil {
		parts = []port.Part{}
	}
	return uploadJSON{ID: id, Size: v.Size, PartSize: v.Part, Count: v.count(), Parts: parts, Expires: expires.UTC()}
}

// apiBeginUpload answers POST /api/v1/uploads.
func (s *site) apiBeginUpload(c echo.Context) error {
	return s.once24(c, func() (int, any, error) {
		var body struct {
			Name    string         `json:"name"`
			Size    int64          `json:"size"`
			By      string         `json:"by"`
			Options map[string]any `json:"options"`
		}
		if err := readJSON(c, &body); err != nil {
			return 0, nil, err
		}
		options, err := s.optionsOf(body.Options, job.Options{})
		if err != nil {
			return 0, nil, err
		}
		if body.By != "" && body.By != byParts && body.By != byForm {
			return 0, nil, fault.New(fault.BadInput, "by is %q, neither %s nor %s.", visible(firstOf(body.By, 40)), byParts, byForm)
		}
		shape, err := s.beginUpload(c, body.Name, body.Size, body.By, options)
		return http.StatusCreated, shape, err
	})
}

func (s *site) beginUpload(c echo.Context, name string, size int64, by string, options job.Options) (uploadJSON, error) {
	in := s.incoming(c, "")
	if size < 1 {
		return uploadJSON{}, fault.New(fault.BadInput, "size is the number of the file's bytes, at least 1.")
	}
	if size > in.limit() {
		return uploadJSON{}, in.tooLarge(size)
	}
	ctx := c.Request().Context()
	j, err := s.flow.Intend(ctx, flow.Intent{UserID: in.owner.ID, UploadID: newSecret(), Name: cleanName(name), Options: options})
	if err != nil {
		return uploadJSON{}, err
	}
	value := partsValue{Size: size, Part: max(partSize, (size+maxParts-1)/maxParts)}
	if by == byForm {
		value.Part = size
	} else if value.Upload, err = s.Parts.Begin(ctx, j.Input.Key); err != nil {
		return uploadJSON{}, fmt.Errorf("begin parts: %w", err)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return uploadJSON{}, err
	}
	now := s.Now()
	record := port.Record{Kind: partsKind, ID: j.ID, Owner: in.owner.ID, Value: raw, Created: now, Expires: now.Add(partsLife)}
	if err := s.Records.Create(ctx, record); err != nil {
		return uploadJSON{}, fmt.Errorf("keep upload: %w", err)
	}
	return s.uploadShape(ctx, j, value, record.Expires)
}

// uploadShape tells of an upload what has arrived, or what its form is.
func (s *site) uploadShape(ctx context.Context, j job.Job, value partsValue, expires time.Time) (uploadJSON, error) {
	if value.Upload == "" {
		form, err := s.Inputs.UploadForm(ctx, port.FormRequest{Key: j.Input.Key, MaxSize: value.Size, Expires: partURL})
		if err != nil {
			return uploadJSON{}, fmt.Errorf("sign form: %w", err)
		}
		shape := uploadShape(j.ID, value, nil, expires)
		shape.Form = &formJSON{URL: form.URL, Fields: form.Fields}
		return shape, nil
	}
	parts, err := s.Parts.Parts(ctx, j.Input.Key, value.Upload)
	if err != nil {
		return uploadJSON{}, fmt.Errorf("list parts: %w", err)
	}
	shape := uploadShape(j.ID, value, parts, expires)
	shape.PartURLs, err = s.partURLs(ctx, j.Input.Key, value, parts)
	return shape, err
}

// partURLs signs addresses for the first parts that have not arrived; none where parts come through here.
func (s *site) partURLs(ctx context.Context, key string, value partsValue, parts []port.Part) (map[int]string, error) {
	arrived := map[int]bool{}
	for _, p := range parts {
		arrived[p.N] = true
	}
	signed := map[int]string{}
	for n := 1; n <= value.count() && len(signed) < partURLs; n++ {
		if arrived[n] {
			continue
		}
		address, err := s.Parts.PartURL(ctx, key, value.Upload, n, partURL)
		if err != nil {
			return nil, fmt.Errorf("sign part: %w", err)
		}
		if address == "" {
			return nil, nil
		}
		signed[n] = address
	}
	return signed, nil
}

// ownUpload reads the upload of the path with its job. Another user's, and one that is over, is missing.
func (s *site) ownUpload(c echo.Context) (sight, partsValue, port.Record, error) {
	var value partsValue
	v, err := s.ownJob(c)
	if err != nil {
		return v, value, port.Record{}, err
	}
	record, err := s.Records.Get(c.Request().Context(), partsKind, v.ID)
	if errors.Is(err, port.ErrNotFound) {
		return v, value, record, fault.New(fault.NotFound, "There is no such upload, or it is over.")
	}
	if err != nil {
		return v, value, record, fmt.Errorf("read upload: %w", err)
	}
	if err := json.Unmarshal(record.Value, &value); err != nil {
		return v, value, record, fmt.Errorf("read upload: %w", err)
	}
	return v, value, record, nil
}

// apiUpload answers GET /api/v1/uploads/:id with the parts that have arrived.
func (s *site) apiUpload(c echo.Context) error {
	v, value, record, err := s.ownUpload(c)
	if err != nil {
		return err
	}
	shape, err := s.uploadShape(c.Request().Context(), v.Job, value, record.Expires)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, shape)
}

// apiPutPart answers PUT /api/v1/uploads/:id/parts/:n. Sending a part again replaces it. Where the store takes parts itself, the answer leads there.
func (s *site) apiPutPart(c echo.Context) error {
	v, value, _, err := s.ownUpload(c)
	if err != nil {
		return err
	}
	if value.Upload == "" {
		return fault.New(fault.Conflict, "This upload takes its file by a form, not in parts.")
	}
	n, err := strconv.Atoi(c.Param("n"))
	if err != nil || n < 1 || n > value.count() {
		return fault.New(fault.BadInput, "This upload has the parts 1 to %d.", value.count())
	}
	ctx, request := c.Request().Context(), c.Request()
	elsewhere, err := s.Parts.PartURL(ctx, v.Input.Key, value.Upload, n, partURL)
	if err != nil {
		return fmt.Errorf("sign part: %w", err)
	}
	if elsewhere != "" {
		return c.Redirect(http.StatusTemporaryRedirect, elsewhere)
	}
	if size := value.sizeOf(n); request.ContentLength != size {
		return fault.New(fault.BadInput, "Part %d has %s, not %s.", n, plural(size, "byte", "bytes"), plural(request.ContentLength, "byte", "bytes"))
	}
	part, err := s.Parts.PutPart(ctx, v.Input.Key, value.Upload, n, sent{request.Body}, request.ContentLength)
	if err != nil {
		return brokenForm(err)
	}
	c.Response().Header().Set("ETag", `"`+part.ETag+`"`)
	return c.JSON(http.StatusOK, part)
}

// apiCompleteUpload answers POST /api/v1/uploads/:id/complete: the parts become the file, and the file a job. Doing it again gives the same job.
func (s *site) apiCompleteUpload(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	if v.Status != job.Uploading {
		return s.answerJob(c, http.StatusCreated, v.Job)
	}
	v, value, _, err := s.ownUpload(c)
	if err != nil {
		return err
	}
	if err := s.join(c, v, value); err != nil {
		return err
	}
	j, err := s.submit(c.Request().Context(), v.UserID, v.ID, "")
	if err != nil {
		return err
	}
	if err := s.Records.Delete(c.Request().Context(), partsKind, v.ID); err != nil {
		return fmt.Errorf("end upload: %w", err)
	}
	return s.answerJob(c, http.StatusCreated, j)
}

// join makes the object of its parts, after a look that none is missing. An object that is there already was joined by a request whose answer got lost.
func (s *site) join(c echo.Context, v sight, value partsValue) error {
	ctx := c.Request().Context()
	if _, err := s.Inputs.Stat(ctx, v.Input.Key); err == nil || value.Upload == "" { // whether a form's file is there is looked at by the submission
		return nil
	}
	parts, err := s.Parts.Parts(ctx, v.Input.Key, value.Upload)
	if err != nil {
		return fmt.Errorf("list parts: %w", err)
	}
	arrived := map[int]int64{}
	for _, p := range parts {
		arrived[p.N] = p.Size
	}
	for n := 1; n <= value.count(); n++ {
		if arrived[n] != value.sizeOf(n) {
			return fault.New(fault.Conflict, "Part %d of %d has not arrived.", n, value.count())
		}
	}
	if _, err := s.Parts.Complete(ctx, v.Input.Key, value.Upload, parts); err != nil {
		return fmt.Errorf("join parts: %w", err)
	}
	return nil
}

// apiAbortUpload answers DELETE /api/v1/uploads/:id.
func (s *site) apiAbortUpload(c echo.Context) error {
	v, value, _, err := s.ownUpload(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if value.Upload != "" {
		if err := s.Parts.Abort(ctx, v.Input.Key, value.Upload); err != nil {
			return fmt.Errorf("abort parts: %w", err)
		}
	}
	if err := s.flow.Delete(ctx, v.UserID, v.ID); err != nil {
		return err
	}
	if err := s.Records.Delete(ctx, partsKind, v.ID); err != nil {
		return fmt.Errorf("end upload: %w", err)
	}
	return c.NoContent(http.StatusNoContent)
}
