package client

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
	"gas/pkg/job"
)

// serve answers with a handler and returns a client that does not wait between tries but notes how long it would have.
func serve(t *testing.T, handler http.HandlerFunc) (*Client, *[]time.Duration) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(server.URL, "gas_id_secret", "test")
	require.NoError(t, err)
	waits := &[]time.Duration{}
	var mu sync.Mutex // parts are sent side by side
	c.Wait = func(_ context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		*waits = append(*waits, d)
		return nil
	}
	return c, waits
}

func writeProblem(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	io.WriteString(w, body)
}

func TestAProblemBecomesAFault(t *testing.T) {
	tests := []struct {
		name   string
		answer func(http.ResponseWriter)
		kind   fault.Kind
		says   string
	}{
		{"one of ours", func(w http.ResponseWriter) {
			writeProblem(w, 422, `{"code":"bad_input","detail":"The line has 3 columns.","line":7}`)
		}, fault.BadInput, "line 7: The line has 3 columns."},
		{"one with a title alone", func(w http.ResponseWriter) {
			writeProblem(w, 404, `{"code":"not_found","title":"There is nothing here."}`)
		}, fault.NotFound, "There is nothing here."},
		{"a proxy's page", func(w http.ResponseWriter) { http.Error(w, "<html>", 403) }, fault.Denied, "403"},
		{"a broken body", func(w http.ResponseWriter) { writeProblem(w, 401, `{`) }, fault.SignedOut, "401"},
		{"an unknown status", func(w http.ResponseWriter) { http.Error(w, "", 418) }, fault.Internal, "418"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { test.answer(w) })
			_, err := c.Me(t.Context())
			require.Equal(t, test.kind, fault.KindOf(err))
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestAReadIsTriedAgainWhileTheServerIsBusy(t *testing.T) {
	asked := 0
	c, waits := serve(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "Bearer gas_id_secret", r.Header.Get("Authorization"))
		if asked++; asked < 3 {
			w.Header().Set("Retry-After", "2")
			writeProblem(w, 429, `{"code":"rate_limited"}`)
			return
		}
		io.WriteString(w, `{"user_id":"u_1"}`)
	})
	me, err := c.Me(t.Context())
	require.NoError(t, err)
	require.Equal(t, "u_1", me.ID)
	require.Equal(t, []time.Duration{2 * time.Second, 2 * time.Second}, *waits)
}

func TestALongRetryAfterIsNotWaitedFor(t *testing.T) {
	c, waits := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3600")
		writeProblem(w, 503, `{"code":"unavailable"}`)
	})
	_, err := c.Me(t.Context())
	require.True(t, fault.Is(err, fault.Unavailable))
	require.Empty(t, *waits)
}

func TestAServerThatCannotBeReachedIsUnavailableAndItsURLIsNotShown(t *testing.T) {
	c, err := New("http://127.0.0.1:1", "", "test")
	require.NoError(t, err)
	c.Wait = func(context.Context, time.Duration) error { return nil }
	_, err = c.Jobs(t.Context(), JobQuery{Search: "canary"})
	require.True(t, fault.Is(err, fault.Unavailable))
	require.NotContains(t, err.Error(), "canary")
}

func TestAServerMustBeAnAddressOfTheWeb(t *testing.T) {
	for _, server := range []string{"", "gas.example", "ftp://x", "http://"} {
		_, err := New(server, "", "test")
		require.True(t, fault.Is(err, fault.Usage), server)
	}
}

func TestASubmissionTriedAgainHasTheSameKeyAndBytes(t *testing.T) {
	var keys, bodies []string
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		require.NoError(t, err)
		raw, err := io.ReadAll(file)
		require.NoError(t, err)
		require.Equal(t, "x.vcf", header.Filename)
		require.Equal(t, "rCRS", r.FormValue("reference"))
		keys, bodies = append(keys, r.Header.Get("Idempotency-Key")), append(bodies, string(raw))
		if len(keys) == 1 {
			writeProblem(w, 503, `{"code":"unavailable"}`)
			return
		}
		w.WriteHeader(201)
		io.WriteString(w, `{"job_id":"j1","status":"PENDING","later":1}`)
	})
	j, err := c.Submit(t.Context(), Submission{
		Name: "x.vcf", Reference: "rCRS", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("##fileformat")), nil },
	})
	require.NoError(t, err)
	require.Equal(t, "j1", j.ID)
	require.Equal(t, []string{"##fileformat", "##fileformat"}, bodies)
	require.NotEmpty(t, keys[0])
	require.Equal(t, keys[0], keys[1])

	printed, err := j.MarshalJSON()
	require.NoError(t, err)
	require.Contains(t, string(printed), `"later":1`, "a key that this version does not know is kept")
}

func TestWatchFollowsEventsAndReadsTheJobWhereTheyBreakOff(t *testing.T) {
	read := 0
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/jobs/j1":
			if read++; read < 3 {
				io.WriteString(w, `{"job_id":"j1","status":"RUNNING","percent":10}`)
				return
			}
			io.WriteString(w, `{"job_id":"j1","status":"COMPLETED"}`)
		case "/api/v1/jobs/j1/events":
			w.Header().Set("Content-Type", "text/event-stream")
			if read == 1 {
				io.WriteString(w, "event: progress\ndata: {\"percent\":55}\n\n: still here\n")
				return
			}
			io.WriteString(w, "data: {\"status\":\"COMPLETED\"}\n\n")
		}
	})
	var percents []float64
	j, err := c.Watch(t.Context(), "j1", func(j Job) { percents = append(percents, j.Percent) })
	require.NoError(t, err)
	require.Equal(t, job.Completed, j.Status)
	require.Contains(t, percents, 55.0)
}

func TestADownloadThatIsRefusedLeavesNoFile(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { writeProblem(w, 403, `{"code":"expired"}`) })
	dir := t.TempDir()
	err := c.Download(t.Context(), "j1", "result", filepath.Join(dir, "x"), "", nil)
	require.True(t, fault.Is(err, fault.Expired))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAnIndexIsNamedForItsKind(t *testing.T) {
	for disposition, want := range map[string]string{
		`attachment; filename="x.annot.vcf.gz.tbi"`: ".tbi", `attachment; filename="x.annot.vcf.gz.csi"`: ".csi", "": ".tbi",
		`attachment; filename="_.annot.vcf.gz.csi"; filename*=UTF-8''%C3%A4.annot.vcf.gz.csi`: ".csi",
	} {
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, http.MethodHead, r.Method)
			w.Header().Set("Content-Disposition", disposition)
		})
		got, err := c.IndexEnding(t.Context(), "j1")
		require.NoError(t, err)
		require.Equal(t, want, got, disposition)
	}
}

func TestWatchWaitsForAServerThatStartsAnew(t *testing.T) {
	for name, test := range map[string]struct {
		from, to int // calls that the server does not answer
		fails    bool
	}{
		"one that comes back":            {2, 100, false},
		"one that does not":              {2, 1 << 30, true},
		"one that was not there at once": {1, 5, true},
	} {
		t.Run(name, func(t *testing.T) {
			read := 0
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/events") {
					return
				}
				switch read++; {
				case read >= test.from && read < test.to:
					writeProblem(w, 503, `{"code":"unavailable"}`)
				case read < test.from:
					io.WriteString(w, `{"job_id":"j1","status":"RUNNING"}`)
				default:
					io.WriteString(w, `{"job_id":"j1","status":"COMPLETED"}`)
				}
			})
			j, err := c.Watch(t.Context(), "j1", func(Job) {})
			if test.fails {
				require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, job.Completed, j.Status)
		})
	}
}

func TestADownloadThatBreaksOffGoesOnWhereItWas(t *testing.T) {
	content := strings.Repeat("0123456789", 1000)
	sum := sha256.Sum256([]byte(content))
	var ranges []string
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		w.Header().Set("ETag", `"v1"`)
		if len(ranges) == 1 {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			io.WriteString(w, content[:4000])
			return // the connection is cut: fewer bytes than announced
		}
		require.Equal(t, `"v1"`, r.Header.Get("If-Range"))
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
	})
	path := filepath.Join(t.TempDir(), "x.vcf.gz")
	require.NoError(t, c.Download(t.Context(), "j1", "result", path, hex.EncodeToString(sum[:]), nil))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, content, string(got))
	require.Equal(t, []string{"", "bytes=4000-"}, ranges)
	left, err := filepath.Glob(path + ".*")
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestADownloadGoesOnWhereNothingComesAnyMore(t *testing.T) {
	const content = "0123456789"
	for name, silent := range map[string]bool{"a connection that is cut, time and again": false, "a connection that falls silent, time and again": true} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				from := 0
				if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-9/10", from))
				}
				w.Header().Set("Content-Length", fmt.Sprint(10-from))
				if from > 0 {
					w.WriteHeader(http.StatusPartialContent)
				}
				io.WriteString(w, content[from:from+1])
				calls++
				if silent && from < 9 {
					w.(http.Flusher).Flush()
					<-r.Context().Done()
				}
			})
			if silent {
				c.Stall = 200 * time.Millisecond // enough for a busy machine to bring a byte
			}
			path := filepath.Join(t.TempDir(), "x")
			require.NoError(t, c.Download(t.Context(), "j1", "log", path, "", nil))
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, content, string(got))
			require.GreaterOrEqual(t, calls, 10)
		})
	}
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c.Stall = 20 * time.Millisecond
	err := c.Download(t.Context(), "j1", "log", filepath.Join(t.TempDir(), "x"), "", nil)
	require.ErrorContains(t, err, "nothing has come for 20ms")
}

func TestADownloadThatHadArrivedWholeIsOnlyChecked(t *testing.T) {
	content := "all of it"
	sum := sha256.Sum256([]byte(content))
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
	})
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(path+".part", []byte(content), 0o644))
	require.NoError(t, c.Download(t.Context(), "j1", "result", path, hex.EncodeToString(sum[:]), nil))
}

func TestADownloadWithAnotherChecksumIsThrownAway(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "other bytes") })
	path := filepath.Join(t.TempDir(), "x")
	err := c.Download(t.Context(), "j1", "result", path, strings.Repeat("0", 64), nil)
	require.ErrorContains(t, err, "damaged")
	require.NoFileExists(t, path)
	require.NoFileExists(t, path+".part")
}

func TestADownloadIsCheckedByTheDigestThatTheServerTells(t *testing.T) {
	right := sha256.Sum256([]byte("the log"))
	for name, digest := range map[string][]byte{"right": right[:], "wrong": make([]byte, 32)} {
		t.Run(name, func(t *testing.T) {
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Repr-Digest", "sha-512=:AA==:, sha-256=:"+base64.StdEncoding.EncodeToString(digest)+":")
				io.WriteString(w, "the log")
			})
			err := c.Download(t.Context(), "j1", "log", filepath.Join(t.TempDir(), "x"), "", nil)
			if name == "right" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "damaged")
		})
	}
}
