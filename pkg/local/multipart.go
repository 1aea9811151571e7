package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"gas/pkg/port"
)

// An upload in parts is a folder .parts/<upload id>: a file "key", and for each part <number>.<sha256>. A part that is written again gets
// another name when its bytes differ; the newest counts and the others go.

func (b *blobs) Begin(_ context.Context, key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	uploadID := strings.ToLower(rand.Text())
	folder := path.Join(partsFolder, uploadID)
	if err := b.root.Mkdir(folder, 0o700); err != nil {
		return "", fmt.Errorf("begin upload: %w", unreachable(err))
	}
	err := errors.Join(b.write(path.Join(folder, "key"), []byte(key)), b.sync(folder), b.sync(partsFolder))
	return uploadID, unreachable(err)
}

// PartURL is empty: parts come through our own server.
func (b *blobs) PartURL(context.Context, string, string, int, time.Duration) (string, error) {
	return "", nil
}

// upload finds the folder of an upload and checks that it is for the key.
func (b *blobs) upload(key, uploadID string) (folder string, err error) {
	if !instanceName.MatchString(uploadID) {
		return "", fmt.Errorf("find upload: %w", port.ErrNotFound)
	}
	folder = path.Join(partsFolder, uploadID)
	kept, err := fs.ReadFile(b.root.FS(), path.Join(folder, "key"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && string(kept) != key {
		return "", fmt.Errorf("find upload: %w", port.ErrNotFound)
	}
	return folder, err
}

func (b *blobs) PutPart(ctx context.Context, key, uploadID string, n int, r io.Reader, size int64) (part port.Part, err error) {
	folder, err := b.upload(key, uploadID)
	if err != nil {
		return part, err
	}
	if n < 1 || n > 10_000 {
		return part, fmt.Errorf("part %d: not from 1 to 10,000", n)
	}
	temp := path.Join(tempFolder, b.instance+"."+strings.ToLower(rand.Text()))
	if err := b.root.Mkdir(temp, 0o700); err != nil {
		return part, unreachable(err)
	}
	defer b.root.RemoveAll(temp)
	sum, written, err := b.fill(ctx, temp, r, size)
	if err != nil {
		return part, err
	}
	if size >= 0 && written != size {
		return part, fmt.Errorf("part %d: %w: %d bytes came, %d were promised", n, port.ErrChecksum, written, size)
	}
	if err := b.root.Rename(path.Join(temp, sum), path.Join(folder, partName(n, sum))); err != nil {
		return part, fmt.Errorf("place part %d: %w", n, unreachable(err))
	}
	return port.Part{N: n, Size: written, ETag: sum}, errors.Join(b.dropOthers(folder, n, sum), b.sync(folder))
}

// partName is the file of a part.
func partName(n int, sum string) string { return fmt.Sprintf("%05d.%s", n, sum) }

// dropOthers removes earlier writes of the same part.
func (b *blobs) dropOthers(folder string, n int, sum string) error {
	entries, err := b.entries(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, partName(n, "")) && name != partName(n, sum) {
			if err := b.root.Remove(path.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func (b *blobs) Parts(_ context.Context, key, uploadID string) (parts []port.Part, err error) {
	folder, err := b.upload(key, uploadID)
	if err != nil {
		return nil, err
	}
	entries, err := b.entries(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		number, sum, found := strings.Cut(entry.Name(), ".")
		n, err := strconv.Atoi(number)
		if !found || err != nil {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue // replaced meanwhile
		}
		parts = append(parts, port.Part{N: n, Size: info.Size(), ETag: sum})
	}
	return parts, nil
}

func (b *blobs) Complete(ctx context.Context, key, uploadID string, parts []port.Part) (info port.BlobInfo, err error) {
	folder, err := b.upload(key, uploadID)
	if err != nil {
		return info, err
	}
	parts = slices.SortedFunc(slices.Values(parts), func(a, c port.Part) int { return a.N - c.N })
	joined := &joiner{open: func(i int) (io.ReadCloser, error) {
		if i == len(parts) {
			return nil, io.EOF
		}
		file, err := b.root.Open(path.Join(folder, partName(parts[i].N, path.Base(parts[i].ETag))))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("part %d: %w", parts[i].N, port.ErrChecksum)
		}
		return file, err
	}}
	defer joined.Close()
	if info, err = b.put(ctx, key, joined, port.Put{Size: -1}, -1, nil); err != nil {
		return info, fmt.Errorf("join parts: %w", err)
	}
	return info, b.Abort(ctx, key, uploadID)
}

func (b *blobs) Abort(_ context.Context, key, uploadID string) error {
	folder, err := b.upload(key, uploadID)
	if errors.Is(err, port.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(b.root.RemoveAll(folder), b.sync(partsFolder))
}

// joiner reads files one after the other, each open only while it is read.
type joiner struct {
	open func(i int) (io.ReadCloser, error) // io.EOF after the last
	next int
	now  io.ReadCloser
}

func (j *joiner) Read(p []byte) (int, error) {
	for {
		if j.now == nil {
			file, err := j.open(j.next)
			if err != nil {
				return 0, err
			}
			j.now, j.next = file, j.next+1
		}
		n, err := j.now.Read(p)
		if n > 0 {
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			return 0, err
		}
		j.now.Close()
		j.now = nil
	}
}

// Close closes the file that is being read.
func (j *joiner) Close() error {
	if j.now == nil {
		return nil
	}
	return j.now.Close()
}
