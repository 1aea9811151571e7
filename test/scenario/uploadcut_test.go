package scenario

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// cutter stands between a client and a server and breaks connections off.
type cutter struct {
	addr string
	up   atomic.Int64 // bytes from the client
	down atomic.Int64 // bytes to the client

	mu   sync.Mutex
	cuts int   // connections that are still to be broken off
	at   int64 // each after so many bytes in one direction
	open []net.Conn
	held bool // nothing goes through any more, as in a network that is gone
	gone chan struct{}
}

// newCutter begins to stand before a server until the test ends.
func newCutter(t *testing.T, server string) *cutter {
	t.Helper()
	to, err := url.Parse(server)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &cutter{addr: listener.Addr().String(), gone: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { c.carry(client, to.Host) })
		}
	})
	t.Cleanup(func() {
		close(c.gone)
		listener.Close()
		c.mu.Lock()
		for _, open := range c.open {
			open.Close()
		}
		c.mu.Unlock()
		running.Wait()
	})
	return c
}

// carry carries one connection, both ways.
func (c *cutter) carry(client net.Conn, to string) {
	server, err := net.Dial("tcp", to)
	if err != nil {
		client.Close()
		return
	}
	c.mu.Lock()
	c.open = append(c.open, client, server)
	c.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { c.pipe(server, client, &c.up) })
	both.Go(func() { c.pipe(client, server, &c.down) })
	both.Wait()
}

func (c *cutter) pipe(to, from net.Conn, count *atomic.Int64) {
	defer to.Close()
	defer from.Close()
	buffer, passed := make([]byte, 64<<10), int64(0)
	for {
		n, err := from.Read(buffer)
		if c.stops(passed + int64(n)) {
			return
		}
		if _, werr := to.Write(buffer[:n]); werr != nil || err != nil {
			return
		}
		passed += int64(n)
		count.Add(int64(n))
	}
}

// stops tells whether a connection that has carried so much is broken off, and holds it where the network is gone.
func (c *cutter) stops(passed int64) bool {
	c.mu.Lock()
	held := c.held
	cut := c.cuts > 0 && passed > c.at
	if cut {
		c.cuts--
	}
	c.mu.Unlock()
	if held {
		<-c.gone
	}
	return cut
}

func (c *cutter) set(edit func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	edit()
}

// wide is a file of so many MiB whose records hold noise, so that it is as large when it is compressed as half of it.
func wide(t *testing.T, size int) []byte {
	t.Helper()
	noise := rand.NewChaCha8([32]byte{1})
	var file bytes.Buffer
	raw := make([]byte, 4<<10)
	header, rest, _ := bytes.Cut(program.Mitochondrial(t, 16_000), []byte("INFO\n"))
	file.Write(append(header, "INFO\n"...))
	for line := range bytes.Lines(rest) {
		if file.Len() > size<<20 {
			return file.Bytes()
		}
		_, _ = noise.Read(raw)
		fmt.Fprintf(&file, "%s;NOISE=%x\n", bytes.TrimRight(line, "\n"), raw)
	}
	require.Fail(t, "there are not so many records")
	return nil
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

func TestALargeFileArrivesThroughANetworkThatBreaksOff(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve()
	c := newCutter(t, s.URL)
	c.set(func() { c.cuts, c.at = 6, 3<<20 })
	token := w.Token("ada", "premium_user")
	input := wide(t, 28)
	require.Greater(t, len(input), 24<<20, "more than three parts")
	as := []string{"GAS_SERVER=http://" + c.addr, "GAS_TOKEN=" + token}
	r := w.GasWith(as, nil, "submit", w.Write("large.vcf", input), "--wait", "-o", "json")
	require.Zero(t, r.Code, r.Err)
	require.Contains(t, r.Out, `"status": "COMPLETED"`)
	require.Greater(t, c.up.Load(), int64(len(input))+6<<20, "the connection did break off")
	require.Zero(t, c.cuts)

	// The result comes back through the same network, goes on where it broke off, and has the sha256 that the job tells.
	c.set(func() { c.cuts, c.at = 2, 1<<20 })
	c.down.Store(0)
	id := strings.TrimSpace(w.GasWith(s.As(token), nil, "jobs", "list", "-o", "tsv").Out)
	id, _, _ = strings.Cut(strings.Split(id, "\n")[1], "\t")
	out := strings.TrimSpace(w.GasWith(as, nil, "jobs", "download", id).Out)
	result, err := os.ReadFile(filepath.Join(w.Home, out))
	require.NoError(t, err)
	require.Contains(t, r.Out, sum(result))
	require.Zero(t, c.cuts)
	require.Less(t, c.down.Load(), int64(len(result))+1<<20, "nothing that had arrived came again")
}

func TestAnUploadThatWasKilledGoesOnWithTheSameCommand(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve("--role=web")
	c := newCutter(t, s.URL)
	token := w.Token("ada", "premium_user")
	input := wide(t, 48)
	path := w.Write("large.vcf", input)
	as := []string{"GAS_SERVER=http://" + c.addr, "GAS_TOKEN=" + token}

	doomed := w.Command(t.Context(), "submit", path)
	doomed.Env = append(doomed.Env, as...)
	require.NoError(t, doomed.Start())
	require.Eventually(t, func() bool { return c.up.Load() > 26<<20 }, program.Patience, 5*time.Millisecond, "three parts are on their way, and one more")
	c.set(func() { c.held = true })
	require.NoError(t, doomed.Process.Kill())
	_ = doomed.Wait()
	sent := c.up.Load()
	require.Less(t, sent, int64(len(input)), "it was killed before its end")

	c.set(func() { c.held = false })
	c.up.Store(0)
	r := w.GasWith(as, nil, "submit", path)
	require.Zero(t, r.Code, r.Err)
	require.Less(t, c.up.Load(), int64(len(input)), "what had arrived was not sent again")
	j := s.Get(token, "/api/v1/jobs")
	require.Equal(t, 1, strings.Count(j, `"job_id"`), "one upload, one job")
	require.Contains(t, j, sum(input))
}

func TestStandardInputOfAnySizeIsSubmitted(t *testing.T) {
	t.Parallel()
	temp := t.TempDir() // of its own: others submit their standard input at the same time
	w := program.New(t, "TMPDIR="+temp)
	s := w.Serve("--role=web")
	token := w.Token("ada", "premium_user")
	for _, input := range [][]byte{program.Mitochondrial(t, 100), wide(t, 12)} {
		r := w.GasWith(s.As(token), io.MultiReader(bytes.NewReader(input)), "submit", "-", "--name", "piped.vcf")
		require.Zero(t, r.Code, r.Err)
		require.Contains(t, s.Get(token, "/api/v1/jobs"), sum(input))
	}
	left, err := filepath.Glob(filepath.Join(temp, "gas-submit-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
