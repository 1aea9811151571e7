package scenario

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"gas/pkg/flow"
	"gas/pkg/local"
	"gas/pkg/port"
	"gas/pkg/user"

	"gas/test/program"
	"gas/test/volume"
)

// p99 asks for a page many times, one after another, and returns how long all but the slowest hundredth took at most.
func p99(t *testing.T, g *program.Guest, path string, times int) time.Duration {
	t.Helper()
	took := make([]time.Duration, times)
	for i := range took {
		began := time.Now()
		require.Equal(t, http.StatusOK, g.Get(path).Status)
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[times*99/100]
}

// slowly opens a thousand connections, say, and sends a byte on one after the other, a millisecond between two, until stop. ended counts those that the
// server has ended.
func slowly(t *testing.T, s *program.Server, n int, token string) (stop func(), ended *atomic.Int64) {
	t.Helper()
	ended = &atomic.Int64{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	beginnings := []string{
		"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\n",
		"POST /login/once HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nt=",
		"G",
		"",
	}
	connections := make([]net.Conn, n)
	for i := range connections {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		require.NoError(t, err)
		connections[i] = c
		_, err = io.WriteString(c, beginnings[i%len(beginnings)])
		require.NoError(t, err)
		wg.Go(func() {
			_, _ = io.Copy(io.Discard, c) // until the server has had enough
			ended.Add(1)
			_ = c.Close()
		})
	}
	wg.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i = (i + 1) % n {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_, _ = io.WriteString(connections[i], "x")
			}
		}
	})
	return func() {
		cancel()
		for _, c := range connections {
			_ = c.Close()
		}
		wg.Wait()
	}, ended
}

// T21: a thousand who send a byte a second hold nobody else up, and are ended. What is compared is the best of three rounds each, and of up to
// nine while this machine has other work too: what holds others up does so in every round.
func TestT21AThousandSlowConnectionsHoldNobodyUp(t *testing.T) {
	w := program.New(t, "GAS_LIMIT_UPLOAD=0", "GAS_LIMIT_LOGIN=0", "GAS_LIMIT_API=0")
	s := w.Serve()
	token := w.Token("mallory", "premium_user")
	ada := s.Program(w.Token("ada", "premium_user"))
	const rounds, mostRounds, requests, connections = 3, 9, 300, 1000
	calm, crowded := time.Hour, time.Hour
	p99(t, ada, "/api/v1/jobs", requests)
	held := func() bool { return crowded > 2*calm+5*time.Millisecond }
	for round := 0; round < rounds || held() && round < mostRounds; round++ {
		calm = min(calm, p99(t, ada, "/api/v1/jobs", requests))
		stop, ended := slowly(t, s, connections, token)
		crowded = min(crowded, p99(t, ada, "/api/v1/jobs", requests))
		if round == 0 { // those without whole headers are ended after five seconds, three of five
			require.Eventually(t, func() bool { return ended.Load() >= connections*3/5 }, program.Patience, 100*time.Millisecond)
		}
		stop()
	}
	t.Logf("p99 is %s, and %s beside %d slow connections", calm, crowded, connections)
	require.False(t, held())
	require.Equal(t, http.StatusOK, ada.Get("/readyz").Status)
}

// backlog submits jobs of one user straight to the data folder, before a server runs on it.
func backlog(t *testing.T, w *program.World, name string, jobs int) {
	t.Helper()
	ports, err := local.Open(t.Context(), local.Options{Data: w.Data})
	require.NoError(t, err)
	plans := user.DefaultPlans()
	plans.Premium.Queued = 1 << 20
	id := user.ID(user.Local, name)
	f := flow.Flow{
		Store: ports.Store, Records: ports.Records, Inputs: ports.Inputs, Results: ports.Results, Vault: ports.Vault, Bus: ports.Bus, Plans: plans,
		Role: "web", Instance: ports.Instance, Install: ports.Install, Lease: 30 * time.Second, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	var wg sync.WaitGroup
	next := atomic.Int64{}
	for range 32 {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(jobs); n = next.Add(1) {
				j, err := f.Intend(t.Context(), flow.Intent{UserID: id, UploadID: fmt.Sprint(n), Name: "x.vcf"})
				if err == nil {
					_, err = ports.Inputs.Put(t.Context(), j.Input.Key, strings.NewReader(header+record), port.Put{Size: -1})
				}
				if err == nil {
					_, err = f.Submit(t.Context(), id, j.ID, "")
				}
				if err != nil {
					t.Errorf("submit: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, ports.Close())
}

// T20: one who submits five thousand jobs and asks ten thousand times delays another's job by ten seconds at most, and gets no more answers than his bucket
// holds. Under the race detector, which makes all of it ten times as dear, a fifth of them does: it still asks until the other's job is done.
func TestT20OneUsersFloodDelaysAnothersJobByTenSecondsAtMost(t *testing.T) {
	w := program.New(t, "GAS_LIMIT_UPLOAD=0")
	if dir, err := os.MkdirTemp("/dev/shm", "gas-flood-"); err == nil { // the disk is not what is measured
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		w.Data = filepath.Join(dir, "data")
	}
	w.Must("user", "add", "mallory", "--plan=premium_user")
	flood := w.Token("mallory", "premium_user")
	token := w.Token("ada", "free_user")
	path := w.Write("x.vcf", program.Mitochondrial(t, 50))
	s := w.Serve()
	_, r := s.Submit(token, path)
	require.Zero(t, r.Code, r.Err)
	began := time.Now()
	_, r = s.Submit(token, path)
	require.Zero(t, r.Code, r.Err)
	usual := time.Since(began)
	s.Stop()

	backlog(t, w, "mallory", volume.Of(5000, 1000))
	s = w.Serve()
	var wg sync.WaitGroup
	answered, asked, done := atomic.Int64{}, atomic.Int64{}, atomic.Bool{}
	began = time.Now()
	for range 8 {
		g := s.Program(flood)
		wg.Go(func() {
			for asked.Add(1) <= int64(volume.Of(10_000, 2000)) || !done.Load() {
				if g.Get("/api/v1/me").Status != http.StatusTooManyRequests {
					answered.Add(1)
				}
			}
		})
	}
	submitted := time.Now()
	_, r = s.Submit(token, path)
	delayed := time.Since(submitted)
	done.Store(true)
	wg.Wait()
	require.Zero(t, r.Code, r.Err)
	const bucket, perSecond = 300, 5
	t.Logf("a job takes %s, and %s beside the flood; %d of %d requests were answered", usual, delayed, answered.Load(), asked.Load())
	require.LessOrEqual(t, delayed-usual, 10*time.Second)
	require.LessOrEqual(t, answered.Load(), int64(bucket+perSecond*time.Since(began).Seconds()+1))
	s.Kill() // the backlog is of no use to anybody
}
