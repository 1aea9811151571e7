package cli

import (
	"context"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/port"
)

// shownAudit is a line of the audit log as it is printed.
type shownAudit struct {
	At     time.Time `json:"at"`
	About  string    `json:"about"` // whose account, empty = nobody's
	By     string    `json:"by"`
	Did    string    `json:"did"`
	Detail string    `json:"detail"`
}

func (a *app) auditCommand() *cobra.Command {
	var who string
	var limit int
	var format outputFormat
	command := &cobra.Command{
		Use:   "audit",
		Short: "list who did what to whose account, newest first",
		Long: "Lists changes of plans, sign-ins, tokens, deletions, and acts of administrators and operators, those of commands on the data too.\n" +
			"Lines hold ids and no names, and are kept for 400 days.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				about := who
				if who != "" {
					if u, err := findUser(ctx, p.Store, who); err == nil {
						about = u.ID // of an account that was deleted the id itself counts
					}
				}
				lines, err := port.AuditLines(ctx, p.Records, about, limit)
				if err != nil {
					return err
				}
				shown := make([]shownAudit, len(lines))
				s := sheet{columns: []string{"at", "about", "did", "detail", "by"}}
				for i, l := range lines {
					shown[i] = shownAudit{At: l.At.UTC(), About: l.About, By: l.By, Did: l.Did, Detail: l.Detail}
					s.rows = append(s.rows, []string{shortTime(&l.At), l.About, l.Did, l.Detail, l.By})
				}
				return a.print(format, shown, s)
			})
		},
	}
	command.Flags().StringVar(&who, "user", "", "only about this account: a user's id, or a local user's name")
	command.Flags().IntVar(&limit, "limit", 100, "at most so many lines")
	format.flag(command)
	settingsFlags(command)
	return command
}

// operator is who acts by a command on the data itself, as the audit log names him.
func operator() string {
	if who, err := user.Current(); err == nil && who.Username != "" {
		return port.AuditOperator + " " + who.Username
	}
	return port.AuditOperator
}

// audit notes what an operator did by a command, to a user's account where about is not empty.
func audit(ctx context.Context, p *backend.Ports, about, did, detail string) error {
	return port.NoteAudit(ctx, p.Records, p.Now(), port.Audit{About: about, By: operator(), Did: did, Detail: detail})
}
