package porttest

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
)

// Multipart checks uploads in parts.
func Multipart(t *testing.T, fresh Harness) {
	each(t, fresh, func(w World) bool { return w.Parts != nil && w.Blobs != nil }, []check{
		{"parts are joined in the order of their numbers", partsJoined},
		{"a part that is written again replaces itself", partAgain},
		{"a part that breaks off is not there, and the upload goes on", partBroken},
		{"a part whose size differs is ErrChecksum", partSize},
		{"completing with a part that is not there makes no object", partAbsent},
		{"an upload belongs to its key", partForeign},
		{"an aborted upload is gone; aborting is repeatable", partAborted},
		{"a taken key is ErrExists", partTaken},
	})
}

// partSizes: all parts but the last are large enough for stores that ask for 5 MiB.
const partBytes = 5 << 20

// begin opens an upload.
func begin(t *testing.T, w World, key string) string {
	t.Helper()
	id, err := w.Parts.Begin(t.Context(), key)
	require.NoError(t, err)
	require.NotEmpty(t, id)
	return id
}

// putPart writes a part that must be accepted.
func putPart(t *testing.T, w World, key, id string, n int, content string) port.Part {
	t.Helper()
	part, err := w.Parts.PutPart(t.Context(), key, id, n, strings.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	require.Equal(t, n, part.N)
	require.EqualValues(t, len(content), part.Size)
	return part
}

func partsJoined(t *testing.T, w World) {
	id := begin(t, w, "a/k")
	first, last := strings.Repeat("a", partBytes), "end"
	two := putPart(t, w, "a/k", id, 2, last)
	one := putPart(t, w, "a/k", id, 1, first)
	parts, err := w.Parts.Parts(t.Context(), "a/k", id)
	require.NoError(t, err)
	require.Equal(t, []port.Part{one, two}, parts)
	_, err = w.Blobs.Stat(t.Context(), "a/k")
	require.ErrorIs(t, err, port.ErrNotFound, "nothing is there before it is complete")
	info, err := w.Parts.Complete(t.Context(), "a/k", id, parts)
	require.NoError(t, err)
	require.EqualValues(t, partBytes+3, info.Size)
	require.Equal(t, "aaend", read(t, w, "a/k", info.Version, port.Range{Offset: partBytes - 2, Length: -1}))
	_, err = w.Parts.Parts(t.Context(), "a/k", id)
	require.ErrorIs(t, err, port.ErrNotFound)
}

func partAgain(t *testing.T, w World) {
	id := begin(t, w, "a/k")
	putPart(t, w, "a/k", id, 1, "wrong")
	putPart(t, w, "a/k", id, 1, "right")
	parts, err := w.Parts.Parts(t.Context(), "a/k", id)
	require.NoError(t, err)
	require.Len(t, parts, 1)
	_, err = w.Parts.Complete(t.Context(), "a/k", id, parts)
	require.NoError(t, err)
	require.Equal(t, "right", read(t, w, "a/k", "", port.Whole))
}

func partBroken(t *testing.T, w World) {
	id := begin(t, w, "a/k")
	_, err := w.Parts.PutPart(t.Context(), "a/k", id, 1, io.MultiReader(strings.NewReader("ha"), iotest.ErrReader(errStop)), 4)
	require.Error(t, err)
	parts, err := w.Parts.Parts(t.Context(), "a/k", id)
	require.NoError(t, err)
	require.Empty(t, parts)
	part := putPart(t, w, "a/k", id, 1, "half")
	_, err = w.Parts.Complete(t.Context(), "a/k", id, []port.Part{part})
	require.NoError(t, err)
}

func partSize(t *testing.T, w World) {
	id := begin(t, w, "a/k")
	_, err := w.Parts.PutPart(t.Context(), "a/k", id, 1, strings.NewReader("half"), 5)
	require.ErrorIs(t, err, port.ErrChecksum)
}

func partAbsent(t *testing.T, w World) {
	id := begin(t, w, "a/k")
	part := putPart(t, w, "a/k", id, 1, "one")
	_, err := w.Parts.Complete(t.Context(), "a/k", id, []port.Part{part, {N: 2, ETag: part.ETag}})
	require.Error(t, err)
	_, err = w.Blobs.Stat(t.Context(), "a/k")
	require.ErrorIs(t, err, port.ErrNotFound)
}

func partForeign(t *testing.T, w World) {
	id := begin(t, w, "a/k")
	for _, upload := range [][2]string{{"a/other", id}, {"a/k", "none"}, {"a/k", "../../" + id}} {
		_, err := w.Parts.PutPart(t.Context(), upload[0], upload[1], 1, strings.NewReader("x"), 1)
		require.ErrorIs(t, err, port.ErrNotFound)
		_, err = w.Parts.Parts(t.Context(), upload[0], upload[1])
		require.ErrorIs(t, err, port.ErrNotFound)
		_, err = w.Parts.Complete(t.Context(), upload[0], upload[1], nil)
		require.ErrorIs(t, err, port.ErrNotFound)
	}
}

func partAborted(t *testing.T, w World) {
	id := begin(t, w, "a/k")
	putPart(t, w, "a/k", id, 1, "one")
	require.NoError(t, w.Parts.Abort(t.Context(), "a/k", id))
	require.NoError(t, w.Parts.Abort(t.Context(), "a/k", id))
	_, err := w.Parts.Parts(t.Context(), "a/k", id)
	require.ErrorIs(t, err, port.ErrNotFound)
}

func partTaken(t *testing.T, w World) {
	put(t, w, "a/k", text)
	id := begin(t, w, "a/k")
	part := putPart(t, w, "a/k", id, 1, "other")
	_, err := w.Parts.Complete(t.Context(), "a/k", id, []port.Part{part})
	require.ErrorIs(t, err, port.ErrExists)
	require.Equal(t, text, read(t, w, "a/k", "", port.Whole))
}
