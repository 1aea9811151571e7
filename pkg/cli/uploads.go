package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// uploadLife is how long a server keeps the parts of an upload that is not complete.
const uploadLife = 24 * time.Hour

// uploads are the uploads in parts that were begun and have not ended, in a file of the user's cache, so that the same command goes on with them.
// That they go on is a convenience: where the file can't be read or written, they begin anew.
type uploads struct {
	path string
	list map[string]begun
}

type begun struct {
	ID string    `json:"upload_id"`
	At time.Time `json:"at"`
}

// keptUploads reads the file.
func keptUploads() uploads {
	u := uploads{list: map[string]begun{}}
	dir, err := os.UserCacheDir()
	if err != nil {
		return u
	}
	u.path = filepath.Join(dir, "gas", "uploads.json")
	if raw, err := os.ReadFile(u.path); err == nil {
		_ = json.Unmarshal(raw, &u.list)
	}
	if u.list == nil {
		u.list = map[string]begun{}
	}
	return u
}

// uploadKey is the same for the same file, unchanged, sent to the same server in the same way.
func uploadKey(server, path string, info os.FileInfo, how ...string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		absolute = path
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q", append([]string{server, absolute, fmt.Sprint(info.Size()), info.ModTime().UTC().Format(time.RFC3339Nano)}, how...))
	return hex.EncodeToString(sum.Sum(nil))
}

func (u uploads) find(key string) string { return u.list[key].ID }

// note keeps an upload, or forgets it where the id is empty, and drops those that the server has dropped too.
func (u uploads) note(key, id string) {
	now := time.Now()
	delete(u.list, key)
	if id != "" {
		u.list[key] = begun{ID: id, At: now}
	}
	for key, b := range u.list {
		if now.Sub(b.At) > uploadLife {
			delete(u.list, key)
		}
	}
	if u.path == "" {
		return
	}
	_ = writePrivate(u.path, u.list)
}

// writePrivate writes a value as JSON into a file that only its owner can read.
func writePrivate(path string, value any) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp := path + ".new"
	if err := os.WriteFile(temp, append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temp, path)
}
