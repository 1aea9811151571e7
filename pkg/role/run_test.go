package role_test

import (
	"context"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gas/pkg/job"
	"gas/pkg/role"
)

// running is one call of Run in a test.
type running struct {
	*bench
	addr    string
	signals chan os.Signal
	ended   chan error
}

// start runs one role with one handler.
func start(t *testing.T, do func(context.Context, role.Deps, role.Message) error) *running {
	t.Helper()
	r := &running{bench: newBench(), signals: make(chan os.Signal, 2), ended: make(chan error, 1)}
	listening := make(chan string, 1)
	r.Config.Data = t.TempDir()
	roles := []role.Role{{Name: "annotator", Handles: []role.Handler{handler(do)}}}
	go func() {
		r.ended <- role.Run(t.Context(), r.Deps, roles, role.RunOptions{Addr: "127.0.0.1:0", Signals: r.signals, Listening: func(addr string) { listening <- addr }})
	}()
	r.addr = <-listening
	return r
}

func (r *running) status(t *testing.T, path string) int {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + r.addr + path)
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestASignalLetsWorkEndAndTakesNoMore(t *testing.T) {
	defer goleak.VerifyNone(t)
	working, goOn := make(chan bool, 10), make(chan bool)
	r := start(t, func(context.Context, role.Deps, role.Message) error {
		working <- true
		<-goOn
		return nil
	})
	require.Eventually(t, func() bool { return r.status(t, "/readyz") == http.StatusOK }, 5*time.Second, time.Millisecond)
	require.Equal(t, http.StatusNotFound, r.status(t, "/process-job-request"))
	files, err := os.ReadDir(r.Config.Data + "/run")
	require.NoError(t, err)
	require.Equal(t, "p1.json", files[0].Name())

	r.publish(t, "m1")
	<-working
	r.signals <- syscall.SIGTERM
	require.Eventually(t, func() bool { return r.status(t, "/readyz") != http.StatusOK }, 5*time.Second, time.Millisecond)
	r.publish(t, "m2")
	close(goOn)
	require.NoError(t, <-r.ended)
	require.Equal(t, 1, r.stats(t).Waiting, "the second message is for somebody else")
	require.Zero(t, r.stats(t).Running)
}

func TestASecondSignalEndsTheWork(t *testing.T) {
	defer goleak.VerifyNone(t)
	working := make(chan bool, 1)
	r := start(t, func(ctx context.Context, _ role.Deps, _ role.Message) error {
		working <- true
		<-ctx.Done()
		return ctx.Err()
	})
	r.publish(t, "m1")
	<-working
	r.signals <- syscall.SIGTERM
	r.signals <- syscall.SIGTERM
	require.NoError(t, <-r.ended)
	require.Equal(t, 1, r.receive(t).Receives, "being stopped counts no try")
}

func (r *running) publish(t *testing.T, id string) {
	t.Helper()
	require.NoError(t, r.Bus.Publish(t.Context(), job.Hint(id, job.Requests, job.Job{ID: "j1", UserID: "u1"})))
}
