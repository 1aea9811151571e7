package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/pkg/job"
	"gas/pkg/user"
)

func TestMailsStandInATimeLineWhereTheyBelong(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return now.Add(time.Duration(n-60) * time.Minute) }
	v := sight{Job: job.Job{Status: job.Completed, Storage: job.Archived}, owner: user.User{Plan: user.Free, EmailVerified: true}, now: now}
	events := []job.Event{{Name: string(job.StepSubmit), At: minute(0)}, {Name: string(job.StepComplete), At: minute(1)}, {Name: string(job.StepArchived), At: minute(6)}}
	points := func(v sight, down bool, notices ...job.Notice) (out []string) {
		for _, p := range v.timeline(events, notices, down) {
			out = append(out, p.Class+": "+p.What+" "+p.Text)
		}
		return out
	}
	mail := func(state job.NoticeState, at time.Time, tries int) job.Notice {
		return job.Notice{Kind: job.NoticeReady, State: state, At: at, Tries: tries, Reason: "550 mail.example.org says no"}
	}
	before, after := []string{"past: Submitted ", "past: Done "}, []string{"next: Restored after an upgrade"}
	for name, test := range map[string]struct {
		mailOff bool
		down    bool
		mail    job.Notice
		want    []string
	}{
		"one that was sent at once":              {mail: mail(job.NoticeSent, minute(2), 1), want: []string{"past: Mail sent ", "past last: Archived "}},
		"one that was sent after the archiving":  {mail: mail(job.NoticeSent, minute(9), 1), want: []string{"past: Archived ", "past last: Mail sent "}},
		"one that waits":                         {mail: mail(job.NoticePending, minute(1), 0), want: []string{"past last: Archived ", "next: Mail is being sent"}},
		"one that waits for a role that is down": {down: true, mail: mail(job.NoticePending, minute(1), 0), want: []string{"past last: Archived ", "next: Mail waits for the role notify, which is down"}},
		"one that was tried often":               {mail: mail(job.NoticeSending, minute(1), 4), want: []string{"past last: Archived ", "next: Mail tried 4 times so far"}},
		"one that nobody wanted":                 {mailOff: true, mail: mail(job.NoticeGaveUp, minute(2), 1), want: []string{"past: No mail you have switched mails off", "past last: Archived "}},
		"one that was refused":                   {mail: mail(job.NoticeGaveUp, minute(2), 1), want: []string{"past: No mail it could not be delivered", "past last: Archived "}},
	} {
		t.Run(name, func(t *testing.T) {
			v := v
			v.owner.MailOff = test.mailOff
			require.Equal(t, append(append(append([]string{}, before...), test.want...), after...), points(v, test.down, test.mail))
		})
	}
}

func TestTheWindowIsCountedDown(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	v := sight{Job: job.Job{Status: job.Completed, Storage: job.Hot}, owner: user.User{Plan: user.Free}, now: now}
	for left, want := range map[time.Duration]string{
		900 * time.Millisecond: "in 0 s", 59 * time.Second: "in 59 s", 4*time.Minute + 12900*time.Millisecond: "in 4 min 12 s", time.Hour: "in 1 h 0 min",
		47*time.Hour + 59*time.Minute: "in 47 h 59 min", 50 * time.Hour: "in 2 days",
	} {
		v.freeUntil = now.Add(left)
		next := v.next()
		require.Equal(t, []string{"Free window ends", "Archived"}, []string{next[0].What, next[1].What})
		require.Equal(t, want, next[0].Left)
		require.Equal(t, int64(left/time.Second), next[0].Secs)
	}
}

func TestALongLifeKeepsItsBeginningAndItsNewestPoints(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	steps := []job.Step{job.StepSubmit, job.StepClaim, job.StepComplete}
	for range 4 {
		steps = append(steps, job.StepArchived, job.StepThaw, job.StepRestored)
	}
	var events []job.Event
	for i, step := range steps {
		events = append(events, job.Event{Name: string(step), At: now.Add(time.Duration(i) * time.Minute)})
	}
	v := sight{Job: job.Job{Status: job.Completed, Storage: job.Hot}, owner: user.User{Plan: user.Premium}, now: now.Add(time.Hour)}
	var points []string
	for _, p := range v.timeline(events, nil, false) {
		points = append(points, p.What)
	}
	require.Equal(t, []string{"Submitted", "Started", "Done", "Archived", "Restore begun", "Restored", "Archived", "Restore begun", "Restored", "Kept"}, points)
}
