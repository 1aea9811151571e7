package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
)

// A program on a machine without a browser signs in as in RFC 8628: it asks for a code, a person types the code into a page and presses a button,
// and the program, which has asked meanwhile, gets a token.

const (
	deviceKind = "device" // by the hash of the program's secret
	codeKind   = "code"   // by the person's code: which device
	deviceLife = 10 * time.Minute
	devicePoll = 2 * time.Second
)

// deviceValue is a sign-in that a program has begun. Owner is empty until a person has agreed.
type deviceValue struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Owner string `json:"owner,omitempty"`
}

// apiBeginDevice answers POST /api/v1/device.
func (s *site) apiBeginDevice(c echo.Context) error {
	var body struct {
		Name string `json:"name"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	secret, code := newSecret(), strings.ToUpper(randomText(5))
	raw, err := json.Marshal(deviceValue{Code: code, Name: orDefault(cleanLine(body.Name), "a program")})
	if err != nil {
		return err
	}
	ctx, now := c.Request().Context(), s.Now()
	for _, r := range []port.Record{
		{Kind: deviceKind, ID: digest(secret), Value: raw, Created: now, Expires: now.Add(deviceLife)},
		{Kind: codeKind, ID: code, Value: []byte(digest(secret)), Created: now, Expires: now.Add(deviceLife)},
	} {
		if err := s.Records.Create(ctx, r); err != nil {
			return fmt.Errorf("keep device: %w", err)
		}
	}
	page := s.baseURL(c) + "/login/device"
	return c.JSON(http.StatusCreated, map[string]any{
		"device_code": secret, "user_code": code, "verification_uri": page, "verification_uri_complete": page + "?code=" + code,
		"expires_in": int(deviceLife / time.Second), "interval": int(devicePoll / time.Second),
	})
}

// apiDeviceToken answers POST /api/v1/device/token: 409 until somebody has agreed, then the token, once.
func (s *site) apiDeviceToken(c echo.Context) error {
	var body struct {
		Code string `json:"device_code"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	ctx, id := c.Request().Context(), digest(body.Code)
	value, err := s.device(c, id)
	if err != nil {
		return err
	}
	if value.Owner == "" {
		return fault.New(fault.Conflict, "Nobody has agreed yet.").After(devicePoll)
	}
	if _, err := s.Records.Take(ctx, deviceKind, id); err != nil { // of two that ask at once, one gets it
		return err
	}
	now := s.Now()
	token, secret, err := NewToken(ctx, s.Records, value.Owner, value.Name, nil, now, now.Add(DefaultTokenLife))
	if err != nil {
		return err
	}
	s.noteOf(c, port.Audit{About: value.Owner, By: value.Owner, Did: port.AuditToken, Detail: token.Text()})
	shape := tokenShape(token)
	shape.Secret = &secret
	return c.JSON(http.StatusCreated, shape)
}

func (s *site) device(c echo.Context, id string) (deviceValue, error) {
	var value deviceValue
	record, err := s.Records.Get(c.Request().Context(), deviceKind, id)
	if errors.Is(err, port.ErrNotFound) {
		return value, fault.New(fault.NotFound, "There is no such code, or it is older than ten minutes.")
	}
	if err != nil {
		return value, fmt.Errorf("read device: %w", err)
	}
	return value, json.Unmarshal(record.Value, &value)
}

// devicePage answers GET /login/device.
func (s *site) devicePage(c echo.Context) error {
	return s.show(c, "once", head{Title: "Let a program in"}, buttonView{
		Heading: "Let a program in", Text: "A program shows a code and asks to act for you: to submit jobs and to read results. Agree only if you started it yourself and the code is the same.",
		Action: "/login/device", Button: "Let it in", Code: &fieldView{Value: firstOf(c.QueryParam("code"), 16)},
	})
}

type doneView struct{ Heading, Text string }

// agreeDevice answers POST /login/device.
func (s *site) agreeDevice(c echo.Context) error {
	ctx := c.Request().Context()
	code := strings.ToUpper(strings.TrimSpace(c.FormValue("code")))
	record, err := s.Records.Take(ctx, codeKind, code)
	if errors.Is(err, port.ErrNotFound) {
		return fault.New(fault.NotFound, "There is no such code, or it is older than ten minutes.").WithHint("Look at the program again, or start it anew.")
	}
	if err != nil {
		return fmt.Errorf("read code: %w", err)
	}
	owner := who(c).user.ID
	_, err = s.Records.Update(ctx, deviceKind, string(record.Value), func(r *port.Record) error {
		var value deviceValue
		if err := json.Unmarshal(r.Value, &value); err != nil {
			return err
		}
		value.Owner = owner
		r.Value, err = json.Marshal(value)
		return err
	})
	if err != nil {
		return fmt.Errorf("let device in: %w", err)
	}
	return s.show(c, "done", head{Title: "It is let in"}, doneView{Heading: "The program is let in", Text: "You can close this page. Its token stands on your profile, where you can revoke it."})
}
