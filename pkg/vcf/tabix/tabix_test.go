package tabix

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gas/pkg/vcf/bgzf"
	"gas/test/peers"

	"github.com/stretchr/testify/require"
)

// record is one record of a made file.
type record struct {
	name       string
	start, end uint64
	line       string
}

// made makes a sorted file's records, on contigs of the given length.
func made(length uint64) []record {
	r := rand.New(rand.NewPCG(3, 4))
	var records []record
	for _, name := range []string{"chr1", "chr2", "chrUn"} {
		pos := uint64(1)
		for range 4000 {
			pos += r.Uint64N(length/4000-1) + 1
			ref := strings.Repeat("A", 1+r.IntN(3)*r.IntN(2000)/1000)
			records = append(records, record{name, pos - 1, pos - 1 + uint64(len(ref)), fmt.Sprintf("%s\t%d\t.\t%s\tC\t.\t.\tX=%d\n", name, pos, ref, r.Uint64())})
		}
	}
	return records
}

const header = "##fileformat=VCFv4.2\n##INFO=<ID=X,Number=1,Type=String,Description=\"x\">\n##contig=<ID=chr1>\n##contig=<ID=chr2>\n##contig=<ID=chrUn>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"

// indexedFile writes the records and their index.
func indexedFile(t *testing.T, records []record) (file, index []byte, kind Kind) {
	t.Helper()
	var out, idx bytes.Buffer
	w, err := bgzf.NewWriter(&out, bgzf.WriterOptions{Level: 1, Threads: 2})
	require.NoError(t, err)
	b := NewBuilder()
	at := int64(len(header))
	_, err = w.Write([]byte(header))
	require.NoError(t, err)
	for _, r := range records {
		_, err := w.Write([]byte(r.line))
		require.NoError(t, err)
		require.NoError(t, b.Add([]byte(r.name), r.start, r.end, at, at+int64(len(r.line))))
		at += int64(len(r.line))
	}
	require.NoError(t, w.Close())
	require.NoError(t, b.Write(&idx, w.VirtualOffset))
	return out.Bytes(), idx.Bytes(), b.Kind()
}

func TestQueriesFindEveryRecordThatOverlaps(t *testing.T) {
	for name, length := range map[string]uint64{"tbi": 240e6, "csi": 2e9} {
		t.Run(name, func(t *testing.T) {
			records := made(length)
			file, index, kind := indexedFile(t, records)
			require.Equal(t, name == "csi", kind == CSI)
			x, err := Read(bytes.NewReader(index))
			require.NoError(t, err)
			require.Equal(t, []string{"chr1", "chr2", "chrUn"}, x.Names)
			require.EqualValues(t, 4000, x.Records("chr2"))
			r := rand.New(rand.NewPCG(5, 6))
			for range 100 {
				start := r.Uint64N(length)
				end := start + 1 + r.Uint64N(length/50)
				var want []string
				for _, rec := range records {
					if rec.name == "chr2" && rec.start < end && rec.end > start {
						want = append(want, rec.line)
					}
				}
				text := read(t, file, x.Chunks("chr2", start, end))
				for _, line := range want {
					require.Contains(t, text, line)
				}
			}
			require.Empty(t, x.Chunks("chr3", 0, 100))
		})
	}
}

// read reads chunks of a file.
func read(t *testing.T, file []byte, chunks []Chunk) string {
	t.Helper()
	var text strings.Builder
	r := bgzf.NewReader(bytes.NewReader(file))
	for _, c := range chunks {
		require.NoError(t, r.Seek(c.Begin))
		for r.Tell() < c.End {
			var p [1]byte
			_, err := io.ReadFull(r, p[:])
			require.NoError(t, err)
			text.WriteByte(p[0])
		}
	}
	return text.String()
}

func TestBcftoolsReadsTheIndex(t *testing.T) {
	bcftools := peers.Tool(t, "bcftools")
	for name, length := range map[string]uint64{"tbi": 240e6, "csi": 2e9} {
		t.Run(name, func(t *testing.T) {
			records := made(length)
			file, index, _ := indexedFile(t, records)
			path := filepath.Join(t.TempDir(), "x.vcf.gz")
			require.NoError(t, os.WriteFile(path, file, 0o600))
			require.NoError(t, os.WriteFile(path+"."+name, index, 0o600))
			start, end := length/3, length/3+length/40
			want := 0
			for _, r := range records {
				if r.name == "chr1" && r.start < end && r.end > start {
					want++
				}
			}
			cmd := exec.Command(bcftools, "view", "-H", "-r", fmt.Sprintf("chr1:%d-%d", start+1, end), path)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			require.NoError(t, err, stderr.String())
			require.Empty(t, stderr.String())
			require.Equal(t, want, bytes.Count(out, []byte("\n")))
			out, err = exec.Command(bcftools, "index", "-n", path).Output()
			require.NoError(t, err)
			require.Equal(t, "12000\n", string(out))
		})
	}
}

func TestUnsortedRecordsAreToldOf(t *testing.T) {
	b := NewBuilder()
	require.NoError(t, b.Add([]byte("1"), 10, 11, 0, 5))
	require.NoError(t, b.Add([]byte("1"), 10, 11, 5, 9))
	require.ErrorIs(t, b.Add([]byte("1"), 9, 10, 9, 12), ErrUnsorted)
	require.NoError(t, b.Add([]byte("2"), 1, 2, 12, 15))
	require.ErrorIs(t, b.Add([]byte("1"), 20, 21, 15, 19), ErrUnsorted)
}

func FuzzRead(f *testing.F) {
	var idx bytes.Buffer
	b := NewBuilder()
	_ = b.Add([]byte("1"), 10, 11, 0, 5)
	_ = b.Write(&idx, func(text int64) bgzf.VirtualOffset { return bgzf.At(text, 0) })
	body, _ := io.ReadAll(bgzf.NewReader(bytes.NewReader(idx.Bytes())))
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		var packed bytes.Buffer
		w, _ := bgzf.NewWriter(&packed, bgzf.WriterOptions{Level: 1, Threads: 1})
		_, _ = w.Write(body)
		_ = w.Close()
		x, err := Read(&packed)
		if err != nil {
			return
		}
		for _, name := range x.Names {
			x.Chunks(name, 0, 1<<20)
		}
	})
}
