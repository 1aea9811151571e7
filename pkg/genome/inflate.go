package genome

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Inflate returns the text of a file that is plain, gzip or bgzip: which one it is, its first bytes say.
func Inflate(in io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(in, 1<<16)
	magic, err := buffered.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}
