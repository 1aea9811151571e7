package aws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/port"
	"gas/test/peers"
	"gas/test/peers/awsfault"
)

func quote(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	require.NoError(t, err)
	return string(quoted)
}

// call matches requests by method and a query's name; "" is any.
func call(method, query string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return r.Method == method && strings.Count(r.URL.Path, "/") > 1 && (query == "" && !r.URL.Query().Has("uploadId") && !r.URL.Query().Has("uploads") || query != "" && r.URL.Query().Has(query))
	}
}

// behind opens objects on versitygw behind a proxy of faults.
func behind(t *testing.T) (*awsfault.Proxy, *aws.Blobs) {
	t.Helper()
	proxy := awsfault.New(t, peers.Versity(t).URL)
	session := at(t, proxy.URL, peers.VersityAccess, peers.VersitySecret)
	return proxy, session.Blobs(newBucket(t, session))
}

// large is more than two parts of bytes that are the same in every run.
func large() []byte {
	data := make([]byte, 20<<20+7)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(data)
	return data
}

func TestAnAnswerThatGotLostIsNoFailure(t *testing.T) {
	t.Parallel()
	big := large()
	t.Run("of a put in one piece", func(t *testing.T) {
		proxy, b := behind(t)
		rule := proxy.Add(awsfault.Rule{Match: call("PUT", ""), Times: 1, Lose: true})
		info, err := b.Put(t.Context(), "a/k", strings.NewReader(line), port.Put{Size: -1})
		require.NoError(t, err)
		require.EqualValues(t, len(line), info.Size)
		require.Equal(t, 1, proxy.Caught(rule))
		got, err := b.Stat(t.Context(), "a/k")
		require.NoError(t, err)
		require.Equal(t, got.Version, info.Version)
	})
	t.Run("of a put of other bytes than those that are there", func(t *testing.T) {
		proxy, b := behind(t)
		_, err := b.Put(t.Context(), "a/k", strings.NewReader("other"), port.Put{Size: -1})
		require.NoError(t, err)
		proxy.Add(awsfault.Rule{Match: call("PUT", ""), Times: 1, Lose: true})
		_, err = b.Put(t.Context(), "a/k", strings.NewReader(line), port.Put{Size: -1})
		require.ErrorIs(t, err, port.ErrExists)
	})
	t.Run("of every put, so that the SDK gives up", func(t *testing.T) {
		proxy, b := behind(t)
		proxy.Add(awsfault.Rule{Match: call("PUT", ""), Lose: true})
		info, err := b.Put(t.Context(), "a/k", strings.NewReader(line), port.Put{Size: -1})
		require.NoError(t, err, "the object is there, whatever was heard of it")
		require.EqualValues(t, len(line), info.Size)
	})
	t.Run("of a part, and of the joining", func(t *testing.T) {
		proxy, b := behind(t)
		part := proxy.Add(awsfault.Rule{Match: call("PUT", "partNumber"), Times: 1, Lose: true})
		join := proxy.Add(awsfault.Rule{Match: call("POST", "uploadId"), Times: 1, Lose: true})
		info, err := b.Put(t.Context(), "a/k", bytes.NewReader(big), port.Put{Size: int64(len(big))})
		require.NoError(t, err)
		require.EqualValues(t, len(big), info.Size)
		require.Equal(t, 1, proxy.Caught(part))
		require.Equal(t, 1, proxy.Caught(join))
		same(t, b, "a/k", big)
	})
	t.Run("of the joining of a resumable upload", func(t *testing.T) {
		proxy, b := behind(t)
		id, err := b.Begin(t.Context(), "a/k")
		require.NoError(t, err)
		part, err := b.PutPart(t.Context(), "a/k", id, 1, strings.NewReader(line), int64(len(line)))
		require.NoError(t, err)
		rule := proxy.Add(awsfault.Rule{Match: call("POST", "uploadId"), Times: 3, Lose: true}) // all tries of one call
		_, err = b.Complete(t.Context(), "a/k", id, []port.Part{part})
		require.NoError(t, err)
		require.Positive(t, proxy.Caught(rule))
		_, err = b.Complete(t.Context(), "a/k", id, []port.Part{part})
		require.NoError(t, err, "a caller who did not hear of it asks again")
	})
	t.Run("of a copy", func(t *testing.T) {
		proxy, b := behind(t)
		from, err := b.Put(t.Context(), "a/k", strings.NewReader(line), port.Put{Size: -1})
		require.NoError(t, err)
		proxy.Add(awsfault.Rule{Match: call("PUT", ""), Times: 1, Lose: true})
		_, err = b.Copy(t.Context(), "a/k", from.Version, "b/k")
		require.NoError(t, err)
		same(t, b, "b/k", []byte(line))
	})
	t.Run("of a restore", func(t *testing.T) {
		proxy := awsfault.New(t, peers.Versity(t).URL)
		proxy.AddCold()
		session := at(t, proxy.URL, peers.VersityAccess, peers.VersitySecret)
		v := session.S3Vault(newBucket(t, session))
		ref := stored(t, v)
		proxy.Add(awsfault.Rule{Match: call("POST", "restore"), Times: 1, Lose: true})
		_, err := v.Thaw(t.Context(), ref, port.Expedited)
		require.ErrorIs(t, err, port.ErrUnavailable)
		asked, err := v.Thaw(t.Context(), ref, port.Expedited)
		require.NoError(t, err, "RestoreAlreadyInProgress is success")
		require.NotEmpty(t, asked.ID)
	})
}

// same checks the bytes of an object.
func same(t *testing.T, b *aws.Blobs, key string, want []byte) {
	t.Helper()
	r, _, err := b.Open(t.Context(), key, "", port.Whole)
	require.NoError(t, err)
	defer r.Close()
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))
}

func TestAServiceThatIsThrottledOrDownIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"throttled": awsfault.XML(http.StatusServiceUnavailable, "SlowDown"), "broken": awsfault.XML(http.StatusInternalServerError, "InternalError"),
		"without credentials that are good": awsfault.XML(http.StatusBadRequest, "ExpiredToken"),
	} {
		t.Run(name, func(t *testing.T) {
			proxy, b := behind(t)
			proxy.Add(awsfault.Rule{Match: func(*http.Request) bool { return true }, Answer: answer})
			_, err := b.Put(t.Context(), "a/k", strings.NewReader(line), port.Put{Size: -1})
			require.ErrorIs(t, err, port.ErrUnavailable)
			_, _, err = b.Open(t.Context(), "a/k", "", port.Whole)
			require.ErrorIs(t, err, port.ErrUnavailable)
			_, _, err = b.List(t.Context(), "", "", 10)
			require.ErrorIs(t, err, port.ErrUnavailable)
		})
	}
}

func TestAThrottledCallIsTriedAgainByTheSDK(t *testing.T) {
	t.Parallel()
	proxy, b := behind(t)
	proxy.Add(awsfault.Rule{Match: call("PUT", ""), Times: 2, Answer: awsfault.XML(http.StatusServiceUnavailable, "SlowDown")})
	_, err := b.Put(t.Context(), "a/k", strings.NewReader(line), port.Put{Size: -1})
	require.NoError(t, err)
}

func TestABucketThatIsNotThereIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	b := at(t, peers.Versity(t).URL, peers.VersityAccess, peers.VersitySecret).Blobs("never-made")
	_, _, err := b.List(t.Context(), "", "", 10)
	require.ErrorIs(t, err, port.ErrUnavailable)
	_, _, err = b.Open(t.Context(), "a/k", "", port.Whole)
	require.ErrorIs(t, err, port.ErrUnavailable)
}

func TestAConflictOfWritersIsDecidedByWhatIsThere(t *testing.T) {
	t.Parallel()
	proxy, b := behind(t)
	conflict := proxy.Add(awsfault.Rule{Match: call("PUT", ""), Times: 2, Answer: awsfault.XML(http.StatusConflict, "ConditionalRequestConflict")})
	_, err := b.Put(t.Context(), "a/k", strings.NewReader(line), port.Put{Size: -1})
	require.NoError(t, err, "the key was free after all")
	require.Equal(t, 2, proxy.Caught(conflict))
	proxy.Add(awsfault.Rule{Match: call("PUT", ""), Answer: awsfault.XML(http.StatusConflict, "ConditionalRequestConflict")})
	_, err = b.Put(t.Context(), "a/k", strings.NewReader(line), port.Put{Size: -1})
	require.NoError(t, err, "the same bytes are there")
	_, err = b.Put(t.Context(), "a/k", strings.NewReader("other"), port.Put{Size: -1})
	require.ErrorIs(t, err, port.ErrExists)
}

func TestACapacityErrorIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	proxy := awsfault.New(t, peers.Versity(t).URL)
	cold := proxy.AddCold()
	session := at(t, proxy.URL, peers.VersityAccess, peers.VersitySecret)
	v := session.S3Vault(newBucket(t, session))
	ref := stored(t, v)
	cold.Refuse()
	before := len(proxy.Seen())
	_, err := v.Thaw(t.Context(), ref, port.Expedited)
	require.ErrorIs(t, err, port.ErrCapacity)
	require.NotErrorIs(t, err, port.ErrUnavailable)
	require.Len(t, proxy.Seen(), before+1, "the SDK must not try again")
}

func TestAWriterWhoGivesUpLeavesNoParts(t *testing.T) {
	t.Parallel()
	proxy, b := behind(t)
	ctx, cancel := context.WithCancel(t.Context())
	proxy.Add(awsfault.Rule{Match: func(r *http.Request) bool {
		if r.URL.Query().Get("partNumber") == "2" {
			cancel()
		}
		return false
	}})
	data := large()
	_, err := b.Put(ctx, "a/k", bytes.NewReader(data), port.Put{Size: int64(len(data))})
	require.ErrorIs(t, err, context.Canceled)
	seen := proxy.Seen()
	require.Contains(t, seen[len(seen)-1], "DELETE ", "the upload was dropped, although the context was over")
	_, err = b.Stat(t.Context(), "a/k")
	require.ErrorIs(t, err, port.ErrNotFound)
}

func TestAnUploadThatBreaksOffIsNotTakenForItsEnd(t *testing.T) {
	t.Parallel()
	_, b := behind(t)
	for name, data := range map[string][]byte{"in one piece": []byte(line), "in parts": large()} {
		t.Run(name, func(t *testing.T) {
			broken := io.MultiReader(bytes.NewReader(data), iotest.ErrReader(io.ErrUnexpectedEOF)) // as a form tells it whose connection broke
			_, err := b.Put(t.Context(), "a/k", broken, port.Put{Size: -1})
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			_, err = b.Stat(t.Context(), "a/k")
			require.ErrorIs(t, err, port.ErrNotFound)
		})
	}
}
