package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// instance is this process among those on the folder: while it lives it holds run/<name>.lock.
type instance struct {
	folder string
	name   string
	lock   *fileLock
}

// instanceName is what may be part of a file's name.
var instanceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// newInstance makes a name.
func newInstance() string { return "i" + strings.ToLower(rand.Text()[:12]) }

// startInstance takes the lock of a name.
func startInstance(folder, name string) (*instance, error) {
	if !instanceName.MatchString(name) {
		return nil, fmt.Errorf("instance %q: not letters, digits, - and _ alone", name)
	}
	lock, err := openLock(filepath.Join(folder, name+".lock"))
	if err != nil {
		return nil, err
	}
	free, err := lock.tryLock()
	if err == nil && !free {
		err = fmt.Errorf("instance %s runs already on this data folder", name)
	}
	if err != nil {
		return nil, errors.Join(err, lock.close())
	}
	return &instance{folder: folder, name: name, lock: lock}, nil
}

// gone tells whether a name's process has ended. A lock that is missing was removed by a process that ended in order.
func (i *instance) gone(name string) bool {
	if name == i.name || !instanceName.MatchString(name) {
		return false
	}
	file, err := os.OpenFile(filepath.Join(i.folder, name+".lock"), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		return false
	}
	lock := &fileLock{file: file}
	defer lock.close()
	free, err := lock.tryLock()
	return err == nil && free
}

// end removes the lock's file while it is held, then frees it.
func (i *instance) end() error {
	err := os.Remove(i.lock.file.Name())
	return errors.Join(err, i.lock.close())
}
