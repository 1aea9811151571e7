package bgzf

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// compressed writes text in writes of uneven sizes.
func compressed(t *testing.T, text []byte, threads int) ([]byte, *Writer) {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, WriterOptions{Level: 1, Threads: threads, Slots: make(chan struct{}, threads)})
	require.NoError(t, err)
	for n := 1; len(text) > 0; n = n*3%70001 + 1 {
		n := min(n, len(text))
		_, err := w.Write(text[:n])
		require.NoError(t, err)
		text = text[n:]
	}
	require.NoError(t, w.Close())
	return b.Bytes(), w
}

func TestTheSameTextGivesTheSameBytesWhateverTheThreads(t *testing.T) {
	text := bytes.Repeat(texts()["lines"], 40)
	one, w := compressed(t, text, 1)
	eight, _ := compressed(t, text, 8)
	require.True(t, bytes.Equal(one, eight))
	r := NewReader(bytes.NewReader(one))
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(text, got))
	for _, at := range []int{0, 1, MaxPayload - 1, MaxPayload, 5*MaxPayload + 17, len(text) - 1} {
		require.NoError(t, r.Seek(w.VirtualOffset(int64(at))))
		require.Equal(t, w.VirtualOffset(int64(at)), r.Tell())
		p := make([]byte, 1)
		_, err := io.ReadFull(r, p)
		require.NoError(t, err)
		require.Equal(t, text[at], p[0])
	}
	require.Equal(t, At(int64(len(one)-len(EOF)), 0), w.VirtualOffset(int64(len(text))))
}

func TestAWriterKnowsWhereTheBlocksOfItsFileBegin(t *testing.T) {
	for _, size := range []int{0, 1, MaxPayload, 3*MaxPayload + 5, 30 * MaxPayload} {
		file, w := compressed(t, bytes.Repeat([]byte("ACGT\n"), size/5+1)[:size], 2)
		var read, known [][2]int64
		from, place := bufio.NewReader(bytes.NewReader(file)), [2]int64{}
		for {
			block, err := ReadBlock(from, nil)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			read = append(read, place)
			place[0], place[1] = place[0]+int64(len(block)), place[1]+int64(TextSize(block))
		}
		for file, text := range w.Blocks() {
			known = append(known, [2]int64{file, text})
		}
		require.Equal(t, read, known)
	}
}

func TestAFileWithoutItsEndIsCutShort(t *testing.T) {
	whole, _ := compressed(t, bytes.Repeat([]byte("text\n"), 50000), 2)
	for _, n := range []int{0, 1, 17, 100, len(whole) - len(EOF), len(whole) - 1} {
		_, err := io.ReadAll(NewReader(bytes.NewReader(whole[:n])))
		require.ErrorIs(t, err, ErrTruncated, "%d bytes", n)
	}
}

func TestAWriterThatCannotWriteSaysSoAndEnds(t *testing.T) {
	w, err := NewWriter(failing{}, WriterOptions{Level: 1, Threads: 2})
	require.NoError(t, err)
	text := bytes.Repeat([]byte("abc\n"), runText)
	for range 20 {
		if _, err = w.Write(text); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "disk full")
	require.ErrorContains(t, w.Close(), "disk full")
}

func TestAnAbortedWriterEndsItsGoroutines(t *testing.T) {
	w, err := NewWriter(io.Discard, WriterOptions{Level: 1, Threads: 2})
	require.NoError(t, err)
	_, err = w.Write(make([]byte, 3*runText))
	require.NoError(t, err)
	w.Abort()
	_, err = w.Write([]byte("x"))
	require.Error(t, err)
	w.Abort()
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func FuzzReader(f *testing.F) {
	e, _ := NewEncoder(1)
	f.Add(append(e.Append(nil, []byte("##fileformat=VCFv4.2\n")), EOF...))
	f.Add([]byte(EOF))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := io.ReadAll(io.LimitReader(NewReader(bytes.NewReader(data)), 1<<24))
		if err == nil && len(text) > 0 && len(data) < len(EOF) {
			t.Fatal("text out of nothing")
		}
	})
}
