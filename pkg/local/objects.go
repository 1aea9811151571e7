package local

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"gas/pkg/job"
	"gas/pkg/port"
)

// objects keeps bytes under keys in a folder. A key is a folder, and in it is one file whose name is the sha256 of its bytes: name,
// version and checksum are one thing, nothing is kept beside, and renaming a folder onto one that is not empty fails, which is how two
// writers of a key find out who was first. No key is a folder of another key. Paths cannot leave the folder (os.Root).
type objects struct {
	root     *os.Root
	instance string
}

const (
	tempFolder  = ".tmp"   // what is being written, each entry begins with the writer's instance
	partsFolder = ".parts" // uploads in parts
	partsLife   = 7 * 24 * time.Hour
)

// contentName is the name of an object's file.
var contentName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// openObjects opens the folder and clears away what instances that are gone left half written.
func openObjects(folder, instance string, gone func(string) bool) (*objects, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("open folder of objects: %w", err)
	}
	o := &objects{root: root, instance: instance}
	for _, name := range []string{tempFolder, partsFolder} {
		if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, errors.Join(fmt.Errorf("make folder: %w", err), root.Close())
		}
	}
	if err := o.clear(gone); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return o, nil
}

// clear removes the temporary entries of instances that are gone.
func (o *objects) clear(gone func(string) bool) error {
	entries, err := o.entries(tempFolder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		owner, _, _ := strings.Cut(entry.Name(), ".")
		if gone(owner) {
			if err := o.root.RemoveAll(path.Join(tempFolder, entry.Name())); err != nil {
				return fmt.Errorf("clear half-written object: %w", err)
			}
		}
	}
	return o.clearParts()
}

// clearParts removes uploads in parts that nobody has gone on with for partsLife.
func (o *objects) clearParts() error {
	entries, err := o.entries(partsFolder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < partsLife {
			continue
		}
		if err := o.root.RemoveAll(path.Join(partsFolder, entry.Name())); err != nil {
			return fmt.Errorf("clear upload: %w", err)
		}
	}
	return nil
}

func (o *objects) close() error { return o.root.Close() }

// entries lists a folder, sorted by name.
func (o *objects) entries(folder string) ([]fs.DirEntry, error) {
	return fs.ReadDir(o.root.FS(), folder)
}

// checkKey refuses a key that is no clean relative path or that uses a name of ours.
func checkKey(key string) error {
	if !fs.ValidPath(key) || key == "." {
		return fmt.Errorf("key %q is not a clean path", key)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment[0] == '.' || contentName.MatchString(segment) || strings.ContainsAny(segment, "\\\x00") || len(segment) > 200 {
			return fmt.Errorf("key %q has a segment that cannot be a folder's name", key)
		}
	}
	return nil
}

// put writes an object under the rules of port.Blobs. extra is a small file that is kept beside the bytes, by name.
func (o *objects) put(ctx context.Context, key string, r io.Reader, p port.Put, limit int64, extra map[string][]byte) (info port.BlobInfo, err error) {
	if err := checkKey(key); err != nil {
		return info, err
	}
	temp := path.Join(tempFolder, o.instance+"."+strings.ToLower(rand.Text()))
	if err := o.root.Mkdir(temp, 0o700); err != nil {
		return info, fmt.Errorf("begin object: %w", unreachable(err))
	}
	defer o.root.RemoveAll(temp) // nothing is there any more after success
	sum, size, err := o.fill(ctx, temp, r, limit)
	if err != nil {
		return info, err
	}
	if p.SHA256 != "" && sum != p.SHA256 || p.Size > 0 && size != p.Size {
		return info, fmt.Errorf("%w: %d bytes with sha256 %s came, %d with %s were promised", port.ErrChecksum, size, sum, p.Size, p.SHA256)
	}
	for name, data := range extra {
		if err := o.write(path.Join(temp, name), data); err != nil {
			return info, unreachable(err)
		}
	}
	if err := o.sync(temp); err != nil {
		return info, err
	}
	return o.place(temp, key, sum)
}

// fill streams into a file of the temporary folder, hashing, and names it by its sha256.
func (o *objects) fill(ctx context.Context, temp string, r io.Reader, limit int64) (sum string, size int64, err error) {
	begun := path.Join(temp, "content")
	file, err := o.root.OpenFile(begun, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", 0, unreachable(err)
	}
	hash := sha256.New()
	size, err = io.Copy(io.MultiWriter(file, hash), &bounded{ctx: ctx, r: r, left: limit})
	if err == nil {
		err = unreachable(file.Sync())
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return "", 0, fmt.Errorf("write object: %w", err)
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	return sum, size, o.root.Rename(begun, path.Join(temp, sum))
}

// place renames the finished folder to its key: the first wins, the same bytes are success, others are port.ErrExists.
func (o *objects) place(temp, key, sum string) (info port.BlobInfo, err error) {
	for range 8 { // a deleter may remove an empty parent between making it and renaming into it
		if err := o.makeFolders(path.Dir(key)); err != nil {
			return info, err
		}
		if err = o.root.Rename(temp, key); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	taken := errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY)
	if err != nil && !taken {
		return info, fmt.Errorf("place object: %w", unreachable(err))
	}
	if info, err = o.stat(key); err != nil {
		return info, err
	}
	if info.Version != sum {
		return info, fmt.Errorf("put %s: %w", key, port.ErrExists)
	}
	return info, o.sync(path.Dir(key)) // also after somebody else's rename: it may not be on the disk yet
}

// makeFolders makes a folder and its parents, and puts each new name on the disk.
func (o *objects) makeFolders(folder string) error {
	err := o.root.Mkdir(folder, 0o700)
	switch {
	case err == nil:
		return o.sync(path.Dir(folder))
	case errors.Is(err, fs.ErrExist):
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("make folder: %w", unreachable(err))
	}
	if err := o.makeFolders(path.Dir(folder)); err != nil {
		return err
	}
	return o.makeFolders(folder)
}

// sync puts the names in a folder on the disk.
func (o *objects) sync(folder string) error {
	file, err := o.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted meanwhile, so there is nothing to keep
	}
	if err != nil {
		return unreachable(err)
	}
	return unreachable(errors.Join(file.Sync(), file.Close()))
}

// write writes a small file and puts it on the disk.
func (o *objects) write(name string, data []byte) error {
	file, err := o.root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// stat finds the one file of a key.
func (o *objects) stat(key string) (port.BlobInfo, error) {
	if err := checkKey(key); err != nil {
		return port.BlobInfo{}, fmt.Errorf("%w: %w", port.ErrNotFound, err)
	}
	entries, err := o.entries(key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return port.BlobInfo{}, fmt.Errorf("look at %s: %w", key, unreachable(err))
	}
	for _, entry := range entries {
		if !contentName.MatchString(entry.Name()) {
			continue
		}
		if info, err := entry.Info(); err == nil { // else it was deleted just now
			return infoOf(key, info), nil
		}
	}
	return port.BlobInfo{}, fmt.Errorf("look at %s: %w", key, port.ErrNotFound)
}

// infoOf reads an object's info from its file.
func infoOf(key string, file fs.FileInfo) port.BlobInfo {
	sum := file.Name()
	return port.BlobInfo{Object: job.Object{Key: key, Version: sum, Size: file.Size(), SHA256: sum}, Modified: file.ModTime().UTC()}
}

// open opens the file of a key.
func (o *objects) open(key, version string) (*os.File, port.BlobInfo, error) {
	info, err := o.stat(key)
	if err != nil {
		return nil, info, err
	}
	if version != "" && version != info.Version {
		return nil, info, fmt.Errorf("open %s: %w", key, port.ErrConflict)
	}
	file, err := o.root.Open(path.Join(key, info.Version))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, info, fmt.Errorf("open %s: %w", key, port.ErrNotFound)
	}
	if err != nil {
		return nil, info, fmt.Errorf("open %s: %w", key, unreachable(err))
	}
	return file, info, nil
}

// delete removes a key and the folders that it leaves empty. The key's folder is first moved away as a whole, so that a crash leaves all or nothing.
func (o *objects) delete(key string) error {
	if err := checkKey(key); err != nil {
		return nil //nolint:nilerr // such a key was never put
	}
	entries, err := o.entries(key)
	if errors.Is(err, fs.ErrNotExist) || err == nil && slices.ContainsFunc(entries, fs.DirEntry.IsDir) {
		return nil // it is no object: nothing, or a folder of objects
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, unreachable(err))
	}
	temp := path.Join(tempFolder, o.instance+"."+strings.ToLower(rand.Text()))
	if err := o.root.Rename(key, temp); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // somebody else was first
		}
		return fmt.Errorf("delete %s: %w", key, unreachable(err))
	}
	if err := o.prune(path.Dir(key)); err != nil {
		return err
	}
	return unreachable(o.root.RemoveAll(temp))
}

// prune removes a folder and its parents as long as they are empty, and puts the change on the disk.
func (o *objects) prune(folder string) error {
	for folder != "." && o.root.Remove(folder) == nil {
		folder = path.Dir(folder)
	}
	return o.sync(folder)
}

// list pages through the keys with a prefix, ordered segment by segment.
func (o *objects) list(ctx context.Context, prefix, cursor string, limit int) (items []port.BlobInfo, next string, err error) {
	full := errors.New("the page is full")
	err = fs.WalkDir(o.root.FS(), ".", func(at string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // deleted meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case entry.IsDir():
			return descend(at, prefix, cursor)
		case !contentName.MatchString(entry.Name()):
			return nil
		}
		key := path.Dir(at)
		if !strings.HasPrefix(key, prefix) || cursor != "" && comparePaths(key, cursor) <= 0 {
			return nil
		}
		if len(items) == limit {
			next = items[limit-1].Key
			return full
		}
		if info, err := entry.Info(); err == nil {
			items = append(items, infoOf(key, info))
		}
		return nil
	})
	if err != nil && !errors.Is(err, full) {
		return nil, "", fmt.Errorf("list %s: %w", prefix, unreachable(err))
	}
	return items, next, nil
}

// descend skips folders that cannot hold a key with the prefix behind the cursor.
func descend(folder, prefix, cursor string) error {
	if folder == "." {
		return nil
	}
	below := folder + "/"
	ours := strings.HasPrefix(folder, ".")
	other := !strings.HasPrefix(below, prefix) && !strings.HasPrefix(prefix, below) && !strings.HasPrefix(folder, prefix)
	passed := cursor != "" && comparePaths(folder, cursor) < 0 && !strings.HasPrefix(cursor, below)
	if ours || other || passed {
		return fs.SkipDir
	}
	return nil
}

// comparePaths orders paths segment by segment, as a walk meets them.
func comparePaths(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "/"), strings.Split(b, "/"), cmp.Compare[string])
}

// installation reads what the folder says.
func (o *objects) installation() (port.Installation, error) {
	return readInstallation(filepath.Join(o.root.Name(), installationFile))
}

// bounded ends a copy with its context, and with port.ErrTooLarge past a limit; a negative limit is none.
type bounded struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.left >= 0 {
		if int64(n) > b.left {
			return 0, port.ErrTooLarge
		}
		b.left -= int64(n)
	}
	return n, err
}

// unreachable marks the errors that say that the disk, not the caller, is at fault: full, read-only, broken.
func unreachable(err error) error {
	for _, fault := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, fault) {
			return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
		}
	}
	return err
}
