package client

import (
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
)

// Submission is a file to be annotated.
type Submission struct {
	Name      string
	Open      func() (io.ReadCloser, error) // gives the file from its start each time; a file that can be read once only says so in Once
	Once      bool
	Size      int64             // -1 = not known
	At        io.ReaderAt       // the same file; where it is there, one of more than PartsFrom bytes is sent in parts and goes on after a break. May be nil
	Upload    string            // an upload in parts that an earlier run began; empty = none
	Began     func(id string)   // told of an upload in parts that has begun; may be nil
	Reference string            // empty = the server chooses
	Databases []string          // the names of databases that the server has
	Options   map[string]string // further form fields
	Seen      func(sent int64)  // may be nil
}

// Submit sends a file and returns its job. The same call tried again after a lost answer makes no second job.
func (c *Client) Submit(ctx context.Context, s Submission) (Job, error) {
	if s.At != nil && s.Size > PartsFrom {
		return c.submitParts(ctx, s)
	}
	boundary := multipart.NewWriter(io.Discard).Boundary()
	var j Job
	err := c.json(ctx, call{
		method: http.MethodPost, path: "/jobs", repeats: !s.Once,
		body: func() (io.Reader, error) { return s.form(boundary) },
		headers: map[string]string{
			"Content-Type":    "multipart/form-data; boundary=" + boundary,
			"Idempotency-Key": newKey(),
		},
	}, &j)
	return j, err
}

// form streams the submission as multipart/form-data: the options first, the file last. It never holds the file in memory.
func (s Submission) form(boundary string) (io.Reader, error) {
	file, err := s.Open()
	if err != nil {
		return nil, fmt.Errorf("open the submission: %w", err)
	}
	reader, writer := io.Pipe()
	go func() {
		defer file.Close()
		writer.CloseWithError(s.write(writer, boundary, file))
	}()
	return reader, nil
}

func (s Submission) write(w io.Writer, boundary string, file io.Reader) error {
	form := multipart.NewWriter(w)
	if err := form.SetBoundary(boundary); err != nil {
		return err
	}
	if s.Reference != "" {
		if err := form.WriteField("reference", s.Reference); err != nil {
			return err
		}
	}
	for _, name := range s.Databases {
		if err := form.WriteField("databases", name); err != nil {
			return err
		}
	}
	for name, value := range s.Options {
		if err := form.WriteField(name, value); err != nil {
			return err
		}
	}
	part, err := form.CreateFormFile("file", s.Name)
	if err != nil {
		return err
	}
	seen := func(have, _ int64) {
		if s.Seen != nil {
			s.Seen(have)
		}
	}
	if _, err := io.Copy(part, &counting{r: file, seen: seen}); err != nil {
		return err
	}
	return form.Close()
}
