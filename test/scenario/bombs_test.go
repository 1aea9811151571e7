package scenario

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// member is one gzip member of n repetitions of a text. Members one after another are one gzip file, so a bomb is made of few.
func member(t *testing.T, text string, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	require.NoError(t, err)
	piece := strings.Repeat(text, max(1, min(n, 1<<20/len(text))))
	for left := n * len(text); left > 0; left -= len(piece) {
		_, err := io.WriteString(z, piece[:min(left, len(piece))])
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

// peak is the most memory that a process has had, in bytes, as the kernel counts it.
func peak(t *testing.T, s *program.Server) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Cmd.Process.Pid))
	if os.IsNotExist(err) {
		t.Log("no /proc: memory is not measured")
		return 0
	}
	require.NoError(t, err)
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	require.NotNil(t, found)
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	require.NoError(t, err)
	return kib << 10
}

// T13: a bomb fails with its line, and the memory that it takes does not grow with what it would unpack to.
func TestT13BombsFailWithTheirLineAndMemoryStaysFlat(t *testing.T) {
	t.Parallel()
	w := program.New(t, "GAS_FREE_UPLOAD_LIMIT=64MiB", "GAS_LIMIT_UPLOAD=0")
	s := w.Serve()
	token := w.Token("ada", "free_user")
	_, r := s.Submit(token, w.Write("small.vcf", program.Mitochondrial(t, 2000)))
	require.Zero(t, r.Code, r.Err)
	before := peak(t, s)
	start := zipped(t, header+record)
	const mib = 1 << 20
	long := strings.TrimSuffix(record, ".\n") + "X=" + strings.Repeat("x", 4000) + "\n"
	bombs := []struct {
		name    string
		content []byte
		code    string
	}{
		{"records", append(start, bytes.Repeat(member(t, long, 8*mib/len(long)), 1280)...), "too_large"},                        // 10 GiB
		{"line", append(zipped(t, header+record+"MT\t74\t"), bytes.Repeat(member(t, "T", 8*mib), 256)...), "too_large"},         // 2 GiB
		{"nul", append(start, bytes.Repeat(member(t, "\x00", 8*mib), 1280)...), "bad_input"},                                    // 10 GiB
		{"header", append(zipped(t, "##fileformat=VCFv4.2\n"), bytes.Repeat(member(t, "##x=y\n", 2*mib), 160)...), "too_large"}, // 2 GiB
		{"short-lines", append(zipped(t, "##fileformat=VCFv4.2\n"), bytes.Repeat(member(t, "##\n", 10*mib), 1)...), "too_large"},
		{"fields", append(zipped(t, "##fileformat=VCFv4.2\n##x=<"), append(member(t, "a=,", 5*mib), zipped(t, ">\n"+header+record)...)...), ""},
		{"lines-of-fields", append(zipped(t, "##fileformat=VCFv4.2\n"), append(member(t, "##x=<"+strings.Repeat("a=,", 1000)+">\n", 10000), zipped(t, header+record)...)...), "too_large"},
		{"alts", zipped(t, header+record+"MT\t74\t.\tT\tA"+strings.Repeat(",A", 1e6)+"\t.\t.\t.\n"), "bad_input"}, // a million
		{"info", zipped(t, header+record+"MT\t74\t.\tT\tA\t.\t.\tA"+strings.Repeat(";A", 1e6)+"\n"), "bad_input"}, // a million
		{"quine", append(start, bytes.Repeat(zipped(t, ""), 1e6)...), ""},                                         // a million members without a byte
	}
	for _, bomb := range bombs {
		t.Run(bomb.name, func(t *testing.T) {
			j, r := s.Submit(token, w.Write(bomb.name+".vcf.gz", bomb.content))
			if bomb.code == "" {
				require.NotEmpty(t, j.Status, r.Err)
				return
			}
			require.Equal(t, 9, r.Code, "%s\n%s", r.Out, r.Err)
			require.Equal(t, "FAILED", j.Status, r.Err)
			require.Contains(t, []string{bomb.code, "too_large"}, j.Error.Code, j.Error.Message)
			require.Positive(t, j.Error.Line, j.Error.Message)
			require.Less(t, peak(t, s)-before, int64(1024*mib), "of %d bytes", len(bomb.content))
		})
	}
	_, r = s.Submit(token, w.Write("after.vcf", program.Mitochondrial(t, 50)))
	require.Zero(t, r.Code, "the service goes on: %s", r.Err)
}
