package scenario

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// guest is one who asks a server: a browser that is signed in or not, or a program with a token.
type guest struct {
	s      *server
	client *http.Client
	token  string
}

// answer is what came back, read whole; redirects are not followed.
type answer struct {
	status int
	header http.Header
	body   string
}

// visitor is a browser in which nobody is signed in.
func (s *server) visitor() *guest {
	jar, err := cookiejar.New(nil)
	require.NoError(s.w.t, err)
	return &guest{s: s, client: &http.Client{
		Jar: jar, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// program is a client with a token.
func (s *server) program(token string) *guest {
	g := s.visitor()
	g.token = token
	return g
}

// browser is a browser in which a user is signed in.
func (s *server) browser(name string) *guest {
	s.w.t.Helper()
	g := s.visitor()
	g.signIn(name)
	return g
}

// signIn signs a user in by a one-time link.
func (g *guest) signIn(name string) {
	g.s.w.t.Helper()
	_, token, ok := strings.Cut(strings.TrimSpace(g.s.w.must("user", "link", name)), "?t=")
	require.True(g.s.w.t, ok)
	a := g.post("/login/once", url.Values{"t": {token}})
	require.Equal(g.s.w.t, http.StatusSeeOther, a.status, a.body)
}

// do sends a request. headers are names and values in turn.
func (g *guest) do(method, path string, body io.Reader, headers ...string) answer {
	g.s.w.t.Helper()
	request, err := http.NewRequestWithContext(g.s.w.t.Context(), method, g.s.url+path, body)
	require.NoError(g.s.w.t, err)
	if g.token != "" {
		request.Header.Set("Authorization", "Bearer "+g.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return g.send(request)
}

func (g *guest) send(request *http.Request) answer {
	g.s.w.t.Helper()
	response, err := g.client.Do(request)
	require.NoError(g.s.w.t, err)
	defer response.Body.Close()
	if response.Header.Get("Content-Type") == "text/event-stream" { // it would go on for ever
		return answer{response.StatusCode, response.Header, ""}
	}
	raw, err := io.ReadAll(response.Body)
	require.NoError(g.s.w.t, err)
	return answer{response.StatusCode, response.Header, string(raw)}
}

func (g *guest) get(path string, headers ...string) answer {
	g.s.w.t.Helper()
	return g.do(http.MethodGet, path, nil, headers...)
}

func (g *guest) post(path string, form url.Values) answer {
	g.s.w.t.Helper()
	return g.do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// eventually asks until the answer is as wanted; work of another process takes its time.
func (g *guest) eventually(path string, wanted func(answer) bool) answer {
	g.s.w.t.Helper()
	var last answer
	require.Eventually(g.s.w.t, func() bool {
		last = g.get(path)
		return wanted(last)
	}, patience, 100*time.Millisecond, "%s", path)
	return last
}
