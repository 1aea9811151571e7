package porttest

import (
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
)

// Vault checks cold storage.
func Vault(t *testing.T, fresh Harness) {
	each(t, fresh, func(w World) bool { return w.Vault != nil }, []check{
		{"a stored item is cold and cannot be opened", itemCold},
		{"storing the same bytes again gives the same ref, other bytes are ErrExists", itemAgain},
		{"a wrong sha256 or size is ErrChecksum and keeps nothing", itemChecksum},
		{"a missing item is ErrNotFound", itemMissing},
		{"a thaw does not wait, and ends in a warm item with the same bytes", thawWarms},
		{"asking again while it warms, and when it is warm, is success", thawAgain},
		{"16 who ask at once get one retrieval", thawRace},
		{"the end of a thaw is told by the vault's own notice", thawNotice},
		{"a tier without capacity is ErrCapacity, and another can be asked", thawRefused},
		{"a thaw that fails says so in its notice and can be asked again", thawFails},
		{"a warmed item grows cold again", thawExpires},
		{"deleting is repeatable", itemDeleted},
		{"items are listed once, page by page", itemList},
		{"a notice that is none is refused", noticeForeign},
	})
}

// item describes a text in the vault.
func item(key, jobID string) port.VaultItem {
	return port.VaultItem{Key: key, JobID: jobID, Gen: 2, SHA256: sum(text), Size: int64(len(text))}
}

// storeItem puts the text into the vault.
func storeItem(t *testing.T, w World) string {
	t.Helper()
	ref, err := w.Vault.Store(t.Context(), item("archive/1/j1/2", "j1"), strings.NewReader(text))
	require.NoError(t, err)
	require.NotEmpty(t, ref)
	return ref
}

// warm makes a thaw end.
func warm(t *testing.T, w World, ref string) {
	t.Helper()
	if w.Warm != nil {
		w.Warm(ref)
		return
	}
	movable(t, w)
	w.Advance(time.Hour)
}

// stateOf reads an item's state.
func stateOf(t *testing.T, w World, ref string) port.VaultState {
	t.Helper()
	state, err := w.Vault.State(t.Context(), ref)
	require.NoError(t, err)
	return state
}

func itemCold(t *testing.T, w World) {
	ref := storeItem(t, w)
	require.Equal(t, port.Cold, stateOf(t, w, ref))
	_, _, err := w.Vault.Open(t.Context(), ref)
	require.ErrorIs(t, err, port.ErrCold)
}

func itemAgain(t *testing.T, w World) {
	ref := storeItem(t, w)
	require.Equal(t, ref, storeItem(t, w))
	other := port.VaultItem{Key: "archive/1/j1/2", JobID: "j1", Gen: 2, SHA256: sum("other"), Size: 5}
	_, err := w.Vault.Store(t.Context(), other, strings.NewReader("other"))
	require.ErrorIs(t, err, port.ErrExists)
}

func itemChecksum(t *testing.T, w World) {
	for _, content := range []string{text + "x", text[:5], strings.ToUpper(text)} {
		_, err := w.Vault.Store(t.Context(), item("archive/1/j1/2", "j1"), strings.NewReader(content))
		require.ErrorIs(t, err, port.ErrChecksum)
	}
	items, _, _, err := w.Vault.List(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, items)
}

func itemMissing(t *testing.T, w World) {
	_, err := w.Vault.State(t.Context(), "archive/none")
	require.ErrorIs(t, err, port.ErrNotFound)
	_, _, err = w.Vault.Open(t.Context(), "archive/none")
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = w.Vault.Thaw(t.Context(), "archive/none", port.Standard)
	require.ErrorIs(t, err, port.ErrNotFound)
}

func thawWarms(t *testing.T, w World) {
	ref := storeItem(t, w)
	asked, err := w.Vault.Thaw(t.Context(), ref, port.Expedited)
	require.NoError(t, err)
	require.NotEmpty(t, asked.ID)
	require.Equal(t, port.Expedited, asked.Tier)
	require.False(t, asked.AskedAt.IsZero())
	require.True(t, asked.ExpectedAt.After(asked.AskedAt))
	require.Equal(t, port.Warming, stateOf(t, w, ref))
	_, _, err = w.Vault.Open(t.Context(), ref)
	require.ErrorIs(t, err, port.ErrCold)
	warm(t, w, ref)
	require.Equal(t, port.Warm, stateOf(t, w, ref))
	reader, size, err := w.Vault.Open(t.Context(), ref)
	require.NoError(t, err)
	defer reader.Close()
	require.EqualValues(t, len(text), size)
	data, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Equal(t, text, string(data))
}

func thawAgain(t *testing.T, w World) {
	ref := storeItem(t, w)
	for range 2 {
		_, err := w.Vault.Thaw(t.Context(), ref, port.Standard)
		require.NoError(t, err)
	}
	warm(t, w, ref)
	_, err := w.Vault.Thaw(t.Context(), ref, port.Standard)
	require.NoError(t, err)
	require.Equal(t, port.Warm, stateOf(t, w, ref))
}

func thawRace(t *testing.T, w World) {
	ref := storeItem(t, w)
	var mu sync.Mutex
	asked := map[string]bool{}
	together(writers, func(int) {
		r, err := w.Vault.Thaw(t.Context(), ref, port.Standard)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if r.ID != "" { // a vault may not tell the id of one that is under way
			asked[r.ID] = true
		}
	})
	require.Len(t, asked, 1)
}

// nextNotice receives the vault's notice.
func nextNotice(t *testing.T, w World) port.VaultNotice {
	t.Helper()
	list, err := w.Queue.Receive(t.Context(), job.Restores, 1, wait, time.Minute)
	require.NoError(t, err)
	require.Len(t, list, 1)
	notice, err := w.Vault.ReadNotice(list[0].Message.Body)
	require.NoError(t, err)
	require.NoError(t, w.Queue.Ack(t.Context(), list[0]))
	return notice
}

func thawNotice(t *testing.T, w World) {
	ref := storeItem(t, w)
	for range 2 {
		_, err := w.Vault.Thaw(t.Context(), ref, port.Standard)
		require.NoError(t, err)
	}
	list, err := w.Queue.Receive(t.Context(), job.Restores, 1, 0, time.Minute)
	require.NoError(t, err)
	require.Empty(t, list, "not before it is warm")
	warm(t, w, ref)
	notice := nextNotice(t, w)
	require.Equal(t, ref, notice.Ref)
	require.False(t, notice.Failed)
	if notice.JobID != "" {
		require.Equal(t, "j1", notice.JobID)
	}
	list, err = w.Queue.Receive(t.Context(), job.Restores, 1, 0, time.Minute)
	require.NoError(t, err)
	require.Empty(t, list, "one thaw has one notice")
}

func thawRefused(t *testing.T, w World) {
	if w.Refuse == nil {
		t.Skip("the adapter cannot be told to refuse")
	}
	ref := storeItem(t, w)
	w.Refuse()
	_, err := w.Vault.Thaw(t.Context(), ref, port.Expedited)
	require.ErrorIs(t, err, port.ErrCapacity)
	require.Equal(t, port.Cold, stateOf(t, w, ref))
	asked, err := w.Vault.Thaw(t.Context(), ref, port.Standard)
	require.NoError(t, err)
	require.Equal(t, port.Standard, asked.Tier)
}

func thawFails(t *testing.T, w World) {
	if w.Fail == nil {
		t.Skip("the adapter cannot be told to fail")
	}
	ref := storeItem(t, w)
	w.Fail()
	first, err := w.Vault.Thaw(t.Context(), ref, port.Standard)
	require.NoError(t, err)
	warm(t, w, ref)
	notice := nextNotice(t, w)
	require.True(t, notice.Failed)
	require.NotEmpty(t, notice.Reason)
	require.Equal(t, port.Cold, stateOf(t, w, ref))
	second, err := w.Vault.Thaw(t.Context(), ref, port.Standard)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
}

func thawExpires(t *testing.T, w World) {
	if w.Expire == 0 {
		t.Skip("the adapter's items do not grow cold in a test")
	}
	movable(t, w)
	ref := storeItem(t, w)
	_, err := w.Vault.Thaw(t.Context(), ref, port.Standard)
	require.NoError(t, err)
	warm(t, w, ref)
	w.Advance(w.Expire)
	require.Equal(t, port.Cold, stateOf(t, w, ref))
	_, _, err = w.Vault.Open(t.Context(), ref)
	require.ErrorIs(t, err, port.ErrCold)
}

func itemDeleted(t *testing.T, w World) {
	ref := storeItem(t, w)
	require.NoError(t, w.Vault.Delete(t.Context(), ref))
	require.NoError(t, w.Vault.Delete(t.Context(), ref))
	_, err := w.Vault.State(t.Context(), ref)
	require.ErrorIs(t, err, port.ErrNotFound)
}

func itemList(t *testing.T, w World) {
	var want, found []string
	for _, id := range []string{"j1", "j2", "j3"} {
		ref, err := w.Vault.Store(t.Context(), item("archive/1/"+id+"/2", id), strings.NewReader(text))
		require.NoError(t, err)
		want = append(want, ref)
	}
	for cursor, more := "", true; more; more = cursor != "" {
		items, refs, next, err := w.Vault.List(t.Context(), cursor, 2)
		require.NoError(t, err)
		require.Len(t, refs, len(items))
		for _, i := range items {
			require.Equal(t, sum(text), i.SHA256)
			require.Equal(t, 2, i.Gen)
			require.Equal(t, "archive/1/"+i.JobID+"/2", i.Key)
		}
		found, cursor = append(found, refs...), next
	}
	require.ElementsMatch(t, want, found)
}

func noticeForeign(t *testing.T, w World) {
	for _, body := range []string{"", "{", "{}", `{"user_id":"u_a"}`, `[]`} {
		_, err := w.Vault.ReadNotice([]byte(body))
		require.Error(t, err, body)
	}
}
