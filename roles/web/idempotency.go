package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
)

const (
	onceKind = "idempotency"
	onceLife = 24 * time.Hour
)

// idempotencyKey is the request's Idempotency-Key, empty where it has none.
func idempotencyKey(c echo.Context) (string, error) {
	key := c.Request().Header.Get("Idempotency-Key")
	if len(key) > 200 {
		return "", fault.New(fault.BadInput, "An Idempotency-Key has at most 200 bytes.")
	}
	return key, nil
}

// onceValue is what is kept of a request with an Idempotency-Key: the hash of its body, and its answer once there is one.
type onceValue struct {
	Body     string          `json:"body"`
	Status   int             `json:"status,omitempty"`
	Location string          `json:"location,omitempty"` // of what was made
	Answer   json.RawMessage `json:"answer,omitempty"`
}

// once24 does a creating request once for each Idempotency-Key in 24 hours. The same request again gets the same answer, another one under the same
// key is refused. An error is not kept: whoever tries again may succeed.
func (s *site) once24(c echo.Context, do func() (status int, answer any, err error)) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	if key == "" {
		status, answer, err := do()
		if err != nil {
			return err
		}
		return c.JSON(status, answer)
	}
	body, err := readBody(c)
	if err != nil {
		return err
	}
	c.Request().Body = io.NopCloser(bytes.NewReader(body))
	id := digest(who(c).user.ID + "\n" + c.Request().Method + " " + c.Request().URL.Path + "\n" + key)
	return s.onceBy(c, id, digest(string(body)), do)
}

func (s *site) onceBy(c echo.Context, id, body string, do func() (int, any, error)) error {
	ctx, now := c.Request().Context(), s.Now()
	raw, err := json.Marshal(onceValue{Body: body})
	if err != nil {
		return err
	}
	err = s.Records.Create(ctx, port.Record{Kind: onceKind, ID: id, Owner: who(c).user.ID, Value: raw, Created: now, Expires: now.Add(onceLife)})
	if errors.Is(err, port.ErrExists) {
		return s.again(c, id, body)
	}
	if err != nil {
		return fmt.Errorf("keep Idempotency-Key: %w", err)
	}
	status, answer, err := do()
	if err != nil {
		return errors.Join(err, s.Records.Delete(ctx, onceKind, id))
	}
	if raw, err = json.Marshal(answer); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	_, err = s.Records.Update(ctx, onceKind, id, func(r *port.Record) error {
		r.Value, err = json.Marshal(onceValue{Body: body, Status: status, Location: c.Response().Header().Get(echo.HeaderLocation), Answer: raw})
		return err
	})
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return c.JSONBlob(status, raw)
}

// onlyOnce claims a request whose answer must not be kept, because it holds a secret: the same request again is told that it came before.
func (s *site) onlyOnce(c echo.Context) error {
	key, err := idempotencyKey(c)
	if err != nil || key == "" {
		return err
	}
	body, err := readBody(c)
	if err != nil {
		return err
	}
	c.Request().Body = io.NopCloser(bytes.NewReader(body))
	raw, err := json.Marshal(onceValue{Body: digest(string(body))})
	if err != nil {
		return err
	}
	now := s.Now()
	id := digest(who(c).user.ID + "\n" + c.Request().Method + " " + c.Request().URL.Path + "\n" + key)
	err = s.Records.Create(c.Request().Context(), port.Record{Kind: onceKind, ID: id, Owner: who(c).user.ID, Value: raw, Created: now, Expires: now.Add(onceLife)})
	if !errors.Is(err, port.ErrExists) {
		return err
	}
	record, err := s.Records.Get(c.Request().Context(), onceKind, id)
	if err != nil {
		return fmt.Errorf("read Idempotency-Key: %w", err)
	}
	if !bytes.Equal(record.Value, raw) {
		return otherBody()
	}
	return fault.New(fault.Conflict, "The first request with this Idempotency-Key had its effect; what it made is shown once.").WithHint("Revoke it and ask with a new key.")
}

// again answers a request that came before.
func (s *site) again(c echo.Context, id, body string) error {
	record, err := s.Records.Get(c.Request().Context(), onceKind, id)
	if err != nil {
		return fmt.Errorf("read Idempotency-Key: %w", err)
	}
	var before onceValue
	if err := json.Unmarshal(record.Value, &before); err != nil {
		return fmt.Errorf("read Idempotency-Key: %w", err)
	}
	if before.Body != body {
		return otherBody()
	}
	if before.Status == 0 {
		return fault.New(fault.Conflict, "The first request with this Idempotency-Key is still being worked on.").After(time.Second)
	}
	if before.Location != "" {
		c.Response().Header().Set(echo.HeaderLocation, before.Location)
	}
	return c.JSONBlob(before.Status, before.Answer)
}
