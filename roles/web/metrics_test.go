package web

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gas/pkg/role"
	"gas/pkg/telemetry"
	"gas/pkg/user"
)

func TestRequestsAndEndedJobsAreCountedWithoutIDs(t *testing.T) {
	metrics := telemetry.NewMetrics("test")
	w := newWorld(t, func(d *role.Deps) { d.Metrics = metrics })
	ada := w.person("ada", user.Premium)
	j := ada.submit("x.vcf")
	ada.get("/annotations/" + j.ID)
	ada.get("/nowhere")
	ada.do("BREW", "/", nil)
	ada.post("/annotations/"+j.ID+"/cancel", nil)

	answer := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	text := answer.Body.String()
	require.Contains(t, text, `gas_request_seconds_count{method="GET",route="/annotations/:id",status="200"}`)
	require.Contains(t, text, `gas_request_seconds_count{method="GET",route="none",status="404"} 1`)
	require.Contains(t, text, `method="other"`)
	require.Contains(t, text, `gas_jobs_total{code="",status="CANCELLED"} 1`)
	require.NotContains(t, text, j.ID)
}
