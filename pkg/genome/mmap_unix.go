//go:build unix

package genome

import (
	"fmt"
	"os"
	"syscall"
)

// mapFile maps a file into memory, read-only. The mapping outlives the file's descriptor and ends with release.
func mapFile(path string) (bytes []byte, release func() error, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Size() < headerSize || int64(int(info.Size())) != info.Size() {
		return nil, nil, fmt.Errorf("%s: %w", path, ErrNotReference)
	}
	bytes, err = syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("map %s: %w", path, err)
	}
	return bytes, func() error { return syscall.Munmap(bytes) }, nil
}
