package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/pkg/port"
)

// A program without a browser of its own gets a token as in RFC 8628: it asks for a code and says what the token shall be, a person looks at that on
// a page and presses a button, and the program, which has asked meanwhile, gets the token.

const (
	deviceKind = "device" // by the hash of the program's secret
	codeKind   = "code"   // by the person's code: which device
	deviceLife = 10 * time.Minute
	devicePoll = 2 * time.Second
)

// deviceValue is a token that a program has asked for. Owner is empty until a person has agreed.
type deviceValue struct {
	tokenWish
	Owner   string `json:"owner,omitempty"`
	Refused bool   `json:"refused,omitempty"`
}

// newUserCode is 40 random bits that a person can copy: two times four letters and digits.
func newUserCode() string {
	code := strings.ToUpper(randomText(5))
	return code[:4] + "-" + code[4:]
}

// codeID is a code as it is kept: however a person has typed it.
func codeID(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '2' && r <= '7' {
			return r
		}
		return -1
	}, strings.ToUpper(firstOf(text, 64)))
}

// apiBeginDevice answers POST /api/v1/device.
func (s *site) apiBeginDevice(c echo.Context) error {
	wish := defaultWish()
	if err := readJSON(c, &wish); err != nil {
		return err
	}
	wish.Name = orDefault(cleanLine(wish.Name), "a program")
	if err := wish.check(); err != nil {
		return err
	}
	raw, err := json.Marshal(deviceValue{tokenWish: wish})
	if err != nil {
		return err
	}
	secret, code := newSecret(), newUserCode()
	ctx, now := c.Request().Context(), s.Now()
	for _, r := range []port.Record{
		{Kind: deviceKind, ID: digest(secret), Value: raw, Created: now, Expires: now.Add(deviceLife)},
		{Kind: codeKind, ID: codeID(code), Value: []byte(digest(secret)), Created: now, Expires: now.Add(deviceLife)},
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

// apiDeviceToken answers POST /api/v1/device/token: 409 until somebody has agreed, then the token, once; 403 when somebody has refused.
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
	if value.Owner == "" && !value.Refused {
		return fault.New(fault.Conflict, "Nobody has agreed yet.").After(devicePoll)
	}
	if _, err := s.Records.Take(ctx, deviceKind, id); err != nil { // of two that ask at once, one gets it
		return err
	}
	if value.Refused {
		return fault.New(fault.Denied, "It was refused in the browser.")
	}
	now := s.Now()
	token, secret, err := NewToken(ctx, s.Records, value.Owner, value.Name, value.Scopes, now, value.expires(now))
	if err != nil {
		return err
	}
	s.noteOf(c, port.Audit{About: value.Owner, By: value.Owner, Did: port.AuditToken, Detail: token.Text()})
	shape := tokenShape(token)
	shape.Secret = &secret
	return c.JSON(http.StatusCreated, shape)
}

func noCode() *fault.Fault {
	return fault.New(fault.NotFound, "There is no such code, or it is older than ten minutes.").WithHint("Look at the program again, or start it anew.")
}

func (s *site) device(c echo.Context, id string) (deviceValue, error) {
	var value deviceValue
	record, err := s.Records.Get(c.Request().Context(), deviceKind, id)
	if errors.Is(err, port.ErrNotFound) {
		return value, noCode()
	}
	if err != nil {
		return value, fmt.Errorf("read device: %w", err)
	}
	return value, json.Unmarshal(record.Value, &value)
}

// deviceView is what a program asks for; without a code the page asks for that.
type deviceView struct {
	Code, Name, Life string
	Scopes           []string
}

// devicePage answers GET /login/device.
func (s *site) devicePage(c echo.Context) error {
	code := c.QueryParam("code")
	if code == "" {
		return s.show(c, "device", head{Title: "Let a program in"}, deviceView{})
	}
	record, err := s.Records.Get(c.Request().Context(), codeKind, codeID(code))
	if errors.Is(err, port.ErrNotFound) {
		return noCode()
	}
	if err != nil {
		return fmt.Errorf("read code: %w", err)
	}
	value, err := s.device(c, string(record.Value))
	if err != nil {
		return err
	}
	view := deviceView{Code: code, Name: visible(value.Name), Life: "for " + plural(value.Days, "day", "days")}
	if value.Days == 0 {
		view.Life = "without end"
	}
	for _, scope := range value.Scopes {
		view.Scopes = append(view.Scopes, scopeText(scope))
	}
	return s.show(c, "device", head{Title: "Let a program in"}, view)
}

type doneView struct{ Heading, Text string }

// agreeDevice answers POST /login/device. The field decision with the value refuse refuses.
func (s *site) agreeDevice(c echo.Context) error {
	ctx, w := c.Request().Context(), who(c)
	record, err := s.Records.Get(ctx, codeKind, codeID(c.FormValue("code")))
	if errors.Is(err, port.ErrNotFound) {
		return noCode()
	}
	if err != nil {
		return fmt.Errorf("read code: %w", err)
	}
	refused := c.FormValue("decision") == "refuse"
	_, err = s.Records.Update(ctx, deviceKind, string(record.Value), func(r *port.Record) error {
		var value deviceValue
		if err := json.Unmarshal(r.Value, &value); err != nil {
			return err
		}
		switch {
		case value.Owner != "" || value.Refused: // somebody else was quicker
			return port.ErrNotFound
		case refused:
			value.Refused = true
		case slices.Contains(value.Scopes, ScopeAdmin) && !w.admin:
			return fault.New(fault.Denied, "The program asks for what administrators may do, and you are none.")
		default:
			value.Owner = w.user.ID
		}
		r.Value, err = json.Marshal(value)
		return err
	})
	if errors.Is(err, port.ErrNotFound) {
		return noCode()
	}
	if err != nil {
		return fmt.Errorf("let device in: %w", err)
	}
	if err := s.Records.Delete(ctx, codeKind, record.ID); err != nil {
		return fmt.Errorf("use up code: %w", err)
	}
	if refused {
		return s.show(c, "done", head{Title: "It is refused"}, doneView{Heading: "The program is refused", Text: "It gets nothing. You can close this page."})
	}
	return s.show(c, "done", head{Title: "It is let in"}, doneView{Heading: "The program is let in", Text: "You can close this page. Its token stands on your profile, where you can revoke it."})
}
