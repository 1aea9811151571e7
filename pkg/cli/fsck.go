package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/flow"
)

// settle is how long fsck waits before it calls something stuck that may only be under way.
const settle = 2 * time.Second

func (a *app) fsckCommand() *cobra.Command {
	var format outputFormat
	var asJSON bool
	var o flow.CheckOptions
	command := &cobra.Command{
		Use:   "fsck",
		Short: "check that everything holds that must hold; exit 1 names what does not",
		Long: "Compares records and objects and checks the invariants of the life of a job. It works beside running servers and deletes nothing that a record names.\n" +
			"--repair points records to good copies and posts what stands still. --adopt lets the collector run again after a backup was restored.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if asJSON {
				format = "json"
			}
			return a.onBackend(command, func(ctx context.Context, c config.Config, p *backend.Ports) error {
				o.Pause = pause
				found, err := deps(c, p, zerolog.Nop()).As("operator").Flow().Check(ctx, o)
				if err != nil {
					return err
				}
				if err := a.print(format, found, findingSheet(found)); err != nil {
					return err
				}
				a.say("%d jobs, %d users, %d objects, %d findings", found.Jobs, found.Users, found.Objects, len(found.Findings))
				if found.Broken() {
					return exitOnly{1}
				}
				return nil
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "as JSON, like -o json")
	command.Flags().BoolVar(&o.ReadData, "read-data", false, "read every object and compare its sha256")
	command.Flags().BoolVar(&o.Repair, "repair", false, "repair what can be repaired without losing anything")
	command.Flags().BoolVar(&o.Adopt, "adopt", false, "after a backup was restored: let the collector run again when nothing is missing")
	format.flag(command)
	settingsFlags(command)
	return command
}

func pause(ctx context.Context) {
	select {
	case <-time.After(settle):
	case <-ctx.Done():
	}
}

func findingSheet(found flow.Checked) sheet {
	var s sheet
	if len(found.Findings) > 0 {
		s.columns = []string{"invariant", "damage", "job", "user", "text", "repaired"}
	}
	for _, f := range found.Findings {
		s.rows = append(s.rows, []string{f.Invariant, f.Damage, f.JobID, f.UserID, fmt.Sprintf("%s %s", f.Text, f.Key), f.Repaired})
	}
	return s
}
