package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/results"
)

// indexes keeps the indexes of results that are being looked at as files of this process, because they are mapped into memory. The one beside the
// result is copied; where there is none it is made from the result.
type indexes struct {
	dir     string
	results port.Blobs
	now     port.Clock

	mu      sync.Mutex
	open    map[string]*openIndex // by the job and where its result lies
	waiting bool                  // a sweep will come
}

// openIndex is an index with those who read it. ready is closed when index or err is set.
type openIndex struct {
	ready   chan struct{}
	index   *results.Index
	err     error
	readers int
	used    time.Time
	path    string
	dropped bool // its job was deleted
}

const (
	keptIndexes   = 32
	indexIdle     = 30 * time.Minute
	indexDeadline = 10 * time.Minute // for making one: five million alleles take seconds
	queryDeadline = 30 * time.Second
)

func newIndexes(data, instance string, blobs port.Blobs, now port.Clock) *indexes {
	if data == "" {
		data = os.TempDir()
	}
	return &indexes{dir: filepath.Join(data, "tmp", instance, "indexes"), results: blobs, now: now, open: map[string]*openIndex{}}
}

// variants opens the index of a job's result, after the one guard has said that the result may be read. close must be called.
func (s *site) variants(c echo.Context) (v sight, index *results.Index, done func(), err error) {
	return s.variantsOf(c, c.Param("id"))
}

// variantsOf is variants of a job that is named elsewhere than in the path.
func (s *site) variantsOf(c echo.Context, id string) (v sight, index *results.Index, done func(), err error) {
	if v, err = s.ownJobOf(c, id); err != nil {
		return v, nil, nil, err
	}
	if v.readable != nil {
		return v, nil, nil, v.readable
	}
	index, done, err = s.indexes.of(c.Request().Context(), v.Job)
	return v, index, done, err
}

// of opens the index of a result that may be read.
func (x *indexes) of(ctx context.Context, j job.Job) (*results.Index, func(), error) {
	key := j.ID + "-" + digest(j.Result.Key)[:16] // a result that was archived and restored lies under another key
	x.mu.Lock()
	entry := x.open[key]
	if entry == nil {
		entry = &openIndex{ready: make(chan struct{}), path: filepath.Join(x.dir, key+results.Extension)}
		x.open[key] = entry
		go x.load(context.WithoutCancel(ctx), entry, key, j)
	}
	entry.readers++
	x.mu.Unlock()
	select {
	case <-entry.ready:
	case <-ctx.Done():
		x.release(entry)
		return nil, nil, ctx.Err()
	}
	if entry.err != nil {
		x.release(entry)
		return nil, nil, entry.err
	}
	return entry.index, sync.OnceFunc(func() { x.release(entry) }), nil
}

// load makes or copies an index and opens it. One that could not be opened is forgotten, so that the next request tries again.
func (x *indexes) load(ctx context.Context, entry *openIndex, key string, j job.Job) {
	ctx, cancel := context.WithTimeout(ctx, indexDeadline)
	defer cancel()
	index, err := x.fetch(ctx, entry.path, j)
	x.mu.Lock()
	entry.index, entry.err = index, err
	if err != nil {
		delete(x.open, key)
	}
	x.mu.Unlock()
	close(entry.ready)
}

func (x *indexes) fetch(ctx context.Context, path string, j job.Job) (*results.Index, error) {
	if err := os.MkdirAll(x.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of indexes: %w", err)
	}
	result := &blobAt{ctx: context.WithoutCancel(ctx), blobs: x.results, object: j.Result}
	if kept := j.Files[job.FileVariants]; kept.Key != "" {
		index, err := x.copy(ctx, path, kept, result)
		if err == nil || !fault.Is(err, fault.BadInput) {
			return index, err
		}
	}
	err := writeWhole(path, func(file io.Writer) error { return results.Rebuild(ctx, result, j.Result.Size, file) })
	if err != nil {
		return nil, err
	}
	return results.Open(path, result, j.Result.Size)
}

// copy takes the index that lies beside the result.
func (x *indexes) copy(ctx context.Context, path string, kept job.Object, result *blobAt) (*results.Index, error) {
	body, _, err := x.results.Open(ctx, kept.Key, kept.Version, port.Whole)
	if errors.Is(err, port.ErrNotFound) {
		return nil, fault.New(fault.BadInput, "The index is gone.").Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	defer body.Close()
	if err := writeWhole(path, func(file io.Writer) error { _, err := io.Copy(file, body); return err }); err != nil {
		return nil, err
	}
	return results.Open(path, result, result.object.Size)
}

// writeWhole writes a file under another name first: half an index must not be found.
func writeWhole(path string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), "new-")
	if err != nil {
		return fmt.Errorf("make index: %w", err)
	}
	defer os.Remove(file.Name())
	err = write(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// release lets an index go. It stays for a while, in case it is asked for again.
func (x *indexes) release(entry *openIndex) {
	x.mu.Lock()
	defer x.mu.Unlock()
	entry.readers--
	entry.used = x.now()
	x.sweep()
	x.sweepLater()
}

// sweepLater lets the last indexes go when nobody asks for any more. The lock is held.
func (x *indexes) sweepLater() {
	if x.waiting || len(x.open) == 0 {
		return
	}
	x.waiting = true
	time.AfterFunc(indexIdle+time.Second, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.waiting = false
		x.sweep()
		x.sweepLater()
	})
}

// drop removes the indexes of a job that was deleted: at once, or when those who read them are done.
func (x *indexes) drop(jobID string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for key, entry := range x.open {
		entry.dropped = entry.dropped || strings.HasPrefix(key, jobID+"-")
	}
	x.sweep()
}

// sweep closes and removes the indexes of deleted jobs and those that nobody has asked for in a while. The lock is held.
func (x *indexes) sweep() {
	for key, entry := range x.open {
		free := entry.readers == 0 && entry.index != nil
		if free && (entry.dropped || x.now().Sub(entry.used) > indexIdle || len(x.open) > keptIndexes) {
			delete(x.open, key)
			entry.index.Close()
			os.Remove(entry.path)
		}
	}
}

// blobAt reads an object at any place.
type blobAt struct {
	ctx    context.Context
	blobs  port.Blobs
	object job.Object
}

// ReadAt reads len(p) bytes from an offset, fewer only at the end.
func (b *blobAt) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= b.object.Size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), b.object.Size-offset)
	body, _, err := b.blobs.Open(b.ctx, b.object.Key, b.object.Version, port.Range{Offset: offset, Length: want})
	if err != nil {
		return 0, fmt.Errorf("read result: %w", err)
	}
	defer body.Close()
	n, err := io.ReadFull(body, p[:want])
	if err == nil && want < int64(len(p)) {
		err = io.EOF
	}
	return n, err
}
