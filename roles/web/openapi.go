package web

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// apiText holds the shapes, and for each operation what the table of routes does not know: parameters, bodies, answers.
//
//go:embed openapi.json
var apiText []byte

const apiBase = "/api/v1"

type object = map[string]any

// describeAPI writes the OpenAPI 3.1 document of the routes below /api/v1. A route without an operation, or one without a route, is an error:
// the description can't fall behind.
func describeAPI(version string) ([]byte, error) {
	var text struct {
		Components object            `json:"components"`
		Operations map[string]object `json:"operations"`
	}
	if err := json.Unmarshal(apiText, &text); err != nil {
		return nil, fmt.Errorf("read openapi.json: %w", err)
	}
	paths := map[string]object{}
	for _, r := range Routes() {
		path, ok := strings.CutPrefix(r.Path, apiBase)
		if !ok {
			continue
		}
		path, params := templatePath(path)
		operation, ok := text.Operations[r.Method+" "+path]
		if !ok {
			return nil, fmt.Errorf("describe the API: openapi.json has no operation %s %s", r.Method, path)
		}
		delete(text.Operations, r.Method+" "+path)
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path][strings.ToLower(r.Method)] = complete(operation, r, params)
	}
	for left := range text.Operations {
		return nil, fmt.Errorf("describe the API: there is no route %s", left)
	}
	if version == "" {
		version = "0"
	}
	return json.Marshal(object{
		"openapi": "3.1.0",
		"info":    object{"title": "GAS, Genomics Annotation Service", "version": version, "description": "Annotates VCF files. Errors are RFC 9457 problems with a code."},
		"servers": []object{{"url": apiBase}}, "paths": paths, "components": text.Components,
	})
}

// templatePath turns /jobs/:id into /jobs/{id} and lists the parameters.
func templatePath(path string) (string, []string) {
	var params []string
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			params = append(params, name)
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/"), params
}

// complete adds to an operation what the table of routes knows: what it does, who may, parameters of the path. Every operation may answer with a problem.
func complete(operation object, r Route, params []string) object {
	operation["summary"] = r.Does
	all, _ := operation["parameters"].([]any)
	for _, name := range params {
		all = append(all, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	if len(all) > 0 {
		operation["parameters"] = all
	}
	answers := operation["responses"].(object)
	for _, status := range append(refusals(operation, r, len(params) > 0), "default") {
		if answers[status] == nil {
			answers[status] = object{"$ref": "#/components/responses/Problem"}
		}
	}
	switch {
	case r.Who == Anyone:
		operation["security"] = []object{}
	case r.Scope != "":
		operation["security"] = []object{{"token": []string{string(r.Scope)}}, {"session": []string{}}}
	default:
		operation["security"] = []object{{"session": []string{}}}
	}
	return operation
}

// refusals are the statuses of problems that a route of its kind answers with; each operation has others of its own, which are its default.
func refusals(operation object, r Route, named bool) []string {
	var list []string
	if r.Who != Anyone {
		list = append(list, "401", "403")
	}
	if named {
		list = append(list, "404")
	}
	if operation["parameters"] != nil || operation["requestBody"] != nil {
		list = append(list, "400", "422")
	}
	if operation["requestBody"] != nil {
		list = append(list, "413")
	}
	if r.Limit != "" || r.Method == http.MethodPost {
		list = append(list, "429")
	}
	if r.Who == Owner || r.Method == http.MethodPost {
		list = append(list, "409")
	}
	return append(list, "500", "503")
}

// apiDescription answers GET /api/v1/openapi.json.
func (s *site) apiDescription(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, s.openapi)
}
