package web

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gas/pkg/port"
)

// mountForms serves the upload forms of a store of blobs whose forms lead to our own process. They carry their own signature.
func (s *site) mountForms(e *echo.Echo) {
	forms, ok := s.Inputs.(port.FormHandler)
	if !ok {
		return
	}
	path := strings.TrimSuffix(forms.FormPath(), "/")
	e.Any(path, echo.WrapHandler(forms.FormHandler()))
	e.Any(path+"/*", echo.WrapHandler(forms.FormHandler()))
}

// bucketOrigin is where the store of uploads takes forms and parts itself, as its own forms say it: pages must be allowed to send there. Empty where
// they come to our own process.
func (s *site) bucketOrigin() string {
	if _, ours := s.Inputs.(port.FormHandler); ours || s.Inputs == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	form, err := s.Inputs.UploadForm(ctx, port.FormRequest{Key: "origin", MaxSize: 1, Expires: time.Minute})
	if err != nil {
		s.Log.Error().Err(err).Msg("pages cannot upload to the bucket themselves")
		return ""
	}
	at, err := url.Parse(form.URL)
	if err != nil || at.Host == "" {
		return ""
	}
	return at.Scheme + "://" + at.Host
}
