package client

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// stallTime is how long a body may bring nothing before its connection counts as broken: a network that vanishes says nothing. A server's events beat more often.
const stallTime = 2 * time.Minute

// watched is a body that ends with an error when nothing has come for long. Only the waiting counts, not what the reader does between.
type watched struct {
	io.ReadCloser
	after   time.Duration
	timer   *time.Timer
	cancel  context.CancelFunc
	stalled atomic.Bool
}

func watch(body io.ReadCloser, after time.Duration, cancel context.CancelFunc) *watched {
	w := &watched{ReadCloser: body, after: after, cancel: cancel}
	w.timer = time.AfterFunc(after, func() { w.stalled.Store(true); cancel() })
	w.timer.Stop()
	return w
}

// Read reads.
func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.after)
	n, err := w.ReadCloser.Read(p)
	w.timer.Stop()
	if err != nil && err != io.EOF && w.stalled.Load() {
		err = fmt.Errorf("nothing has come for %s: %w", w.after, err)
	}
	return n, err
}

// Close closes the body and lets its request go.
func (w *watched) Close() error {
	w.timer.Stop()
	err := w.ReadCloser.Close()
	w.cancel()
	return err
}
