package role

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"gas/pkg/port"
)

const (
	maxClockSkew = 2 * time.Second // between our clock and the store's: free windows are checked against the store's
	readyWithin  = 2 * time.Second
)

// server is the HTTP side of a process: health for every role, and what the role web serves.
type server struct {
	http    *http.Server
	runFile string
	open    atomic.Bool
}

// drainingKey holds, in a request's context, the channel that is closed when the process drains.
type drainingKey struct{}

// Draining is closed when the process takes no more work: an answer that streams for ever ends then.
func Draining(ctx context.Context) <-chan struct{} {
	done, _ := ctx.Value(drainingKey{}).(<-chan struct{})
	return done
}

// listen binds the address and begins to serve. Requests live as long as the work context.
func (r *runner) listen(accept, work context.Context) (*server, error) {
	s := &server{}
	mux, err := r.mux(s)
	if err != nil {
		return nil, err
	}
	base := context.WithValue(work, drainingKey{}, accept.Done())
	s.http = newServer(base, mux)
	if c := r.deps.Config; c.TLSCert != "" {
		own, err := newCertificate(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, err
		}
		s.http.TLSConfig = &tls.Config{GetCertificate: own.get, MinVersion: tls.VersionTLS12}
	}
	listener, err := (&net.ListenConfig{}).Listen(accept, "tcp", r.options.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	addr := listener.Addr().String()
	if s.runFile, err = r.writeRunFile(addr); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	go r.serve(s, listener)
	if r.options.Listening != nil {
		r.options.Listening(addr)
	}
	return s, nil
}

func (r *runner) serve(s *server, listener net.Listener) {
	var err error
	if s.http.TLSConfig != nil {
		err = s.http.ServeTLS(listener, "", "")
	} else {
		err = s.http.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		r.deps.Log.Error().Err(err).Msg("serve")
	}
}

// mux routes health, and everything else to the role that serves pages, if one is here.
func (r *runner) mux(s *server) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, q *http.Request) { answer(w, r.isReady(q.Context(), s)) })
	own := r.knocks(mux)
	var pages http.Handler
	for _, role := range r.roles {
		if role.Serve == nil {
			continue
		}
		var err error
		if pages, err = role.Serve(r.deps.As(role.Name)); err != nil {
			return nil, fmt.Errorf("start %s: %w", role.Name, err)
		}
	}
	if pages == nil {
		return mux, nil
	}
	// Pages see every other path as it came: the mux would answer an unclean one with a redirect of its own, without the headers of pages.
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/healthz" || q.URL.Path == "/readyz" || q.Method == http.MethodPost && own[q.URL.Path] {
			mux.ServeHTTP(w, q)
			return
		}
		pages.ServeHTTP(w, q)
	}), nil
}

func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "not ready\n")
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// isReady tells why the process should get no work: it starts, it drains, its store does not answer, or its clock is wrong.
func (r *runner) isReady(ctx context.Context, s *server) error {
	if !s.open.Load() {
		return errNotReady
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	now, err := r.deps.Store.Now(ctx)
	if err != nil {
		return err
	}
	if skew := r.deps.Now().Sub(now).Abs(); skew > maxClockSkew {
		return fmt.Errorf("%w: the clock differs from the store's by %s", errNotReady, skew)
	}
	for _, role := range r.roles {
		if role.Ready == nil {
			continue
		}
		if err := role.Ready(ctx, r.deps.As(role.Name)); err != nil {
			return fmt.Errorf("%s: %w", role.Name, err)
		}
	}
	return nil
}

func (s *server) ready(yes bool) { s.open.Store(yes) }

// shutdown lets requests end until the work context does.
func (s *server) shutdown(work context.Context) { _ = s.http.Shutdown(work) }

// close ends what is left.
func (s *server) close() {
	_ = s.http.Close()
	if s.runFile != "" {
		_ = os.Remove(s.runFile)
	}
}

// RunFile is what run/<instance>.json in the data folder says: where a process answers.
type RunFile struct {
	Instance string    `json:"instance"`
	Addr     string    `json:"addr"`
	PID      int       `json:"pid"`
	Roles    []string  `json:"roles"`
	Version  string    `json:"version"`
	Started  time.Time `json:"started"`
}

// writeRunFile leaves the address for gas healthcheck. Without a data folder there is none.
func (r *runner) writeRunFile(addr string) (string, error) {
	if r.deps.Config.Data == "" {
		return "", nil
	}
	f := RunFile{Instance: r.deps.Instance, Addr: addr, PID: os.Getpid(), Version: r.deps.Version, Started: r.deps.Now().UTC()}
	for _, role := range r.roles {
		f.Roles = append(f.Roles, role.Name)
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(r.deps.Config.Data, "run")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of running instances: %w", err)
	}
	path := filepath.Join(dir, r.deps.Instance+".json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return "", fmt.Errorf("note the address: %w", err)
	}
	return path, nil
}

// HeartbeatKind is the kind of the records by which the status page knows who runs.
const HeartbeatKind = "heartbeat"

const (
	heartbeatEvery = 10 * time.Second
	heartbeatLasts = 35 * time.Second
	calledLasts    = 30 * 24 * time.Hour // of a role that is called when there is work, and has no process in between
)

// Heartbeat is the value of such a record; its id is instance/role.
type Heartbeat struct {
	Instance string    `json:"instance"`
	Role     string    `json:"role"`
	Version  string    `json:"version"`
	At       time.Time `json:"at"`
}

func (r *runner) heartbeats(ctx context.Context) {
	for {
		for _, role := range r.roles {
			if err := r.beat(ctx, role.Name); err != nil && ctx.Err() == nil {
				r.deps.Log.Warn().Err(err).Msg("heartbeat")
			}
		}
		sleep(ctx, heartbeatEvery)
		if ctx.Err() != nil {
			return
		}
	}
}

func (r *runner) beat(ctx context.Context, role string) error {
	return beat(ctx, r.deps, r.deps.Instance, role, heartbeatLasts)
}

// beat notes that a role lives. Who is what beats: an instance, or whatever calls the role.
func beat(ctx context.Context, d Deps, who, role string, lasts time.Duration) error {
	now := d.Now().UTC()
	value, err := json.Marshal(Heartbeat{Instance: who, Role: role, Version: d.Version, At: now})
	if err != nil {
		return err
	}
	id := who + "/" + role
	_, err = d.Records.Update(ctx, HeartbeatKind, id, func(rec *port.Record) error {
		rec.Value, rec.Expires = value, now.Add(lasts)
		return nil
	})
	if !errors.Is(err, port.ErrNotFound) {
		return err
	}
	return ignore(d.Records.Create(ctx, port.Record{Kind: HeartbeatKind, ID: id, Value: value, Created: now, Expires: now.Add(lasts)}), port.ErrExists)
}
