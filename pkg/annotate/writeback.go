package annotate

import "os"

// writebackEvery is after how many bytes the disk is set to work while the next ones are computed, so that little is left to do when the file is made
// last at its end.
const writebackEvery = 4 << 20

// steadyFile is a file that goes to the disk while it is written.
type steadyFile struct {
	file             *os.File
	written, started int64
}

func (s *steadyFile) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	s.written += int64(n)
	if s.written-s.started >= writebackEvery {
		startWriteback(s.file, s.started, s.written-s.started)
		s.started = s.written
	}
	return n, err
}
