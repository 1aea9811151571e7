package aws

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"gas/pkg/port"
	"gas/test/peers"
)

// sessionAt opens a session with a server of the test.
func sessionAt(t *testing.T, url, access, secret string) *Session {
	t.Helper()
	s, err := OpenSession(t.Context(), "us-east-1", awsconfig.WithBaseEndpoint(url), awsconfig.WithSharedConfigFiles(nil),
		awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(access, secret, "")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// noise is so many bytes that are the same in every run.
func noise(size int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{1}), size)
}

func sumOf(t *testing.T, r io.Reader) string {
	t.Helper()
	sum := sha256.New()
	_, err := io.Copy(sum, r)
	require.NoError(t, err)
	return hex.EncodeToString(sum.Sum(nil))
}

// sink is a server that takes what S3 and Glacier are sent and keeps nothing.
func sink(t *testing.T, taken *atomic.Int64) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		taken.Add(n)
		w.Header().Set("ETag", `"tag"`)
		w.Header().Set("X-Amz-Multipart-Upload-Id", "1")
		w.Header().Set("X-Amz-Archive-Id", "1")
		switch {
		case strings.HasPrefix(r.URL.Path, "/-/"):
			w.WriteHeader(http.StatusCreated)
		case r.URL.Query().Has("uploads"):
			fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
		case r.URL.Query().Has("uploadId") && r.Method == http.MethodPost:
			fmt.Fprint(w, `<CompleteMultipartUploadResult><ETag>"tag"</ETag></CompleteMultipartUploadResult>`)
		case r.URL.Query().Get("list-type") == "2":
			fmt.Fprint(w, "<ListBucketResult></ListBucketResult>")
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// watched notes how much is on the heap while a stream is read.
type watched struct {
	io.Reader
	next, read int64
	peak       uint64
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if w.read += int64(n); w.read >= w.next {
		w.next += 16 << 20
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		w.peak = max(w.peak, m.HeapAlloc)
	}
	return n, err
}

func TestALargeObjectIsNotHeldInMemory(t *testing.T) {
	const size, allowed = 104 << 20, 80 << 20
	sum := sumOf(t, noise(size))
	var taken atomic.Int64
	session := sessionAt(t, sink(t, &taken), "test", "test")
	item := port.VaultItem{Key: "archive/1/j1/2", JobID: "j1", Gen: 2, SHA256: sum, Size: size}
	for name, put := range map[string]func(context.Context, io.Reader) error{
		"a put": func(ctx context.Context, r io.Reader) error {
			_, err := session.Blobs("b").Put(ctx, "a/k", r, port.Put{Size: size, SHA256: sum})
			return err
		},
		"a put of a size that is not known": func(ctx context.Context, r io.Reader) error {
			_, err := session.Blobs("b").Put(ctx, "a/k", r, port.Put{Size: -1})
			return err
		},
		"a part": func(ctx context.Context, r io.Reader) error {
			_, err := session.Blobs("b").PutPart(ctx, "a/k", "1", 1, r, size)
			return err
		},
		"the vault in S3": func(ctx context.Context, r io.Reader) error {
			_, err := session.S3Vault("b").Store(ctx, item, r)
			return err
		},
		"the vault of Glacier": func(ctx context.Context, r io.Reader) error {
			_, err := session.GlacierVault("v", "arn:aws:sns:us-east-1:1:t").Store(ctx, item, r)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			taken.Store(0)
			w := &watched{Reader: noise(size)}
			require.NoError(t, put(t.Context(), w))
			require.GreaterOrEqual(t, taken.Load(), int64(size))
			require.Less(t, w.peak, uint64(allowed))
			t.Logf("%d MiB on the heap at most", w.peak>>20)
		})
	}
}

func TestACopyThatIsTooLargeForOneCallGoesInParts(t *testing.T) {
	session := sessionAt(t, peers.Versity(t).URL, peers.VersityAccess, peers.VersitySecret)
	b := session.Blobs("b-copies")
	_, err := b.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &b.name})
	require.NoError(t, err)
	b.copyBytes, b.copyPart = 11<<20, 5<<20
	const size = 12<<20 + 3
	sum := sumOf(t, noise(size))
	from, err := b.Put(t.Context(), "a/ü k+1", noise(size), port.Put{Size: size, SHA256: sum})
	require.NoError(t, err)
	for range 2 {
		copied, err := b.Copy(t.Context(), from.Key, from.Version, "b/k")
		require.NoError(t, err)
		require.EqualValues(t, size, copied.Size)
		require.Equal(t, sum, copied.SHA256)
	}
	r, _, err := b.Open(t.Context(), "b/k", "", port.Whole)
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, sum, sumOf(t, r))
	_, err = b.Put(t.Context(), "b/taken", bytes.NewReader([]byte("other")), port.Put{Size: -1})
	require.NoError(t, err)
	_, err = b.Copy(t.Context(), from.Key, from.Version, "b/taken")
	require.ErrorIs(t, err, port.ErrExists)
}

func TestTheFirstPartIsAsLargeAsThePromisedSizeNeeds(t *testing.T) {
	for size, want := range map[int64]int64{-1: partBytes, 0: partBytes, 1: partBytes, 5 << 30: partBytes, 79 << 30: 16 << 20, 5 << 40: 1 << 30} {
		got := newSource(nil, port.Put{Size: size}).partSize()
		require.Equal(t, want, got, "size %d", size)
		require.LessOrEqual(t, size/got, int64(mostParts))
	}
}
