package role

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"gas/pkg/job"
)

// signedPosts believes a post with the right header.
type signedPosts struct{}

func (signedPosts) Webhook(_ job.Topic, wake func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Signature") != "good" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		wake()
	})
}

// knockable is a process with a worker and pages.
func knockable(t *testing.T, d Deps) (*runner, http.Handler) {
	t.Helper()
	d.Log = zerolog.Nop()
	pages := func(Deps) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), nil
	}
	roles := []Role{{Name: "archive", Handles: []Handler{{Topic: job.Archives, Knock: "/archive"}}}, {Name: "web", Serve: pages}}
	r := &runner{deps: d, roles: roles, bells: bellsOf(roles)}
	mux, err := r.mux(&server{})
	require.NoError(t, err)
	return r, mux
}

func ask(h http.Handler, method, path, signature string) int {
	w := httptest.NewRecorder()
	q := httptest.NewRequest(method, path, nil)
	q.Header.Set("Signature", signature)
	h.ServeHTTP(w, q)
	return w.Code
}

func TestAVerifiedPostWakesTheConsumerAndNothingElseDoes(t *testing.T) {
	r, mux := knockable(t, Deps{Webhooks: signedPosts{}})
	rung := func() int { return len(r.bells[job.Archives]) }

	require.Equal(t, http.StatusForbidden, ask(mux, http.MethodPost, "/archive", "bad"))
	require.Equal(t, http.StatusTeapot, ask(mux, http.MethodGet, "/archive", "good"), "only posts: the pages have the rest")
	require.Equal(t, http.StatusTeapot, ask(mux, http.MethodPost, "/thaw", "good"), "a role that is not here")
	require.Zero(t, rung())
	require.Equal(t, http.StatusOK, ask(mux, http.MethodPost, "/archive", "good"))
	require.Equal(t, http.StatusOK, ask(mux, http.MethodPost, "/archive", "good"), "never blocks")
	require.Equal(t, 1, rung())
}

func TestWhereTheBusPostsNothingThereIsNoWebhook(t *testing.T) {
	_, mux := knockable(t, Deps{})
	require.Equal(t, http.StatusTeapot, ask(mux, http.MethodPost, "/archive", "good"))
}

func TestAKnockEndsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pause
		for range 10 {
			p.failed()
		}
		b := make(bell, 1)
		begin := time.Now()
		go func() {
			time.Sleep(3 * time.Second)
			b.ring()
		}()
		p.wait(t.Context(), b)
		require.Equal(t, 3*time.Second, time.Since(begin))
		p.wait(t.Context(), b)
		require.Equal(t, 3*time.Second, time.Since(begin), "the pause is over")

		p.failed()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		p.wait(ctx, b)
		require.Equal(t, 3*time.Second+time.Millisecond, time.Since(begin))
	})
}
