package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
)

func TestARunningJobTellsHowFarItIsHowFastAndHowLong(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 10, 0, time.UTC)
	running := job.Job{Status: job.Running, Attempt: 1, StartTime: now.Add(-10 * time.Second), LeaseUntil: now.Add(time.Minute)}
	again := running
	again.Attempt = 2
	for name, test := range map[string]struct {
		job      job.Job
		progress job.Progress
		want     string
	}{
		"before anything is known": {running, job.Progress{}, "An annotator has taken the job."},
		"on the way": {
			running, job.Progress{Attempt: 1, Stage: "annotating", Percent: 25, Records: 12_345_678, Contig: "chr7", At: now},
			"Annotating: chr7, 25 %, 12,345,678 records, 1,234,567 a second, about 30 s left.",
		},
		"in another attempt, whose beginning nobody knows": {
			again, job.Progress{Attempt: 2, Stage: "annotating", Percent: 1, Records: 5, At: now}, "Annotating: 1 %, 5 records. This is attempt 2.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, (&site{}).running(sight{Job: test.job, progress: test.progress, now: now}))
		})
	}
}
