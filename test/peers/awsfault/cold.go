package awsfault

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
)

// Cold makes the S3 behind a proxy keep objects of the class GLACIER as S3 does: they cannot be read before RestoreObject, and that takes until Warm
// is called. The emulator keeps their bytes, whatever it knows of classes.
type Cold struct {
	Notify func(event []byte) // gets the events of S3; may be nil

	next http.Handler

	mu     sync.Mutex
	state  map[string]string        // by path /bucket/key
	asked  map[string]*http.Request // the restore that is under way, by path
	begun  map[string]bool          // paths of uploads in parts of the class
	refuse bool                     // Expedited has no capacity
}

// The states of an archived object.
const (
	cold    = "cold"
	warming = "warming"
	warm    = "warm"
)

// AddCold puts cold storage before a proxy's emulator. It is called before the first request.
func (p *Proxy) AddCold() *Cold {
	c := &Cold{next: p.handler, state: map[string]string{}, asked: map[string]*http.Request{}, begun: map[string]bool{}}
	p.handler = http.HandlerFunc(c.serve)
	return c
}

// Refuse lets Expedited have no capacity from now on.
func (c *Cold) Refuse() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = true
}

// Warming are the objects whose restore is under way, as bucket/key.
func (c *Cold) Warming() (list []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for path, state := range c.state {
		if state == warming {
			list = append(list, strings.TrimPrefix(path, "/"))
		}
	}
	return list
}

// Warm ends the restore of an object and tells so. An emulator that knows of restores gets the request only now, and tells of it by itself.
func (c *Cold) Warm(bucket, key string) {
	path := "/" + bucket + "/" + key
	c.set(path, warm)
	c.mu.Lock()
	asked := c.asked[path]
	delete(c.asked, path)
	c.mu.Unlock()
	if asked != nil {
		c.next.ServeHTTP(httptest.NewRecorder(), asked)
	}
	if c.Notify != nil {
		c.Notify(RestoreEvent(bucket, key))
	}
}

// Chill ends the stay of a warm copy.
func (c *Cold) Chill(bucket, key string) { c.set("/"+bucket+"/"+key, cold) }

// RestoreEvent is what S3 sends when a restore has ended: its user guide's event message structure, with the key encoded as in a form.
func RestoreEvent(bucket, key string) []byte {
	text, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-01-02T03:04:05.000Z", "eventName": "ObjectRestore:Completed",
		"userIdentity": map[string]any{"principalId": "AmazonCustomer:stub"}, "requestParameters": map[string]any{"sourceIPAddress": "s3.amazonaws.com"},
		"s3": map[string]any{
			"s3SchemaVersion": "1.0", "configurationId": "restored",
			"bucket": map[string]any{"name": bucket, "arn": "arn:aws:s3:::" + bucket},
			"object": map[string]any{"key": strings.ReplaceAll(url.QueryEscape(key), "%2F", "/"), "size": 21, "sequencer": "0055AED6DCD90281E5"},
		},
		"glacierEventData": map[string]any{"restoreEventData": map[string]any{"lifecycleRestorationExpiryTime": "2026-01-04T00:00:00.000Z", "lifecycleRestoreStorageClass": "GLACIER"}},
	}}})
	if err != nil {
		panic(err) // maps of strings always encode
	}
	return text
}

func (c *Cold) set(path, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state[path] = state
}

func (c *Cold) of(path string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state[path]
}

func (c *Cold) serve(w http.ResponseWriter, r *http.Request) {
	query, state := r.URL.Query(), c.of(r.URL.Path)
	switch {
	case r.Method == http.MethodPost && query.Has("restore"):
		c.restore(w, r)
	case r.Method == http.MethodGet && (state == cold || state == warming):
		XML(http.StatusForbidden, "InvalidObjectState")(w, r)
	default:
		watched := &watcher{ResponseWriter: w, state: state, head: r.Method == http.MethodHead}
		c.next.ServeHTTP(watched, r)
		if watched.status < 300 {
			c.note(r, query)
		}
	}
}

// note follows what a successful request did to an object.
func (c *Cold) note(r *http.Request, query url.Values) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path, class := r.URL.Path, r.Header.Get("X-Amz-Storage-Class") == "GLACIER"
	switch {
	case r.Method == http.MethodPut && class && !query.Has("uploadId"):
		c.state[path] = cold
	case r.Method == http.MethodPost && query.Has("uploads"):
		c.begun[path] = class
	case r.Method == http.MethodPost && query.Has("uploadId") && c.begun[path]:
		c.state[path] = cold
	case r.Method == http.MethodDelete && !query.Has("uploadId"):
		delete(c.state, path)
	}
}

// restore answers RestoreObject.
func (c *Cold) restore(w http.ResponseWriter, r *http.Request) {
	var request struct {
		GlacierJobParameters struct{ Tier string }
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = xml.Unmarshal(body, &request)
	}
	if err != nil {
		XML(http.StatusBadRequest, "MalformedXML")(w, r)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state := c.state[r.URL.Path]; {
	case state == "":
		XML(http.StatusNotFound, "NoSuchKey")(w, r)
	case state == warm:
		w.WriteHeader(http.StatusOK)
	case state == warming:
		XML(http.StatusConflict, "RestoreAlreadyInProgress")(w, r)
	case c.refuse && request.GlacierJobParameters.Tier == "Expedited":
		XML(http.StatusServiceUnavailable, "GlacierExpeditedRetrievalNotAvailable")(w, r)
	default:
		c.state[r.URL.Path] = warming
		c.asked[r.URL.Path] = r.Clone(context.WithoutCancel(r.Context()))
		c.asked[r.URL.Path].Body = io.NopCloser(bytes.NewReader(body))
		w.WriteHeader(http.StatusAccepted)
	}
}

// watcher notes the status and tells a HEAD of an archived object what S3 would.
type watcher struct {
	http.ResponseWriter
	state  string
	head   bool
	status int
}

// WriteHeader adds the headers of an archived object.
func (w *watcher) WriteHeader(status int) {
	w.status = status
	if w.head && w.state != "" && status == http.StatusOK {
		w.Header().Set("X-Amz-Storage-Class", "GLACIER")
		switch w.state {
		case warming:
			w.Header().Set("X-Amz-Restore", `ongoing-request="true"`)
		case warm:
			w.Header().Set("X-Amz-Restore", `ongoing-request="false", expiry-date="Sun, 04 Jan 2026 00:00:00 GMT"`)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes a body; a status that was not written is 200.
func (w *watcher) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets the proxy flush, and cut the connection.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }
