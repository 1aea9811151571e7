//go:build linux || darwin

package web

import "syscall"

// diskOf is how many bytes are free, and how many there are, on the disk of a folder. Both are 0 where there is no such folder.
func diskOf(folder string) (free, size int64) {
	var s syscall.Statfs_t
	if folder == "" || syscall.Statfs(folder, &s) != nil {
		return 0, 0
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize)
}
