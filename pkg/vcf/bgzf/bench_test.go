package bgzf

import (
	"bufio"
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchBlocks are the first blocks of the bgzip file BENCH_FILE, else of lines made here.
func benchBlocks(b *testing.B) (blocks [][]byte, text int) {
	b.Helper()
	var packed []byte
	if name := os.Getenv("BENCH_FILE"); name != "" {
		file, err := os.ReadFile(name)
		require.NoError(b, err)
		packed = file
	} else {
		e, err := NewEncoder(6)
		require.NoError(b, err)
		packed = e.Append(nil, texts()["lines"][:MaxPayload])
	}
	for src := bufio.NewReaderSize(bytes.NewReader(packed), MaxBlock); len(blocks) < 64; {
		block, err := ReadBlock(src, nil)
		if err != nil {
			break
		}
		blocks = append(blocks, block)
		text += TextSize(block)
	}
	return blocks, text
}

// BenchmarkDecoder measures inflate and the checksum; bytes are those of the text.
func BenchmarkDecoder(b *testing.B) {
	blocks, text := benchBlocks(b)
	var d Decoder
	var to []byte
	b.SetBytes(int64(text))
	for b.Loop() {
		for _, block := range blocks {
			var err error
			if to, err = d.Append(to[:0], block); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkEncoder measures deflate at the level that results are written with, and tells its ratio.
func BenchmarkEncoder(b *testing.B) {
	blocks, size := benchBlocks(b)
	var d Decoder
	var texts [][]byte
	for _, block := range blocks {
		text, err := d.Append(nil, block)
		require.NoError(b, err)
		texts = append(texts, text[:min(len(text), MaxPayload)])
	}
	e, err := NewEncoder(fastLevel)
	require.NoError(b, err)
	var to []byte
	b.SetBytes(int64(size))
	for b.Loop() {
		to = to[:0]
		for _, text := range texts {
			to = e.Append(to, text)
		}
	}
	b.ReportMetric(float64(size)/float64(len(to)), "ratio")
}
