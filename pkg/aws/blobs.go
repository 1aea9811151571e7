package aws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gas/pkg/job"
	"gas/pkg/port"
)

// Blobs is port.Blobs, port.Multipart and port.Installed on a bucket of S3.
type Blobs struct {
	*bucket
	signer *s3.PresignClient
}

// Blobs keeps objects in a bucket that is there already.
func (s *Session) Blobs(name string) *Blobs {
	b := s.bucket(name)
	return &Blobs{bucket: b, signer: s3.NewPresignClient(b.client)}
}

// Put writes an object if the key is free.
func (b *Blobs) Put(ctx context.Context, key string, r io.Reader, p port.Put) (port.BlobInfo, error) {
	return b.put(ctx, key, r, p)
}

// Open reads a range of the object's version.
func (b *Blobs) Open(ctx context.Context, key, version string, r port.Range) (io.ReadCloser, port.BlobInfo, error) {
	if checkKey(key) != nil || r.Offset < 0 {
		return nil, port.BlobInfo{}, fmt.Errorf("open %q: %w", key, port.ErrNotFound)
	}
	if r.Length == 0 {
		return b.openEmpty(ctx, key, version, r.Offset)
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, IfMatch: quoted(version), Range: span(r)})
	if err != nil {
		err = known(err)
		if errors.Is(err, port.ErrTooLarge) && r.Offset == 0 { // S3 has no range of an empty object
			return b.openEmpty(ctx, key, version, 0)
		}
		return nil, port.BlobInfo{}, fmt.Errorf("open %s from byte %d: %w", key, r.Offset, err)
	}
	return out.Body, port.BlobInfo{
		Object:   job.Object{Key: key, Version: bare(out.ETag), Size: wholeSize(out), SHA256: out.Metadata[sumField]},
		Modified: sdk.ToTime(out.LastModified),
	}, nil
}

// openEmpty is a range of no bytes, which S3 cannot be asked for.
func (b *Blobs) openEmpty(ctx context.Context, key, version string, offset int64) (io.ReadCloser, port.BlobInfo, error) {
	info, err := b.stat(ctx, key, version)
	if err == nil && offset > 0 && offset >= info.Size {
		err = fmt.Errorf("open %s from byte %d of %d: %w", key, offset, info.Size, port.ErrTooLarge)
	}
	if err != nil {
		return nil, info, err
	}
	return http.NoBody, info, nil
}

// span is a range as HTTP writes it; nil for a whole object.
func span(r port.Range) *string {
	switch {
	case r.Length < 0 && r.Offset == 0:
		return nil
	case r.Length < 0:
		return sdk.String(fmt.Sprintf("bytes=%d-", r.Offset))
	}
	return sdk.String(fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1))
}

// wholeSize is the size of the object of which an answer holds a part: the number behind the slash of "bytes 5-8/21".
func wholeSize(out *s3.GetObjectOutput) int64 {
	if _, total, found := strings.Cut(sdk.ToString(out.ContentRange), "/"); found {
		if size, err := strconv.ParseInt(total, 10, 64); err == nil {
			return size
		}
	}
	return sdk.ToInt64(out.ContentLength)
}

// Stat tells size and version, and the sha256 of what was put with a known one, or in one piece.
func (b *Blobs) Stat(ctx context.Context, key string) (port.BlobInfo, error) {
	return b.stat(ctx, key, "")
}

// Delete removes an object. Repeatable.
func (b *Blobs) Delete(ctx context.Context, key string) error { return b.delete(ctx, key) }

// List pages through keys with a prefix, in the order of their bytes.
func (b *Blobs) List(ctx context.Context, prefix, cursor string, limit int) ([]port.BlobInfo, string, error) {
	return b.list(ctx, prefix, cursor, limit)
}
