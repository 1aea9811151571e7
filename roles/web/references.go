package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gas/pkg/overlay"
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

// databases lists what is installed. A file that can't be read is left out and logged: the others stay of use.
func (s *site) databases() []databaseJSON {
	list, err := overlay.List(s.Config.DatabasesFolder())
	if err != nil {
		s.Log.Warn().Err(err).Msg("databases left out")
	}
	out := make([]databaseJSON, len(list))
	for i, d := range list {
		out[i] = databaseJSON{Name: d.Name, Fields: []string{}}
		for _, f := range d.Fields {
			out[i].Fields = append(out[i].Fields, f.ID)
		}
	}
	return out
}

// apiDatabases answers GET /api/v1/databases.
func (s *site) apiDatabases(c echo.Context) error {
	list := s.databases()
	return c.JSON(http.StatusOK, listOf(list, len(list), ""))
}
