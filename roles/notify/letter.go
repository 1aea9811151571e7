package notify

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
)

// letter writes the mail of a notice. Subject and text are fixed but for figures and dates: a file's name may be a person's, so it is in neither.
func letter(d role.Deps, n job.Notice, j job.Job, u user.User, to string) port.Mail {
	subject, lines := words(d, n, j, u)
	link := strings.TrimRight(d.Config.BaseURL, "/") + "/annotations/" + j.ID
	profile := strings.TrimRight(d.Config.BaseURL, "/") + "/profile"
	return port.Mail{
		ID: fmt.Sprintf("%s-%s-%d", n.JobID, n.Kind, n.Attempt), To: to, UserID: u.ID, At: d.Now(), Subject: subject,
		Text: strings.Join(lines, "\n") + "\n\n" + link + "\n\n--\nMails like this one are switched off at " + profile + "\n",
		HTML: page(lines, link, profile),
	}
}

// words gives a mail's subject and its lines: the fact first, then the figures.
func words(d role.Deps, n job.Notice, j job.Job, u user.User) (subject string, lines []string) {
	until := d.Flow().FreeUntil(j, u)
	switch n.Kind {
	case job.NoticeFailed:
		return "Your annotation failed", failure(j)
	case job.NoticeRestored:
		return "Your annotation is available again", []string{"The result of your job has been brought back from cold storage.", size(j)}
	case job.NoticeExpiring:
		return "Your annotation will be archived on " + date(until), []string{
			"The result of your job can be read until " + date(until) + ". Then it goes to cold storage; nothing is deleted.",
			"Premium keeps results at hand, and brings archived ones back."}
	}
	lines = []string{"The result of your job is ready."}
	if j.Counts != nil {
		lines = append(lines, fmt.Sprintf("%s records read: %s annotated, %s passed through, %s rejected.",
			humanize.Comma(j.Counts.Records), humanize.Comma(j.Counts.Annotated), humanize.Comma(j.Counts.PassedThrough), humanize.Comma(j.Counts.Rejected)))
		if j.Counts.High != nil {
			lines = append(lines, fmt.Sprintf("Alleles with high impact: %s.", humanize.Comma(*j.Counts.High)))
		}
	}
	lines = append(lines, size(j))
	if !until.IsZero() {
		lines = append(lines, "It can be read until "+date(until)+".")
	}
	return "Your annotation is ready", lines
}

func failure(j job.Job) []string {
	lines := []string{"Your job could not be finished."}
	if j.Error == nil {
		return lines
	}
	text := quoted.ReplaceAllString(j.Error.Text, "…")
	if j.Error.Line > 0 {
		return append(lines, fmt.Sprintf("Line %d: %s", j.Error.Line, text))
	}
	return append(lines, text)
}

// quoted is what an error quotes of the file: a sample's name may be a person's, and a mail is read by others on its way. The page shows it.
var quoted = regexp.MustCompile(`"[^"]*"?|'[^']*'`)

func size(j job.Job) string {
	return fmt.Sprintf("The result has %s.", humanize.IBytes(uint64(max(j.Result.Size, 0))))
}

func date(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// page is the same words as HTML.
func page(lines []string, link, profile string) string {
	var b strings.Builder
	b.WriteString("<!doctype html><meta charset=\"utf-8\">\n")
	for _, line := range lines {
		fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(line))
	}
	fmt.Fprintf(&b, "<p><a href=\"%s\">%s</a></p>\n", html.EscapeString(link), html.EscapeString(link))
	fmt.Fprintf(&b, "<p>Mails like this one are switched off at <a href=\"%s\">your profile</a>.</p>\n", html.EscapeString(profile))
	return b.String()
}
