package aws

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"gas/pkg/port"
)

// Copy copies inside the bucket, without a byte passing through this process. Its target is looked at first: some stores that speak S3 do not know the
// condition on a copy.
func (b *Blobs) Copy(ctx context.Context, from, version, to string) (port.BlobInfo, error) {
	if err := checkKey(to); err != nil {
		return port.BlobInfo{}, err
	}
	source, err := b.stat(ctx, from, version)
	if err != nil {
		return port.BlobInfo{}, fmt.Errorf("copy: %w", err)
	}
	there, err := b.stat(ctx, to, "")
	if err == nil {
		return b.compare(ctx, source, there)
	}
	if !errors.Is(err, port.ErrNotFound) {
		return there, err
	}
	if source.Size > b.copyBytes {
		err = b.copyParts(ctx, source, to)
	} else {
		err = b.copyWhole(ctx, source, to)
	}
	return b.copied(ctx, source, to, err)
}

// copied looks at what a copy has made, also where its answer got lost.
func (b *Blobs) copied(ctx context.Context, source port.BlobInfo, to string, cause error) (port.BlobInfo, error) {
	there, err := b.stat(ctx, to, "")
	switch {
	case err != nil && cause == nil:
		return there, err
	case err != nil: // the target is free: if a condition failed, then that on the source
		return there, fmt.Errorf("copy %s to %s: %w", source.Key, to, cause)
	case cause == nil:
		return there, nil
	}
	return b.compare(ctx, source, there)
}

// compare tells whether two objects hold the same bytes, as far as possible by what is known of them; else they are read.
func (b *Blobs) compare(ctx context.Context, source, there port.BlobInfo) (port.BlobInfo, error) {
	same := source.Size == there.Size
	for _, o := range []*port.BlobInfo{&source, &there} {
		if same && source.Version != there.Version && o.SHA256 == "" {
			var err error
			if o.SHA256, err = b.read(ctx, o.Key, o.Version); err != nil {
				return there, err
			}
		}
	}
	if !same || source.Version != there.Version && source.SHA256 != there.SHA256 {
		return there, fmt.Errorf("copy %s to %s: %w", source.Key, there.Key, port.ErrExists)
	}
	return there, nil
}

// pathOf names an object in a header. Everything but slashes is encoded, a plus too: some servers read it as a blank.
func (b *bucket) pathOf(key string) *string {
	return sdk.String(b.name + "/" + strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key)))
}

func (b *Blobs) copyWhole(ctx context.Context, source port.BlobInfo, to string) error {
	_, err := b.client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &b.name, Key: &to, CopySource: b.pathOf(source.Key), CopySourceIfMatch: quoted(source.Version), IfNoneMatch: sdk.String("*"),
		ServerSideEncryption: types.ServerSideEncryptionAes256,
	})
	return known(err)
}

// copyParts copies what is too large for one call.
func (b *Blobs) copyParts(ctx context.Context, source port.BlobInfo, to string) (err error) {
	meta := map[string]string{}
	if source.SHA256 != "" {
		meta[sumField] = source.SHA256
	}
	id, err := b.begin(ctx, to, contentType(port.Put{}), meta, "")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			b.drop(ctx, to, id)
		}
	}()
	size := max(b.copyPart, source.Size/mostParts+1)
	count := int((source.Size + size - 1) / size)
	parts := make([]types.CompletedPart, 0, count)
	var lock sync.Mutex
	group, copying := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for n := range count {
		group.Go(func() error {
			part := port.Range{Offset: int64(n) * size, Length: min(size, source.Size-int64(n)*size)}
			out, err := b.client.UploadPartCopy(copying, &s3.UploadPartCopyInput{
				Bucket: &b.name, Key: &to, UploadId: &id, PartNumber: sdk.Int32(int32(n + 1)),
				CopySource: b.pathOf(source.Key), CopySourceIfMatch: quoted(source.Version), CopySourceRange: span(part),
			})
			if err != nil {
				return fmt.Errorf("copy part %d: %w", n+1, known(err))
			}
			lock.Lock()
			defer lock.Unlock()
			parts = append(parts, types.CompletedPart{PartNumber: sdk.Int32(int32(n + 1)), ETag: out.CopyPartResult.ETag})
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = b.complete(ctx, to, id, parts)
	return known(err)
}
