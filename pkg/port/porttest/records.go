package porttest

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
)

// Records checks small values.
func Records(t *testing.T, fresh Harness) {
	each(t, fresh, func(w World) bool { return w.Records != nil }, []check{
		{"a record is read back whole", recordWhole},
		{"a missing record is ErrNotFound", recordMissing},
		{"creating one that is there is ErrExists", recordTaken},
		{"an expired record is not found, and its place is free", recordExpires},
		{"of many takers one gets it", recordTaker},
		{"16 updates of one record lose none", recordSwaps},
		{"an error of the function is returned as it is and nothing is written", recordFunction},
		{"deleting is repeatable", recordDeleted},
		{"a kind is listed newest first, of one owner or all", recordList},
	})
}

func record(id, owner string, at time.Time) port.Record {
	return port.Record{Kind: "token", ID: id, Owner: owner, Value: []byte{0, 1, 255}, Created: at}
}

// someTime is a time with nanoseconds, in the past of every clock.
var someTime = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

func recordWhole(t *testing.T, w World) {
	want := record("a", "u_a", someTime)
	want.Expires = time.Now().Add(24 * 365 * time.Hour).UTC().Truncate(0)
	require.NoError(t, w.Records.Create(t.Context(), want))
	want.Version = 1
	got, err := w.Records.Get(t.Context(), "token", "a")
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func recordMissing(t *testing.T, w World) {
	_, err := w.Records.Get(t.Context(), "token", "a")
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = w.Records.Take(t.Context(), "token", "a")
	require.ErrorIs(t, err, port.ErrNotFound)
	_, err = w.Records.Update(t.Context(), "token", "a", func(*port.Record) error { return nil })
	require.ErrorIs(t, err, port.ErrNotFound)
}

func recordTaken(t *testing.T, w World) {
	require.NoError(t, w.Records.Create(t.Context(), record("a", "u_a", someTime)))
	require.ErrorIs(t, w.Records.Create(t.Context(), record("a", "u_b", someTime)), port.ErrExists)
	other := record("a", "u_b", someTime)
	other.Kind = "session"
	require.NoError(t, w.Records.Create(t.Context(), other), "kinds are apart")
	got, err := w.Records.Get(t.Context(), "token", "a")
	require.NoError(t, err)
	require.Equal(t, "u_a", got.Owner)
}

func recordExpires(t *testing.T, w World) {
	movable(t, w)
	r := record("a", "u_a", someTime)
	r.Expires = now(t, w).Add(time.Minute)
	require.NoError(t, w.Records.Create(t.Context(), r))
	w.Advance(time.Minute - time.Millisecond)
	_, err := w.Records.Get(t.Context(), "token", "a")
	require.NoError(t, err)
	w.Advance(time.Millisecond)
	recordMissing(t, w)
	list, err := w.Records.Of(t.Context(), "token", "", 10)
	require.NoError(t, err)
	require.Empty(t, list)
	require.NoError(t, w.Records.Create(t.Context(), record("a", "u_b", someTime)))
}

func recordTaker(t *testing.T, w World) {
	require.NoError(t, w.Records.Create(t.Context(), record("a", "u_a", someTime)))
	var got atomic.Int32
	together(writers, func(int) {
		switch _, err := w.Records.Take(t.Context(), "token", "a"); {
		case err == nil:
			got.Add(1)
		case !errors.Is(err, port.ErrNotFound):
			t.Error(err)
		}
	})
	require.EqualValues(t, 1, got.Load())
}

func recordSwaps(t *testing.T, w World) {
	r := record("a", "u_a", someTime)
	r.Value = []byte{0}
	require.NoError(t, w.Records.Create(t.Context(), r))
	together(writers, func(int) {
		if _, err := w.Records.Update(t.Context(), "token", "a", func(r *port.Record) error { r.Value[0]++; yield(); return nil }); err != nil {
			t.Error(err)
		}
	})
	got, err := w.Records.Get(t.Context(), "token", "a")
	require.NoError(t, err)
	require.Equal(t, []byte{writers}, got.Value)
	require.EqualValues(t, 1+writers, got.Version)
}

func recordFunction(t *testing.T, w World) {
	require.NoError(t, w.Records.Create(t.Context(), record("a", "u_a", someTime)))
	_, err := w.Records.Update(t.Context(), "token", "a", func(r *port.Record) error { r.Owner = "u_b"; r.Value[0] = 9; return errStop })
	require.Equal(t, errStop, err)
	got, err := w.Records.Get(t.Context(), "token", "a")
	require.NoError(t, err)
	require.Equal(t, "u_a", got.Owner)
	require.Equal(t, []byte{0, 1, 255}, got.Value)
}

func recordDeleted(t *testing.T, w World) {
	require.NoError(t, w.Records.Create(t.Context(), record("a", "u_a", someTime)))
	require.NoError(t, w.Records.Delete(t.Context(), "token", "a"))
	require.NoError(t, w.Records.Delete(t.Context(), "token", "a"))
	recordMissing(t, w)
}

func recordList(t *testing.T, w World) {
	for i, id := range []string{"a", "b", "c"} {
		require.NoError(t, w.Records.Create(t.Context(), record(id, []string{"u_a", "u_b", "u_a"}[i], someTime.Add(time.Duration(i)*time.Second))))
	}
	of := func(owner string, limit int) (found []string) {
		list, err := w.Records.Of(t.Context(), "token", owner, limit)
		require.NoError(t, err)
		for _, r := range list {
			found = append(found, r.ID)
			require.Equal(t, []byte{0, 1, 255}, r.Value)
		}
		return found
	}
	require.Equal(t, []string{"c", "b", "a"}, of("", 10))
	require.Equal(t, []string{"c", "a"}, of("u_a", 10))
	require.Equal(t, []string{"c", "b"}, of("", 2))
}

func recordsWithChange(t *testing.T, w World) {
	require.NotNil(t, w.Records, "a store comes with records: a change writes both")
	addUser(t, w, "u_a")
	addJob(t, w, "u_a", "j1", now(t, w))
	line := func(id, detail string) port.Record {
		return port.Audit{ID: id, About: "u_a", By: "operator", Did: port.AuditPlan, Detail: detail}.Record(now(t, w))
	}
	failed := errors.New("no")
	first, second, third := line("a1", "first"), line("a1", "second"), line("a2", "third")
	_, err := w.Store.UpdateUser(t.Context(), "u_a", func(c *port.Change) error { c.Records = append(c.Records, first); return failed })
	require.ErrorIs(t, err, failed)
	lines, err := port.AuditLines(t.Context(), w.Records, "u_a", 10)
	require.NoError(t, err)
	require.Empty(t, lines)
	for _, r := range []port.Record{first, second} {
		_, err := w.Store.UpdateUser(t.Context(), "u_a", func(c *port.Change) error { c.Records = append(c.Records, r); return nil })
		require.NoError(t, err)
	}
	_, err = w.Store.UpdateJob(t.Context(), "j1", func(c *port.Change) error { c.Records = append(c.Records, third); return nil })
	require.NoError(t, err)
	lines, err = port.AuditLines(t.Context(), w.Records, "u_a", 10)
	require.NoError(t, err)
	said := map[string]string{}
	for _, a := range lines {
		require.Equal(t, "u_a", a.About)
		require.Equal(t, "operator", a.By)
		said[a.ID] = a.Detail
	}
	require.Equal(t, map[string]string{"a1": "first", "a2": "third"}, said)
}
