package browser

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/client"
	"gas/pkg/port"
	"gas/pkg/user"
	"gas/roles/web"
)

// gas submit sends the parts of a large file to S3 itself, by signed addresses, and goes on where an earlier run ended by the MD5 of what is there.
func TestTheClientSendsPartsStraightToTheBucketAndGoesOn(t *testing.T) {
	t.Parallel()
	s := newStage(t, intoBucket(t))
	var puts, through atomic.Int64
	var refuse atomic.Bool
	inner := s.server.Config.Handler
	s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/parts/") {
			puts.Add(1)
			if refuse.Load() && !strings.HasSuffix(r.URL.Path, "/1") {
				for range 200 { // until the first part has arrived: a run that is given up ends the others
					if s.partThere(t.Context()) {
						break
					}
					time.Sleep(50 * time.Millisecond)
				}
				w.WriteHeader(http.StatusForbidden)
				return
			}
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.TeeReader(r.Body, counter{&through}), r.Body}
		}
		inner.ServeHTTP(w, r)
	})
	owner, _ := s.person("owner", user.Premium)
	_, secret, err := web.NewToken(t.Context(), s.deps.Records, owner, "test", nil, s.deps.Now(), s.deps.Now().Add(time.Hour))
	require.NoError(t, err)
	c, err := client.New(s.server.URL, secret, "test")
	require.NoError(t, err)
	file := append(exampleText(t), []byte(strings.Repeat("MT\t8993\t.\tT\tG\t.\tPASS\t.\tGT\t1/1\n", 600_000))...) // three parts
	submission := client.Submission{Name: "large.vcf", Reference: "rCRS", Size: int64(len(file)), At: bytes.NewReader(file)}

	upload := ""
	submission.Began = func(id string) { upload = id }
	refuse.Store(true)
	_, err = c.Submit(t.Context(), submission)
	require.Error(t, err, "the second part was refused for good")
	require.NotEmpty(t, upload)
	refuse.Store(false)
	require.True(t, s.partThere(t.Context()))

	puts.Store(0)
	submission.Upload = upload
	j, err := c.Submit(t.Context(), submission)
	require.NoError(t, err)
	require.Equal(t, upload, j.ID)
	require.EqualValues(t, 2, puts.Load(), "the first part was there")
	require.Zero(t, through.Load(), "not a byte of a part came through our server")
	kept, err := s.deps.Store.Job(t.Context(), j.ID)
	require.NoError(t, err)
	r, _, err := s.deps.Inputs.Open(t.Context(), kept.Input.Key, kept.Input.Version, port.Whole)
	require.NoError(t, err)
	sum := sha256.New()
	_, err = io.Copy(sum, r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	want := sha256.Sum256(file)
	require.Equal(t, want[:], sum.Sum(nil))
}

// partThere tells whether a part of the only upload has arrived at its store.
func (s *stage) partThere(ctx context.Context) bool {
	records, err := s.deps.Records.Of(ctx, "upload", "", 1)
	if err != nil || len(records) == 0 {
		return false
	}
	kept, err := s.deps.Store.Job(ctx, records[0].ID)
	if err != nil {
		return false
	}
	var value struct{ Upload string }
	if json.Unmarshal(records[0].Value, &value) != nil {
		return false
	}
	parts, err := s.deps.Parts.Parts(ctx, kept.Input.Key, value.Upload)
	return err == nil && len(parts) > 0
}

// counter counts what is read.
type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}
