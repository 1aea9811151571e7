package web

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

const (
	maxFormParts = 64       // of a form, the file included
	maxFormValue = 4 << 10  // bytes of a field that is not the file
	drainLimit   = 64 << 20 // bytes that are read and dropped after a refusal, so that the browser gets to see it
)

// exampleVCF is the built-in example: variants of the human mitochondrial genome.
//
//go:embed example.vcf
var exampleVCF []byte

const exampleName = "example.vcf"

// annotatePage answers GET /annotate.
func (s *site) annotatePage(c echo.Context) error {
	view, err := s.uploadView(c)
	if err != nil {
		return err
	}
	return s.show(c, "annotate", head{Title: "Annotate a VCF"}, view)
}

// annotate answers POST /annotate, the plain form: it works without scripts.
func (s *site) annotate(c echo.Context) error {
	j, err := s.receive(c, "")
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/annotations/"+j.ID)
}

// annotateExample answers POST /annotate/example. The form's fields count, its file does not.
func (s *site) annotateExample(c echo.Context) error {
	in := s.incoming(c, "")
	if strings.HasPrefix(c.Request().Header.Get(echo.HeaderContentType), "multipart/form-data") {
		in.skipFiles = true
		if err := in.readForm(); err != nil {
			return err
		}
	}
	in.options.Reference = "rCRS"
	if err := in.store(exampleName, bytes.NewReader(exampleVCF)); err != nil {
		return err
	}
	j, err := in.submit()
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/annotations/"+j.ID)
}

// receive takes a multipart form with a file and makes a job of it. key is the Idempotency-Key, empty where there is none.
func (s *site) receive(c echo.Context, key string) (job.Job, error) {
	in := s.incoming(c, key)
	if err := in.readForm(); err != nil {
		in.refuse()
		return job.Job{}, err
	}
	j, err := in.submit()
	if err != nil {
		in.refuse()
	}
	return j, err
}

// incoming is one form on its way in. Its file streams into the store as it arrives; nothing of it is kept in memory.
type incoming struct {
	site      *site
	c         echo.Context
	ctx       context.Context
	owner     user.User
	key       string // the Idempotency-Key
	skipFiles bool
	options   job.Options
	chosen    formOptions
	job       job.Job // the intent, once the file has begun
	name      string  // of the file
	sha256    string
}

func (s *site) incoming(c echo.Context, key string) *incoming {
	return &incoming{site: s, c: c, ctx: c.Request().Context(), owner: who(c).user, key: key, chosen: s.newOptions()}
}

// limit is the largest file in bytes that the owner's plan allows.
func (in *incoming) limit() int64 { return in.site.Plans.Of(in.owner.Plan).Upload }

// readForm reads the form's parts in the order in which they come.
func (in *incoming) readForm() error {
	request := in.c.Request()
	if err := in.checkLength(request); err != nil {
		return err
	}
	form, err := request.MultipartReader()
	if err != nil {
		return fault.New(fault.Usage, "A file is sent as multipart/form-data, in a field called file.").Because(err)
	}
	for n := 0; ; n++ {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return brokenForm(&unreadable{err})
		}
		if n == maxFormParts {
			return fault.New(fault.BadInput, "The form has more than %d fields.", maxFormParts)
		}
		if err := in.readPart(part); err != nil {
			return err
		}
	}
	in.options = in.chosen.apply(in.options)
	return in.chosen.err
}

// checkLength refuses a form that can't be within the limit before a byte of it is read.
func (in *incoming) checkLength(r *http.Request) error {
	if !in.skipFiles && r.ContentLength > in.limit()+1<<20 {
		return in.tooLarge(r.ContentLength)
	}
	return nil
}

func (in *incoming) tooLarge(size int64) error {
	plan := in.owner.Plan
	f := fault.New(fault.TooLarge, "The file is larger than the %s that the %s plan allows.", sizeText(in.limit()), plan.Word())
	if size > 0 {
		f = fault.New(fault.TooLarge, "The file has about %s; the %s plan allows %s.", sizeText(size), plan.Word(), sizeText(in.limit()))
	}
	if plan != user.Premium {
		f = f.WithHint("Premium allows %s.", sizeText(in.site.Plans.Premium.Upload))
	}
	return f
}

func (in *incoming) readPart(part *multipart.Part) error {
	name, body := part.FormName(), sent{part}
	switch {
	case name == "file" && in.skipFiles, name == "paste" && in.skipFiles:
		if _, err := io.Copy(io.Discard, io.LimitReader(body, in.limit())); err != nil {
			return brokenForm(err)
		}
		return nil
	case name == "file":
		if fileName(part) == "" {
			return nil // a file field that was left empty
		}
		return in.store(fileName(part), body)
	case name == "paste":
		return in.readPaste(body)
	}
	value, err := io.ReadAll(io.LimitReader(body, maxFormValue+1))
	if err != nil {
		return brokenForm(err)
	}
	if len(value) > maxFormValue {
		return fault.New(fault.BadInput, "The field %q is longer than %s.", visible(firstOf(name, 40)), sizeText(maxFormValue))
	}
	in.chosen.set(name, string(value))
	return nil
}

// fileName is the name as the browser or program sent it. Part.FileName would cut it at a slash, and a label may have one.
func fileName(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return part.FileName()
	}
	return params["filename"]
}

// readPaste takes pasted records as a file. A browser sends line ends as CR LF, which VCF allows.
func (in *incoming) readPaste(part io.Reader) error {
	text := bufio.NewReader(part)
	begin, err := text.Peek(1)
	if len(begin) == 0 {
		if err == io.EOF {
			return nil
		}
		return brokenForm(err)
	}
	if in.job.ID != "" {
		return fault.New(fault.BadInput, "Both a file and pasted records came. Send one of them.")
	}
	if begin[0] == '#' || begin[0] >= utf8.RuneSelf { // a header, or the mark of a byte order before one
		return in.store("pasted.vcf", text)
	}
	bare, err := io.ReadAll(io.LimitReader(text, maxBare+1))
	if err != nil {
		return brokenForm(err)
	}
	if strings.TrimSpace(string(bare)) == "" {
		return nil
	}
	if len(bare) > maxBare {
		return fault.New(fault.BadInput, "Pasted records without a header are larger than %s.", sizeText(maxBare)).WithHint("Paste the header too, or choose a file.")
	}
	return in.store("pasted.vcf", strings.NewReader(withHeader(string(bare))))
}

const maxBare = 1 << 20 // bytes of pasted records without a header

// withHeader makes a VCF of bare records: columns may be parted by blanks, missing ones are filled up, and what is behind INFO has no name and is left out.
func withHeader(records string) string {
	const columns = 8
	var out strings.Builder
	out.WriteString("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
	for line := range strings.Lines(records) {
		fields := strings.Fields(line)
		if strings.Contains(line, "\t") {
			fields = strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		}
		if len(fields) == 0 {
			continue
		}
		for len(fields) >= 2 && len(fields) < columns { // a line of one word is no record: let it be said
			fields = append(fields, ".")
		}
		out.WriteString(strings.Join(fields[:min(columns, len(fields))], "\t") + "\n")
	}
	return out.String()
}

// store opens an intent and streams the file under its key.
func (in *incoming) store(name string, file io.Reader) error {
	if in.job.ID != "" {
		return fault.New(fault.BadInput, "More than one file came. Send one at a time.")
	}
	if in.chosen.err != nil {
		return in.chosen.err
	}
	uploadID := in.key
	if uploadID == "" {
		uploadID = newSecret()
	}
	j, err := in.site.flow.Intend(in.ctx, flow.Intent{
		UserID: in.owner.ID, UploadID: uploadID, Name: cleanName(name), Options: in.chosen.apply(in.options),
	})
	if err != nil {
		return err
	}
	if j.Status == job.Deleted {
		return fault.New(fault.Conflict, "The upload under this Idempotency-Key was given up. Use another key.")
	}
	in.job, in.name = j, cleanName(name)
	if j.Status != job.Uploading {
		return in.compare(j, file)
	}
	return in.put(j, file)
}

// compare reads a file that was submitted before under the same key: the same bytes give the same job, others are a mistake of the caller.
func (in *incoming) compare(j job.Job, file io.Reader) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, &limited{r: file, left: in.limit()}); err != nil {
		return brokenForm(err)
	}
	in.sha256 = hexSum(sum)
	if j.Input.SHA256 != "" && j.Input.SHA256 != in.sha256 {
		return otherBody()
	}
	return nil
}

func otherBody() error {
	return fault.New(fault.BadInput, "This Idempotency-Key was used before with another request.").WithHint("Use a new key for a new request.")
}

func (in *incoming) put(j job.Job, file io.Reader) error {
	sum := sha256.New()
	body := io.TeeReader(&limited{r: file, left: min(in.limit(), j.UploadLimit)}, sum)
	_, err := in.site.Inputs.Put(in.ctx, j.Input.Key, body, port.Put{Size: -1, ContentType: "application/octet-stream"})
	switch {
	case errors.Is(err, port.ErrTooLarge):
		return in.tooLarge(0)
	case errors.Is(err, port.ErrExists) && in.key != "":
		return otherBody()
	case err != nil:
		return brokenForm(err)
	}
	in.sha256 = hexSum(sum)
	return nil
}

// submit turns the intent into a job that waits.
func (in *incoming) submit() (job.Job, error) {
	if in.job.ID == "" {
		return job.Job{}, fault.New(fault.BadInput, "No file came.").WithHint("Choose a file, paste records, or use the example.")
	}
	same, err := sameOptions(in.job.Options, in.options)
	if err != nil {
		return job.Job{}, err
	}
	if in.job.Status != job.Uploading {
		if !same || in.job.Name != in.name {
			return job.Job{}, otherBody()
		}
		return in.job, nil
	}
	if !same { // a field came after the file, or an earlier try asked for something else
		if _, err := in.site.flow.Choose(in.ctx, in.owner.ID, in.job.ID, in.options); err != nil {
			return job.Job{}, err
		}
	}
	return in.site.submit(in.ctx, in.owner.ID, in.job.ID, in.sha256)
}

// submit makes a waiting job of an upload. That it can be found as the same as a later one is a convenience: without it the job runs all the same.
func (s *site) submit(ctx context.Context, userID, jobID, sha256 string) (job.Job, error) {
	j, err := s.flow.Submit(ctx, userID, jobID, sha256)
	if err == nil {
		s.tryToRemember(ctx, j)
	}
	return j, err
}

// rerun makes a new job of a job's input. options nil means those of the old job.
func (s *site) rerun(ctx context.Context, userID, jobID string, options *job.Options) (job.Job, error) {
	j, err := s.flow.Rerun(ctx, userID, jobID, newSecret(), options)
	if err == nil {
		s.tryToRemember(ctx, j)
	}
	return j, err
}

func (s *site) tryToRemember(ctx context.Context, j job.Job) {
	if err := s.remember(ctx, j); err != nil {
		s.Log.Warn().Err(err).Str("job", j.ID).Msg("job not remembered by its file")
	}
}

// refuse gives back the place in the queue that the intent holds, and lets the browser finish sending, so that it sees the answer and not a
// broken connection. An intent with an Idempotency-Key whose connection broke stays: its owner tries again.
func (in *incoming) refuse() {
	ctx := context.WithoutCancel(in.ctx)
	if in.job.ID != "" && in.job.Status == job.Uploading && (in.key == "" || in.ctx.Err() == nil) {
		if err := in.site.flow.Delete(ctx, in.owner.ID, in.job.ID); err != nil {
			in.site.Log.Warn().Err(err).Str("job", in.job.ID).Msg("intent kept")
		}
	}
	_, _ = io.CopyN(io.Discard, in.c.Request().Body, drainLimit)
}

// brokenForm is the fault of a form that can't be read, unless the error is ours.
func brokenForm(err error) error {
	var known *fault.Fault
	switch {
	case errors.As(err, &known), errors.Is(err, port.ErrUnavailable):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		return fault.New(fault.Usage, "The upload broke off or is no form.").Because(err)
	}
	var stalled interface{ Timeout() bool }
	if errors.As(err, &stalled) && stalled.Timeout() {
		return fault.New(fault.TimedOut, "The upload stood still for %s.", durationText(role.StallTime)).Because(err)
	}
	var bad *unreadable
	var tooLarge *http.MaxBytesError
	if errors.As(err, &bad) && !errors.As(err, &tooLarge) {
		return fault.New(fault.Usage, "The request broke off or is no form.").Because(err)
	}
	return fmt.Errorf("take upload: %w", err)
}

// unreadable is an error of what the client sent, whatever the libraries call it: a head of a part that is none, an encoding that does not hold. It is no error of ours.
type unreadable struct{ cause error }

func (u *unreadable) Error() string { return u.cause.Error() }

// Unwrap gives the cause.
func (u *unreadable) Unwrap() error { return u.cause }

// sent reads what the client sent, and marks an error as one of that.
type sent struct{ r io.Reader }

// Read reads.
func (s sent) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		err = &unreadable{err}
	}
	return n, err
}

// limited reads at most left bytes and answers port.ErrTooLarge to more.
type limited struct {
	r    io.Reader
	left int64
}

// Read reads; the byte after the last one allowed is an error.
func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, port.ErrTooLarge
	}
	return n, err
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
