package web

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
)

// The kinds of file that a job has beside those of package job.
const (
	kindInput  = "input"
	kindResult = "result"
)

// fileKinds are the files of a job in the order of the page, with their content types.
var fileKinds = []struct{ kind, word, contentType string }{
	{kindInput, "Input", "application/octet-stream"},
	{kindResult, "Result", "application/gzip"},
	{job.FileIndex, "Index", "application/octet-stream"},
	{job.FileLog, "Log", "text/plain; charset=utf-8"},
	{job.FileSummary, "Summary", "application/json"},
	{job.FileManifest, "Manifest", "application/json"},
}

// fileOf finds a file of a job and the store that keeps it. Result and index are readable as long as flow.Readable says so; the others always.
func (s *site) fileOf(v sight, kind string) (job.Object, port.Blobs, error) {
	switch kind {
	case kindInput:
		if v.Status == job.Uploading {
			return job.Object{}, nil, fault.New(fault.Conflict, "The file has not arrived yet.")
		}
		return v.Input, s.Inputs, nil
	case kindResult:
		return v.Result, s.Results, v.readable
	case job.FileIndex:
		if v.readable == nil && v.Files[kind].Key == "" {
			return job.Object{}, nil, fault.New(fault.Unsorted, "The result is not sorted, so it has no index.")
		}
		return v.Files[kind], s.Results, v.readable
	case job.FileLog, job.FileSummary, job.FileManifest:
		object := v.Files[kind]
		if object.Key == "" && !v.Status.Final() {
			return object, nil, fault.New(fault.Conflict, "The job has not ended, so it has no %s yet.", kind)
		}
		if object.Key == "" {
			return object, nil, fault.New(fault.NotFound, "This job has no %s.", kind)
		}
		return object, s.Results, nil
	}
	return job.Object{}, nil, fault.New(fault.NotFound, "A job has no file of the kind %q.", visible(firstOf(kind, 40)))
}

// apiFile answers GET …/files/:kind.
func (s *site) apiFile(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	return s.download(c, v, c.Param("kind"))
}

// download sends a file as an attachment: ranges, ETag and digest, and a policy under which a browser would render nothing of it.
func (s *site) download(c echo.Context, v sight, kind string) error {
	object, blobs, err := s.fileOf(v, kind)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", attachment(fileNameOf(v.Job, kind)))
	for _, k := range fileKinds {
		if k.kind == kind {
			h.Set("Content-Type", k.contentType)
		}
	}
	return s.serveObject(c, blobs, object)
}

// serveObject answers with an object, or with the ranges of it that were asked for. Its ETag and digest are its sha256.
func (s *site) serveObject(c echo.Context, blobs port.Blobs, object job.Object) error {
	h := c.Response().Header()
	if object.SHA256 != "" {
		h.Set("ETag", `"`+object.SHA256+`"`)
		if raw, err := hex.DecodeString(object.SHA256); err == nil {
			sum := base64.StdEncoding.EncodeToString(raw)
			h.Set("Repr-Digest", "sha-256=:"+sum+":")
			h.Set("Digest", "sha-256="+sum)
		}
	}
	body, err := s.openBlob(c.Request().Context(), blobs, object)
	if err != nil {
		return err
	}
	defer body.Close()
	out := withoutRefusal{ResponseWriter: c.Response()}
	http.ServeContent(&out, c.Request(), "", time.Time{}, body)
	if out.refused == 0 {
		return nil
	}
	for _, name := range []string{"Content-Type", "Content-Disposition", "Content-Length", "Repr-Digest", "Digest"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store") // http.ServeContent has taken it away
	f := fault.New(fault.Usage, "The file has no such range: it has %s.", plural(object.Size, "byte", "bytes"))
	if out.refused == http.StatusPreconditionFailed {
		f = fault.New(fault.Usage, "The file is not the one that the request asks for.")
	}
	return sendProblem(c, s.problemOf(out.refused, f, c))
}

// withoutRefusal keeps back what http.ServeContent says of a range that there is not, or of a condition that does not hold: errors are problems.
type withoutRefusal struct {
	http.ResponseWriter
	refused int // the status, 0 where there is none
}

// WriteHeader writes every status but those.
func (w *withoutRefusal) WriteHeader(status int) {
	if status == http.StatusRequestedRangeNotSatisfiable || status == http.StatusPreconditionFailed {
		w.refused = status
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes, unless the request was refused.
func (w *withoutRefusal) Write(p []byte) (int, error) {
	if w.refused != 0 {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// openBlob opens an object at its first byte, so that a missing one is an error before the answer has begun.
func (s *site) openBlob(ctx context.Context, blobs port.Blobs, o job.Object) (*blobReader, error) {
	b := &blobReader{ctx: ctx, blobs: blobs, object: o}
	if err := b.open(); err != nil {
		if errors.Is(err, port.ErrNotFound) {
			return nil, fault.New(fault.Unavailable, "The file cannot be found at the moment.").Because(err)
		}
		return nil, err
	}
	return b, nil
}

// blobReader lets http.ServeContent seek in an object: a seek costs nothing until the next read.
type blobReader struct {
	ctx    context.Context
	blobs  port.Blobs
	object job.Object
	body   io.ReadCloser
	offset int64
}

func (b *blobReader) open() error {
	body, _, err := b.blobs.Open(b.ctx, b.object.Key, b.object.Version, port.Range{Offset: b.offset, Length: -1})
	if err != nil {
		return fmt.Errorf("open object: %w", err)
	}
	b.body = body
	return nil
}

// Read reads on from where the last read or seek ended.
func (b *blobReader) Read(p []byte) (int, error) {
	if b.offset >= b.object.Size {
		return 0, io.EOF
	}
	if b.body == nil {
		if err := b.open(); err != nil {
			return 0, err
		}
	}
	n, err := b.body.Read(p)
	b.offset += int64(n)
	return n, err
}

// Seek moves the place of the next read.
func (b *blobReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.offset
	case io.SeekEnd:
		offset += b.object.Size
	}
	if offset < 0 {
		return b.offset, errors.New("seek before the start of an object")
	}
	if offset != b.offset {
		b.Close()
		b.offset = offset
	}
	return offset, nil
}

// Close closes the open part. Closing again has no effect.
func (b *blobReader) Close() error {
	if b.body == nil {
		return nil
	}
	body := b.body
	b.body = nil
	return body.Close()
}

// readStart reads at most n bytes of a file, and tells whether there is more.
func (s *site) readStart(ctx context.Context, blobs port.Blobs, o job.Object, n int64) (data []byte, more bool, err error) {
	if o.Size == 0 {
		return nil, false, nil
	}
	body, _, err := blobs.Open(ctx, o.Key, o.Version, port.Range{Length: min(n, o.Size)})
	if err != nil {
		return nil, false, fmt.Errorf("open object: %w", err)
	}
	defer body.Close()
	data, err = io.ReadAll(io.LimitReader(body, n))
	return data, o.Size > n, err
}

type filesView struct {
	Files    []fileView
	Commands string
}

type fileView struct{ Kind, Name, Size, SHA256, URL, Why string }

// filesPage answers GET /annotations/:id/files.
func (s *site) filesPage(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	view := filesView{Commands: s.downloadCommands(c, v)}
	for _, k := range fileKinds {
		object, _, err := s.fileOf(v, k.kind)
		if object.Key == "" && k.kind != kindResult {
			continue
		}
		file := fileView{Kind: k.word, Name: visible(fileNameOf(v.Job, k.kind)), SHA256: object.SHA256, URL: fileURL(v.ID, k.kind)}
		if object.Key != "" {
			file.Size = sizeText(object.Size)
		}
		if k.kind == kindResult && v.Status.Final() && v.Status != job.Completed { // it will never be there
			continue
		}
		if err != nil {
			file.URL, file.Why = "", fault.Of(err).Message
		}
		view.Files = append(view.Files, file)
	}
	return s.showJob(c, v, "job_files", "files", view)
}

func fileURL(id, kind string) string { return "/api/v1/jobs/" + id + "/files/" + kind }

func (s *site) downloadCommands(c echo.Context, v sight) string {
	kind, option := kindResult, ""
	if v.Status.Final() && v.Status != job.Completed {
		kind, option = kindInput, " --file input"
	}
	lines := []string{
		"gas jobs download " + v.ID + option,
		"curl -OJ -H \"Authorization: Bearer $GAS_TOKEN\" " + s.baseURL(c) + fileURL(v.ID, kind),
	}
	return strings.Join(lines, "\n")
}
