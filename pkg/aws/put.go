package aws

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

// put writes an object under the rules of port.Blobs. What fits into one part is one call; more goes in parts as it comes, a few at once.
func (b *bucket) put(ctx context.Context, key string, r io.Reader, p port.Put) (port.BlobInfo, error) {
	if err := checkKey(key); err != nil {
		return port.BlobInfo{}, err
	}
	s := newSource(r, p)
	data, last, err := s.first(ctx)
	if err != nil {
		return port.BlobInfo{}, fmt.Errorf("put %s: %w", key, err)
	}
	if last {
		return b.putWhole(ctx, key, data, s)
	}
	return b.putParts(ctx, key, data, s)
}

// attemptsAtConflict is how often putWhole tries when other writers of the key are in its way.
const attemptsAtConflict = 4

func (b *bucket) putWhole(ctx context.Context, key string, data []byte, s *source) (info port.BlobInfo, err error) {
	sum := s.digest()
	for range attemptsAtConflict {
		out, err := b.client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &b.name, Key: &key, Body: bytes.NewReader(data), ContentType: contentType(s.want), StorageClass: b.class,
			IfNoneMatch: sdk.String("*"), Metadata: map[string]string{sumField: sum}, ServerSideEncryption: types.ServerSideEncryptionAes256,
		})
		if err == nil {
			return b.written(key, out.ETag, s), nil
		}
		info, err = b.settle(ctx, key, s, err)
		if !errors.Is(err, port.ErrConflict) {
			return info, err
		}
	}
	return info, fmt.Errorf("put %s: %w: %w", key, port.ErrUnavailable, err)
}

func contentType(p port.Put) *string {
	if p.ContentType == "" {
		return sdk.String("application/octet-stream")
	}
	return &p.ContentType
}

// written is what is known of an object that was put now.
func (b *bucket) written(key string, etag *string, s *source) port.BlobInfo {
	return port.BlobInfo{Object: job.Object{Key: key, Version: bare(etag), Size: s.size, SHA256: s.digest()}, Modified: time.Now().UTC()}
}

// settle decides what a failed write means, by what is under the key now: an answer can get lost after the write was done, and the SDK's own
// second try then finds the first. The same bytes are success. port.ErrConflict where the key is free and a conflict was told.
func (b *bucket) settle(ctx context.Context, key string, s *source, cause error) (port.BlobInfo, error) {
	refused := coded(cause, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchUpload") || status(cause) == http.StatusPreconditionFailed
	cause = unreachable(cause)
	if !refused && !errors.Is(cause, port.ErrUnavailable) {
		return port.BlobInfo{}, fmt.Errorf("put %s: %w", key, cause)
	}
	info, same, err := b.holds(ctx, key, s.digest(), s.size)
	switch {
	case err == nil && same:
		return info, nil
	case err == nil && refused:
		return info, fmt.Errorf("put %s: %w", key, port.ErrExists)
	case errors.Is(err, port.ErrNotFound) && refused:
		return info, fmt.Errorf("put %s: %w: %w", key, port.ErrConflict, cause)
	}
	return info, fmt.Errorf("put %s: %w", key, errors.Join(cause, err))
}

// holds tells whether a key holds the bytes of a sha256. An object that was put without a known sum is read.
func (b *bucket) holds(ctx context.Context, key, sum string, size int64) (info port.BlobInfo, same bool, err error) {
	info, err = b.stat(ctx, key, "")
	if err != nil || info.Size != size {
		return info, false, err
	}
	if info.SHA256 == "" {
		if info.SHA256, err = b.read(ctx, key, info.Version); err != nil {
			return info, false, err
		}
	}
	return info, info.SHA256 == sum, nil
}

// read reads an object whole for its sha256.
func (b *bucket) read(ctx context.Context, key, version string) (string, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, IfMatch: quoted(version)})
	if err != nil {
		return "", fmt.Errorf("read %s: %w", key, known(err))
	}
	defer out.Body.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, out.Body); err != nil {
		return "", fmt.Errorf("read %s: %w", key, unreachable(err))
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// putParts writes an object of more than one part. Nothing is under the key before all of it has been compared with what was promised.
func (b *bucket) putParts(ctx context.Context, key string, first []byte, s *source) (info port.BlobInfo, err error) {
	meta := map[string]string{}
	if s.want.SHA256 != "" {
		meta[sumField] = s.want.SHA256
	}
	id, err := b.begin(ctx, key, contentType(s.want), meta, types.ChecksumAlgorithmCrc32)
	if err != nil {
		return info, err
	}
	defer func() {
		if err != nil {
			b.drop(ctx, key, id)
		}
	}()
	parts, err := b.sendParts(ctx, key, id, first, s)
	if err != nil {
		return info, fmt.Errorf("put %s: %w", key, err)
	}
	out, err := b.complete(ctx, key, id, parts)
	if err == nil {
		return b.written(key, out.ETag, s), nil
	}
	info, err = b.settle(ctx, key, s, err)
	if err == nil {
		b.drop(ctx, key, id) // somebody else's object is the same
	}
	return info, err
}

// begin opens a multipart upload. Its parts carry checksums of the kind that is named, all or none of them.
func (b *bucket) begin(ctx context.Context, key string, contentType *string, meta map[string]string, kind types.ChecksumAlgorithm) (string, error) {
	out, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &b.name, Key: &key, ContentType: contentType, StorageClass: b.class, Metadata: meta,
		ServerSideEncryption: types.ServerSideEncryptionAes256, ChecksumAlgorithm: kind,
	}, withoutChecksum) // none but the one that is named
	if err != nil {
		return "", fmt.Errorf("begin %s: %w", key, known(err))
	}
	return sdk.ToString(out.UploadId), nil
}

// complete joins parts. It is an error of the SDK's own kind.
func (b *bucket) complete(ctx context.Context, key, id string, parts []types.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
	slices.SortFunc(parts, func(a, c types.CompletedPart) int { return int(*a.PartNumber - *c.PartNumber) })
	return b.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &b.name, Key: &key, UploadId: &id, IfNoneMatch: sdk.String("*"), MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
}

// dropPatience is how long to try to drop an upload after its writer has given up. What stays is dropped by the bucket's own rule.
const dropPatience = 20 * time.Second

func (b *bucket) drop(ctx context.Context, key, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropPatience)
	defer cancel()
	_, _ = b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &b.name, Key: &key, UploadId: &id})
}

// sendParts reads the source to its end and sends it.
func (b *bucket) sendParts(ctx context.Context, key, id string, first []byte, s *source) (parts []types.CompletedPart, err error) {
	var lock sync.Mutex
	err = s.rest(ctx, first, func(ctx context.Context, n int, _ int64, data []byte) error {
		part, err := b.sendPart(ctx, key, id, n, data)
		lock.Lock()
		defer lock.Unlock()
		parts = append(parts, part)
		return err
	})
	return parts, err
}

// sendPart sends one part, which the SDK may send again.
func (b *bucket) sendPart(ctx context.Context, key, id string, n int, data []byte) (types.CompletedPart, error) {
	number := sdk.Int32(int32(n))
	out, err := b.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &b.name, Key: &key, UploadId: &id, PartNumber: number, Body: bytes.NewReader(data), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	})
	if err != nil {
		return types.CompletedPart{}, fmt.Errorf("send part %d: %w", n, known(err))
	}
	return types.CompletedPart{PartNumber: number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32}, nil
}
