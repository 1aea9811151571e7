package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gas/pkg/fault"
)

// pollEvery is how often a job is read where its events cannot be followed.
const pollEvery = time.Second

// patience is how long a server may be away while a job is watched, in tries that are apart by absence: it starts anew, or the network does.
const (
	absence  = 5 * time.Second
	patience = 60
)

// Watch calls seen with every new state of a job until it has ended or the context is over, and returns the job as it ended.
// It follows the server's events, and reads the job itself where they break off. A server that was there may be away for minutes.
func (c *Client) Watch(ctx context.Context, id string, seen func(Job)) (Job, error) {
	var last Job
	away := 0
	for {
		j, err := c.Job(ctx, id)
		if err != nil && fault.Is(err, fault.Unavailable) && last.ID != "" && away < patience && ctx.Err() == nil {
			away++
			if err := c.wait(ctx, absence); err != nil {
				return last, err
			}
			continue
		}
		if err != nil {
			return last, err
		}
		last, away = j, 0
		seen(j)
		if j.Ended() {
			return j, nil
		}
		if err := c.follow(ctx, id, j, seen); err != nil {
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.SignedOut) || fault.Is(err, fault.Denied) {
				return j, err
			}
			if err := c.wait(ctx, pollEvery); err != nil {
				return j, err
			}
		}
		if ctx.Err() != nil {
			return j, ctx.Err()
		}
	}
}

// follow reads the server-sent events of a job until they say that it has ended, or break off.
func (c *Client) follow(ctx context.Context, id string, j Job, seen func(Job)) error {
	response, err := c.do(ctx, call{
		method: http.MethodGet, path: "/jobs/" + url.PathEscape(id) + "/events", headers: map[string]string{"Accept": "text/event-stream"},
	})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return readEvents(response.Body, func(data []byte) bool {
		// An event holds the keys of a job that have changed.
		if err := json.Unmarshal(data, &j); err != nil {
			return true
		}
		if !j.Ended() {
			seen(j)
		}
		return !j.Ended()
	})
}

// readEvents calls each with the data of every event until it returns false or the stream ends.
func readEvents(stream io.Reader, each func(data []byte) bool) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 1<<20)
	var data []string
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "" && len(data) > 0:
			if !each([]byte(strings.Join(data, "\n"))) {
				return nil
			}
			data = nil
		case strings.HasPrefix(line, "data:"):
			data = append(data, strings.TrimPrefix(strings.TrimPrefix(line, "data:"), " "))
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return io.ErrUnexpectedEOF
}
