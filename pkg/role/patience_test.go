package role

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// pipes is a listener whose connections live in memory, where a test's clock moves their deadlines.
type pipes struct {
	coming chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{coming: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.coming:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial() net.Conn {
	mine, theirs := net.Pipe()
	p.coming <- theirs
	return mine
}

// patience serves a handler as a process does, until the test's bubble ends.
func patience(t *testing.T, handler http.HandlerFunc) *pipes {
	t.Helper()
	at := newPipes()
	server := newServer(context.Background(), handler)
	go func() { _ = server.Serve(at) }()
	t.Cleanup(func() { _ = server.Close() })
	return at
}

// ended waits until the other side has closed a connection, and tells how long that took.
func ended(c net.Conn) time.Duration {
	began := time.Now()
	_, _ = io.Copy(io.Discard, c)
	return time.Since(began)
}

func TestT21WhoStandsStillIsCutOff(t *testing.T) {
	reads := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/form" {
			Hurry(r)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			_, _ = io.Copy(io.Discard, r.Body) // as a handler does that lets the client finish
			http.Error(w, "late", http.StatusRequestTimeout)
		}
	}
	for _, test := range []struct {
		name  string
		sends func(c net.Conn, slowly func(func()))
		from  time.Duration
		to    time.Duration
	}{
		{"a head that never comes", func(net.Conn, func(func())) {}, headerTime, headerTime},
		{"a head that drips", func(c net.Conn, slowly func(func())) {
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n")
			slowly(func() {
				for range 100 {
					time.Sleep(time.Second)
					if _, err := io.WriteString(c, "X-A: b\r\n"); err != nil {
						return
					}
				}
			})
		}, headerTime - time.Second, headerTime},
		{"a body that never comes", func(c net.Conn, slowly func(func())) {
			_, _ = io.WriteString(c, "POST /file HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
		}, StallTime, StallTime + time.Second},
		{"a body that nobody reads", func(c net.Conn, slowly func(func())) {
			_, _ = io.WriteString(c, "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
		}, StallTime, StallTime + time.Second},
		{"a form that drips", func(c net.Conn, slowly func(func())) {
			_, _ = io.WriteString(c, "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n")
			slowly(func() {
				for range 100 {
					time.Sleep(10 * time.Second)
					if _, err := io.WriteString(c, "x"); err != nil {
						return
					}
				}
			})
		}, HurryTime, HurryTime + time.Second},
		{"a connection without a next request", func(c net.Conn, slowly func(func())) {
			slowly(func() { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") })
		}, idleTime, idleTime + time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := patience(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/nowhere" {
						reads(w, r)
					}
				})
				c := at.dial()
				var writing sync.WaitGroup
				defer writing.Wait()
				defer c.Close()
				test.sends(c, writing.Go)
				took := ended(c)
				require.GreaterOrEqual(t, took, test.from)
				require.LessOrEqual(t, took, test.to)
			})
		})
	}
}

func TestT21AnAnswerThatNobodyTakesEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan error, 1)
		at := patience(t, func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 32<<10)); err != nil {
					over <- err
					return
				}
			}
		})
		c := at.dial()
		defer c.Close()
		began := time.Now()
		_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		require.ErrorIs(t, <-over, os.ErrDeadlineExceeded)
		require.LessOrEqual(t, time.Since(began), StallTime+time.Second)
	})
}

func TestT21WhatMovesMayLastForHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := patience(t, func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			require.NoError(t, err)
			for range 200 {
				_, _ = io.WriteString(w, "y")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(20 * time.Second) // as events of a job that runs
			}
			fmt.Fprintf(w, "%d", n)
		})
		c := at.dial()
		defer c.Close()
		go func() {
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\nConnection: close\r\n\r\n")
			for range 200 {
				time.Sleep(20 * time.Second)
				_, _ = io.WriteString(c, "x")
			}
		}()
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(string(text), "y200"))
	})
}

func TestT21AHeadOfMoreThan64KiBIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := patience(t, func(http.ResponseWriter, *http.Request) { t.Error("it was handled") })
		c := at.dial()
		defer c.Close()
		go func() {
			_, _ = fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nX-A: %s\r\n\r\n", strings.Repeat("a", 80<<10))
		}()
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)
		require.NoError(t, c.Close())
		time.Sleep(time.Second) // of the bubble: net/http waits a moment before it closes, so that the answer is read
	})
}
