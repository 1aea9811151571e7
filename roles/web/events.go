package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/role"
)

const (
	eventSoon  = 20 * time.Millisecond  // how soon a watched job is read again at first: small jobs end within moments
	eventEvery = 500 * time.Millisecond // how often it is read later
	eventBeat  = 15 * time.Second       // how often a silent stream says that it lives
	eventLife  = time.Hour              // after which a stream ends; browsers and clients open the next
)

// eventJSON is a job as its stream tells it: the job's own shape, and the sentence of its page.
type eventJSON struct {
	jobJSON
	Sentence string `json:"sentence"`
	Word     string `json:"word"` // of the state's pill
	Tone     string `json:"tone"`
}

// apiEvents answers GET …/events with server-sent events: the whole job whenever something of it has changed, until it has ended.
func (s *site) apiEvents(c echo.Context) error {
	v, err := s.ownJob(c)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	return s.stream(c, v)
}

func (s *site) stream(c echo.Context, v sight) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), eventLife)
	defer cancel()
	out := eventWriter{c: c}
	for wait := eventSoon; ; wait = min(eventEvery, wait+wait/8) {
		if err := out.send(s.event(v)); err != nil {
			return err
		}
		if v.Status.Final() {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-role.Draining(ctx):
			return nil
		case <-time.After(wait):
		}
		next, err := s.ownJob(c)
		if err != nil {
			return nil // deleted meanwhile, or the store is away: the client asks again and is told
		}
		v = next
	}
}

func (s *site) event(v sight) eventJSON {
	state := v.state()
	return eventJSON{jobJSON: jobShape(v), Sentence: s.sentence(v), Word: state.Word, Tone: state.Tone}
}

// eventWriter sends what differs from the last event.
type eventWriter struct {
	c    echo.Context
	last string
	at   time.Time
}

func (w *eventWriter) send(e eventJSON) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	text := ""
	switch {
	case string(raw) != w.last:
		w.last = string(raw)
		text = "event: job\ndata: " + w.last + "\n\n"
	case time.Since(w.at) >= eventBeat:
		text = ": still here\n\n"
	default:
		return nil
	}
	w.at = time.Now()
	if _, err := w.c.Response().Write([]byte(text)); err != nil {
		return err
	}
	return http.NewResponseController(w.c.Response()).Flush()
}
