package role

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

const (
	headerTime = 5 * time.Second  // in which a request's head has to come
	idleTime   = 60 * time.Second // that a connection may be open without a request
	maxHeader  = 64 << 10         // bytes of a request's head

	// StallTime is how long a client may neither send nor take a byte. What moves may last for hours: uploads and downloads are large.
	StallTime = 30 * time.Second
	// HurryTime is how long the whole body of a request may take that holds no file.
	HurryTime = 60 * time.Second
)

// bodyKey holds, in a request's context, its patient body.
type bodyKey struct{}

// newServer serves a handler with patience. Requests live in the base context.
func newServer(base context.Context, handler http.Handler) *http.Server {
	return &http.Server{
		Handler: patient(handler), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return base },
	}
}

// patient gives each read of a request and each write of its answer a deadline of its own, so that a client which stands still holds nothing for long.
func patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		body := &patientBody{ReadCloser: r.Body, control: control}
		r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, body))
		if r.Body != http.NoBody {
			r.Body = body
			// What a handler leaves of a body net/http reads itself, before the next request: for that the first deadline counts.
			_ = control.SetReadDeadline(time.Now().Add(StallTime))
		}
		next.ServeHTTP(&patientWriter{ResponseWriter: w, control: control}, r)
	})
}

// Hurry bounds the time in which the rest of a request's body has to come: for requests that hold no file, which could else drip for ever.
func Hurry(r *http.Request) {
	if body, ok := r.Context().Value(bodyKey{}).(*patientBody); ok {
		body.until = time.Now().Add(HurryTime)
	}
}

// patientBody is a body whose reads have deadlines.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	until   time.Time // zero = no end for the whole
	over    error     // of the read that came too late: another one does not wait again
}

// Read moves the deadline and reads.
func (b *patientBody) Read(p []byte) (int, error) {
	if b.over != nil {
		return 0, b.over
	}
	deadline := time.Now().Add(StallTime)
	if !b.until.IsZero() && b.until.Before(deadline) {
		deadline = b.until
	}
	_ = b.control.SetReadDeadline(deadline) // a connection that has none, as in some tests, is read without
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.over = err
	}
	return n, err
}

// patientWriter is an answer whose writes have deadlines.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write moves the deadline and writes.
func (w *patientWriter) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(StallTime))
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
