package porttest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
)

// Blobs checks objects that are written once.
func Blobs(t *testing.T, fresh Harness) {
	each(t, fresh, func(w World) bool { return w.Blobs != nil }, []check{
		{"an object is read back whole, with its size and sha256", blobWhole},
		{"an empty object is an object", blobEmpty},
		{"a missing object is ErrNotFound", blobMissing},
		{"putting the same bytes again is success", blobSame},
		{"putting other bytes under a taken key is ErrExists and changes nothing", blobTaken},
		{"of 16 writers of one key one wins, and the object is whole", blobRace},
		{"a wrong sha256 or size is ErrChecksum and leaves nothing", blobChecksum},
		{"a reader that breaks leaves nothing under the key", blobBroken},
		{"a range is a part, to the end where its length is negative", blobRanges},
		{"a range that begins past the end is ErrTooLarge", blobPast},
		{"a version that is not the object's is ErrConflict", blobVersion},
		{"a copy has the same bytes and obeys the rules of Put", blobCopy},
		{"deleting is repeatable and frees the key", blobDelete},
		{"keys with a prefix are listed once, in order, page by page", blobList},
		{"a key that would leave the store puts nothing", blobEscape},
	})
}

const text = "##fileformat=VCFv4.2\n"

// sum is the sha256 of a text in hexadecimal.
func sum(text string) string {
	raw := sha256.Sum256([]byte(text))
	return hex.EncodeToString(raw[:])
}

// put writes a text that must be accepted.
func put(t *testing.T, w World, key, text string) port.BlobInfo {
	t.Helper()
	info, err := w.Blobs.Put(t.Context(), key, strings.NewReader(text), port.Put{Size: int64(len(text)), SHA256: sum(text)})
	require.NoError(t, err)
	return info
}

// read reads a range.
func read(t *testing.T, w World, key, version string, r port.Range) string {
	t.Helper()
	reader, _, err := w.Blobs.Open(t.Context(), key, version, r)
	require.NoError(t, err)
	defer reader.Close()
	data, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(data)
}

func blobWhole(t *testing.T, w World) {
	info := put(t, w, "results/1/j1/1-1/result.vcf.gz", text)
	require.Equal(t, "results/1/j1/1-1/result.vcf.gz", info.Key)
	require.EqualValues(t, len(text), info.Size)
	require.NotEmpty(t, info.Version)
	require.Equal(t, text, read(t, w, info.Key, info.Version, port.Whole))
	stat, err := w.Blobs.Stat(t.Context(), info.Key)
	require.NoError(t, err)
	require.Equal(t, info.Version, stat.Version)
	require.Equal(t, info.Size, stat.Size)
	if stat.SHA256 != "" {
		require.Equal(t, sum(text), stat.SHA256)
	}
}

func blobEmpty(t *testing.T, w World) {
	put(t, w, "a/empty", "")
	require.Empty(t, read(t, w, "a/empty", "", port.Whole))
}

func blobMissing(t *testing.T, w World) {
	_, err := w.Blobs.Stat(t.Context(), "a/none")
	require.ErrorIs(t, err, port.ErrNotFound)
	_, _, err = w.Blobs.Open(t.Context(), "a/none", "", port.Whole)
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = w.Blobs.Copy(t.Context(), "a/none", "", "a/b")
	require.ErrorIs(t, err, port.ErrNotFound)
}

func blobSame(t *testing.T, w World) {
	first := put(t, w, "a/k", text)
	second := put(t, w, "a/k", text)
	require.Equal(t, first.Version, second.Version)
}

func blobTaken(t *testing.T, w World) {
	info := put(t, w, "a/k", text)
	_, err := w.Blobs.Put(t.Context(), "a/k", strings.NewReader("other"), port.Put{Size: -1})
	require.ErrorIs(t, err, port.ErrExists)
	require.Equal(t, text, read(t, w, "a/k", info.Version, port.Whole))
}

func blobRace(t *testing.T, w World) {
	var won atomic.Int32
	together(writers, func(i int) {
		content := strings.Repeat(fmt.Sprint(i%8), 100_000)
		switch _, err := w.Blobs.Put(t.Context(), "a/k", strings.NewReader(content), port.Put{Size: -1}); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, port.ErrExists):
			t.Error(err)
		}
	})
	require.LessOrEqual(t, won.Load(), int32(2), "two writers had the same bytes")
	got := read(t, w, "a/k", "", port.Whole)
	require.Equal(t, strings.Repeat(got[:1], 100_000), got)
}

func blobChecksum(t *testing.T, w World) {
	for _, p := range []port.Put{{SHA256: sum("other"), Size: -1}, {Size: 5, SHA256: sum(text)}, {Size: 1 << 20}} {
		_, err := w.Blobs.Put(t.Context(), "a/k", strings.NewReader(text), p)
		require.ErrorIs(t, err, port.ErrChecksum)
		blobGone(t, w, "a/k")
	}
}

// blobGone checks that a key is free.
func blobGone(t *testing.T, w World, key string) {
	t.Helper()
	_, err := w.Blobs.Stat(t.Context(), key)
	require.ErrorIs(t, err, port.ErrNotFound)
	items, _, err := w.Blobs.List(t.Context(), "", "", 10)
	require.NoError(t, err)
	require.Empty(t, items)
}

func blobBroken(t *testing.T, w World) {
	broken := io.MultiReader(strings.NewReader(text), iotest.ErrReader(errStop))
	_, err := w.Blobs.Put(t.Context(), "a/k", broken, port.Put{Size: -1})
	require.ErrorIs(t, err, errStop)
	blobGone(t, w, "a/k")
	put(t, w, "a/k", text)
}

func blobRanges(t *testing.T, w World) {
	put(t, w, "a/k", text)
	for want, r := range map[string]port.Range{
		text:      {Offset: 0, Length: -1},
		text[5:]:  {Offset: 5, Length: -1},
		text[5:9]: {Offset: 5, Length: 4},
		"":        {Offset: 5, Length: 0},
		text[20:]: {Offset: 20, Length: 100},
	} {
		require.Equal(t, want, read(t, w, "a/k", "", r))
	}
}

func blobPast(t *testing.T, w World) {
	put(t, w, "a/k", text)
	for _, offset := range []int64{int64(len(text)), 1 << 40} {
		_, _, err := w.Blobs.Open(t.Context(), "a/k", "", port.Range{Offset: offset, Length: 1})
		require.ErrorIs(t, err, port.ErrTooLarge)
	}
}

func blobVersion(t *testing.T, w World) {
	put(t, w, "a/k", text)
	other := put(t, w, "a/other", "other")
	_, _, err := w.Blobs.Open(t.Context(), "a/k", other.Version, port.Whole)
	require.ErrorIs(t, err, port.ErrConflict)
	_, err = w.Blobs.Copy(t.Context(), "a/k", other.Version, "a/copy")
	require.ErrorIs(t, err, port.ErrConflict)
}

func blobCopy(t *testing.T, w World) {
	from := put(t, w, "a/k", text)
	for range 2 {
		info, err := w.Blobs.Copy(t.Context(), "a/k", from.Version, "b/copy")
		require.NoError(t, err)
		require.EqualValues(t, len(text), info.Size)
	}
	require.Equal(t, text, read(t, w, "b/copy", "", port.Whole))
	put(t, w, "b/taken", "other")
	_, err := w.Blobs.Copy(t.Context(), "a/k", "", "b/taken")
	require.ErrorIs(t, err, port.ErrExists)
	require.NoError(t, w.Blobs.Delete(t.Context(), "a/k"))
	require.Equal(t, text, read(t, w, "b/copy", "", port.Whole))
}

func blobDelete(t *testing.T, w World) {
	put(t, w, "a/b/k", text)
	put(t, w, "a/c", text)
	require.NoError(t, w.Blobs.Delete(t.Context(), "a/b/k"))
	require.NoError(t, w.Blobs.Delete(t.Context(), "a/b/k"))
	require.NoError(t, w.Blobs.Delete(t.Context(), "never/was"))
	_, err := w.Blobs.Stat(t.Context(), "a/b/k")
	require.ErrorIs(t, err, port.ErrNotFound)
	require.Equal(t, text, read(t, w, "a/c", "", port.Whole))
	put(t, w, "a/b/k", "other")
}

func blobList(t *testing.T, w World) {
	var want []string
	for i := range 7 {
		key := fmt.Sprintf("results/1/j%d/result", i)
		want = append(want, key)
		put(t, w, key, text)
	}
	put(t, w, "results/2/j0/result", text)
	put(t, w, "archive/1/j0", text)
	walk := func(prefix string, limit int) (found []string) {
		for cursor, more := "", true; more; more = cursor != "" {
			items, next, err := w.Blobs.List(t.Context(), prefix, cursor, limit)
			require.NoError(t, err)
			for _, item := range items {
				found = append(found, item.Key)
				require.EqualValues(t, len(text), item.Size)
				require.False(t, item.Modified.IsZero())
			}
			cursor = next
		}
		return found
	}
	for _, limit := range []int{1, 2, 7, 100} {
		require.Equal(t, want, walk("results/1/", limit))
	}
	require.Equal(t, want[3:4], walk("results/1/j3", 10))
	require.Equal(t, append(want, "results/2/j0/result"), walk("results", 3))
	require.Len(t, walk("", 4), 9)
	require.Empty(t, walk("none", 4))
}

func blobEscape(t *testing.T, w World) {
	for _, key := range []string{"../out", "a/../../out", "/etc/out", "a//b", "", ".", "a/./b", "a/.hidden", "a/\x00"} {
		if _, err := w.Blobs.Put(t.Context(), key, strings.NewReader(text), port.Put{Size: -1}); err == nil {
			require.Equal(t, text, read(t, w, key, "", port.Whole), "a store of plain keys keeps it as it is: %q", key)
		}
	}
}
