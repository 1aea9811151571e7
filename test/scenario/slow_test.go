package scenario

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// halfway opens a connection that sends the beginning of a request and then stands still.
func halfway(t *testing.T, s *program.Server, begin string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	_, err = io.WriteString(c, begin)
	require.NoError(t, err)
	return c
}

// cutOff waits until the server has ended a connection, and tells how long that took.
func cutOff(c net.Conn) time.Duration {
	began := time.Now()
	_ = c.SetReadDeadline(began.Add(2 * time.Minute))
	_, _ = io.Copy(io.Discard, c)
	return time.Since(began)
}

func TestT21WhoStandsStillIsCutOff(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve("--role=web")
	token := w.Token("ada", "premium_user")
	large := wide(t, 24)
	r := w.GasWith(s.As(token), bytes.NewReader(large), "submit", "-")
	require.Zero(t, r.Code, r.Err)
	head := "HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n"
	type wait struct {
		begin    string
		from, to time.Duration
	}
	waits := map[string]wait{
		"a head":               {"GET / HTTP/1.1\r\nHost: x\r\n", 4 * time.Second, 12 * time.Second},
		"an upload":            {"POST /api/v1/jobs " + head + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nx", 28 * time.Second, 45 * time.Second},
		"a JSON body":          {"POST /api/v1/jobs/delete " + head + "Content-Length: 1000\r\n\r\n{", 28 * time.Second, 45 * time.Second},
		"a body for nobody":    {"POST /nowhere " + head + "Content-Length: 1000\r\n\r\n{", 28 * time.Second, 45 * time.Second},
		"the next request":     {"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n", 55 * time.Second, 80 * time.Second},
		"a head of a megabyte": {"GET /docs HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 100<<10) + "\r\n\r\n", 0, 5 * time.Second},
	}
	id := strings.TrimSpace(r.Out)
	unread := halfway(t, s, "GET /api/v1/jobs/"+id+"/files/input "+head+"\r\n")
	began := time.Now()
	var all sync.WaitGroup // they wait side by side: each for a minute at most
	var lock sync.Mutex
	took := map[string]time.Duration{}
	for name, wait := range waits {
		c := halfway(t, s, wait.begin)
		all.Go(func() {
			length := cutOff(c)
			lock.Lock()
			defer lock.Unlock()
			took[name] = length
		})
	}
	all.Wait()
	for name, wait := range waits {
		t.Run(name, func(t *testing.T) {
			require.GreaterOrEqual(t, took[name], wait.from)
			require.LessOrEqual(t, took[name], wait.to)
		})
	}
	t.Run("a download that nobody takes", func(t *testing.T) {
		require.Greater(t, time.Since(began), 40*time.Second)
		n, _ := io.Copy(io.Discard, unread)
		require.Less(t, n, int64(len(large)), "it was cut off while nobody read")
		require.Positive(t, n)
	})
}

func TestT21AFormOfTooManyPartsIsRefused(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	s := w.Serve("--role=web")
	token := w.Token("ada", "premium_user")
	var form bytes.Buffer
	for i := range 100 {
		fmt.Fprintf(&form, "--b\r\nContent-Disposition: form-data; name=\"x%d\"\r\n\r\n1\r\n", i)
	}
	form.WriteString("--b--\r\n")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/jobs", &form)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode)
}
