package web

import (
	"strings"

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
