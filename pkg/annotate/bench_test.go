package annotate_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"gas/pkg/annotate"

	"github.com/stretchr/testify/require"
)

// BenchmarkRun annotates 50,000 records of MT, where every record lies near some ten genes: more work for a record than most files give.
func BenchmarkRun(b *testing.B) {
	text := made(b, 50000, 0)
	_, bgz := packed(b, text)
	for name, out := range map[string]annotate.Output{"text": {}, "bgzip": {Bgzip: true, Level: 1, Index: io.Discard}} {
		b.Run(name, func(b *testing.B) {
			o := annotate.Options{Threads: 2, Choose: annotate.Use(mitochondrion(b))}
			out.Writer = io.Discard
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_, err := annotate.Run(context.Background(), annotate.Input{Reader: bytes.NewReader(bgz)}, out, o)
				require.NoError(b, err)
			}
		})
	}
}
