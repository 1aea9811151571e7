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
				return nil
			})
		},
	}
	settingsFlags(command)
	return command
}
