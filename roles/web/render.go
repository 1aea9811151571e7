package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"gas/pkg/port"
	"gas/templates"
)

// pages are the parsed templates by name: layout and parts once, cloned for each page. A job's tabs are clones of its page.
type pages map[string]*template.Template

// loadPages gives the templates, which are the same for every site of a process and parsed once.
var loadPages = sync.OnceValues(parsePages)

func parsePages() (pages, error) {
	files, err := loadAssets()
	if err != nil {
		return nil, err
	}
	icons, err := files.url("icons.svg")
	if err != nil {
		return nil, err
	}
	base, err := template.New("base").Option("missingkey=error").Funcs(template.FuncMap{
		"asset": files.url,
		"icon":  func(name string) template.HTML { return iconHTML(icons, name) },
	}).ParseFS(templates.FS, "layout.html", "parts.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templates.FS, "*.html")
	if err != nil {
		return nil, err
	}
	all := pages{}
	for _, name := range names {
		parents := []string{}
		if strings.HasPrefix(name, "job_") {
			parents = append(parents, "job.html")
		}
		if name == "layout.html" || name == "parts.html" || name == "job.html" {
			continue
		}
		clone, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if all[strings.TrimSuffix(name, path.Ext(name))], err = clone.ParseFS(templates.FS, append(parents, name)...); err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
	}
	return all, nil
}

// iconHTML draws an icon of the sprite. The name is one of ours, never a person's text.
func iconHTML(sprite, name string) template.HTML {
	return template.HTML(`<svg class="icon" aria-hidden="true"><use href="` + template.HTMLEscapeString(sprite+"#"+name) + `"></use></svg>`)
}

// head is what a handler says about its page, beside the view model.
type head struct {
	Title   string
	Crumbs  []linkView
	Refresh int // seconds after which a browser without scripts loads the page again, 0 = never
}

// shell is what stands around each page.
type shell struct {
	head
	Nav     []navView
	User    *userView
	Theme   string   // "light", "dark", or empty: as the system has it
	Banners []string // an operator's sentence, and one about roles that are down
	Version string
	Path    string
}

type navView struct {
	URL, Text string
	Here      bool
}

type userView struct {
	Name, Plan   string
	Admin, Inbox bool
}

// render writes a page. It is built whole before the first byte, so that an error in it becomes an error page.
func (s *site) render(c echo.Context, status int, page string, h head, view any) error {
	t, ok := s.pages[page]
	if !ok {
		return fmt.Errorf("render page %q: there is none", page)
	}
	var out bytes.Buffer
	err := t.ExecuteTemplate(&out, "layout", struct {
		Shell shell
		View  any
	}{s.shell(c, status, h), view})
	if err != nil {
		return fmt.Errorf("render page %s: %w", page, err)
	}
	return c.HTMLBlob(status, out.Bytes())
}

// show renders a page with status 200.
func (s *site) show(c echo.Context, page string, h head, view any) error {
	return s.render(c, http.StatusOK, page, h, view)
}

func (s *site) shell(c echo.Context, status int, h head) shell {
	sh := shell{head: h, Version: s.Version, Theme: s.theme(c.Request()), Path: c.Request().URL.RequestURI()}
	for _, text := range []string{s.banner(c), s.pulse.heldUp(c.Request().Context())} {
		if text != "" {
			sh.Banners = append(sh.Banners, text)
		}
	}
	if c.Request().Method == http.MethodPost || status >= 400 { // no way back to what failed: its query may be a sign-in's
		sh.Path = "/"
	}
	w := who(c)
	if w.signedIn() {
		sh.Nav = []navView{{URL: "/annotate", Text: "Annotate"}, {URL: "/annotations", Text: "Jobs"}}
		_, inbox := s.Mailer.(port.Inbox)
		sh.User = &userView{Name: nameOf(w.user), Plan: w.user.Plan.Word(), Admin: w.admin, Inbox: inbox}
	}
	sh.Nav = append(sh.Nav, navView{URL: "/docs", Text: "Docs"})
	for i := range sh.Nav {
		sh.Nav[i].Here = c.Request().URL.Path == sh.Nav[i].URL || strings.HasPrefix(c.Request().URL.Path, sh.Nav[i].URL+"/")
	}
	return sh
}

func (s *site) theme(r *http.Request) string {
	switch t := s.cookies.get(r, "theme"); t {
	case "light", "dark":
		return t
	}
	return ""
}
