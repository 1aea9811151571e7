package bgzf

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// deflated compresses and holds that everybody's inflate gives the text back.
func deflated(t *testing.T, text []byte) []byte {
	t.Helper()
	var d deflater
	packed := d.appendDeflated([]byte("before"), text)
	require.Equal(t, "before", string(packed[:6]))
	packed = packed[6:]
	got, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	require.NoError(t, err)
	require.True(t, bytes.Equal(text, got))
	var z inflater
	own := make([]byte, len(text))
	require.NoError(t, z.inflate(own, packed))
	require.True(t, bytes.Equal(text, own))
	return packed
}

func TestTheFastCompressorCompresses(t *testing.T) {
	most := map[string]int{"lines": MaxPayload / 2, "zeros": 400, "period 3": 300, "period 7": 400, "random": MaxPayload + 5, "skewed": 20000, "empty": 12, "one byte": 6}
	for name, text := range texts() {
		require.LessOrEqual(t, len(deflated(t, text)), most[name], name)
	}
	for n := range 300 { // around the sizes where no match is looked for
		deflated(t, bytes.Repeat([]byte("ACGT\t0|0\t"), 40)[:n])
	}
}

func TestCodesAreNotLongerThanTheyMayBe(t *testing.T) {
	var counts symbolCounts
	a, b := uint32(1), uint32(1)
	for i := range 25 { // Fibonacci numbers make the deepest trees
		counts[i] = a
		a, b = b, a+b
	}
	for _, longest := range []int{5, 7, 14, 15} {
		var m codeMaker
		code := make([]codeword, literalSymbols)
		m.make(code, counts[:], longest)
		room := 0
		for _, w := range code {
			require.LessOrEqual(t, int(w.count), longest)
			if w.count > 0 {
				room += 1 << (longest - int(w.count))
			}
		}
		require.Equal(t, 1<<longest, room, "the code is complete")
	}
}

func FuzzDeflate(f *testing.F) {
	for _, text := range texts() {
		f.Add(text[:min(len(text), 2000)])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		deflated(t, text[:min(len(text), MaxPayload)])
	})
}
