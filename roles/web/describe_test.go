package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/fault"
	"gas/pkg/job"
	"gas/pkg/role"
	"gas/pkg/user"
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

func TestAResultThatCannotBeReadSaysWhereItIsAndWhatItWaitsFor(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	const down = "No process of the role archive has been heard of for half a minute; the result is archived when one is there again."
	ended := func(storage job.Storage) sight {
		return sight{Job: job.Job{Status: job.Completed, Storage: storage}, owner: user.User{Plan: user.Free}, now: now, freeUntil: now.Add(-time.Minute), readable: fault.New(fault.Expired, "over")}
	}
	thawing := func(asked, expected time.Time) sight {
		v := ended(job.Thawing)
		v.Retrieval = job.Retrieval{Tier: "Expedited", AskedAt: asked, ExpectedAt: expected}
		return v
	}
	stuck := ended(job.Hot)
	stuck.missing = down
	for name, test := range map[string]struct {
		job        sight
		note, list string
	}{
		"in cold storage":            {ended(job.Archived), "It is kept in cold storage; input, log and summary stay readable.", "archived"},
		"on its way":                 {ended(job.Archiving), "It goes to cold storage now; input, log and summary stay readable.", "window over, being archived"},
		"held up":                    {stuck, "It goes to cold storage now; input, log and summary stay readable. " + down, "window over, waits to be archived"},
		"not asked for yet":          {thawing(time.Time{}, time.Time{}), "It is about to be asked for from cold storage. You get a mail when it is back.", "being restored"},
		"asked for":                  {thawing(now.Add(-time.Hour), now.Add(time.Hour)), "It was asked for at 11:00 UTC (Expedited) and is expected at 13:00 UTC. You get a mail when it is back.", "being restored, about 60 min"},
		"later than it was expected": {thawing(now.Add(-time.Hour), now.Add(-time.Minute)), "It was asked for at 11:00 UTC (Expedited) and was expected at 11:59 UTC; it is looked for again until it is there. You get a mail when it is back.", "being restored, later than expected"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.note, test.job.note().Text)
			require.Equal(t, test.list, test.job.resultText())
		})
	}
}

func TestAJobThatWasGivenBackSaysWhy(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	back := job.Job{Status: job.Running, Attempt: 1, StartTime: now.Add(-time.Minute), LeaseUntil: now.Add(-time.Second)}
	require.Equal(t, "The annotator was stopped and gave the job back; the next one takes it.", (&site{}).running(sight{Job: back, now: now}))
	back.Tries = 2
	require.Equal(t, "Something that is needed could not be reached; the job is tried again by itself within minutes. Tries so far: 2.", (&site{}).running(sight{Job: back, now: now}))
	lost := back
	lost.Owner = "one that died"
	require.Contains(t, (&site{Deps: role.Deps{}}).running(sight{Job: lost, now: now}), "has not been heard of")
}

func TestAJobWithoutAResultOffersNone(t *testing.T) {
	w := newWorld(t)
	ada := w.person("ada", user.Premium)
	id := ada.submit("a.vcf").ID
	ada.post("/annotations/"+id+"/cancel", nil)
	files := ada.get("/annotations/" + id + "/files")
	shows(t, files, "gas jobs download "+id+" --file input")
	require.NotContains(t, files.body, "files/result")
	require.NotContains(t, ada.get("/annotations/"+id).body, "The log says")
	shows(t, ada.get("/annotations/"+id+"/variants"), "The job ended without a result, so there are no variants.")
	shows(t, ada.get("/annotations/"+id+"/genes"), "The job ended without a result, so there are no genes.")
	shows(t, ada.get("/annotations/"+id+"/log"), "The job was cancelled before there was anything to log.")
}

func TestADoneJobTellsItsFigures(t *testing.T) {
	high := int64(312)
	begun := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	done := func(counts *job.Counts) string {
		return (&site{}).done(sight{Job: job.Job{Status: job.Completed, StartTime: begun, CompleteTime: begun.Add(4100 * time.Millisecond), Counts: counts}})
	}
	require.Equal(t, "Done in 4.1 s: 84,210 variants, 312 with high impact.", done(&job.Counts{Records: 84_210, Annotated: 84_210, High: &high}))
	require.Equal(t, "Done in 4.1 s: 5 variants, 2 annotated, 312 with high impact, 1 rejected.", done(&job.Counts{Records: 5, Annotated: 2, PassedThrough: 2, Rejected: 1, High: &high}))
	require.Equal(t, "Done in 4.1 s: 1 variant.", done(&job.Counts{Records: 1, Annotated: 1}), "of an older job nobody knows")
	require.Equal(t, "Done in 4.1 s.", done(nil))
}
