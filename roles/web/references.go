package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// apiReferences answers GET /api/v1/references.
func (s *site) apiReferences(c echo.Context) error {
	list, err := s.references()
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, listOf(list, len(list), ""))
}

// databaseJSON is an installed database.
type databaseJSON struct {
	Name   string   `json:"name"`
	Fields []string `json:"fields"`
}

// apiDatabases answers GET /api/v1/databases.
func (s *site) apiDatabases(c echo.Context) error {
	return c.JSON(http.StatusOK, listOf([]databaseJSON{}, 0, ""))
}
