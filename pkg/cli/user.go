package cli

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/backend"
	"gas/pkg/fault"
	"gas/pkg/flow"
	"gas/pkg/port"
	"gas/pkg/user"
)

func (a *app) userCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "user", Short: "users and their plans", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(a.userAddCommand(), a.userLinkCommand(), a.userListCommand(), a.userShowCommand(), a.userSetPlanCommand())
	return parent
}

func (a *app) userAddCommand() *cobra.Command {
	var plan, mail, institution string
	var verified bool
	var format outputFormat
	command := &cobra.Command{
		Use:   "add NAME",
		Short: "make a local user",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			made, err := planOf(args[0], plan)
			if err != nil {
				return err
			}
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				if _, err := findUser(ctx, p.Store, args[0]); !fault.Is(err, fault.NotFound) {
					if err == nil {
						err = fault.New(fault.Conflict, "There is a user %s already.", args[0])
					}
					return err
				}
				u, err := ensureUser(ctx, p.Store, p.Now(), args[0], made)
				if err != nil {
					return err
				}
				if err := audit(ctx, p, u.ID, "account made", string(made)); err != nil {
					return err
				}
				if mail != "" || institution != "" {
					u, err = p.Store.UpdateUser(ctx, u.ID, func(c *port.Change) error {
						c.User.Email, c.User.Institution = mail, institution
						c.User.EmailVerified = verified && mail != ""
						return nil
					})
					if err != nil {
						return err
					}
				}
				return a.print(format, u, userSheet(u))
			})
		},
	}
	command.Flags().StringVar(&plan, "plan", "", "free_user (the default) or premium_user")
	command.Flags().StringVar(&mail, "email", "", "where mails go")
	command.Flags().BoolVar(&verified, "email-verified", false, "the address is known to be the user's: mails are sent to it, not only kept in the inbox")
	command.Flags().StringVar(&institution, "institution", "", "the user's institution")
	format.flag(command)
	settingsFlags(command)
	return command
}

func (a *app) userLinkCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "link U",
		Short: "print a link that signs the user in once, within ten minutes",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onBackend(command, func(ctx context.Context, c config.Config, p *backend.Ports) error {
				u, err := findUser(ctx, p.Store, args[0])
				if err != nil {
					return err
				}
				token, err := port.NewLink(ctx, p.Records, p.Now(), u.ID)
				if err != nil {
					return err
				}
				if err := audit(ctx, p, u.ID, "sign-in link printed", ""); err != nil {
					return err
				}
				_, err = fmt.Fprintln(a.out, servingAt(c)+signInPath+token)
				return err
			})
		},
	}
	settingsFlags(command, "base-url")
	return command
}

func (a *app) userListCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "list",
		Short: "list every user",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				var users []user.User
				for cursor, more := "", true; more; more = cursor != "" {
					page, next, err := p.Store.EveryUser(ctx, cursor, 500)
					if err != nil {
						return err
					}
					for _, u := range page {
						if !u.Deleted {
							users = append(users, u)
						}
					}
					cursor = next
				}
				return a.print(format, users, userSheet(users...))
			})
		},
	}
	format.flag(command)
	settingsFlags(command)
	return command
}

func (a *app) userShowCommand() *cobra.Command {
	var format outputFormat
	command := &cobra.Command{
		Use:   "show U",
		Short: "print one user",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onBackend(command, func(ctx context.Context, _ config.Config, p *backend.Ports) error {
				u, err := findUser(ctx, p.Store, args[0])
				if err != nil {
					return err
				}
				return a.print(format, u, userSheet(u))
			})
		},
	}
	format.flag(command)
	settingsFlags(command)
	return command
}

func (a *app) userSetPlanCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "set-plan U PLAN",
		Short: "change a user's plan to free_user or premium_user; results move with it",
		Args:  cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			plan := user.Plan(args[1])
			if !plan.Valid() {
				return usageError("There is no plan %q; it is free_user or premium_user.", plan)
			}
			return a.onBackend(command, func(ctx context.Context, c config.Config, p *backend.Ports) error {
				before, err := findUser(ctx, p.Store, args[0])
				if err != nil {
					return err
				}
				after, err := deps(c, p, zerolog.Nop()).As("operator").Flow().SetPlan(ctx, before.ID, flow.PlanChange{Plan: plan, By: operator()})
				if err != nil {
					return err
				}
				a.say("%s is %s", args[0], after.Plan)
				return nil
			})
		},
	}
	settingsFlags(command)
	return command
}

func userSheet(users ...user.User) sheet {
	s := sheet{columns: []string{"user_id", "name", "email", "plan", "issuer", "created"}}
	for _, u := range users {
		s.rows = append(s.rows, []string{u.ID, u.Name, u.Email, string(u.Plan), u.Issuer, shortTime(&u.Created)})
	}
	return s
}
