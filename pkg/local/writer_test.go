package local

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/port"
)

func TestWriterKeepsGoing(t *testing.T) {
	ctx := t.Context()
	l := open(t, Options{})
	stop := errors.New("stop")
	write := func(id string, then error) error {
		return l.db.write(ctx, func(tx *transaction) error {
			_, err := tx.exec(ctx, "INSERT INTO events_seen (id, at) VALUES (?, 0)", id)
			if err == nil {
				err = then
			}
			return err
		})
	}
	count := func() (n int) {
		require.NoError(t, l.db.read.row(ctx, []any{&n}, "SELECT count(*) FROM events_seen"))
		return n
	}
	t.Run("an error undoes the writes of its function alone", func(t *testing.T) {
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				var want error
				if i%2 == 0 {
					want = stop
				}
				if err := write(string(rune('a'+i)), want); !errors.Is(err, want) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Equal(t, 20, count())
	})
	t.Run("a panic comes back to who asked, and undoes its writes", func(t *testing.T) {
		require.PanicsWithValue(t, "oh", func() {
			_ = l.db.write(ctx, func(tx *transaction) error {
				_, err := tx.exec(ctx, "INSERT INTO events_seen (id, at) VALUES ('panic', 0)")
				require.NoError(t, err)
				panic("oh")
			})
		})
		require.Equal(t, 20, count())
		require.NoError(t, write("after", nil))
	})
	t.Run("a context that has ended writes nothing", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		err := l.db.write(ended, func(*transaction) error { return nil })
		require.ErrorIs(t, err, ended.Err())
	})
	t.Run("a closed folder is unavailable", func(t *testing.T) {
		require.NoError(t, l.Close())
		require.ErrorIs(t, write("late", nil), port.ErrUnavailable)
		_, err := l.Store.User(ctx, "u_a")
		require.ErrorIs(t, err, port.ErrUnavailable)
	})
}
