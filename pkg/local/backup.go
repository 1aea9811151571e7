package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"gas/pkg/port"
)

// Copied tells what was copied.
type Copied struct {
	Objects int   `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

// kept are the parts of a data folder that a backup holds beside the database: objects, sent mail, and what makes the folder itself.
var kept = []string{"inputs", "results", "vault", "mail", "secret"}

// CopyObjects copies the objects of a data folder, and what else belongs to it but the database, into another folder. Each object is compared with
// the sha256 that its name is; a copy that is there already is compared instead of made again. What is half written is left out.
func CopyObjects(ctx context.Context, from, to string) (Copied, error) {
	var done Copied
	for _, part := range kept {
		err := filepath.WalkDir(filepath.Join(from, part), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case ctx.Err() != nil:
				return ctx.Err()
			case entry.IsDir() && (entry.Name() == tempFolder || entry.Name() == partsFolder):
				return fs.SkipDir
			case entry.IsDir() || entry.Name() == installationFile:
				return nil
			}
			inside, err := filepath.Rel(from, path)
			if err != nil {
				return err
			}
			size, err := copyFile(path, filepath.Join(to, inside), filepath.Join(to, partialFile))
			if errors.Is(err, fs.ErrNotExist) {
				return nil // its owner has deleted it meanwhile
			}
			if contentName.MatchString(entry.Name()) {
				done.Objects++
				done.Bytes += size
			}
			return err
		})
		if err != nil {
			return done, fmt.Errorf("copy %s: %w", part, err)
		}
	}
	return done, nil
}

// partialFile is what is being copied, on the same disk as its final place.
const partialFile = ".copy.partial"

// copyFile copies one file by way of temp, so that it is whole or not there, and checks an object's bytes against its name.
// An object that is there already and whole is left as it is.
func copyFile(from, to, temp string) (int64, error) {
	name := filepath.Base(to)
	if contentName.MatchString(name) {
		if size, sum, err := hashFile(to); err == nil && sum == name {
			return size, nil
		}
	}
	source, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer source.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return 0, err
	}
	target, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(target, sum), source)
	if err = errors.Join(err, target.Sync(), target.Close()); err != nil {
		return size, errors.Join(err, os.Remove(temp))
	}
	if contentName.MatchString(name) && hex.EncodeToString(sum.Sum(nil)) != name {
		return size, errors.Join(fmt.Errorf("%s: %w", from, port.ErrChecksum), os.Remove(temp))
	}
	return size, os.Rename(temp, to)
}

func hashFile(path string) (int64, string, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	return size, hex.EncodeToString(sum.Sum(nil)), err
}
