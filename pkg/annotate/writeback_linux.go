package annotate

import (
	"os"
	"syscall"
)

// startWriteback has the system begin to write a stretch of a file to the disk, and does not wait for it. What goes wrong is met by Sync.
func startWriteback(f *os.File, offset, length int64) {
	const write = 2 // SYNC_FILE_RANGE_WRITE
	_ = syscall.SyncFileRange(int(f.Fd()), offset, length, write)
}
