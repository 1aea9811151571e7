package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

type leaveView struct{ To, Host string }

// leave answers a POST that ends at a page of others: a provider of sign-ins, a payment. Chromium holds every redirect that follows a form against the policy form-action
// of the form's page, also those that the other side makes: a provider that leads on to another host, as to a person's own institution, would be blocked. So a
// browser gets a page that goes on by itself, and whatever is no browser the redirect.
func (s *site) leave(c echo.Context, to string) error {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || strings.HasPrefix(to, s.baseURL(c)+"/") || c.Request().Header.Get("Sec-Fetch-Mode") != "navigate" {
		return c.Redirect(http.StatusSeeOther, to)
	}
	c.Response().Header().Set("Refresh", "0; url="+to)
	return s.show(c, "leave", head{Title: "On to " + u.Host}, leaveView{To: to, Host: u.Host})
}
