package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	bootstrap "github.com/aaronland/go-http-bootstrap/static"
	"github.com/labstack/echo/v4"

	"gas/pkg/fault"
	"gas/static"
)

// asset is one static file.
type asset struct {
	plain   []byte
	gzip    func() []byte // compressed when it is asked for the first time: that would be half of the start
	kind    string        // its content type
	version string        // the start of its hash: a part of its address, so that it can be cached for ever
}

// assets are the files below /static/. Of Bootstrap we serve the style sheet alone: no page needs its script.
type assets struct{ byName map[string]asset }

// loadAssets gives the files, which are the same for every site of a process and read once.
var loadAssets = sync.OnceValues(readAssets)

func readAssets() (*assets, error) {
	a := &assets{byName: map[string]asset{}}
	for _, from := range []struct {
		files fs.FS
		path  string
	}{
		{bootstrap.FS, "css/bootstrap.min.css"},
		{static.FS, "gas.css"}, {static.FS, "gas.js"}, {static.FS, "icons.svg"},
	} {
		if err := a.load(from.files, from.path); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *assets) load(files fs.FS, name string) error {
	plain, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	if path.Ext(name) == ".css" { // the source map is not served, so nothing asks for it
		plain, _, _ = bytes.Cut(plain, []byte("/*# sourceMappingURL"))
	}
	a.byName[path.Base(name)] = asset{plain: plain, gzip: sync.OnceValue(func() []byte { return pack(plain) }), kind: kinds[path.Ext(name)], version: digest(string(plain))[:16]}
	return nil
}

// pack compresses what is small enough for memory, where nothing can fail.
func pack(plain []byte) []byte {
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = w.Write(plain)
	_ = w.Close()
	return packed.Bytes()
}

// url is the address of a file with its version.
func (a *assets) url(name string) (string, error) {
	file, ok := a.byName[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return "/static/" + name + "?v=" + file.version, nil
}

// asset answers GET /static/:file.
func (s *site) asset(c echo.Context) error {
	file, ok := s.files.byName[c.Param("file")]
	if !ok {
		return fault.New(fault.NotFound, "There is nothing at this address.")
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-cache")
	if c.QueryParam("v") == file.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", `"`+file.version+`"`)
	h.Set("Vary", "Accept-Encoding")
	if c.Request().Header.Get("If-None-Match") == `"`+file.version+`"` {
		return c.NoContent(http.StatusNotModified)
	}
	body := file.plain
	if strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = file.gzip()
	}
	return c.Blob(http.StatusOK, file.kind, body)
}
