package program

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// Guest is one who asks a server: a browser that is signed in or not, or a program with a token.
type Guest struct {
	s      *Server
	Client *http.Client
	Token  string
}

// Answer is what came back, read whole; redirects are not followed.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Visitor is a browser in which nobody is signed in.
func (s *Server) Visitor() *Guest {
	jar, err := cookiejar.New(nil)
	require.NoError(s.w.t, err)
	return &Guest{s: s, Client: &http.Client{
		Jar: jar, Timeout: Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Program is a client with a token.
func (s *Server) Program(token string) *Guest {
	g := s.Visitor()
	g.Token = token
	return g
}

// Browser is a Browser in which a user is signed in.
func (s *Server) Browser(name string) *Guest {
	s.w.t.Helper()
	g := s.Visitor()
	g.SignIn(name)
	return g
}

// SignIn signs a user in by a one-time link.
func (g *Guest) SignIn(name string) {
	g.s.w.t.Helper()
	_, token, ok := strings.Cut(strings.TrimSpace(g.s.w.Must("user", "link", name)), "?t=")
	require.True(g.s.w.t, ok)
	a := g.Post("/login/once", url.Values{"t": {token}})
	require.Equal(g.s.w.t, http.StatusSeeOther, a.Status, a.Body)
}

// Do sends a request. headers are names and values in turn.
func (g *Guest) Do(method, path string, body io.Reader, headers ...string) Answer {
	g.s.w.t.Helper()
	request, err := http.NewRequestWithContext(g.s.w.t.Context(), method, g.s.URL+path, body)
	require.NoError(g.s.w.t, err)
	if g.Token != "" {
		request.Header.Set("Authorization", "Bearer "+g.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return g.Send(request)
}

func (g *Guest) Send(request *http.Request) Answer {
	g.s.w.t.Helper()
	response, err := g.Client.Do(request)
	require.NoError(g.s.w.t, err)
	defer response.Body.Close()
	if response.Header.Get("Content-Type") == "text/event-stream" { // it would go on for ever
		return Answer{response.StatusCode, response.Header, ""}
	}
	raw, err := io.ReadAll(response.Body)
	require.NoError(g.s.w.t, err)
	return Answer{response.StatusCode, response.Header, string(raw)}
}

func (g *Guest) Get(path string, headers ...string) Answer {
	g.s.w.t.Helper()
	return g.Do(http.MethodGet, path, nil, headers...)
}

func (g *Guest) Post(path string, form url.Values) Answer {
	g.s.w.t.Helper()
	return g.Do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// Eventually asks until the answer is as wanted; work of another process takes its time.
func (g *Guest) Eventually(path string, wanted func(Answer) bool) Answer {
	g.s.w.t.Helper()
	last := g.Get(path)
	if wanted(last) {
		return last
	}
	require.Eventually(g.s.w.t, func() bool {
		last = g.Get(path)
		return wanted(last)
	}, Patience, 30*time.Millisecond, "%s", path)
	return last
}
