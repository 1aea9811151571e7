package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"gas/pkg/fault"
)

// errChecksum says that a file which arrived whole is not the one that the provider's checksum is of.
var errChecksum = errors.New("the file does not match the provider's checksum")

// stalled is how long a download may bring nothing before it is tried again.
const stalled = time.Minute

// fetcher downloads files.
type fetcher struct {
	client   *http.Client
	pause    time.Duration // before the second attempt; doubled for each further one
	attempts int
	progress func(done, total int64) // total is -1 where the server does not say
}

// secure refuses every address that is not https, also when a server redirects to it.
func secure(client *http.Client) *http.Client {
	with := *client
	with.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if next.URL.Scheme != "https" {
			return fmt.Errorf("redirected to %s, which is not https", next.URL.Redacted())
		}
		if len(via) >= 10 {
			return errors.New("redirected ten times")
		}
		return nil
	}
	return &with
}

// checksum returns the provider's checksum of a file.
func (f *fetcher) checksum(ctx context.Context, base string, r remote) (string, error) {
	var sum string
	err := f.retry(ctx, func() error {
		body, _, err := f.get(ctx, join(base, r.folder, r.checksums), 0)
		if err != nil {
			return err
		}
		defer func() { _ = body.Close() }()
		sum, err = findChecksum(io.LimitReader(body, 16<<20), r.name)
		return err
	})
	return sum, err
}

// file downloads to path. What an earlier attempt left there is kept and the rest asked for; a file that then does not match its checksum is fetched once more from its beginning.
func (f *fetcher) file(ctx context.Context, address, path, checksums, want string) error {
	for range 2 {
		if err := f.retry(ctx, func() error { return f.rest(ctx, address, path) }); err != nil {
			return err
		}
		got, err := digestFile(path, newDigester(checksums))
		if err != nil {
			return err
		}
		if got == want {
			return nil
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return fault.New(fault.Unavailable, "%s is not what its provider's checksum says.", address).WithHint("Try again later.").Because(errChecksum)
}

// rest fetches what is missing of a file.
func (f *fetcher) rest(ctx context.Context, address, path string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return errors.Join(err, out.Close())
	}
	body, have, err := f.get(ctx, address, have)
	if errors.Is(err, errComplete) {
		return out.Close()
	}
	if err != nil {
		return errors.Join(err, out.Close())
	}
	defer func() { _ = body.Close() }()
	if err := errors.Join(out.Truncate(have), seek(out, have)); err != nil {
		return errors.Join(err, out.Close())
	}
	watch := &watchdog{in: body, timer: time.AfterFunc(stalled, func() { cancel(errStalled) }), done: have, total: body.end(have), tell: f.progress}
	defer watch.timer.Stop()
	if _, err = io.Copy(out, watch); err != nil && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	return errors.Join(err, out.Close())
}

func seek(f *os.File, offset int64) error {
	_, err := f.Seek(offset, io.SeekStart)
	return err
}

// errComplete says that the server has nothing beyond what is there already.
var errComplete = errors.New("nothing is missing")

// errStalled ends a download that brings nothing any more.
var errStalled = errors.New("the server sent nothing for a minute")

// content is the body of an answer with its length, -1 when the server does not say.
type content struct {
	io.ReadCloser
	length int64
}

// end returns the length of the whole file, -1 when it is not known.
func (c *content) end(offset int64) int64 {
	if c.length < 0 {
		return -1
	}
	return offset + c.length
}

// get asks for a file from an offset on and returns the offset from which the server sends: 0 when it sends the whole.
func (f *fetcher) get(ctx context.Context, address string, offset int64) (*content, int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Accept-Encoding", "identity")
	if offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	answer, err := f.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case answer.StatusCode == http.StatusOK:
		return &content{answer.Body, answer.ContentLength}, 0, nil
	case answer.StatusCode == http.StatusPartialContent && offset > 0 && startsAt(answer, offset):
		return &content{answer.Body, answer.ContentLength}, offset, nil
	case answer.StatusCode == http.StatusRequestedRangeNotSatisfiable && offset > 0:
		return nil, 0, errors.Join(errComplete, answer.Body.Close())
	}
	_ = answer.Body.Close()
	return nil, 0, &statusError{answer.StatusCode, address}
}

// startsAt reports whether a partial answer begins where it was asked to: "Content-Range: bytes 100-199/200".
func startsAt(answer *http.Response, offset int64) bool {
	text, ok := strings.CutPrefix(answer.Header.Get("Content-Range"), "bytes ")
	first, _, _ := strings.Cut(text, "-")
	n, err := strconv.ParseInt(first, 10, 64)
	return ok && err == nil && n == offset
}

// statusError is an answer that brings no file.
type statusError struct {
	status  int
	address string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.address, e.status, http.StatusText(e.status))
}

// retry tries again after a pause, except when the answer will stay the same.
func (f *fetcher) retry(ctx context.Context, try func() error) error {
	pause := f.pause
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || ctx.Err() != nil || errors.Is(err, context.Canceled) && !errors.Is(err, errStalled) {
			return err
		}
		var status *statusError
		if errors.As(err, &status) && status.status < 500 && status.status != http.StatusTooManyRequests && status.status != http.StatusRequestTimeout {
			return fault.New(fault.NotFound, "%s is not there.", status.address).Because(err)
		}
		if attempt == f.attempts {
			return fault.New(fault.Unavailable, "The download did not end in %d attempts.", attempt).WithHint("Try again: what has arrived is kept.").Because(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
			pause *= 2
		}
	}
}

// watchdog reads on, puts the end of patience off with each byte that comes, and tells how far it is.
type watchdog struct {
	in          io.Reader
	timer       *time.Timer
	done, total int64
	tell        func(done, total int64)
}

func (w *watchdog) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	if n > 0 {
		w.timer.Reset(stalled)
		w.done += int64(n)
		if w.tell != nil {
			w.tell(w.done, w.total)
		}
	}
	return n, err
}

func digestFile(path string, d digester) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	if _, err := io.CopyBuffer(d, f, make([]byte, 1<<20)); err != nil {
		return "", err
	}
	return d.digest(), nil
}

// join puts an address together.
func join(base string, parts ...string) string {
	for _, part := range parts {
		for segment := range strings.SplitSeq(part, "/") {
			base = strings.TrimSuffix(base, "/") + "/" + url.PathEscape(segment)
		}
	}
	return base
}
