package client

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"gas/pkg/fault"
	"gas/pkg/job"
)

const (
	// PartsFrom is the size in bytes from which a file is sent in parts.
	PartsFrom = 8 << 20

	partsAtOnce = 3
	partTries   = 8               // of one part in a row; the waits between them add up to about a minute
	partStall   = 2 * time.Minute // without a byte that could be sent
	completions = 3               // how often an upload is looked at again when a part that had arrived is missing
)

// upload is an upload in parts as the API tells of it.
type upload struct {
	ID       string `json:"upload_id"`
	Size     int64  `json:"size"`
	PartSize int64  `json:"part_size"`
	Count    int    `json:"part_count"`
	Parts    []part `json:"parts"` // that have arrived
}

type part struct {
	N    int    `json:"n"`
	Size int64  `json:"size"`
	ETag string `json:"etag"`
}

// section is part n of a file, from 1.
func (u upload) section(file io.ReaderAt, n int) *io.SectionReader {
	from := int64(n-1) * u.PartSize
	return io.NewSectionReader(file, from, min(u.PartSize, u.Size-from))
}

// submitParts sends a file in parts: those that have not arrived, some at a time, each again when it breaks off. Then the server makes a job of them.
func (c *Client) submitParts(ctx context.Context, s Submission) (Job, error) {
	if j, made := c.madeBefore(ctx, s.Upload); made {
		return c.compareSum(ctx, s, j)
	}
	u, err := c.openUpload(ctx, s)
	if err != nil {
		return Job{}, err
	}
	sender := sender{Client: c, upload: u, file: s.At, seen: s.Seen}
	for round := 1; ; round++ {
		j, err := sender.round(ctx)
		if err == nil {
			return c.compareSum(ctx, s, j)
		}
		if !fault.Is(err, fault.Conflict) || round == completions {
			return j, goesOn(err)
		}
		if sender.upload, err = c.readUpload(ctx, u.ID); err != nil {
			return j, goesOn(err)
		}
	}
}

// madeBefore finds the job of an upload that an earlier run completed without hearing of it. The upload's id is the job's.
func (c *Client) madeBefore(ctx context.Context, id string) (Job, bool) {
	if id == "" {
		return Job{}, false
	}
	j, err := c.Job(ctx, id)
	return j, err == nil && j.Status != job.Uploading
}

// goesOn says of an error that passes that what has arrived is not lost.
func goesOn(err error) error {
	f := fault.Of(err)
	if passing(err) || errors.Is(err, context.Canceled) {
		return f.WithHint("what has arrived is kept for a day: the same command goes on where this one ended")
	}
	return err
}

// openUpload goes on with the upload of an earlier run, or begins one.
func (c *Client) openUpload(ctx context.Context, s Submission) (upload, error) {
	if s.Upload != "" {
		u, err := c.readUpload(ctx, s.Upload)
		if err == nil && u.Size == s.Size && u.PartSize > 0 {
			return u, nil
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return u, err
		}
	}
	options := map[string]any{}
	for name, value := range s.Options {
		options[name] = value
	}
	if s.Reference != "" {
		options["reference"] = s.Reference
	}
	if len(s.Databases) > 0 {
		options["databases"] = s.Databases
	}
	headers := jsonHeaders()
	headers["Idempotency-Key"] = newKey()
	var u upload
	err := c.json(ctx, call{
		method: http.MethodPost, path: "/uploads", repeats: true, headers: headers,
		body: jsonBody(map[string]any{"name": s.Name, "size": s.Size, "options": options}),
	}, &u)
	if err == nil && (u.PartSize <= 0 || u.Size != s.Size) {
		err = fault.New(fault.Internal, "The server %s opened no upload for %d bytes.", c.Server, s.Size)
	}
	if err == nil && s.Began != nil {
		s.Began(u.ID)
	}
	return u, err
}

func (c *Client) readUpload(ctx context.Context, id string) (upload, error) {
	var u upload
	err := c.get(ctx, "/uploads/"+url.PathEscape(id), &u)
	return u, err
}

// compareSum compares the job's checksum with the file's, where the server tells it: a file that was written to while it was sent would otherwise
// be annotated as what it never was.
func (c *Client) compareSum(ctx context.Context, s Submission, j Job) (Job, error) {
	if j.Input.SHA256 == "" {
		return j, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(s.At, 0, s.Size)); err != nil {
		return j, fmt.Errorf("read the file again: %w", err)
	}
	if hexSum(sum) == j.Input.SHA256 {
		return j, nil
	}
	if err := c.Delete(ctx, j.ID); err != nil {
		return j, err
	}
	return j, fault.New(fault.InputChanged, "The file changed while it was sent; its job is deleted.").WithHint("send it again")
}

// sender sends what is missing of one upload.
type sender struct {
	*Client
	upload
	file io.ReaderAt
	seen func(int64)

	telling sync.Mutex
	sent    int64 // bytes that have arrived or are on their way
}

// round sends every part that has not arrived, and completes the upload.
func (s *sender) round(ctx context.Context) (Job, error) {
	var j Job
	missing, err := s.missing()
	if err != nil {
		return j, err
	}
	together, sending := errgroup.WithContext(ctx)
	together.SetLimit(partsAtOnce)
	for _, n := range missing {
		together.Go(func() error { return s.sendPart(sending, n) })
	}
	if err := together.Wait(); err != nil {
		return j, err
	}
	err = s.json(ctx, call{method: http.MethodPost, path: s.path() + "/complete", repeats: true}, &j)
	return j, err
}

func (s *sender) path() string { return "/uploads/" + url.PathEscape(s.ID) }

// missing lists the parts that have not arrived as they are in the file.
func (s *sender) missing() ([]int, error) {
	s.tell(-s.sent)
	arrived := map[int]part{}
	for _, p := range s.Parts {
		arrived[p.N] = p
	}
	var list []int
	for n := 1; n <= s.Count; n++ {
		p, is := arrived[n]
		if is {
			same, err := s.same(p)
			if err != nil {
				return nil, err
			}
			is = same
		}
		if !is {
			list = append(list, n)
			continue
		}
		s.tell(p.Size)
	}
	return list, nil
}

// same tells whether a part that has arrived is the file's. Its ETag is a sha256, or at S3 an MD5; another one can't be compared.
func (s *sender) same(p part) (bool, error) {
	section := s.section(s.file, p.N)
	var sum hash.Hash
	switch len(strings.Trim(p.ETag, `"`)) {
	case hex.EncodedLen(sha256.Size):
		sum = sha256.New()
	case hex.EncodedLen(md5.Size):
		sum = md5.New()
	default:
		return p.Size == section.Size(), nil
	}
	if _, err := io.Copy(sum, section); err != nil {
		return false, fmt.Errorf("read the file: %w", err)
	}
	return p.Size == section.Size() && hexSum(sum) == strings.Trim(p.ETag, `"`), nil
}

func (s *sender) tell(more int64) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.sent += more
	if s.seen != nil {
		s.seen(s.sent)
	}
}

// sendPart sends a part until it has arrived. What may pass is waited for; the part begins anew each time.
func (s *sender) sendPart(ctx context.Context, n int) error {
	for try := 1; ; try++ {
		err := s.putPart(ctx, n)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if try == partTries || !passing(err) && !fault.Is(err, fault.TimedOut) {
			return fmt.Errorf("send part %d of %d: %w", n, s.Count, err)
		}
		if err := s.wait(ctx, waitFor(err, try)); err != nil {
			return err
		}
	}
}

var errStalled = errors.New("no byte could be sent for " + partStall.String())

// putPart sends a part once: to the server, or to where the server leads.
func (s *sender) putPart(ctx context.Context, n int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(partStall, func() { cancel(errStalled) })
	defer stalled.Stop()
	body := func() *partBody {
		return &partBody{section: s.section(s.file, n), seen: func(more int) { stalled.Reset(partStall); s.tell(int64(more)) }}
	}
	request, err := s.request(ctx, call{method: http.MethodPut, path: fmt.Sprintf("%s/parts/%d", s.path(), n)}, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Expect", "100-continue") // a server that leads elsewhere, or refuses, says so before the bytes are sent
	response, err := s.put(ctx, request, body())
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode < 300:
		return nil
	case response.StatusCode == http.StatusTemporaryRedirect:
		return s.putElsewhere(ctx, response, body())
	}
	return problemOf(response)
}

// putElsewhere sends a part to a signed address of a store, without the token. Whatever it answers but success passes: the next try gets a new
// signature.
func (s *sender) putElsewhere(ctx context.Context, redirect *http.Response, body *partBody) error {
	to, err := redirect.Location()
	if err != nil || to.Scheme != "https" && strings.HasPrefix(s.Server, "https:") {
		return fault.New(fault.Internal, "The server %s leads a part to an address that is none.", s.Server)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, to.String(), nil)
	if err != nil {
		return fmt.Errorf("make request: %w", withoutURL(err))
	}
	response, err := s.put(ctx, request, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return fault.New(fault.Unavailable, "The store %s answered %s.", to.Host, response.Status)
	}
	return nil
}

// put sends a request with a part as its body and follows no redirect. The progress of a part that did not arrive is taken back.
func (s *sender) put(ctx context.Context, request *http.Request, body *partBody) (*http.Response, error) {
	request.Body, request.ContentLength = body, body.section.Size()
	still := *s.HTTP
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := still.Do(request)
	read := body.end()
	if err != nil || response.StatusCode >= 300 {
		s.tell(-read)
	}
	if err == nil {
		return response, nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
		err = cause
	}
	return nil, fault.New(fault.Unavailable, "The connection to %s broke off.", request.URL.Host).Because(withoutURL(err))
}

// partBody reads a part for one try and tells of each piece. The transport may still be reading when the server has answered; what it reads after
// end counts for nothing.
type partBody struct {
	section *io.SectionReader
	seen    func(more int)

	mu   sync.Mutex
	read int64
	over bool
}

// Read reads on.
func (b *partBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return 0, io.EOF
	}
	n, err := b.section.Read(p)
	b.read += int64(n)
	b.seen(n)
	return n, err
}

// Close does nothing: the file is the caller's.
func (b *partBody) Close() error { return nil }

// end ends the reading, and tells how many bytes were read.
func (b *partBody) end() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	return b.read
}
