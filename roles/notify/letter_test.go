package notify

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gas/config"
	"gas/pkg/job"
	"gas/pkg/role"
	"gas/pkg/user"
)

// hostile are names that try to become a header, a second mail, a link or a script.
var hostile = []string{
	"x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org", "x\rBcc: eve@example.org", "x\r\n\r\n<h1>hello</h1>", "x\r\n.\r\nMAIL FROM:<a@b>", "x%0d%0aBcc: eve@example.org", "x\u2028Bcc: eve@example.org", "x\x00y",
	"=?utf-8?q?x=0D=0ABcc:_eve@example.org?=", "Ada Lovelace, born 1815", "https://evil.example/login", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, strings.Repeat("x", 100_000),
}

// T17: a mail's subject and links are ours alone. Neither a file's name nor a person's nor anything that a file says gets into it.
func TestT17AMailSaysNothingThatAFileOrANameSays(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	d := role.Deps{Config: config.Config{BaseURL: "https://gas.example.org/"}, Plans: user.DefaultPlans(), Now: func() time.Time { return now }}
	subjects := map[string]bool{}
	for _, name := range hostile {
		j := job.Job{ID: "01890000-0000-7000-8000-000000000000", Name: name, Status: job.Completed, CompleteTime: now, Reference: name, Counts: &job.Counts{Records: 1},
			Error: &job.Failure{Code: "bad_input", Line: 3, Text: `The sample "` + strings.ReplaceAll(name, `"`, "'") + `" is named twice.`}}
		u := user.User{ID: "u_1", Name: name, Subject: name, Institution: name, Plan: user.Free, FreeSince: now}
		for _, kind := range []string{job.NoticeReady, job.NoticeFailed, job.NoticeRestored, job.NoticeExpiring} {
			m := letter(d, job.Notice{JobID: j.ID, UserID: u.ID, Kind: kind, Attempt: 1}, j, u, "ada@example.org")
			subjects[m.Subject] = true
			require.Equal(t, "ada@example.org", m.To)
			for _, text := range []string{m.Subject, m.Text, m.HTML, m.ID} {
				require.NotContains(t, text, name, kind)
				require.NotContains(t, text, "eve@")
				require.NotContains(t, text, "evil")
				require.NotContains(t, text, "<script")
				require.NotContains(t, text, "<img")
				require.Less(t, len(text), 2000)
			}
			require.False(t, strings.ContainsAny(m.Subject+m.ID+m.To, "\r\n"))
			for _, link := range strings.Split(m.Text, "http")[1:] {
				require.True(t, strings.HasPrefix("http"+link, "https://gas.example.org/"), link)
			}
		}
	}
	require.Len(t, subjects, 4, "one for each kind, whatever the names")
}

func TestT17MailGoesToVerifiedAddressesAlone(t *testing.T) {
	for _, c := range []struct {
		u    user.User
		want string
	}{
		{user.User{Email: "ada@example.org", EmailVerified: true}, "ada@example.org"},
		{user.User{Email: "ada@example.org"}, ""},
		{user.User{EmailVerified: true}, ""},
		{user.User{}, ""},
	} {
		require.Equal(t, c.want, address(role.Deps{}, c.u))
	}
}

func TestTheFiguresOfAMailCanBeReadByAPerson(t *testing.T) {
	high := int64(1312)
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	d := role.Deps{Plans: user.DefaultPlans(), Now: func() time.Time { return now }}
	j := job.Job{ID: "1", Status: job.Completed, CompleteTime: now, Result: job.Object{Size: 121_494_590}, Counts: &job.Counts{Records: 799_950, Annotated: 799_000, PassedThrough: 950, High: &high}}
	m := letter(d, job.Notice{JobID: "1", Kind: job.NoticeReady}, j, user.User{Plan: user.Premium}, "ada@example.org")
	want := "The result of your job is ready.\n799,950 records read: 799,000 annotated, 950 passed through, 0 rejected.\nAlleles with high impact: 1,312.\nThe result has 116 MiB.\n\n/annotations/1\n"
	require.True(t, strings.HasPrefix(m.Text, want), m.Text)
	require.Contains(t, m.HTML, "<p>Alleles with high impact: 1,312.</p>", "both say the same")
}
