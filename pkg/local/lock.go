package local

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// fileLock is a lock between processes on one data folder: flock on a file of its own. The kernel frees it with the process, however that ends.
type fileLock struct {
	mu   sync.Mutex // between goroutines of this process, which share the file
	file *os.File
}

// openLock opens or creates the file of a lock.
func openLock(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	return &fileLock{file: file}, nil
}

// lock waits for the lock.
func (l *fileLock) lock() error {
	l.mu.Lock()
	if err := l.flock(syscall.LOCK_EX); err != nil {
		l.mu.Unlock()
		return err
	}
	return nil
}

// tryLock takes the lock if it is free.
func (l *fileLock) tryLock() (bool, error) {
	if !l.mu.TryLock() {
		return false, nil
	}
	err := l.flock(syscall.LOCK_EX | syscall.LOCK_NB)
	if err == nil {
		return true, nil
	}
	l.mu.Unlock()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return false, err
}

// unlock frees the lock. Freeing what is held cannot fail.
func (l *fileLock) unlock() {
	_ = l.flock(syscall.LOCK_UN)
	l.mu.Unlock()
}

// flock calls the kernel again when a signal interrupted it.
func (l *fileLock) flock(how int) error {
	for {
		err := syscall.Flock(int(l.file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			if err != nil {
				return fmt.Errorf("lock %s: %w", l.file.Name(), err)
			}
			return nil
		}
	}
}

// close frees the lock with its file.
func (l *fileLock) close() error { return l.file.Close() }
