package role_test

import (
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/role"
)

// T19: free windows are judged by the store's clock. A process whose own clock says otherwise is given no work.
func TestT19AProcessWhoseClockIsWrongIsNotReady(t *testing.T) {
	b := newBench()
	skew := atomic.Int64{}
	b.Now = func() time.Time { return time.Now().Add(time.Duration(skew.Load())) }
	r := &running{bench: b, signals: make(chan os.Signal, 2), ended: make(chan error, 1)}
	listening := make(chan string, 1)
	r.Config.Data = t.TempDir()
	go func() {
		r.ended <- role.Run(t.Context(), r.Deps, []role.Role{{Name: "annotator"}}, role.RunOptions{Addr: "127.0.0.1:0", Signals: r.signals, Listening: func(addr string) { listening <- addr }})
	}()
	r.addr = <-listening
	ready := func() bool { return r.status(t, "/readyz") == http.StatusOK }
	require.Eventually(t, ready, 5*time.Second, time.Millisecond)
	for _, wrong := range []time.Duration{3 * time.Second, -3 * time.Second, time.Hour} {
		skew.Store(int64(wrong))
		require.Equal(t, http.StatusServiceUnavailable, r.status(t, "/readyz"), "%s", wrong)
		require.Equal(t, http.StatusOK, r.status(t, "/healthz"), "it lives")
	}
	skew.Store(int64(time.Second))
	require.True(t, ready())
	r.signals <- syscall.SIGTERM
	require.NoError(t, <-r.ended)
}
