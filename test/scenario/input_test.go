package scenario

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inflate reads every member of a gzip file.
func inflate(t *testing.T, compressed []byte) string {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	require.NoError(t, err)
	text, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(text)
}

// records are the lines of a VCF below its header.
func records(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// beginnings are the first columns of each record.
func beginnings(lines []string, columns int) []string {
	var cut []string
	for _, line := range lines {
		fields := strings.SplitN(line, "\t", columns+1)
		cut = append(cut, strings.Join(fields[:columns], "\t"))
	}
	return cut
}
