package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/port"
)

func TestALogLineIsJSONWithItsFields(t *testing.T) {
	var out bytes.Buffer
	log, err := Logger(&out, "info")
	require.NoError(t, err)
	log.Debug().Msg("not shown")
	log.Info().Str("role", "notify").Str("job", "j1").Int("attempt", 2).Msg("mail sent")
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, "mail sent", line["message"])
	require.Equal(t, "notify", line["role"])
	require.EqualValues(t, 2, line["attempt"])
	require.Contains(t, line, "time")
}

func TestAnUnknownLevelIsAnError(t *testing.T) {
	_, err := Logger(&bytes.Buffer{}, "loud")
	require.Error(t, err)
}

// brokenQueue knows one topic and cannot reach the others.
type brokenQueue struct{ port.Queue }

func (brokenQueue) Stats(_ context.Context, topic job.Topic) (port.QueueStats, error) {
	if topic != job.Requests {
		return port.QueueStats{}, errors.New("no answer")
	}
	return port.QueueStats{Topic: topic, Waiting: 7, Dead: 1, Oldest: 90 * time.Second}, nil
}

func TestMetricsTellOfMessagesRequestsAndQueues(t *testing.T) {
	m := NewMetrics("1.2.3")
	m.Handled("archive", job.Archives, "done", time.Second)
	m.Requested("/annotations/{id}", "GET", 200, time.Millisecond)
	m.JobEnded(job.Failed, "bad_input")
	m.WatchQueues(brokenQueue{})
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, answer.Code)
	for _, line := range []string{
		`gas_message_seconds_count{outcome="done",role="archive",topic="results_archive"} 1`,
		`gas_request_seconds_count{method="GET",route="/annotations/{id}",status="200"} 1`,
		`gas_jobs_total{code="bad_input",status="FAILED"} 1`,
		`gas_queue_messages{state="waiting",topic="job_requests"} 7`,
		`gas_queue_oldest_seconds{topic="job_requests"} 90`,
		`gas_build_info{version="1.2.3"} 1`,
	} {
		require.Contains(t, answer.Body.String(), line)
	}
}

func TestNilMetricsCountNothing(t *testing.T) {
	var m *Metrics
	m.Handled("x", job.Requests, "done", 0)
	m.Requested("/", "GET", 200, 0)
	m.JobEnded(job.Completed, "")
	m.WatchQueues(nil)
}

func TestMetricsAreServedOnThisMachineAloneUntilTheContextEnds(t *testing.T) {
	require.ErrorContains(t, NewMetrics("x").Serve(t.Context(), "0.0.0.0:0"), "not on this machine alone")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, NewMetrics("x").Serve(ctx, "127.0.0.1:0"))
}
