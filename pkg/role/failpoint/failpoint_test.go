package failpoint

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAFailpointFiresTheNthTimeOnItsSide(t *testing.T) {
	p, err := Parse("complete.before:err@2,results.Put.after:err")
	require.NoError(t, err)
	done := 0
	do := func() error { done++; return nil }

	require.NoError(t, p.Call(t.Context(), "store.UpdateJob complete", do))
	require.ErrorIs(t, p.Call(t.Context(), "store.UpdateJob complete", do), ErrPlanted)
	require.Equal(t, 1, done, "before: the call was not made")
	require.NoError(t, p.Call(t.Context(), "store.UpdateJob complete", do))
	require.ErrorIs(t, p.Call(t.Context(), "results.Put results/1/j/1-1/x", do), ErrPlanted)
	require.Equal(t, 3, done, "after: the call was made")
}

func TestAFailpointKills(t *testing.T) {
	p, err := Parse("take-over.after:crash")
	require.NoError(t, err)
	killed := false
	p.kill = func() { killed = true }
	require.NoError(t, p.Call(t.Context(), "store.UpdateJob take over", func() error { return nil }))
	require.True(t, killed)
}

func TestAFailpointSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := Parse("vault.Store.before:sleep")
		require.NoError(t, err)
		begin := time.Now()
		require.NoError(t, p.Call(context.Background(), "vault.Store x", func() error { return nil }))
		require.Equal(t, sleepLasts, time.Since(begin))
	})
}

func TestAWrongSettingIsRefused(t *testing.T) {
	for _, setting := range []string{"", "complete.before", "complete.before:explode", "nothing.before:err", "complete.before:err@0", "complete.before:err@x"} {
		_, err := Parse(setting)
		require.Error(t, err, setting)
	}
	require.NotErrorIs(t, errors.New("x"), ErrPlanted)
}
