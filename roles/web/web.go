// Package web is what people and programs see: pages, the REST API under /api/v1, sign-in and billing.
//
// routes.go shows every address on one page. Each handler is thin: it reads the request, asks package flow or a port, and fills a view model
// that is formatted already.
package web

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"gas/pkg/flow"
	"gas/pkg/role"
)

// Role is the web role.
func Role() role.Role {
	return role.Role{
		Name:  "web",
		Does:  "pages, the REST API, sign-in and billing",
		Serve: Serve,
		Loops: loops(),
	}
}

// site is everything that handlers need. Its fields are set once.
type site struct {
	role.Deps
	flow     flow.Flow
	pages    pages
	files    *assets
	cookies  cookies
	login    *limiter
	upload   *limiter
	requests *limiter
	openapi  []byte
	indexes  *indexes
	pulse    *pulse
	builds   sync.Map // the human build of each reference that was asked for
	usages   *usages
}

// Serve builds the handler of the web role. It takes no request before the ports of d are open.
func Serve(d role.Deps) (http.Handler, error) {
	s, err := newSite(d)
	if err != nil {
		return nil, err
	}
	router, err := s.router()
	if err != nil {
		return nil, err
	}
	return s.outside(router), nil
}

func newSite(d role.Deps) (*site, error) {
	files, err := loadAssets()
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	pages, err := loadPages()
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	description, err := describeAPI(d.Version)
	if err != nil {
		return nil, err
	}
	s := &site{
		Deps: d, openapi: description, flow: d.Flow(), pages: pages, files: files,
		pulse:    &pulse{records: d.Records, queue: d.Queue, now: d.Now},
		usages:   newUsages(),
		indexes:  newIndexes(d.Config.Data, d.Instance, d.Results, d.Now),
		cookies:  cookies{secure: secureCookies(d)},
		login:    newLimiter(d.Config.LimitLogin, d.Now),
		upload:   newLimiter(d.Config.LimitUpload, d.Now),
		requests: newLimiter(d.Config.LimitAPI, d.Now),
	}
	return s, nil
}

// secureCookies tells whether browsers see https. Only loopback http does without.
func secureCookies(d role.Deps) bool {
	return d.Config.TLSCert != "" || strings.HasPrefix(d.Config.BaseURL, "https:") || !d.Config.Loopback()
}

// router registers every route of routes.go, HEAD beside each GET.
func (s *site) router() (*echo.Echo, error) {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.answerError
	extract, err := addressOf(s.Config.TrustedProxies)
	if err != nil {
		return nil, err
	}
	e.IPExtractor = extract
	e.Use(noteRoute)
	for _, r := range Routes() {
		e.Add(r.Method, r.Path, s.handle(r))
		if r.Method == http.MethodGet {
			e.Add(http.MethodHead, r.Path, s.handle(r))
		}
	}
	s.mountForms(e)
	return e, nil
}

// addressOf tells whose address counts: the connection's own, or X-Forwarded-For as far as the proxies in it are trusted.
func addressOf(proxies []string) (echo.IPExtractor, error) {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect(), nil
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, text := range proxies {
		if !strings.Contains(text, "/") {
			text += map[bool]string{true: "/128", false: "/32"}[strings.Contains(text, ":")]
		}
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			return nil, fmt.Errorf("read trusted_proxies: %w", err)
		}
		options = append(options, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(options...), nil
}

// handle runs a route: who asks, may he, not too often, then the route's own work.
func (s *site) handle(r Route) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !r.File {
			role.Hurry(c.Request())
		}
		who, err := s.identify(c)
		if err != nil {
			return err
		}
		c.Set(whoKey, who)
		if err := s.allow(c, r, who); err != nil {
			return err
		}
		if err := s.admit(r, who); err != nil {
			return s.turnAway(c, r, err)
		}
		return r.do(s, c)
	}
}
