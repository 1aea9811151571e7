package bgzf

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// texts are payloads of every shape that a compressor treats in its own way.
func texts() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, MaxPayload)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	var lines []byte
	for len(lines) < MaxPayload {
		lines = fmt.Appendf(lines, "chr%d\t%d\trs%d\t%c\t%c\t%d\tPASS\tAC=%d;AF=%.4f\n", r.IntN(22)+1, r.IntN(1e8), r.IntN(1e9),
			"ACGT"[r.IntN(4)], "ACGT"[r.IntN(4)], r.IntN(100), r.IntN(10), r.Float64())
	}
	skewed := make([]byte, 30000)
	for i := range skewed {
		skewed[i] = byte(min(r.ExpFloat64()*8, 255))
	}
	return map[string][]byte{
		"empty": nil, "one byte": {'x'}, "lines": lines[:MaxPayload], "random": random,
		"zeros": make([]byte, MaxPayload), "period 3": bytes.Repeat([]byte("abc"), 9000), "period 7": bytes.Repeat([]byte("abcdefg"), 5000), "skewed": skewed,
	}
}

func TestInflateReadsWhatDeflateWrites(t *testing.T) {
	var z inflater
	for name, text := range texts() {
		for level := flate.HuffmanOnly; level <= 9; level++ {
			var b bytes.Buffer
			w, err := flate.NewWriter(&b, level)
			require.NoError(t, err)
			_, err = w.Write(text)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			got := make([]byte, len(text))
			require.NoError(t, z.inflate(got, b.Bytes()), "%s at level %d", name, level)
			require.True(t, bytes.Equal(text, got), "%s at level %d", name, level)
			if len(text) > 0 {
				require.Error(t, z.inflate(got[1:], b.Bytes()), "%s at level %d, one byte too many", name, level)
				require.Error(t, z.inflate(append(got, 0), b.Bytes()), "%s at level %d, one byte too few", name, level)
				require.Error(t, z.inflate(got, b.Bytes()[:b.Len()/2]), "%s at level %d, cut", name, level)
			}
		}
	}
}

// TestACopyFromBeforeTheTextIsRefused: what was packed with a dictionary copies from it, which is not there; a long text is read by the fast loop, the end of one by the careful one.
func TestACopyFromBeforeTheTextIsRefused(t *testing.T) {
	dictionary := texts()["random"][:1000]
	for name, text := range map[string][]byte{"long": append(dictionary[:500:500], texts()["skewed"]...), "short": dictionary[:20]} {
		var b bytes.Buffer
		w, err := flate.NewWriterDict(&b, 9, dictionary)
		require.NoError(t, err)
		_, err = w.Write(text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		var z inflater
		require.ErrorIs(t, z.inflate(make([]byte, len(text)), b.Bytes()), errDeflate, name)
	}
}

func FuzzInflate(f *testing.F) {
	for _, text := range texts() {
		for _, level := range []int{flate.HuffmanOnly, 1, 9} {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, level)
			_, _ = w.Write(text[:min(len(text), 3000)])
			_ = w.Close()
			f.Add(b.Bytes())
		}
	}
	f.Add([]byte("\x03\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), MaxBlock+1))
		if len(want) > MaxBlock {
			t.Skip()
		}
		var z inflater
		got := make([]byte, len(want))
		err := z.inflate(got, data)
		if wantErr != nil {
			require.Error(t, err, "accepts what compress/flate refuses with %v", wantErr)
			return
		}
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	})
}

func TestBlocksAreGzipMembers(t *testing.T) {
	for name, text := range texts() {
		for _, level := range []int{0, 1, 6, 9} {
			e, err := NewEncoder(level)
			require.NoError(t, err)
			half := len(text) / 2
			block := e.Append(nil, text[:half], text[half:])
			size, err := BlockSize(block)
			require.NoError(t, err)
			require.Equal(t, len(block), size, name)
			require.LessOrEqual(t, size, MaxBlock)
			r, err := gzip.NewReader(bytes.NewReader(block))
			require.NoError(t, err)
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			require.True(t, bytes.Equal(text, got), "%s at level %d", name, level)
			var d Decoder
			got, err = d.Append(nil, block)
			require.NoError(t, err)
			require.True(t, bytes.Equal(text, got), "%s at level %d", name, level)
		}
	}
}

func TestDamagedBlocksAreRefused(t *testing.T) {
	e, err := NewEncoder(1)
	require.NoError(t, err)
	block := e.Append(nil, []byte("##fileformat=VCFv4.2\n"))
	var d Decoder
	damage := func(change func(b []byte) []byte) error {
		_, err := d.Append(nil, change(bytes.Clone(block)))
		return err
	}
	require.ErrorIs(t, damage(func(b []byte) []byte { return b[:len(b)-1] }), ErrTruncated)
	require.ErrorIs(t, damage(func(b []byte) []byte { return b[:5] }), ErrTruncated)
	require.ErrorIs(t, damage(func(b []byte) []byte { b[0] = 0; return b }), ErrNotBGZF)
	require.ErrorIs(t, damage(func(b []byte) []byte { b[12] = 'X'; return b }), ErrNotBGZF)
	require.ErrorIs(t, damage(func(b []byte) []byte { b[len(b)-8] ^= 1; return b }), ErrChecksum)
	require.ErrorIs(t, damage(func(b []byte) []byte { b[len(b)-1] = 1; return b }), ErrDamaged)
	require.ErrorIs(t, damage(func(b []byte) []byte { b[18] ^= 6; return b }), ErrDamaged)
	text, err := d.Append(nil, []byte(EOF))
	require.NoError(t, err)
	require.Empty(t, text)
}
