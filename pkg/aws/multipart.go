package aws

import (
	"context"
	"crypto/md5" //nolint:gosec // S3's own way to tag an object of parts
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gas/pkg/port"
)

// An upload in parts is S3's own. Its parts carry no checksum of the SDK's kind: a browser puts them too, by a signed address, and S3 wants
// the same of all. What passes through this process is counted.

// Begin opens an upload of parts for a key.
func (b *Blobs) Begin(ctx context.Context, key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	return b.begin(ctx, key, sdk.String(formType), nil, "")
}

func withoutChecksum(o *s3.Options) {
	o.RequestChecksumCalculation = sdk.RequestChecksumCalculationWhenRequired
}

// PartURL is where the client itself puts part n.
func (b *Blobs) PartURL(ctx context.Context, key, uploadID string, n int, expires time.Duration) (string, error) {
	made, err := b.signer.PresignUploadPart(ctx, &s3.UploadPartInput{
		Bucket: &b.name, Key: &key, UploadId: &uploadID, PartNumber: sdk.Int32(int32(n)),
	}, s3.WithPresignExpires(expires), s3.WithPresignClientFromClientOptions(withoutChecksum))
	if err != nil {
		return "", fmt.Errorf("sign part %d of %s: %w", n, key, unreachable(err))
	}
	return made.URL, nil
}

// PutPart streams part n: it is tried once, since a stream cannot be read again.
func (b *Blobs) PutPart(ctx context.Context, key, uploadID string, n int, r io.Reader, size int64) (port.Part, error) {
	if n < 1 || n > mostParts {
		return port.Part{}, fmt.Errorf("part %d: not from 1 to %d", n, mostParts)
	}
	body := &exactly{r: r, left: size}
	out, err := b.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &b.name, Key: &key, UploadId: &uploadID, PartNumber: sdk.Int32(int32(n)), Body: body, ContentLength: &size,
	}, withoutChecksum, unsigned, once)
	if body.failed != nil { // the cause, whatever the connection made of it
		err = body.failed
	}
	if err != nil {
		return port.Part{}, fmt.Errorf("put part %d of %s: %w", n, key, known(err))
	}
	return port.Part{N: n, Size: size, ETag: bare(out.ETag)}, nil
}

// unsigned leaves the body out of the signature: it would have to be read twice.
func unsigned(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware)
}

func once(o *s3.Options) { o.RetryMaxAttempts = 1 }

// exactly reads exactly so many bytes, else fails before the last of them is handed on: what S3 then gets is no whole request.
type exactly struct {
	r      io.Reader
	left   int64
	failed error
}

// Read reads on.
func (e *exactly) Read(p []byte) (int, error) {
	if e.failed != nil {
		return 0, e.failed
	}
	n, err := e.read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // a wrapped one is not the end
		e.failed = err
		return 0, err
	}
	return n, err
}

func (e *exactly) read(p []byte) (n int, err error) {
	if int64(len(p)) > e.left {
		p = p[:e.left]
	}
	n, err = e.r.Read(p)
	if e.left -= int64(n); e.left == 0 && err == nil {
		var more int
		if more, err = io.ReadFull(e.r, make([]byte, 1)); more > 0 {
			err = fmt.Errorf("%w: more bytes came than were promised", port.ErrChecksum)
		}
	}
	if err == io.EOF && e.left > 0 { //nolint:errorlint // as above
		err = fmt.Errorf("%w: %d bytes less came than were promised", port.ErrChecksum, e.left)
	}
	return n, err
}

// Parts lists what has arrived.
func (b *Blobs) Parts(ctx context.Context, key, uploadID string) (parts []port.Part, err error) {
	pages := s3.NewListPartsPaginator(b.client, &s3.ListPartsInput{Bucket: &b.name, Key: &key, UploadId: &uploadID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list parts of %s: %w", key, known(err))
		}
		for _, p := range page.Parts {
			parts = append(parts, port.Part{N: int(sdk.ToInt32(p.PartNumber)), Size: sdk.ToInt64(p.Size), ETag: bare(p.ETag)})
		}
	}
	return parts, nil
}

// Complete joins the parts into the object. An upload that is gone was perhaps joined by a call whose answer got lost: then the object's tag tells it.
func (b *Blobs) Complete(ctx context.Context, key, uploadID string, parts []port.Part) (port.BlobInfo, error) {
	if len(parts) == 0 {
		if _, err := b.Parts(ctx, key, uploadID); err != nil {
			return port.BlobInfo{}, err
		}
		return port.BlobInfo{}, fmt.Errorf("join parts of %s: %w: there are none", key, port.ErrChecksum)
	}
	list := make([]types.CompletedPart, len(parts))
	for i, p := range parts {
		list[i] = types.CompletedPart{PartNumber: sdk.Int32(int32(p.N)), ETag: quoted(p.ETag)}
	}
	_, err := b.complete(ctx, key, uploadID, list)
	if err != nil {
		return b.joined(ctx, key, parts, err)
	}
	return b.stat(ctx, key, "")
}

// joined decides what a failed join means.
func (b *Blobs) joined(ctx context.Context, key string, parts []port.Part, cause error) (port.BlobInfo, error) {
	taken := coded(cause, "PreconditionFailed", "ConditionalRequestConflict")
	if coded(cause, "InvalidPart", "InvalidPartOrder") {
		return port.BlobInfo{}, fmt.Errorf("join parts of %s: %w: %w", key, port.ErrChecksum, cause)
	}
	info, err := b.stat(ctx, key, "")
	switch {
	case err == nil && info.Version == tagOf(parts):
		return info, nil
	case err == nil && taken:
		return info, fmt.Errorf("join parts of %s: %w", key, port.ErrExists)
	case err != nil && !errors.Is(err, port.ErrNotFound):
		return info, fmt.Errorf("join parts of %s: %w", key, errors.Join(known(cause), err))
	}
	return info, fmt.Errorf("join parts of %s: %w", key, known(cause))
}

// tagOf is the ETag that S3 gives an object of these parts: the MD5 of their MD5s, and their number.
func tagOf(parts []port.Part) string {
	sum := md5.New() //nolint:gosec // as above
	for _, p := range slices.SortedFunc(slices.Values(parts), func(a, c port.Part) int { return a.N - c.N }) {
		raw, err := hex.DecodeString(p.ETag)
		if err != nil {
			return "" // not a tag of S3's usual kind: nothing equals it
		}
		sum.Write(raw)
	}
	return fmt.Sprintf("%s-%d", hex.EncodeToString(sum.Sum(nil)), len(parts))
}

// Abort drops the upload. Repeatable.
func (b *Blobs) Abort(ctx context.Context, key, uploadID string) error {
	_, err := b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &b.name, Key: &key, UploadId: &uploadID})
	if err = known(err); err != nil && !errors.Is(err, port.ErrNotFound) {
		return fmt.Errorf("abort upload of %s: %w", key, err)
	}
	return nil
}
