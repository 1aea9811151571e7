package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gas/pkg/job"
	"gas/pkg/port"
)

const (
	partBytes   = 8 << 20 // of an object that is put in parts; S3 wants at least 5 MiB
	partsAtOnce = 3       // of one object
	mostParts   = 10_000  // of one object, as S3 allows
	copyBytes   = 5 << 30 // the largest object that S3 copies in one call
	copyPart    = 512 << 20
)

// sumField is the metadata of an object in which a put keeps its sha256. A form cannot set it: its policy names the only fields that it takes.
const sumField = "sha256"

// installationKey is the object that keeps the installation. No list shows it.
const installationKey = "installation.json"

// bucket is a bucket of S3. The version of an object is its ETag: versioning is not used, because what a person deletes must be gone.
type bucket struct {
	client *s3.Client
	name   string
	class  types.StorageClass // of what is put; empty = S3's default

	copyBytes, copyPart int64 // smaller in tests
}

func (s *Session) bucket(name string) *bucket {
	return &bucket{client: s.s3Client(), name: name, copyBytes: copyBytes, copyPart: copyPart}
}

// checkKey refuses what is no clean relative path: proxies and clients fold such keys, and two keys would be one object.
func checkKey(key string) error {
	if !fs.ValidPath(key) || key == "." || len(key) > 1024 {
		return fmt.Errorf("key %q is not a clean path", key)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment[0] == '.' || strings.ContainsFunc(segment, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
			return fmt.Errorf("key %q has a segment that cannot be a name", key)
		}
	}
	return nil
}

// known turns an answer of S3 about a key into the port's own error.
func known(err error) error {
	switch {
	case err == nil:
		return nil
	case coded(err, "NoSuchBucket"): // a wrong name must not look like a bucket that has been emptied
		return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
	case coded(err, "NoSuchKey", "NotFound", "NoSuchUpload"), status(err) == http.StatusNotFound:
		return fmt.Errorf("%w: %w", port.ErrNotFound, err)
	case coded(err, "PreconditionFailed"), status(err) == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", port.ErrConflict, err)
	case coded(err, "InvalidRange"), status(err) == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("%w: %w", port.ErrTooLarge, err)
	case coded(err, "InvalidObjectState"):
		return fmt.Errorf("%w: %w", port.ErrCold, err)
	}
	return unreachable(err)
}

// quoted is a version as an ETag of a condition; nil for none.
func quoted(version string) *string {
	if version == "" {
		return nil
	}
	return sdk.String(`"` + version + `"`)
}

// bare is an ETag as a version.
func bare(etag *string) string { return strings.Trim(sdk.ToString(etag), `"`) }

// head looks at an object. A version that is not empty must be the object's, else port.ErrConflict.
func (b *bucket) head(ctx context.Context, key, version string) (*s3.HeadObjectOutput, error) {
	if checkKey(key) != nil {
		return nil, fmt.Errorf("look at %q: %w", key, port.ErrNotFound)
	}
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key, IfMatch: quoted(version)})
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", key, known(err))
	}
	return out, nil
}

func (b *bucket) stat(ctx context.Context, key, version string) (port.BlobInfo, error) {
	out, err := b.head(ctx, key, version)
	if err != nil {
		return port.BlobInfo{}, err
	}
	return port.BlobInfo{
		Object:   job.Object{Key: key, Version: bare(out.ETag), Size: sdk.ToInt64(out.ContentLength), SHA256: out.Metadata[sumField]},
		Modified: sdk.ToTime(out.LastModified),
	}, nil
}

func (b *bucket) delete(ctx context.Context, key string) error {
	if checkKey(key) != nil {
		return nil // was never put
	}
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	if err = known(err); err != nil && !errors.Is(err, port.ErrNotFound) {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

// list pages through keys with a prefix. The cursor is the last key of the page before.
func (b *bucket) list(ctx context.Context, prefix, cursor string, limit int) (items []port.BlobInfo, next string, err error) {
	for next = cursor; len(items) == 0; {
		out, err := b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
			Bucket: &b.name, Prefix: &prefix, StartAfter: &next, MaxKeys: sdk.Int32(int32(min(max(limit, 1), 1000))),
		})
		if err != nil {
			return nil, "", fmt.Errorf("list %s: %w", prefix, known(err))
		}
		for _, o := range out.Contents {
			next = sdk.ToString(o.Key)
			if next != installationKey {
				items = append(items, port.BlobInfo{
					Object:   job.Object{Key: next, Version: bare(o.ETag), Size: sdk.ToInt64(o.Size)},
					Modified: sdk.ToTime(o.LastModified),
				})
			}
		}
		if !sdk.ToBool(out.IsTruncated) || len(out.Contents) == 0 {
			return items, "", nil
		}
	}
	return items, next, nil
}

// Installation reads what the bucket says.
func (b *bucket) Installation(ctx context.Context) (found port.Installation, err error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: sdk.String(installationKey)})
	if err != nil {
		return found, fmt.Errorf("read installation of bucket %s: %w", b.name, known(err))
	}
	defer out.Body.Close()
	if err := json.NewDecoder(io.LimitReader(out.Body, 1<<16)).Decode(&found); err != nil {
		return found, fmt.Errorf("read installation of bucket %s: %w", b.name, unreachable(err))
	}
	return found, nil
}

// Install writes the installation: of a new system, or with its epoch raised. It replaces what the bucket said before.
func (b *bucket) Install(ctx context.Context, i port.Installation) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	_, err = b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: sdk.String(installationKey), Body: strings.NewReader(string(text) + "\n"), ContentType: sdk.String("application/json"),
	})
	if err != nil {
		return fmt.Errorf("write installation of bucket %s: %w", b.name, known(err))
	}
	return nil
}
