package memory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// Blob is an object: its bytes, which are never changed in place, and what is known of them.
type Blob struct {
	Bytes []byte
	Info  port.BlobInfo
}

// upload is an upload in parts.
type upload struct {
	key   string
	parts map[int][]byte
}

// blobs is port.Blobs and port.Multipart. The version of an object is its sha256.
type blobs struct {
	*World
	byKey   map[string]Blob
	uploads map[string]*upload
}

func newBlobs(w *World) *blobs {
	return &blobs{World: w, byKey: map[string]Blob{}, uploads: map[string]*upload{}}
}

// Installation tells the world's installation.
func (b *blobs) Installation(ctx context.Context) (port.Installation, error) {
	return (&store{b.World}).Installation(ctx)
}

func (b *blobs) Put(ctx context.Context, key string, r io.Reader, p port.Put) (port.BlobInfo, error) {
	data, err := io.ReadAll(r)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return port.BlobInfo{}, fmt.Errorf("put %s: %w", key, err)
	}
	return b.place(key, data, p)
}

// place keeps bytes under a key under the rules of Put.
func (b *blobs) place(key string, data []byte, p port.Put) (port.BlobInfo, error) {
	sum := sha256.Sum256(data)
	text := hex.EncodeToString(sum[:])
	if p.SHA256 != "" && p.SHA256 != text || p.Size > 0 && p.Size != int64(len(data)) {
		return port.BlobInfo{}, fmt.Errorf("put %s: %w", key, port.ErrChecksum)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if there, is := b.byKey[key]; is {
		if there.Info.SHA256 != text {
			return there.Info, fmt.Errorf("put %s: %w", key, port.ErrExists)
		}
		return there.Info, nil
	}
	object := job.Object{Key: key, Version: text, Size: int64(len(data)), SHA256: text}
	b.byKey[key] = Blob{Bytes: data, Info: port.BlobInfo{Object: object, Modified: b.o.Clock()}}
	return b.byKey[key].Info, nil
}

// get finds an object of a version; an empty version is any.
func (b *blobs) get(key, version string) (Blob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, is := b.byKey[key]
	switch {
	case !is:
		return found, fmt.Errorf("open %s: %w", key, port.ErrNotFound)
	case version != "" && version != found.Info.Version:
		return found, fmt.Errorf("open %s: %w", key, port.ErrConflict)
	}
	return found, nil
}

func (b *blobs) Open(_ context.Context, key, version string, r port.Range) (io.ReadCloser, port.BlobInfo, error) {
	found, err := b.get(key, version)
	if err != nil {
		return nil, found.Info, err
	}
	size := found.Info.Size
	if r.Offset < 0 || r.Offset > size || r.Offset == size && r.Offset > 0 {
		return nil, found.Info, fmt.Errorf("open %s from byte %d of %d: %w", key, r.Offset, size, port.ErrTooLarge)
	}
	part := found.Bytes[r.Offset:]
	if r.Length >= 0 && r.Length < int64(len(part)) {
		part = part[:r.Length]
	}
	return io.NopCloser(bytes.NewReader(part)), found.Info, nil
}

func (b *blobs) Stat(_ context.Context, key string) (port.BlobInfo, error) {
	found, err := b.get(key, "")
	return found.Info, err
}

func (b *blobs) Copy(_ context.Context, from, version, to string) (port.BlobInfo, error) {
	found, err := b.get(from, version)
	if err != nil {
		return found.Info, err
	}
	return b.place(to, found.Bytes, port.Put{SHA256: found.Info.SHA256, Size: found.Info.Size})
}

func (b *blobs) Delete(_ context.Context, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byKey, key)
	return nil
}

func (b *blobs) List(_ context.Context, prefix, cursor string, limit int) (items []port.BlobInfo, next string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(b.byKey)) {
		if !strings.HasPrefix(key, prefix) || key <= cursor {
			continue
		}
		if len(items) == limit {
			return items, items[limit-1].Key, nil
		}
		items = append(items, b.byKey[key].Info)
	}
	return items, "", nil
}

// UploadForm hands out a form that nobody serves; a test puts the object itself.
func (b *blobs) UploadForm(_ context.Context, f port.FormRequest) (port.Form, error) {
	return port.Form{URL: "memory:", Fields: map[string]string{"key": f.Key}}, nil
}

// DownloadURL hands out a link that nobody serves.
func (b *blobs) DownloadURL(_ context.Context, key, filename string, expires time.Duration) (string, error) {
	query := url.Values{"key": {key}, "name": {filename}, "expires": {b.o.Clock().Add(expires).Format(time.RFC3339Nano)}}
	return "memory:?" + query.Encode(), nil
}

func (b *blobs) Begin(_ context.Context, key string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := b.id("upload")
	b.uploads[id] = &upload{key: key, parts: map[int][]byte{}}
	return id, nil
}

// PartURL is empty: parts are put by PutPart.
func (b *blobs) PartURL(context.Context, string, string, int, time.Duration) (string, error) {
	return "", nil
}

// upload finds an upload of a key. The lock is held.
func (b *blobs) upload(key, uploadID string) (*upload, error) {
	found := b.uploads[uploadID]
	if found == nil || found.key != key {
		return nil, fmt.Errorf("find upload: %w", port.ErrNotFound)
	}
	return found, nil
}

// partOf describes a part.
func partOf(n int, data []byte) port.Part {
	sum := sha256.Sum256(data)
	return port.Part{N: n, Size: int64(len(data)), ETag: hex.EncodeToString(sum[:])}
}

func (b *blobs) PutPart(ctx context.Context, key, uploadID string, n int, r io.Reader, size int64) (port.Part, error) {
	data, err := io.ReadAll(r)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && size >= 0 && int64(len(data)) != size {
		err = fmt.Errorf("part %s: %w", strconv.Itoa(n), port.ErrChecksum)
	}
	if err != nil {
		return port.Part{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	of, err := b.upload(key, uploadID)
	if err != nil {
		return port.Part{}, err
	}
	of.parts[n] = data
	return partOf(n, data), nil
}

func (b *blobs) Parts(_ context.Context, key, uploadID string) (parts []port.Part, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	of, err := b.upload(key, uploadID)
	if err != nil {
		return nil, err
	}
	for _, n := range slices.Sorted(maps.Keys(of.parts)) {
		parts = append(parts, partOf(n, of.parts[n]))
	}
	return parts, nil
}

func (b *blobs) Complete(ctx context.Context, key, uploadID string, parts []port.Part) (info port.BlobInfo, err error) {
	var joined []byte
	err = b.locked(func() error {
		of, err := b.upload(key, uploadID)
		if err != nil {
			return err
		}
		for _, p := range slices.SortedFunc(slices.Values(parts), func(a, c port.Part) int { return a.N - c.N }) {
			data, is := of.parts[p.N]
			if !is || partOf(p.N, data).ETag != p.ETag {
				return fmt.Errorf("part %d: %w", p.N, port.ErrChecksum)
			}
			joined = append(joined, data...)
		}
		return nil
	})
	if err != nil {
		return info, err
	}
	if info, err = b.place(key, joined, port.Put{Size: -1}); err != nil {
		return info, err
	}
	return info, b.Abort(ctx, key, uploadID)
}

func (b *blobs) Abort(_ context.Context, key, uploadID string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.upload(key, uploadID); err == nil {
		delete(b.uploads, uploadID)
	}
	return nil
}
