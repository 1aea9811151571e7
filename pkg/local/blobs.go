package local

import (
	"context"
	"fmt"
	"io"
	"os"

	"gas/pkg/port"
)

// blobs is port.Blobs and port.Multipart on a folder of objects, with forms and links that it serves itself.
type blobs struct {
	*objects
	name   string // "inputs" or "results": part of the paths it serves
	secret []byte
	now    port.Clock
}

// Installation reads what the folder says.
func (b *blobs) Installation(context.Context) (port.Installation, error) { return b.installation() }

func (b *blobs) Put(ctx context.Context, key string, r io.Reader, p port.Put) (port.BlobInfo, error) {
	return b.put(ctx, key, r, p, -1, nil)
}

func (b *blobs) Open(_ context.Context, key, version string, r port.Range) (io.ReadCloser, port.BlobInfo, error) {
	file, info, err := b.open(key, version)
	if err != nil {
		return nil, info, err
	}
	if r.Offset < 0 || r.Offset > info.Size || r.Offset == info.Size && r.Offset > 0 {
		file.Close()
		return nil, info, fmt.Errorf("open %s from byte %d of %d: %w", key, r.Offset, info.Size, port.ErrTooLarge)
	}
	length := info.Size - r.Offset
	if r.Length >= 0 {
		length = min(length, r.Length)
	}
	return section{io.NewSectionReader(file, r.Offset, length), file}, info, nil
}

// section is a part of a file that closes the file. It can seek, which downloads use.
type section struct {
	*io.SectionReader
	file *os.File
}

func (s section) Close() error { return s.file.Close() }

func (b *blobs) Stat(_ context.Context, key string) (port.BlobInfo, error) { return b.stat(key) }

func (b *blobs) Copy(ctx context.Context, from, version, to string) (port.BlobInfo, error) {
	file, info, err := b.open(from, version)
	if err != nil {
		return info, err
	}
	defer file.Close()
	return b.put(ctx, to, file, port.Put{SHA256: info.SHA256, Size: info.Size}, -1, nil)
}

func (b *blobs) Delete(_ context.Context, key string) error { return b.delete(key) }

func (b *blobs) List(ctx context.Context, prefix, cursor string, limit int) ([]port.BlobInfo, string, error) {
	return b.list(ctx, prefix, cursor, limit)
}
