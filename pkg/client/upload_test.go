package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
)

// parts is a server that takes uploads in parts, as the API does.
type parts struct {
	mu       sync.Mutex
	size     int64
	partSize int64
	have     map[int][]byte
	puts     []int                // the parts that were sent, each time
	before   func(n, try int) int // a status that a part is answered with instead; 0 = none, -1 = the connection breaks off
	store    string               // leads parts there
	done     int
	options  map[string]any
	loses    int    // a part that is gone when the upload is completed first
	job      string // what complete answers
}

func (p *parts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var n int
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/api/v1/uploads":
		var body struct {
			Size    int64
			Options map[string]any
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		p.size, p.options = body.Size, body.Options
		p.tell(w)
	case r.URL.Path == "/api/v1/uploads/u1/complete":
		p.complete(w)
	case r.URL.Path == "/api/v1/uploads/u1":
		p.tell(w)
	case r.URL.Path == "/api/v1/jobs/u1" && r.Method == http.MethodGet:
		io.WriteString(w, `{"job_id":"u1","status":"UPLOADING"}`)
	case r.URL.Path == "/api/v1/jobs/u1":
		p.job = "deleted"
		w.WriteHeader(http.StatusNoContent)
	default:
		if _, err := fmt.Sscanf(r.URL.Path, "/api/v1/uploads/u1/parts/%d", &n); err != nil {
			writeProblem(w, 404, `{"code":"not_found"}`)
			return
		}
		p.put(w, r, n)
	}
}

func (p *parts) put(w http.ResponseWriter, r *http.Request, n int) {
	p.puts = append(p.puts, n)
	try := 0
	for _, sent := range p.puts {
		if sent == n {
			try++
		}
	}
	if p.store != "" && r.Header.Get("Authorization") != "" {
		http.Redirect(w, r, fmt.Sprintf("%s/store/%d", p.store, n), http.StatusTemporaryRedirect)
		return
	}
	if p.before != nil {
		switch status := p.before(n, try); status {
		case 0:
		case -1:
			_, _ = io.CopyN(io.Discard, r.Body, 1000)
			panic(http.ErrAbortHandler)
		default:
			writeProblem(w, status, `{"code":"unavailable"}`)
			return
		}
	}
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		p.have[n] = raw
	}
	io.WriteString(w, "{}")
}

func (p *parts) tell(w http.ResponseWriter) {
	u := upload{ID: "u1", Size: p.size, PartSize: p.partSize, Count: int((p.size + p.partSize - 1) / p.partSize)}
	for n, raw := range p.have {
		sum := sha256.Sum256(raw)
		u.Parts = append(u.Parts, part{N: n, Size: int64(len(raw)), ETag: hex.EncodeToString(sum[:])})
	}
	_ = json.NewEncoder(w).Encode(u)
}

func (p *parts) whole() []byte {
	var all []byte
	for n := 1; n <= len(p.have); n++ {
		all = append(all, p.have[n]...)
	}
	return all
}

func (p *parts) complete(w http.ResponseWriter) {
	if p.done++; p.done == 1 {
		delete(p.have, p.loses)
	}
	if int64(len(p.whole())) != p.size {
		writeProblem(w, 409, `{"code":"conflict"}`)
		return
	}
	if p.job == "" {
		sum := sha256.Sum256(p.whole())
		p.job = fmt.Sprintf(`{"job_id":"u1","status":"PENDING","input":{"sha256":%q}}`, hex.EncodeToString(sum[:]))
	}
	io.WriteString(w, p.job)
}

// large is a file of a bit more than three parts of 4 MiB.
func large() []byte { return bytes.Repeat([]byte("0123456789abcde\n"), 800_000) }

func sendTo(t *testing.T, p *parts, s Submission) (*Client, Job, error) {
	t.Helper()
	if p.partSize == 0 {
		p.partSize = 4 << 20
	}
	if p.have == nil {
		p.have = map[int][]byte{}
	}
	c, _ := serve(t, p.ServeHTTP)
	file := large()
	s.Name, s.Size, s.At = "x.vcf", int64(len(file)), bytes.NewReader(file)
	j, err := c.Submit(t.Context(), s)
	return c, j, err
}

func TestALargeFileGoesInPartsAndABrokenPartIsSentAgain(t *testing.T) {
	for name, before := range map[string]func(n, try int) int{
		"nothing breaks":        func(int, int) int { return 0 },
		"a connection breaks":   func(n, try int) int { return map[bool]int{true: -1}[n == 2 && try < 3] },
		"every connection does": func(_, try int) int { return map[bool]int{true: -1}[try < 3] },
		"the server is busy":    func(_, try int) int { return map[bool]int{true: 503}[try == 1] },
		"it stood still":        func(n, try int) int { return map[bool]int{true: 504}[n == 1 && try == 1] },
	} {
		t.Run(name, func(t *testing.T) {
			p := &parts{before: before}
			var mu sync.Mutex
			var last int64
			began := ""
			_, j, err := sendTo(t, p, Submission{Reference: "rCRS", Databases: []string{"a", "b"}, Seen: func(n int64) { mu.Lock(); last = n; mu.Unlock() }, Began: func(id string) { began = id }})
			require.NoError(t, err)
			require.Equal(t, "u1", j.ID)
			require.Equal(t, "u1", began)
			require.Equal(t, map[string]any{"reference": "rCRS", "databases": []any{"a", "b"}}, p.options)
			require.Equal(t, large(), p.whole())
			require.EqualValues(t, len(large()), last)
		})
	}
}

func TestAnUploadGoesOnWhereAnEarlierRunEnded(t *testing.T) {
	file := large()
	p := &parts{size: int64(len(file)), have: map[int][]byte{1: file[:4<<20], 2: bytes.Repeat([]byte("x"), 4<<20)}}
	_, _, err := sendTo(t, p, Submission{Upload: "u1"})
	require.NoError(t, err)
	require.ElementsMatch(t, []int{2, 3, 4}, p.puts, "the first had arrived; the second was another file's")
	require.Equal(t, file, p.whole())
}

func TestAnUploadThatIsOverBeginsAnew(t *testing.T) {
	p := &parts{}
	_, _, err := sendTo(t, p, Submission{Upload: "u0"})
	require.NoError(t, err)
	require.Len(t, p.puts, 4)
}

func TestAnUploadThatWasCompletedUnheardIsItsJob(t *testing.T) {
	file := large()
	sum := sha256.Sum256(file)
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/api/v1/jobs/u1", r.URL.Path)
		fmt.Fprintf(w, `{"job_id":"u1","status":"RUNNING","input":{"sha256":%q}}`, hex.EncodeToString(sum[:]))
	})
	j, err := c.Submit(t.Context(), Submission{Upload: "u1", Size: int64(len(file)), At: bytes.NewReader(file)})
	require.NoError(t, err)
	require.Equal(t, "u1", j.ID)
}

func TestAPartGoesWhereTheServerLeadsWithoutTheToken(t *testing.T) {
	p := &parts{}
	failed := map[string]bool{}
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, err := fmt.Sscanf(r.URL.Path, "/store/%d", &n)
		require.NoError(t, err)
		require.Empty(t, r.Header.Get("Authorization"))
		require.Positive(t, r.ContentLength, "S3 takes no body of unknown length")
		raw, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		p.mu.Lock()
		defer p.mu.Unlock()
		if !failed[r.URL.Path] {
			failed[r.URL.Path] = true
			http.Error(w, "<Error>ExpiredToken</Error>", http.StatusForbidden)
			return
		}
		p.have[n] = raw
	}))
	t.Cleanup(store.Close)
	p.store = store.URL
	_, _, err := sendTo(t, p, Submission{})
	require.NoError(t, err)
	require.Equal(t, large(), p.whole())
	require.Len(t, p.puts, 8, "a signature that the store refused is asked for anew")
}

func TestAPartThatTheServerLostIsSentAgainAtTheEnd(t *testing.T) {
	p := &parts{loses: 1}
	_, _, err := sendTo(t, p, Submission{})
	require.NoError(t, err)
	require.Equal(t, large(), p.whole())
	require.Equal(t, 2, p.done)
}

func TestAnUploadThatCannotGoOnSaysThatItWill(t *testing.T) {
	p := &parts{before: func(int, int) int { return 503 }}
	_, _, err := sendTo(t, p, Submission{})
	require.True(t, fault.Is(err, fault.Unavailable), err)
	require.Contains(t, fault.Of(err).Hint, "goes on")
	require.Zero(t, p.done)

	refused := &parts{before: func(int, int) int { return 403 }}
	_, _, err = sendTo(t, refused, Submission{})
	require.Error(t, err)
}

func TestAFileThatChangedWhileItWasSentMakesNoJob(t *testing.T) {
	p := &parts{job: `{"job_id":"u1","status":"PENDING","input":{"sha256":"` + strings.Repeat("0", 64) + `"}}`}
	_, _, err := sendTo(t, p, Submission{})
	require.True(t, fault.Is(err, fault.InputChanged), err)
	require.Equal(t, "deleted", p.job)
}

func TestAnInterruptedUploadEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	p := &parts{partSize: 4 << 20, have: map[int][]byte{}, before: func(int, int) int { cancel(); return 503 }}
	c, _ := serve(t, p.ServeHTTP)
	file := large()
	_, err := c.Submit(ctx, Submission{Size: int64(len(file)), At: bytes.NewReader(file)})
	require.ErrorIs(t, err, context.Canceled)
}
