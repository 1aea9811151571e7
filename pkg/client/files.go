package client

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"

	"gas/pkg/fault"
	"gas/pkg/job"
)

// Open reads one file of a job: input, result, index, log, summary or manifest. size is -1 where the server does not tell.
func (c *Client) Open(ctx context.Context, id, kind string) (body io.ReadCloser, size int64, err error) {
	response, err := c.do(ctx, call{method: http.MethodGet, path: filePath(id, kind), repeats: true, headers: map[string]string{"Accept": "*/*"}})
	if err != nil {
		return nil, 0, err
	}
	return response.Body, response.ContentLength, nil
}

// IndexEnding asks what the name of a job's index ends with: .tbi, or .csi where a contig is longer than the former can tell.
func (c *Client) IndexEnding(ctx context.Context, id string) (string, error) {
	response, err := c.do(ctx, call{method: http.MethodHead, path: filePath(id, job.FileIndex), headers: map[string]string{"Accept": "*/*"}, repeats: true})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	_, params, err := mime.ParseMediaType(response.Header.Get("Content-Disposition"))
	if err == nil && strings.HasSuffix(params["filename"], ".csi") {
		return ".csi", nil
	}
	return ".tbi", nil
}

// Download writes one file of a job to path. A part of it that an earlier try left beside it (path.part) is not fetched again.
// It goes on after a break as long as each try brings something. sha256 in hexadecimal is checked; where it is empty, the digest that the server tells (RFC 9530). seen is told how many bytes are there of how many (-1 = not known).
func (c *Client) Download(ctx context.Context, id, kind, path, sha256 string, seen func(have, size int64)) error {
	part := path + ".part"
	for try := 1; ; try++ {
		before := sizeOf(part)
		told, err := c.fetch(ctx, id, kind, part, seen)
		if err == nil {
			sha256 = cmp.Or(sha256, told)
			break
		}
		if sizeOf(part) > before {
			try = 1
		}
		var broken *brokenOff
		if !errors.As(err, &broken) || ctx.Err() != nil || try == tries {
			return err
		}
		if err := c.wait(ctx, waitFor(err, try)); err != nil {
			return err
		}
	}
	if sha256 != "" {
		if err := verify(part, sha256); err != nil {
			return err
		}
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("name the downloaded file: %w", err)
	}
	return nil
}

// sizeOf is how much of a file is there.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// brokenOff is a transfer that ended early: what has arrived stays.
type brokenOff struct{ cause error }

func (b *brokenOff) Error() string { return "the transfer broke off: " + b.cause.Error() }

// Unwrap gives the cause.
func (b *brokenOff) Unwrap() error { return b.cause }

// fetch appends what is missing of a file to part, and returns the sha256 of the whole that the server tells, empty where it does not.
func (c *Client) fetch(ctx context.Context, id, kind, part string, seen func(have, size int64)) (string, error) {
	have := sizeOf(part)
	headers := map[string]string{"Accept": "*/*"}
	if have > 0 {
		headers["Range"] = fmt.Sprintf("bytes=%d-", have)
		if tag, err := os.ReadFile(part + ".etag"); err == nil {
			headers["If-Range"] = string(tag)
		}
	}
	request := call{method: http.MethodGet, path: filePath(id, kind), headers: headers, repeats: true}
	if have > 0 {
		request.also = http.StatusRequestedRangeNotSatisfiable
	}
	response, err := c.do(ctx, request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode == request.also {
		return "", nil // everything has arrived already; the checksum decides
	}
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY, 0o644) // not before there is something to write: what is refused leaves no file
	if err != nil {
		return "", fmt.Errorf("open the download: %w", err)
	}
	defer file.Close()
	if _, err := file.Seek(have, io.SeekStart); err != nil {
		return "", fmt.Errorf("go on with the download: %w", err)
	}
	if have > 0 && response.StatusCode != http.StatusPartialContent {
		if have, err = 0, restart(file); err != nil {
			return "", err
		}
	}
	if err := keepTag(part, response.Header.Get("ETag")); err != nil {
		return "", err
	}
	size := int64(-1)
	if response.ContentLength >= 0 {
		size = have + response.ContentLength
	}
	_, err = io.Copy(file, &counting{r: response.Body, have: have, size: size, seen: seen})
	if err == nil {
		err = file.Sync()
		os.Remove(part + ".etag")
	} else {
		err = &brokenOff{err}
	}
	return digestOf(response.Header.Get("Repr-Digest")), err
}

// digestOf reads the sha256 of a Repr-Digest, as hexadecimal; empty where it has none.
func digestOf(header string) string {
	for field := range strings.SplitSeq(header, ",") {
		text, is := strings.CutPrefix(strings.TrimSpace(field), "sha-256=:")
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(text, ":"))
		if is && err == nil && len(raw) == sha256.Size {
			return hex.EncodeToString(raw)
		}
	}
	return ""
}

// keepTag notes which version of the file the part is of, so that another version is never appended to it.
func keepTag(part, tag string) error {
	if tag == "" || strings.HasPrefix(tag, "W/") {
		return nil
	}
	if err := os.WriteFile(part+".etag", []byte(tag), 0o644); err != nil {
		return fmt.Errorf("note the version of the download: %w", err)
	}
	return nil
}

func restart(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("begin the download again: %w", err)
	}
	_, err := file.Seek(0, io.SeekStart)
	return err
}

// verify compares a file's checksum, and removes the file where it differs: it must not be continued.
func verify(path, want string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("check the download: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("check the download: %w", err)
	}
	if got := hexSum(sum); got != want {
		os.Remove(path)
		return fault.New(fault.Internal, "The downloaded file is damaged: its sha256 is %s, not %s.", got, want).WithHint("download it again")
	}
	return nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

func filePath(id, kind string) string {
	if kind == "log" {
		return "/jobs/" + url.PathEscape(id) + "/log"
	}
	return "/jobs/" + url.PathEscape(id) + "/files/" + url.PathEscape(kind)
}

// counting tells how far a reader is.
type counting struct {
	r    io.Reader
	have int64
	size int64
	seen func(have, size int64)
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.have += int64(n)
	if c.seen != nil {
		c.seen(c.have, c.size)
	}
	return n, err
}
