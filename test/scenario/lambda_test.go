package scenario

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/test/program"
)

// runtime is the side of AWS Lambda that a function asks for its next event and tells what came of it: the runtime API of 2018-06-01.
type runtime struct {
	*httptest.Server
	events  chan string
	answers chan string // "response …" or "error …"
}

func newRuntime(t *testing.T) *runtime {
	t.Helper()
	r := &runtime{events: make(chan string, 4), answers: make(chan string, 4)}
	mux := http.NewServeMux()
	n := 0
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, q *http.Request) {
		select {
		case event := <-r.events:
			n++
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint("request-", n))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(program.Patience).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:gas-restore")
			_, _ = io.WriteString(w, event)
		case <-q.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{what}", func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		w.WriteHeader(http.StatusAccepted)
		r.answers <- q.PathValue("what") + " " + string(body)
	})
	r.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

// invoke gives the function an event and returns its answer.
func (r *runtime) invoke(t *testing.T, event string) string {
	t.Helper()
	r.events <- event
	select {
	case answer := <-r.answers:
		return answer
	case <-time.After(program.Patience):
		t.Fatal("the function did not answer")
		return ""
	}
}

func TestARoleIsServedAsAFunction(t *testing.T) {
	t.Parallel()
	w := program.New(t)
	pages := w.Serve("--role=web")
	token := w.Token("ada", "premium_user")
	r := newRuntime(t)
	function := w.With("AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(r.URL, "http://"), "GAS_ROLE=annotator")
	command := function.Command(t.Context(), "lambda")
	log := &program.Buffer{}
	command.Stderr, command.Stdout = log, log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})

	for n := range 2 { // the same process answers again, as a warm function does
		submitted := w.GasWith(pages.As(token), nil, "submit", w.Write("x.vcf", program.Mitochondrial(t, 100+n)))
		require.Zero(t, submitted.Code, submitted.Err)
		answer := r.invoke(t, `{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"anything"}}]}`)
		require.Equal(t, `response {"batchItemFailures":[]}`, answer, log)
		shown := w.GasWith(pages.As(token), nil, "jobs", "show", strings.TrimSpace(submitted.Out), "-o", "json")
		require.Contains(t, shown.Out, `"COMPLETED"`, log)
	}
	require.Contains(t, r.invoke(t, `{"Records":[]}`), "error ", "another event is refused, and the function lives on")
	require.Contains(t, r.invoke(t, `{"Records":[{"EventSource":"aws:sns"}]}`), "response ")
	require.Equal(t, 2, w.Gas("lambda", "--role=web").Code, "pages are no function")
	require.Equal(t, 2, w.Gas("lambda", "--role=thaw,restore").Code)
}
