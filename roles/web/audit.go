package web

import (
	"context"
	"strings"

	"github.com/labstack/echo/v4"

	"gas/pkg/port"
)

// What pages and the API write into the audit log, beside what package port names.
const (
	didSignIn     = "signed in"
	didSignOut    = "signed out"
	didEndSession = "session ended"
	didDeleteJob  = "job deleted"
	didDelete     = "account deleted"
	didConfirm    = "address confirmed"
	didBanner     = "banner set"
)

const ownAuditRows = 50

type auditView struct {
	Own  bool // of one account, whose owner reads it
	Rows []auditRow
}

type auditRow struct {
	At                     when
	About, By, Did, Detail string
}

// note writes a line about the account of who asks. What has happened already is not undone when the line can't be written: the log of the process
// has it then.
func (s *site) note(c echo.Context, did, detail string) {
	id := who(c).user.ID
	s.noteOf(c, port.Audit{About: id, By: id, Did: did, Detail: detail})
}

// noteAdmin writes a line about what an administrator did to somebody's account, or to nobody's.
func (s *site) noteAdmin(c echo.Context, about, did, detail string) {
	s.noteOf(c, port.Audit{About: about, By: who(c).user.ID, Did: did, Detail: detail})
}

func (s *site) noteOf(c echo.Context, a port.Audit) {
	ctx := context.WithoutCancel(c.Request().Context())
	if err := port.NoteAudit(ctx, s.Records, s.Now(), a); err != nil {
		s.Log.Error().Err(err).Str("user", a.By).Str("about", a.About).Str("did", a.Did).Str("detail", a.Detail).Str("request", requestID(c)).Msg("audit line lost")
	}
}

// auditView shows lines of the audit log, newest first: those about one account, all where about is empty.
func (s *site) auditView(c echo.Context, about string, limit int) (auditView, error) {
	lines, err := port.AuditLines(c.Request().Context(), s.Records, about, limit)
	if err != nil {
		return auditView{}, err
	}
	view := auditView{Own: about != "", Rows: make([]auditRow, len(lines))}
	for i, a := range lines {
		view.Rows[i] = auditRow{At: at(a.At), About: a.About, By: byText(a, who(c)), Did: visible(a.Did), Detail: visible(a.Detail)}
	}
	return view, nil
}

// byText says who did what a line tells, in the eyes of who reads it: an administrator stays without a name for the one whose account it is.
func byText(a port.Audit, reader subject) string {
	switch {
	case a.By == reader.user.ID:
		return "you"
	case reader.admin:
		return visible(a.By)
	case strings.HasPrefix(a.By, "u_"):
		return "an administrator"
	case strings.HasPrefix(a.By, port.AuditOperator):
		return "an operator"
	}
	return visible(a.By)
}
