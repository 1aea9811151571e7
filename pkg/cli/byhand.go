package cli

import (
	"context"

	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/telemetry"
	"gas/roles"
)

// byHandCommand does one role's step for an operator, through the same handler as a message would.
func (a *app) byHandCommand(name, argument, short string) *cobra.Command {
	command := &cobra.Command{
		Use:   name + " " + argument,
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onBackend(command, func(ctx context.Context, c config.Config, p *backend.Ports) error {
				log, err := telemetry.Logger(a.err, c.LogLevel)
				if err != nil {
					return err
				}
				id := args[0]
				if argument == "USER" {
					u, err := findUser(ctx, p.Store, id)
					if err != nil {
						return err
					}
					id = u.ID
				}
				if err := roles.ByHand(ctx, deps(c, p, log), name, id); err != nil {
					return err
				}
				a.say("done")
				if argument == "USER" {
					return audit(ctx, p, id, name+" by hand", "")
				}
				return audit(ctx, p, ownerOf(ctx, p, id), name+" by hand", id)
			})
		},
	}
	settingsFlags(command)
	return command
}

// ownerOf is whose job it is; empty where it cannot be told, because a step that was done is noted all the same.
func ownerOf(ctx context.Context, p *backend.Ports, id string) string {
	j, err := p.Store.Job(ctx, id)
	if err != nil {
		return ""
	}
	return j.UserID
}
